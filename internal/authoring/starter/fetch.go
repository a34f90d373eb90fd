package starter

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/pollux-automation/pollux/internal/authoring/infer"
	"github.com/pollux-automation/pollux/internal/authoring/wording"
)

const (
	// maxSample is the largest answer that is read.
	maxSample = 4 << 20
	// wait bounds a request.
	wait = 30 * time.Second
)

// Credential signs the requests for a sample.
type Credential struct{ Method, Header, User, Secret string }

// StatusError reports an answer that is no sample. Hint says what can be done.
type StatusError struct {
	Status int
	Hint   string
}

// Error says both.
func (e *StatusError) Error() string {
	return fmt.Sprintf("the service answers with the status %d; %s", e.Status, e.Hint)
}

// Fetch asks for one sample, with one request: redirects are not followed, since a
// credential would go with them. The error is a [*StatusError] for what a service refuses.
func Fetch(ctx context.Context, rt http.RoundTripper, u *url.URL, c Credential) (infer.Sample, error) {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return infer.Sample{}, err
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "pollux")
	switch c.Method {
	case "bearer":
		req.Header.Set("Authorization", "Bearer "+c.Secret)
	case "basic":
		req.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(c.User+":"+c.Secret)))
	case "api_key":
		req.Header.Set(c.Header, c.Secret)
	}
	resp, err := rt.RoundTrip(req)
	if err != nil {
		return infer.Sample{}, fmt.Errorf("ask %s: %w", u.Host, err)
	}
	defer resp.Body.Close() //nolint:errcheck // what was read is what there is
	if err := refused(resp, c); err != nil {
		return infer.Sample{}, err
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxSample+1))
	if err != nil {
		return infer.Sample{}, fmt.Errorf("read the answer of %s: %w", u.Host, err)
	}
	if len(body) > maxSample {
		return infer.Sample{}, errors.New("the answer is larger than 4 MiB: ask for fewer records, such as with ?limit=20")
	}
	return infer.Sample{URL: u, Header: resp.Header, Body: body}, nil
}

// refused says what can be done about an answer that is no sample; nil for one that is.
func refused(resp *http.Response, c Credential) error {
	hint := "see what its documents say of that address"
	switch status := resp.StatusCode; {
	case status == http.StatusOK:
		return nil
	case status == http.StatusUnauthorized && (c.Method == "" || c.Method == "none"):
		hint = "it wants a credential: say how to sign in with --auth and --token env:NAME"
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		hint = "the credential was not accepted: look at --auth, --header, and what the variable of --token holds"
	case status == http.StatusNotFound:
		hint = "there is nothing at that address: look at its path"
	case status == http.StatusTooManyRequests:
		hint = "it wants fewer requests: try again later"
	case status >= 300 && status < 400:
		hint = "it sends elsewhere, where the credential does not go: give the address that it names"
		if to, err := resp.Location(); err == nil {
			to.RawQuery, to.User = "", nil
			hint += ", " + to.String()
		}
	}
	return &StatusError{resp.StatusCode, hint}
}

// Second asks for the second page once, and notes whether it is another one. A guess that
// does not hold is taken back: a list that comes again and again would be worse than one
// page.
func Second(ctx context.Context, rt http.RoundTripper, first infer.Sample, d *infer.Draft, c Credential) error {
	u, ok := d.SecondPage(first.URL)
	if !ok {
		return nil
	}
	s, err := Fetch(ctx, rt, u, c)
	if err != nil {
		if status, is := errors.AsType[*StatusError](err); is && status.Status != http.StatusTooManyRequests {
			d.Unconfirmed(fmt.Sprintf("the service refused the second page with the status %d", status.Status))
			return nil
		}
		return err
	}
	d.Confirm(first, s)
	return nil
}

// LooksSecret reports a name in a query that credentials go by.
func LooksSecret(name string) bool {
	name = wording.Fold(name)
	for _, word := range []string{"apikey", "accesstoken", "authtoken", "secret", "password", "signature", "apitoken"} {
		if strings.Contains(name, word) {
			return true
		}
	}
	return name == "key" || name == "token" || name == "sig" || name == "auth"
}

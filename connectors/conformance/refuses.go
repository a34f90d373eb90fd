package conformance

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"

	"github.com/pollux-automation/pollux/connectors"
)

// missing leaves each required input out.
func (t *trial) missing(ctx context.Context) error {
	in, err := t.unsent(ctx)
	if err != nil {
		return err
	}
	var bad complaints
	tried := 0
	for _, input := range t.op.Inputs {
		if !needed(input) {
			continue
		}
		tried++
		short := maps.Clone(in)
		delete(short, input.Name)
		t.refused(ctx, &bad, "without "+input.Name, input.Name, short)
	}
	if tried == 0 {
		return skip("no input is required of the caller")
	}
	return bad.err()
}

// types gives each input a value of another type, and one that the operation has not.
func (t *trial) types(ctx context.Context) error {
	in, err := t.unsent(ctx)
	if err != nil {
		return err
	}
	var bad complaints
	for _, input := range t.op.Inputs {
		value, some := wrong(input.Field)
		if !some || input.Paging {
			continue
		}
		other := maps.Clone(in)
		other[input.Name] = value
		t.refused(ctx, &bad, fmt.Sprintf("with %s = %v", input.Name, value), input.Name, other)
	}
	more := maps.Clone(in)
	more["polluxNoSuchInput"] = "x"
	t.refused(ctx, &bad, "with an input that there is not", "polluxNoSuchInput", more)
	return bad.err()
}

// refused asserts that a call is refused as invalid, in words that name the input, and
// that nothing is sent.
func (t *trial) refused(ctx context.Context, bad *complaints, what, input string, inputs map[string]any) {
	t.fake.instead(nil)
	before := t.struckCount()
	_, err := t.struck.Call(ctx, t.op, inputs)
	switch {
	case t.struckCount() != before:
		bad.differ(Failure{Tried: what, Came: "a request", Wanted: "a refusal before anything is sent", Change: "say at the input " + input + " what it takes: required, type, options"})
	case err == nil || connectors.KindOf(err) != connectors.Invalid || !strings.Contains(err.Error(), input):
		bad.differ(Failure{Tried: what, Came: fmt.Sprint(err), Wanted: "a refusal that names the input"})
	}
}

// dry asks for the request of a call.
func (t *trial) dry(ctx context.Context) error {
	in, err := t.unsent(ctx)
	if err != nil {
		return err
	}
	before := t.struckCount()
	r, err := t.struck.Preview(t.op, in)
	if n := t.struckCount() - before; n > 0 {
		return fmt.Errorf("a preview sent %d requests", n)
	}
	if err != nil {
		return err
	}
	if r.Method != t.op.Method || r.URL == "" {
		return fmt.Errorf("the preview is %s %s", r.Method, r.URL)
	}
	if t.description.Program {
		return t.keepsCredential(r)
	}
	return t.keepsSecrets(ctx, in, r)
}

// keepsCredential looks for the account's credential in a preview.
func (t *trial) keepsCredential(shown connectors.Request) error {
	text, err := json.Marshal(shown)
	if err != nil {
		return err
	}
	if secret := t.world.Account.Credential.Secret.Reveal(); secret != "" && strings.Contains(string(text), secret) {
		return errors.New("the preview shows the credential")
	}
	return nil
}

// keepsSecrets compares a preview with the request that a call sends.
func (t *trial) keepsSecrets(ctx context.Context, in map[string]any, shown connectors.Request) error {
	t.fake.instead(status(http.StatusServiceUnavailable, nil))
	before := t.fake.count()
	_, _ = t.struck.Call(ctx, t.op, in) // it fails; its request is what counts
	if t.fake.count() == before {
		return errors.New("a call sends nothing through the account's transport")
	}
	sent, _ := t.fake.last()
	text, err := json.Marshal(shown)
	if err != nil {
		return err
	}
	for _, secret := range t.credentials(sent) {
		if strings.Contains(string(text), secret) {
			return errors.New("the preview shows the credential")
		}
	}
	if t.op.Composed != nil && t.op.Kind == connectors.Write {
		return nil // the call begins with a read, which the preview does not show
	}
	if sent.Method != shown.Method || sent.URL.Path != pathOf(shown.URL) {
		return fmt.Errorf("the preview shows %s %s, the call sends %s %s", shown.Method, shown.URL, sent.Method, sent.URL.Path)
	}
	return nil
}

// credentials are the values by which a request is signed, where the connector says.
func (t *trial) credentials(r *http.Request) []string {
	values := []string{r.Header.Get("Authorization")}
	for _, m := range t.description.Auth {
		if m.Param != "" {
			values = append(values, r.Header.Get(m.Param), r.URL.Query().Get(m.Param))
		}
	}
	var some []string
	for _, v := range values {
		if v != "" {
			some = append(some, v)
		}
	}
	return some
}

// pathOf returns the path of an address.
func pathOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Path
}

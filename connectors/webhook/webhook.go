package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/auth"
	"github.com/pollux-automation/pollux/connectors/httpapi"
	"github.com/pollux-automation/pollux/connectors/httpapi/request"
	"github.com/pollux-automation/pollux/connectors/manifest"
	"github.com/pollux-automation/pollux/internal/secret"
)

// Key is the connector's key.
const Key = "webhook"

// The headers of the specification.
const (
	idHeader        = "Webhook-Id"
	timeHeader      = "Webhook-Timestamp"
	signatureHeader = "Webhook-Signature"
)

const (
	// maxAnswer is how much of an answer is read.
	maxAnswer = 16 << 10
	// leastKey is the shortest key, in bytes.
	leastKey = 16
	// prefix begins secrets that are written in base64.
	prefix = "whsec_"
)

//go:embed *.yaml
var files embed.FS

// New reads the connector. An error is a mistake in the manifest, which is a part
// of the program.
func New() (connectors.Connector, error) {
	m, err := manifest.Load(files, Key)
	if err != nil {
		return nil, err
	}
	// They stand here and not in the manifest: no other connector would sign.
	m.Auth = append([]auth.Method{{Name: auth.HMAC}}, append(m.Auth, auth.Method{Name: auth.None})...)
	m.BaseURL = "" // each account has its own
	c := httpapi.New(m)
	return connector{c.With(httpapi.Hooks{Finish: finish, MaxAnswer: maxAnswer})}, nil
}

// connector checks secrets before anything is sent.
type connector struct{ *httpapi.Connector }

// Open implements [connectors.Connector].
func (c connector) Open(a connectors.Account) (connectors.Session, error) {
	if a.Credential.Method == auth.HMAC {
		if _, err := keyOf(a.Credential.Secret); err != nil {
			return nil, fmt.Errorf("account %s: %w", a.Name, err)
		}
	}
	return c.Connector.Open(a)
}

// keyOf returns the key of a secret: what stands in base64 behind whsec_, or else its bytes.
func keyOf(s secret.String) ([]byte, error) {
	key := []byte(s.Reveal())
	if text, coded := strings.CutPrefix(s.Reveal(), prefix); coded {
		var err error
		if key, err = base64.StdEncoding.DecodeString(text); err != nil {
			return nil, errors.New("the secret does not go on in base64 behind " + prefix)
		}
	}
	if len(key) < leastKey {
		return nil, fmt.Errorf("the secret has fewer than %d bytes; make one with: openssl rand -base64 32", leastKey)
	}
	return key, nil
}

// event is the body that the manifest makes: what is sent, and where.
type event struct {
	Type    string          `json:"type"`
	Data    json.RawMessage `json:"data"`
	Path    string          `json:"path"`
	Headers map[string]any  `json:"headers"`
}

// message is the body that is sent.
type message struct {
	ID        string          `json:"id"`
	Type      string          `json:"type"`
	Timestamp string          `json:"timestamp"`
	Data      json.RawMessage `json:"data"`
}

// What stands in a preview for what only an attempt has.
const (
	laterTime      = "(time of the attempt)"
	laterSignature = "v1," + secret.Stars
)

// finish makes the request of one attempt: its address, headers, body and signature.
func finish(r *request.Request, c auth.Credential, shown bool) error {
	var e event
	if err := json.Unmarshal(r.Body, &e); err != nil {
		return fmt.Errorf("the event: %w", err)
	}
	if strings.TrimSpace(e.Type) == "" {
		return errors.New(`the input "event" is empty`)
	}
	if err := place(r, e.Path); err != nil {
		return fmt.Errorf(`the input "path": %w`, err)
	}
	if err := addHeaders(r.Header, e.Headers); err != nil {
		return fmt.Errorf(`the input "headers": %w`, err)
	}
	now := time.Now().UTC()
	id, seconds, at := r.Header.Get(idHeader), strconv.FormatInt(now.Unix(), 10), now.Format(time.RFC3339)
	if shown {
		seconds, at = laterTime, laterTime
	}
	body, err := connectors.Encode(message{ID: id, Type: e.Type, Timestamp: at, Data: e.Data})
	if err != nil {
		return fmt.Errorf("the event: %w", err)
	}
	r.Body = body
	r.Header.Set(timeHeader, seconds)
	if c.Method != auth.HMAC {
		return nil
	}
	r.Header.Set(signatureHeader, laterSignature)
	if shown {
		return nil
	}
	key, err := keyOf(c.Secret)
	if err != nil {
		return err
	}
	r.Header.Set(signatureHeader, sign(key, id, seconds, body))
	return nil
}

// sign returns the signature over an event.
func sign(key []byte, id, seconds string, body []byte) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(id + "." + seconds + "."))
	mac.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// place puts the address of a request to a path below that of the account.
func place(r *request.Request, path string) error {
	base, raw := strings.TrimSuffix(r.URL.Path, "/"), strings.TrimSuffix(r.URL.EscapedPath(), "/")
	r.URL.Path, r.URL.RawPath = base, raw // a slash that is escaped in base_url stays so
	if path == "" {
		return nil
	}
	parts := strings.Split(strings.TrimPrefix(path, "/"), "/")
	for i, part := range parts {
		last := i == len(parts)-1
		plain, _, _ := strings.Cut(part, ";") // some servers drop what follows before they look
		switch {
		case part == "" && !last || plain == "." || plain == "..":
			return fmt.Errorf("%.80q has an empty part or one of dots", path)
		case strings.ContainsAny(part, "?#\\%") || strings.ContainsFunc(part, func(c rune) bool { return c < ' ' || c == 0x7f }):
			return fmt.Errorf("%.80q is more than a path below base_url", path)
		}
	}
	below := "/" + strings.Join(parts, "/")
	r.URL.Path, r.URL.RawPath = base+below, raw+(&url.URL{Path: below}).EscapedPath()
	return nil
}

// addHeaders adds the headers of a recipe.
func addHeaders(h http.Header, more map[string]any) error {
	if len(more) > maxHeaders {
		return fmt.Errorf("there are %d, more than %d", len(more), maxHeaders)
	}
	for name, v := range more {
		if !isToken(name) {
			return fmt.Errorf("%.40q is not the name of a header", name)
		}
		if isOwn(name) || request.CheckHeader(name, "") != nil {
			return fmt.Errorf("%s is not for recipes to set", http.CanonicalHeaderKey(name))
		}
		text, err := request.TextOf(v)
		if err == nil {
			err = request.SetHeader(h, name, text)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// maxHeaders is how many headers a recipe can add.
const maxHeaders = 20

// isToken reports whether a name can be that of a header.
func isToken(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(c rune) bool {
		return (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && !strings.ContainsRune("!#$%&'*+-.^_`|~", c)
	})
}

// isOwn reports the headers of the connection, of the body, of signing in and of the signature.
func isOwn(name string) bool {
	name = http.CanonicalHeaderKey(name)
	for _, begin := range []string{"Webhook-", "Proxy-", "Content-"} {
		if strings.HasPrefix(name, begin) {
			return true
		}
	}
	switch name {
	case "Connection", "Keep-Alive", "Te", "Trailer", "Transfer-Encoding", "Upgrade", "Host", "Expect", "Http2-Settings",
		"Authorization", "Cookie", "X-Api-Key", "X-Auth-Token", "Accept-Encoding":
		return true
	}
	return false
}

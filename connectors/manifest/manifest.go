package manifest

import (
	"time"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/auth"
	"github.com/pollux-automation/pollux/connectors/formats"
	"github.com/pollux-automation/pollux/connectors/manifest/compose"
	"github.com/pollux-automation/pollux/connectors/manifest/form"
	"github.com/pollux-automation/pollux/connectors/manifest/lists"
	"github.com/pollux-automation/pollux/connectors/schema"
)

// Manifest is a connector as its folder describes it. It is read-only after
// [Read] and may be shared.
type Manifest struct {
	Key     string
	Title   string
	Docs    string
	BaseURL string // without a slash at its end
	// Hosts are other addresses of the service by name, for operations that are not behind
	// BaseURL; each without a slash at its end.
	Hosts map[string]string
	// Headers are sent with every request.
	Headers map[string]string
	// VersionHeader names the header that carries an operation's version; empty
	// when the service has none.
	VersionHeader string
	// Versions are other versions of the API than the usual one, which an account can
	// choose.
	Versions   []string
	Auth       []auth.Method
	Settings   []schema.Field
	Limits     []connectors.Limit
	Breaker    *connectors.Breaker  // nil for none
	Webhooks   *connectors.Webhooks // nil for none
	Parts      *connectors.Parts    // nil for none
	Errors     Errors
	Checks     []Check // the first that fits an account counts
	Objects    []*schema.Object
	Operations []*Operation
	Notes      []string
}

// Check is the call that shows whether a credential works.
type Check struct {
	Operation string
	With      map[string]any // inputs that the settings do not fill
	// When names a setting that the account must have for it; empty means none.
	When string
}

// Errors says what the service's errors look like.
type Errors struct {
	// Code and Message are paths inside an error's body; the first that leads to
	// a value counts.
	Code    []string
	Message []string
	// Rules give errors their kind; the first that fits counts.
	Rules []Rule
}

// Rule gives an error its kind.
type Rule struct {
	Status int    // 0 fits every status
	Code   string // fits a code that is or ends in it, after a dot; empty fits every code
	// Message fits a message that it is a part of, in small or capital letters; empty
	// fits every message.
	Message string
	Kind    connectors.Kind
	Hint    string // one sentence for the operator; may be empty
	// Wait is how long the service wants to be left alone when its refusal does not say;
	// 0 means as long as for any other.
	Wait time.Duration
}

// Operation is what it takes to send an operation's request and to read its
// answer.
type Operation struct {
	// Spec is the part that everybody may see.
	Spec *connectors.Operation
	// Compose is set for an operation that is made of others; nil for those with a request
	// of their own. Then nothing but Spec says anything.
	Compose *compose.Compose
	// Host names the address behind which the path is put; empty for the usual one.
	Host string
	// At says where each input of Spec goes: a name in the query or among the
	// headers, or a place in the body (names with dots between them, "." for the
	// whole body).
	At map[string]string
	// Fixed is sent with every request.
	Fixed Fixed
	// Answer says where the answer's value stands.
	Answer Answer
	Paging lists.Paging
	// Poll is nil for operations that cannot be polled.
	Poll *lists.Poll
	// Rules are asked before those of the whole connector.
	Rules []Rule
	// Versions are the differences in other versions of the API, by version.
	Versions map[string]Version
	// Timeout bounds the whole call; 0 means the usual time.
	Timeout time.Duration
}

// Fixed is the part of a request that no input changes, unless one goes to the
// same place.
type Fixed struct {
	Body    any // nil without one
	HasBody bool
	Query   map[string]string
	Headers map[string]string
	// Form is true when the body is a form (multipart/form-data) and no JSON.
	Form bool
}

// Answer says where the value of an answer stands.
type Answer struct {
	// Paths lead to the list or the object, first come first; "." is the whole
	// answer. Empty means that the answer's content is of no interest.
	Paths []string
	// Optional is true when the value may be missing: then it is nil.
	Optional bool
	// Rows makes zero or more rows out of each row of a list, before anything is read of it;
	// nil where rows are taken as they are.
	Rows func(row []byte) ([][]byte, error)
	// Text is true when the answer is a text and no JSON. Its record has it as value.
	Text bool
	// Absent is true for lists that the service calls not found where they are empty.
	Absent bool
	// File is true when the answer is a file and no JSON. Its record tells of the file:
	// type (of its content), bytes (how many), sha256, text, if it is one, and file, the
	// reference to it inside a run.
	File bool
	// Format is what the answer is written in; the zero value is JSON.
	Format formats.Format
}

// IsJSON reports whether the type of a body is JSON.
func IsJSON(kind string) bool { return form.IsJSON(kind) }

// Operation returns the operation with that key.
func (m *Manifest) Operation(key string) (*Operation, bool) {
	for _, o := range m.Operations {
		if o.Spec.Key == key {
			return o, true
		}
	}
	return nil, false
}

// Object returns the object with that key, nil without one.
func (m *Manifest) Object(key string) *schema.Object {
	for _, o := range m.Objects {
		if o.Key == key {
			return o
		}
	}
	return nil
}

// Description returns what the connector says about itself. It is made anew with
// every call but shares its parts with the manifest.
func (m *Manifest) Description() *connectors.Description {
	d := &connectors.Description{
		Key: m.Key, Title: m.Title, Docs: m.Docs, BaseURL: m.BaseURL,
		Auth: m.Auth, Settings: m.Settings, Limits: m.Limits, Breaker: m.Breaker, Webhooks: m.Webhooks, Parts: m.Parts, Objects: m.Objects,
		Notes: m.Notes, Versions: map[string]map[string]string{},
	}
	for _, v := range m.Versions {
		d.Versions[v] = m.Lacks(v)
	}
	if len(m.Checks) > 0 {
		d.CheckWith = m.Checks[0].Operation
	}
	for _, c := range m.Checks {
		if c.When == "" { // it fits every account
			d.NeedsOne = nil
			break
		}
		d.NeedsOne = append(d.NeedsOne, c.When)
	}
	for _, o := range m.Operations {
		d.Operations = append(d.Operations, o.Spec)
	}
	return d
}

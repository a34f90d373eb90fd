package hooks

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/engine"
	"github.com/pollux-automation/pollux/engine/store"
)

const (
	// maxBody is the largest delivery, in bytes.
	maxBody = 1 << 20
	// oldest is how far the time of a delivery may be from ours.
	oldest = 5 * time.Minute
	// patience is how long the engine may take to hear of a hint.
	patience = 5 * time.Second
)

// The outcomes of deliveries.
const (
	Taken    = "taken"    // feeds were made due, or none reads what changed
	Ignored  = "ignored"  // the event or the account is none that we watch
	Repeated = "repeated" // it came before
	Refused  = "refused"  // it is not signed by the service, too old, or no delivery at all
	Late     = "late"     // the engine did not hear: the service is asked to send it again
)

// Account is one account that deliveries are taken for.
type Account struct {
	Name     string
	Rules    *connectors.Webhooks
	Keys     []crypto.PublicKey // *rsa.PublicKey or ed25519.PublicKey
	Settings map[string]any
	// PartEvents are the types of events after which the account may have other parts.
	PartEvents []string
}

// Options are what a receiver is made of. All are required.
type Options struct {
	// Accounts returns the accounts whose deliveries come to the address of one: itself, and
	// those that share its sign-in. None is for an account that takes no deliveries. It is
	// called for every delivery, by several goroutines at once.
	Accounts func(name string) []Account
	// Hint makes feeds due, see [engine.Engine.Hint].
	Hint func(context.Context, engine.Hint) ([]store.FeedID, error)
	// Look has the parts of an account looked for soon.
	Look func(account string)
	// Receipt notes a delivery in the audit trail.
	Receipt func(context.Context, store.AuditEntry) error
	// Count is told how each delivery ended. The account is empty where it is not known.
	Count func(account, outcome string)
	Log   zerolog.Logger
}

// Receiver takes deliveries. It is safe for concurrent use.
type Receiver struct {
	Options

	seen seen
}

// New makes a receiver.
func New(o Options) *Receiver { return &Receiver{Options: o} }

// reply is what a delivery is answered with.
type reply struct {
	status  int
	outcome string
	text    string
}

// ServeHTTP takes a delivery for the account that the path value "account" names.
func (r *Receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	name := req.PathValue("account")
	accounts := r.Accounts(name)
	if len(accounts) == 0 {
		name = ""
	}
	a := r.take(w, req, accounts)
	r.Count(name, a.outcome)
	if a.outcome == Refused && name != "" {
		r.Log.Warn().Str("component", "hooks").Str("account", name).Str("reason", a.text).Msg("delivery refused")
	}
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(a.status)
	_, _ = io.WriteString(w, a.text+"\n") // who sent it may be gone
}

// take judges a delivery and passes it on.
func (r *Receiver) take(w http.ResponseWriter, req *http.Request, accounts []Account) reply {
	switch {
	case req.Method != http.MethodPost:
		w.Header().Set("Allow", http.MethodPost)
		return reply{http.StatusMethodNotAllowed, Refused, "Deliveries are posted."}
	case len(accounts) == 0:
		return reply{http.StatusNotFound, Refused, "There is no account of this name that takes deliveries."}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, maxBody))
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return reply{http.StatusRequestEntityTooLarge, Refused, "The delivery is larger than 1 MiB."}
	}
	if err != nil {
		return reply{http.StatusBadRequest, Refused, "The delivery broke off."}
	}
	rules := accounts[0].Rules
	if err := verify(rules, accounts[0].Keys, req.Header, body); err != nil {
		return reply{http.StatusUnauthorized, Refused, sentence(err)}
	}
	d, err := decode(rules, accounts[0].Name, body)
	if err != nil {
		return reply{http.StatusBadRequest, Refused, sentence(err)}
	}
	if !r.seen.add(d.marks...) {
		return reply{http.StatusConflict, Repeated, "This delivery came before."}
	}
	return r.pass(req.Context(), d, accounts)
}

// delivery is what a body says.
type delivery struct {
	body  any
	kind  string // of event
	id    string // of the delivery; may be empty
	marks []mark
}

// decode reads a body that came to the address of an account. A time in it must be near ours; one without a time is judged by
// what is remembered alone.
func decode(rules *connectors.Webhooks, account string, raw []byte) (d delivery, err error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	if err := dec.Decode(&d.body); err != nil {
		return d, errors.New("the delivery is not JSON")
	}
	if d.kind = at(d.body, rules.Type); d.kind == "" {
		return d, fmt.Errorf("the delivery has no %s", rules.Type)
	}
	d.id = at(d.body, rules.ID)
	if text := at(d.body, rules.Time); text != "" {
		sent, ok := moment(text)
		if age := time.Since(sent); !ok || age > oldest || age < -oldest {
			return d, fmt.Errorf("the delivery was sent at %.40q, more than %s from now", text, oldest)
		}
	}
	d.marks = []mark{sha256.Sum256(append([]byte(account+" body "), raw...))}
	if d.id != "" {
		d.marks = append(d.marks, sha256.Sum256([]byte(account+" id "+d.id)))
	}
	return d, nil
}

// pass hands a delivery to the engine, for each account that it is for.
func (r *Receiver) pass(ctx context.Context, d delivery, accounts []Account) reply {
	rules := accounts[0].Rules
	what, watched := rules.Events[d.kind]
	list := slices.DeleteFunc(slices.Clone(accounts), func(a Account) bool { return !a.owns(d.body) })
	parted := slices.Contains(accounts[0].PartEvents, d.kind)
	if parted {
		r.Look(accounts[0].Name)
	}
	if !watched || len(list) == 0 {
		if parted {
			r.receipt(ctx, accounts[0].Name, d, 0)
			return reply{http.StatusOK, Taken, "Thank you."}
		}
		return reply{http.StatusOK, Ignored, "This is nothing that is watched here."}
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for _, a := range list {
		feeds, err := r.Hint(ctx, engine.Hint{Account: a.Name, Objects: what.Objects, Parent: at(d.body, what.Parent), Lag: rules.Lag})
		if err != nil {
			r.seen.forget(d.marks...)
			return reply{http.StatusTooManyRequests, Late, "The program starts or stops; send it again."}
		}
		r.receipt(ctx, a.Name, d, len(feeds))
	}
	return reply{http.StatusOK, Taken, "Thank you."}
}

// receipt notes a delivery. One that cannot be noted did its work all the same.
func (r *Receiver) receipt(ctx context.Context, account string, d delivery, feeds int) {
	details := map[string]string{"event": cut(d.kind), "feeds": strconv.Itoa(feeds)}
	if d.id != "" {
		details["delivery"] = cut(d.id)
	}
	err := r.Receipt(ctx, store.AuditEntry{At: time.Now().UTC(), Actor: "web:webhook", Action: "webhook.receive", Target: account, Details: details})
	if err != nil {
		r.Log.Warn().Str("component", "hooks").Str("account", account).Err(err).Msg("delivery not noted in the audit trail")
	}
}

// owns reports whether a delivery is for the account: each place that its rules name is
// missing in the body, or has what the account's setting says.
func (a *Account) owns(body any) bool {
	for _, place := range slices.Sorted(maps.Keys(a.Rules.Belongs)) {
		setting := a.Settings[a.Rules.Belongs[place]]
		if said := at(body, place); said != "" && setting != nil && said != fmt.Sprint(setting) {
			return false
		}
	}
	return true
}

// at returns the text or number at a place in a body; empty for anything else.
func at(body any, place string) string {
	if place == "" {
		return ""
	}
	for name := range strings.SplitSeq(place, ".") {
		m, ok := body.(map[string]any)
		if !ok {
			return ""
		}
		body = m[name]
	}
	switch v := body.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	}
	return ""
}

// moment reads a time: RFC 3339, or milliseconds or seconds since 1970.
func moment(text string) (time.Time, bool) {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		if n < 100_000_000_000 { // seconds, until the year 5138
			n *= 1000
		}
		return time.UnixMilli(n), true
	}
	t, err := time.Parse(time.RFC3339, text)
	return t, err == nil
}

// cut bounds what others choose before it is stored.
func cut(text string) string {
	if len(text) > 100 {
		return text[:100]
	}
	return text
}

// sentence writes an error for people.
func sentence(err error) string {
	text := err.Error()
	return strings.ToUpper(text[:1]) + text[1:] + "."
}

package trial

import (
	"context"
	"crypto/rand"
	"errors"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/auth"
	"github.com/pollux-automation/pollux/connectors/conformance"
	"github.com/pollux-automation/pollux/connectors/schema"
	"github.com/pollux-automation/pollux/internal/authoring/infer"
	"github.com/pollux-automation/pollux/internal/authoring/recorded"
	"github.com/pollux-automation/pollux/internal/secret"
)

// Pages is how many pages of a list are read.
const Pages = 5

// Options say what is tried, and where.
type Options struct {
	Connector connectors.Connector
	// Account is at a service that answers; nil for none.
	Account *connectors.Account
	// Recorded answers in the place of a service; nil for none.
	Recorded *recorded.Recording
	// Record makes a recording of what passes.
	Record bool
	// Redact hides the account's secrets in what is recorded; nil without an account.
	Redact func(string) string
	// Writes allows operations that change something; those that delete, send or pay only
	// where Operations names them.
	Writes bool
	// Refusals lets the service refuse: ids that it does not know, and a wrong credential.
	Refusals bool
	// Operations are the keys of those that are tried; none means all.
	Operations []string
	// Inputs are given by hand, by INPUT or OPERATION:INPUT. Parse reads one.
	Inputs map[string]string
	Parse  func(op *connectors.Operation, name, text string) (any, error)
	// Tell is called before an operation is tried, Done after it; both may be nil.
	Tell func(op *connectors.Operation, writes bool)
	Done func(o conformance.Operation)
}

// Outcome is what came of a trial. Recording is nil unless one was made.
type Outcome struct {
	Report    conformance.Report
	Recording *recorded.Recording
}

// Run tries a connector. The error is for an account that cannot be opened, for inputs that
// are none, and for the end of ctx.
func Run(ctx context.Context, o Options) (Outcome, error) {
	if r := o.Recorded; r != nil {
		o.Writes, o.Refusals, o.Inputs = r.Writes, r.Refusals, merged(r.Inputs, o.Inputs)
		if len(o.Operations) == 0 {
			o.Operations = r.Operations
		}
	}
	ctx = connectors.WithFiles(ctx, shelf{})
	t := &trial{Options: o, description: o.Connector.Describe(), found: map[string]finding{}, made: map[string]int{}}
	out := Outcome{Report: conformance.Report{Connector: t.description.Key}}
	if err := t.open(); err != nil {
		return out, err
	}
	if t.session != nil {
		defer t.session.Close()
	}
	for _, op := range t.operations() {
		if t.trying != nil {
			t.trying(op.Key)
		}
		w := t.world(op)
		if o.Tell != nil {
			o.Tell(op, w.Writes && op.Kind == connectors.Write)
		}
		one, err := conformance.Try(ctx, o.Connector, w, op)
		if err != nil {
			return out, err
		}
		out.Report.Operations = append(out.Report.Operations, one)
		if o.Done != nil {
			o.Done(one)
		}
	}
	if t.recorder != nil {
		out.Recording = t.recording()
	}
	return out, nil
}

// merged is a map with the entries of another one over it.
func merged(under, over map[string]string) map[string]string {
	out := maps.Clone(under)
	if out == nil {
		out = map[string]string{}
	}
	maps.Copy(out, over)
	return out
}

// trial is one execution of Run.
type trial struct {
	Options

	description *connectors.Description
	account     connectors.Account
	session     connectors.Session // that looks for ids; nil without a service
	recorder    *recorded.Recorder // nil unless something is recorded
	trying      func(operation string)
	key         string
	found       map[string]finding // ids, by the list that they are from
	made        map[string]int     // how often inputs were made up, by operation
}

// open chooses the service.
func (t *trial) open() error {
	var err error
	switch {
	case t.Recorded != nil:
		t.account, t.key = madeUp(t.description), t.Recorded.Key
		t.account.Settings, _ = schema.Plain(t.Recorded.Settings).(map[string]any)
		p := recorded.NewPlayer(t.Recorded, t.wire())
		t.account.Transport, t.trying = p, p.Trying
	case t.Account != nil:
		t.account, t.key = *t.Account, "pollux-"+rand.Text()
		t.account.Gate = patient{t.account.Gate}
		if t.account.Transport == nil {
			t.account.Transport = &http.Transport{Proxy: http.ProxyFromEnvironment, IdleConnTimeout: time.Minute}
		}
		if t.Record {
			t.recorder = &recorded.Recorder{Next: t.account.Transport, Wire: t.wire()}
			t.account.Transport, t.trying = t.recorder, t.recorder.Trying
		}
	default:
		t.account = madeUp(t.description)
		return nil
	}
	t.session, err = t.Connector.Open(t.account)
	return err
}

// wire is how requests are told apart.
func (t *trial) wire() recorded.Wire {
	w := recorded.Wire{Base: t.account.BaseURL}
	if w.Base == "" {
		w.Base = t.description.BaseURL
	}
	for _, m := range t.description.Auth {
		if m.In == "query" {
			w.Params = append(w.Params, m.Param)
		}
	}
	return w
}

// recording makes the recording of what was tried.
func (t *trial) recording() *recorded.Recording {
	head := recorded.Recording{
		Connector: t.description.Key, Settings: t.account.Settings, Inputs: t.Inputs, Writes: t.Writes, Refusals: t.Refusals, Key: t.key, Operations: t.Operations,
	}
	redact := t.Redact
	if redact == nil {
		redact = func(s string) string { return s }
	}
	return t.recorder.Recording(head, recorded.RulesOf(t.description, infer.Personal, redact))
}

// operations are those that are tried.
func (t *trial) operations() []*connectors.Operation {
	if len(t.Operations) == 0 {
		return t.description.Operations
	}
	var list []*connectors.Operation
	for _, op := range t.description.Operations {
		if slices.Contains(t.Operations, op.Key) {
			list = append(list, op)
		}
	}
	return list
}

// The reasons why something is not tried.
const (
	noService = "it needs a service: name one of your accounts with --account, or recorded answers with --recorded"
	tooGrave  = "it deletes, sends or pays: name it with --operation if that is what you want"
)

// world is the ground on which an operation is tried.
func (t *trial) world(op *connectors.Operation) conformance.World {
	w := conformance.World{Account: t.account, Unsent: true, Gentle: !t.Refusals, Pages: Pages, Reused: true, Key: t.key, Writes: t.Writes}
	w.Unknown = []connectors.Kind{connectors.Invalid} // ids of the service may have a form of their own
	if t.session == nil {
		w.Only, w.Else = []conformance.Check{conformance.Described, conformance.Dry, conformance.Missing, conformance.Types}, noService
		w.Writes = false
		return w
	}
	w.Inputs = t.inputs
	if op.Danger != "" && !slices.Contains(t.Operations, op.Key) {
		w.Writes = false
		w.Only, w.Else = []conformance.Check{conformance.Described, conformance.Dry, conformance.Missing, conformance.Types}, tooGrave
	}
	if t.Refusals {
		stranger := t.account
		stranger.Credential.Secret, stranger.Source = secret.New("pollux-wrong-on-purpose"), nil
		if stranger.Credential.Method == auth.OAuth2 {
			stranger.Source = auth.Static(stranger.Credential)
		}
		w.Stranger = &stranger
	}
	if t.Recorded != nil {
		w.Pass = func(context.Context, time.Duration) error { return nil }
	}
	return w
}

// madeUp is an account of nobody: what it sends reaches no service. It has every setting.
func madeUp(d *connectors.Description) connectors.Account {
	a := connectors.Account{Name: "nobody", Settings: map[string]any{}, Gate: open{}}
	for _, s := range d.Settings {
		a.Settings[s.Name] = conformance.Sample(s)
	}
	for i, m := range d.Auth {
		if i == 0 || a.Credential.Method == auth.OAuth2 { // any other needs no source
			a.Credential = auth.Credential{Method: m.Name, User: "nobody", Secret: secret.New("pollux-nobodys-credential")}
		}
	}
	if a.Credential.Method == auth.OAuth2 {
		a.Source = auth.Static(a.Credential)
	}
	return a
}

// open is a gate that lets all through: behind it is no service.
type open struct{}

// Enter implements connectors.Gate.
func (open) Enter(context.Context, string, string, int) error { return nil }

// Leave implements connectors.Gate.
func (open) Leave(int, http.Header, time.Duration) {}

// patient is a gate that waits where another one says that it will not open soon: nobody
// else waits for a trial.
type patient struct{ connectors.Gate }

// Enter implements connectors.Gate.
func (p patient) Enter(ctx context.Context, operation, name string, priority int) error {
	for {
		err := p.Gate.Enter(ctx, operation, name, priority)
		closed, is := errors.AsType[connectors.Closed](err)
		if !is || closed.Wait() > longest {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(closed.Wait()):
		}
	}
}

// longest is how long a trial waits for a budget.
const longest = 2 * time.Minute

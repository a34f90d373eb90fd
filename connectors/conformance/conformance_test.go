package conformance_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/auth"
	"github.com/pollux-automation/pollux/connectors/budget"
	"github.com/pollux-automation/pollux/connectors/conformance"
	"github.com/pollux-automation/pollux/connectors/httpapi"
	"github.com/pollux-automation/pollux/connectors/manifest"
	"github.com/pollux-automation/pollux/internal/secret"
	"github.com/pollux-automation/pollux/internal/testkit"
)

const service = `connector: v1
key: desk
title: Desk
docs: https://desk.example.com
base_url: https://desk.example.com
auth:
  - {method: bearer}
check: ticket.list
errors:
  message: [message]
`

const tickets = `objects:
  ticket:
    title: Ticket
    id: id
    created: made
    fields: {id: string, title: string, state: string, made: time}

operations:
  ticket.list:
    title: List tickets
    read: GET /tickets
    inputs: {state: {options: [open, closed]}, skip: integer, limit: integer}
    answer: {object: ticket, list: tickets}
    paging: {style: offset, input: skip, size: {input: limit, max: 50}}
    poll: {strategy: snapshot}

  ticket.get:
    title: Get ticket
    read: GET /tickets/{ticketId}
    inputs: {ticketId: string}
    answer: {object: ticket, value: .}

  ticket.create:
    title: Create ticket
    write: POST /tickets
    inputs: {title: {required: true}, urgent: boolean}
    answer: {object: ticket, value: .}
    repeat: {find: ticket.list, match: title}

  ticket.close:
    title: Close ticket
    write: POST /tickets/{ticketId}/close
    inputs: {ticketId: string}
    target: {operation: ticket.get, with: {ticketId: ticketId}}
    repeat: safe
`

// composed are operations that are made of those of tickets.
const composed = `operations:
  ticket.find:
    title: Find ticket
    find: ticket.list
    where: {title: title}
    inputs: {title: string}

  ticket.rename:
    title: Rename ticket
    write: PUT /tickets/{ticketId}
    inputs: {ticketId: string, title: {required: true}}
    answer: {object: ticket, value: .}
    repeat: safe

  ticket.upsert:
    title: Create or rename ticket
    compose:
      read: ticket.find
      found: {write: ticket.rename, with: {ticketId: record.id}}
      absent: {write: ticket.create}
    inputs: {title: string}
    repeat: {find: ticket.list, match: title}

  ticket.title.append:
    title: Add to the title of a ticket
    compose:
      read: ticket.get
      found: {write: ticket.rename}
      append: {field: title, text: entry}
    inputs: {ticketId: string, entry: string}
    repeat: never
`

// desk is a service that can be told to break its word.
type desk struct {
	lie     string
	tickets []map[string]any
}

func newDesk(lie string) *desk {
	d := &desk{lie: lie}
	for i := range 3 {
		d.add(fmt.Sprintf("ticket %d", i))
	}
	return d
}

func (d *desk) add(title string) map[string]any {
	t := map[string]any{"id": fmt.Sprintf("t%d", len(d.tickets)+1), "title": title, "state": "open", "made": "2026-01-01T00:00:00Z"}
	d.tickets = append(d.tickets, t)
	return t
}

// ServeHTTP implements http.Handler.
func (d *desk) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "Bearer desk-key" && d.lie != "any credential" {
		answer(w, 401, map[string]any{"message": "who are you?"})
		return
	}
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	switch {
	case len(parts) == 1 && r.Method == http.MethodGet:
		d.list(w, r)
	case len(parts) == 1:
		d.create(w, r)
	case r.Method == http.MethodPut:
		d.rename(w, r, parts[1])
	default:
		d.one(w, parts)
	}
}

func (d *desk) list(w http.ResponseWriter, r *http.Request) {
	if d.lie == "refuses a word" && r.URL.Query().Get("state") == "closed" {
		answer(w, 422, map[string]any{"message": "state"})
		return
	}
	var skip, limit int
	_, _ = fmt.Sscan(r.URL.Query().Get("skip"), &skip)
	_, _ = fmt.Sscan(r.URL.Query().Get("limit"), &limit)
	if d.lie == "no pages" {
		skip = 0
	}
	rows := d.tickets
	if d.lie == "skips" && limit == 1 {
		rows = rows[:2]
	}
	from := min(skip, len(rows))
	answer(w, 200, map[string]any{"tickets": rows[from:min(from+limit, len(rows))]})
}

func (d *desk) create(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Title string `json:"title"`
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		answer(w, 400, map[string]any{"message": err.Error()})
		return
	}
	if d.lie == "renames" {
		body.Title = "ticket"
	}
	answer(w, 201, d.add(body.Title))
}

func (d *desk) rename(w http.ResponseWriter, r *http.Request, id string) {
	var body struct{ Title string }
	at := slices.IndexFunc(d.tickets, func(t map[string]any) bool { return t["id"] == id })
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil || at < 0 {
		answer(w, 404, map[string]any{"message": "no such ticket"})
		return
	}
	if d.lie != "forgets" {
		d.tickets[at]["title"] = body.Title
	}
	answer(w, 200, d.tickets[at])
}

func (d *desk) one(w http.ResponseWriter, parts []string) {
	at := slices.IndexFunc(d.tickets, func(t map[string]any) bool { return t["id"] == parts[1] })
	if at < 0 && d.lie == "knows all" {
		at = 0
	}
	if at < 0 {
		answer(w, 404, map[string]any{"message": "no such ticket"})
		return
	}
	shown := maps.Clone(d.tickets[at])
	if len(parts) == 3 && d.lie != "does nothing" {
		d.tickets[at]["state"] = fmt.Sprint(d.tickets[at]["state"], " closed")
		if d.lie != "counts" {
			d.tickets[at]["state"] = "closed"
		}
	}
	if d.lie == "another shape" {
		shown["title"] = []any{"a", "b"}
	}
	answer(w, 200, shown)
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

// liar is a connector that breaks its word between a caller and the service.
type liar struct {
	connectors.Connector

	lie string
}

// Open implements connectors.Connector.
func (l *liar) Open(a connectors.Account) (connectors.Session, error) {
	s, err := l.Connector.Open(a)
	return &lying{s, l.lie, a}, err
}

// lying is a session of a liar.
type lying struct {
	connectors.Session

	lie     string
	account connectors.Account
}

// Call implements connectors.Session.
func (l *lying) Call(ctx context.Context, op *connectors.Operation, in map[string]any) (connectors.Answer, error) {
	switch l.lie {
	case "sends before it looks":
		req, err := http.NewRequestWithContext(ctx, op.Method, "https://desk.example.com/tickets", http.NoBody)
		if err != nil {
			return connectors.Answer{}, err
		}
		if resp, err := l.account.Transport.RoundTrip(req); err == nil {
			_ = resp.Body.Close()
		}
	case "makes up what is missing":
		in = conformance.Complete(op, in)
	case "drops what is wrong":
		known := map[string]any{}
		for _, input := range op.Inputs {
			if v := in[input.Name]; v != nil && input.Accepts(v) == nil {
				known[input.Name] = v
			}
		}
		in = conformance.Complete(op, known)
	}
	a, err := l.Session.Call(ctx, op, in)
	if e, ok := errors.AsType[*connectors.Error](err); ok && l.lie == "no time to wait" {
		e.RetryAfter = 0
	}
	if l.lie == "bare errors" && err != nil {
		return a, errors.New("something went wrong")
	}
	return a, err
}

// Preview implements connectors.Session.
func (l *lying) Preview(op *connectors.Operation, in map[string]any) (connectors.Request, error) {
	r, err := l.Session.Preview(op, in)
	switch l.lie {
	case "previews send":
		_, err = l.Session.Call(context.Background(), op, in)
	case "previews tell":
		r.Header["Authorization"] = "Bearer " + l.account.Credential.Secret.Reveal()
	case "previews elsewhere":
		r.URL += "/elsewhere"
	}
	return r, err
}

// theDesk is the connector of a desk, with more files.
func theDesk(t *testing.T, more ...string) connectors.Connector {
	t.Helper()
	folder := fstest.MapFS{"connector.yaml": {Data: []byte(service)}, "tickets.yaml": {Data: []byte(tickets)}}
	for i, text := range more {
		folder[fmt.Sprintf("more%d.yaml", i)] = &fstest.MapFile{Data: []byte(text)}
	}
	m, err := manifest.Load(folder, "desk")
	if err != nil {
		t.Fatal(err)
	}
	return httpapi.New(m)
}

// run runs the suite on a desk.
func run(t *testing.T, lie string, change func(*connectors.Description), more ...string) conformance.Report {
	t.Helper()
	c := theDesk(t, more...)
	change(c.Describe())
	d := newDesk(lie)
	account := connectors.Account{
		Name: "desk", Credential: auth.Credential{Method: auth.Bearer, Secret: secret.New("desk-key")},
		Gate: budget.New(nil, 0), Transport: &testkit.Transport{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { d.ServeHTTP(w, r) })},
	}
	stranger := account
	stranger.Credential.Secret = secret.New("another-key")
	report, err := conformance.Run(t.Context(), &liar{c, lie}, conformance.World{
		Account: account, Stranger: &stranger, Writes: lie != "no writes",
		Inputs: func(_ context.Context, op *connectors.Operation) (map[string]any, error) {
			*d = *newDesk(lie)
			if strings.Contains(op.Path, "{ticketId}") {
				return map[string]any{"ticketId": "t2"}, nil
			}
			return nil, nil
		},
		Pass: func(context.Context, time.Duration) error { return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// broken lists what failed, as "operation check".
func broken(r conformance.Report) map[string]string {
	out := map[string]string{}
	for _, o := range r.Operations {
		for _, res := range o.Results {
			if res.Verdict == conformance.Failed {
				out[o.Operation+" "+string(res.Check)] = res.Reason
			}
		}
	}
	return out
}

func keep(*connectors.Description) {}

func TestRun_PassesAConnectorThatKeepsItsWord(t *testing.T) {
	t.Parallel()
	r := run(t, "", keep)
	if !r.OK() || len(broken(r)) > 0 || r.Connector != "desk" {
		t.Errorf("got failures %v of %q, want none of desk", broken(r), r.Connector)
	}
	var skipped []string
	for _, o := range r.Operations {
		for i, res := range o.Results {
			if res.Check != conformance.Checks()[i] {
				t.Errorf("%s: result %d is of %s, want %s", o.Operation, i, res.Check, conformance.Checks()[i])
			}
			if (res.Reason == "") != (res.Verdict == conformance.Passed) {
				t.Errorf("%s %s: %s with the reason %q", o.Operation, res.Check, res.Verdict, res.Reason)
			}
			if res.Verdict == conformance.Skipped {
				skipped = append(skipped, o.Operation+" "+string(res.Check))
			}
		}
	}
	want := []string{
		"ticket.close paging", "ticket.create paging", "ticket.get paging", "ticket.get repeat", "ticket.list missing", "ticket.list repeat",
	}
	slices.Sort(skipped)
	if diff := cmp.Diff(want, skipped); diff != "" {
		t.Errorf("skipped (-want +got):\n%s", diff)
	}
}

func TestRun_TriesOperationsThatAreMadeOfOthers(t *testing.T) {
	t.Parallel()
	r := run(t, "", keep, composed)
	if !r.OK() || len(broken(r)) > 0 {
		t.Errorf("got failures %v, want none", broken(r))
	}
	passed := map[string]bool{}
	for _, o := range r.Operations {
		for _, res := range o.Results {
			passed[o.Operation+" "+string(res.Check)] = res.Verdict == conformance.Passed
		}
	}
	for _, one := range []string{"ticket.find callable", "ticket.find dry", "ticket.upsert errors", "ticket.upsert repeat", "ticket.title.append callable", "ticket.title.append missing"} {
		if !passed[one] {
			t.Errorf("%s was not tried", one)
		}
	}
	for _, tt := range []struct {
		lie, fails, because string
		change              func(*connectors.Composed)
	}{
		{"forgets", "ticket.title.append callable", "the entry is not in it", nil},
		{"", "ticket.upsert described", "it writes with \"ticket.get\"", func(c *connectors.Composed) { c.Found = "ticket.get" }},
		{"", "ticket.upsert described", "it reads with \"ticket.create\"", func(c *connectors.Composed) { c.Read = "ticket.create" }},
		{"", "ticket.upsert described", "it is a write that writes with \"\"", func(c *connectors.Composed) { c.Found = "" }},
	} {
		got := broken(run(t, tt.lie, func(d *connectors.Description) {
			if o, ok := d.Operation("ticket.upsert"); ok && tt.change != nil {
				tt.change(o.Composed)
			}
		}, composed))
		if !strings.Contains(got[tt.fails], tt.because) {
			t.Errorf("%s: got %v, want it to say %q", tt.fails, got, tt.because)
		}
	}
}

func TestRun_FindsEveryBrokenWord(t *testing.T) {
	t.Parallel()
	tests := []struct{ lie, fails, because string }{
		{"any credential", "ticket.get errors", "a wrong credential: got <nil>"},
		{"refuses a word", "ticket.list callable", "with state = closed"},
		{"no pages", "ticket.list paging", "comes twice"},
		{"skips", "ticket.list paging", "the largest [t1 t2 t3]"},
		{"renames", "ticket.create repeat", "want one more"},
		{"knows all", "ticket.get errors", "an unknown ticketId: got <nil>"},
		{"does nothing", "ticket.close repeat", "shows nothing of it"},
		{"counts", "ticket.close repeat", "another effect"},
		{"another shape", "ticket.get callable", "ticket.title: want text, got a list"},
		{"sends before it looks", "ticket.create missing", "got a request, want a refusal"},
		{"makes up what is missing", "ticket.create missing", "without title: got a request, want a refusal"},
		{"drops what is wrong", "ticket.create types", "with urgent"},
		{"no time to wait", "ticket.get errors", "status 429: got a wait of 0s, want 7s"},
		{"bare errors", "ticket.get errors", "status 401: got something went wrong, want an error of the kind auth"},
		{"previews send", "ticket.close dry", "a preview sent 1 requests"},
		{"previews tell", "ticket.close dry", "shows the credential"},
		{"previews elsewhere", "ticket.close dry", "elsewhere"},
	}
	for _, tt := range tests {
		t.Run(tt.lie, func(t *testing.T) {
			t.Parallel()
			got := broken(run(t, tt.lie, keep))
			if !strings.Contains(got[tt.fails], tt.because) {
				t.Errorf("%s: got %v, want it to say %q", tt.fails, got, tt.because)
			}
		})
	}
}

func TestRun_FindsWhatIsNotDescribed(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, operation, because string
		change                   func(o *connectors.Operation)
	}{
		{"no title", "ticket.get", "the title \"\"", func(o *connectors.Operation) { o.Title = "" }},
		{"no method", "ticket.get", "its request is \"\"", func(o *connectors.Operation) { o.Method = "" }},
		{"no place", "ticket.create", "goes to \"\"", func(o *connectors.Operation) { o.Inputs[0].In = "" }},
		{"no type", "ticket.create", "as \"\"", func(o *connectors.Operation) { o.Inputs[0].Type = "" }},
		{"no hole", "ticket.get", "no place for the input", func(o *connectors.Operation) { o.Path = "/tickets" }},
		{"a hole", "ticket.get", "nothing fills", func(o *connectors.Operation) { o.Inputs = nil }},
		{"a strange setting", "ticket.create", "the setting \"team\"", func(o *connectors.Operation) { o.Inputs[0].Setting = "team" }},
		{"a wrong default", "ticket.create", "does not accept its default", func(o *connectors.Operation) { o.Inputs[1].Default = "yes" }},
		{"no answer", "ticket.get", "neither describes it nor notes why not", func(o *connectors.Operation) { o.Answer = nil }},
		{"no strategy", "ticket.list", "there is no strategy", func(o *connectors.Operation) { o.Poll.Strategy = "luck" }},
		{"no updated time", "ticket.list", "keyset needs", func(o *connectors.Operation) { o.Poll.Strategy = connectors.Keyset }},
		{"no sorted time", "ticket.list", "newest needs", func(o *connectors.Operation) { o.Poll.Strategy = connectors.Newest }},
		{"no parents", "ticket.list", "fan_out needs", func(o *connectors.Operation) { o.Poll.Strategy = connectors.FanOut }},
		{"no rule", "ticket.close", "whether it may be sent twice", func(o *connectors.Operation) { o.Repeat = "" }},
		{"no lookup", "ticket.close", "its rule is \"find\"", func(o *connectors.Operation) { o.Repeat = connectors.RepeatFind }},
		{"a lookup of nothing", "ticket.create", "which there is not", func(o *connectors.Operation) { o.Find.Match = "name" }},
		{"a lookup by a write", "ticket.create", "is no read", func(o *connectors.Operation) { o.Find.Operation = "ticket.close" }},
		{"a target that is given nothing", "ticket.close", "is given \"id\"", func(o *connectors.Operation) { o.Target.With = map[string]string{"ticketId": "id"} }},
		{"a read with a rule", "ticket.get", "the rules of a write", func(o *connectors.Operation) { o.Repeat = connectors.RepeatSafe }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := broken(run(t, "no writes", func(d *connectors.Description) {
				o, _ := d.Operation(tt.operation)
				tt.change(o)
			}))
			if !strings.Contains(got[tt.operation+" described"], tt.because) {
				t.Errorf("got %v, want %s to say %q", got, tt.operation, tt.because)
			}
		})
	}
}

// TestRun_WritesOnlyWhereItMay asserts that without leave nothing is changed, and that the
// report says so.
func TestRun_WritesOnlyWhereItMay(t *testing.T) {
	t.Parallel()
	for _, o := range run(t, "no writes", keep).Operations {
		for _, r := range o.Results {
			writes := o.Operation == "ticket.create" || o.Operation == "ticket.close"
			if writes && r.Check != conformance.Described && r.Check != conformance.Paging && (r.Verdict != conformance.Skipped || !strings.Contains(r.Reason, "no writes are allowed")) {
				t.Errorf("%s %s: got %s (%s), want it skipped", o.Operation, r.Check, r.Verdict, r.Reason)
			}
		}
	}
}

// TestTry_WithoutAService makes the checks that send nothing, on writes too, and reads
// lists no further than it may.
func TestTry_WithoutAService(t *testing.T) {
	t.Parallel()
	sent := 0
	world := conformance.World{
		Account: connectors.Account{
			Name: "desk", Credential: auth.Credential{Method: auth.Bearer, Secret: secret.New("desk-key")}, Gate: budget.New(nil, 0),
			Transport: &testkit.Transport{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { sent++ })},
		},
		Unsent: true, Only: []conformance.Check{conformance.Described, conformance.Dry, conformance.Missing, conformance.Types}, Else: "no service",
		Inputs: func(context.Context, *connectors.Operation) (map[string]any, error) {
			return nil, conformance.Skip("nobody knows an id")
		},
	}
	report, err := conformance.Run(t.Context(), theDesk(t), world)
	if err != nil || !report.OK() || sent != 0 {
		t.Fatalf("got %v, %v and %d requests, want no failure and none", broken(report), err, sent)
	}
	for _, o := range report.Operations {
		for _, r := range o.Results {
			want, reason := conformance.Passed, ""
			if !slices.Contains(world.Only, r.Check) {
				want, reason = conformance.Skipped, "no service"
			} else if o.Operation == "ticket.list" && r.Check == conformance.Missing {
				want, reason = conformance.Skipped, "no input is required of the caller"
			}
			if r.Verdict != want || r.Reason != reason {
				t.Errorf("%s %s: got %s (%s), want %s (%s)", o.Operation, r.Check, r.Verdict, r.Reason, want, reason)
			}
		}
	}
}

// TestTry_ReadsNoFurther asserts that a walk ends where the world says, and that ids that
// the service does not know are kept back.
func TestTry_ReadsNoFurther(t *testing.T) {
	t.Parallel()
	d, paths := newDesk(""), map[string]int{}
	for i := range 20 {
		d.add(fmt.Sprintf("more %d", i))
	}
	world := conformance.World{
		Account: connectors.Account{
			Name: "desk", Credential: auth.Credential{Method: auth.Bearer, Secret: secret.New("desk-key")}, Gate: budget.New(nil, 0),
			Transport: &testkit.Transport{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				paths[r.URL.Path]++
				d.ServeHTTP(w, r)
			})},
		},
		Gentle: true, Pages: 2,
		Inputs: func(_ context.Context, op *connectors.Operation) (map[string]any, error) {
			if strings.Contains(op.Path, "{ticketId}") {
				return map[string]any{"ticketId": "t2"}, nil
			}
			return nil, nil
		},
	}
	report, err := conformance.Run(t.Context(), theDesk(t), world)
	if err != nil || !report.OK() {
		t.Fatalf("got %v, %v, want no failure", broken(report), err)
	}
	// A call, one for each of two words, two small pages and one large one.
	if want := map[string]int{"/tickets": 6, "/tickets/t2": 1}; !maps.Equal(paths, want) {
		t.Errorf("got the requests %v, want %v", paths, want)
	}
}

// TestFailure_SaysWhatToChange holds failures to what a person needs of them.
func TestFailure_SaysWhatToChange(t *testing.T) {
	t.Parallel()
	for lie, want := range map[string]conformance.Failure{
		"no time to wait": {Tried: "status 429", Came: "a wait of 0s", Wanted: "7s, as the service asks", Change: "look at errors: where code and message stand, and the rules"},
		"another shape": {
			Tried: "read ticket.title", Came: "want text, got a list",
			Change: "write the type that the service gives at the field title of ticket",
		},
	} {
		var all []conformance.Failure
		for _, o := range run(t, lie, keep).Operations {
			for _, r := range o.Results {
				if (len(r.Failures) > 0) != (r.Verdict == conformance.Failed) {
					t.Errorf("%s: %s %s has the failures %v", lie, o.Operation, r.Check, r.Failures)
				}
				all = append(all, r.Failures...)
			}
		}
		if !slices.Contains(all, want) {
			t.Errorf("%s: got %+v, want among them %+v", lie, all, want)
		}
		for _, f := range all {
			if f.Tried == "" || f.Came == "" || f.Change == "" {
				t.Errorf("%s: got %+v, want every part of it", lie, f)
			}
		}
	}
}

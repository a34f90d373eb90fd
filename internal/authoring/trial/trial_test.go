package trial_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/auth"
	"github.com/pollux-automation/pollux/connectors/budget"
	"github.com/pollux-automation/pollux/connectors/conformance"
	"github.com/pollux-automation/pollux/connectors/httpapi"
	"github.com/pollux-automation/pollux/connectors/manifest"
	"github.com/pollux-automation/pollux/internal/authoring/recorded"
	"github.com/pollux-automation/pollux/internal/authoring/trial"
	"github.com/pollux-automation/pollux/internal/secret"
	"github.com/pollux-automation/pollux/internal/testkit"
)

const service = `connector: v1
key: desk
title: Desk
docs: https://desk.example.com
base_url: https://desk.example.com
auth: [{method: bearer}]
check: ticket.list
settings:
  team: {required: true}
errors: {message: [message]}
`

const tickets = `objects:
  ticket: {title: Ticket, id: id, fields: {id: string, title: string, email: {personal: true}, state: string}}

operations:
  ticket.list:
    title: List tickets
    read: GET /teams/{team}/tickets
    inputs: {team: {required: true, setting: team}, skip: integer, limit: integer}
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
    write: POST /teams/{team}/tickets
    inputs: {team: {required: true, setting: team}, title: {required: true}}
    answer: {object: ticket, value: .}
    repeat: {find: ticket.list, match: title, settle: 0s}
  ticket.close:
    title: Close ticket
    write: POST /tickets/{ticketId}/close
    inputs: {ticketId: string}
    repeat: safe
  ticket.delete:
    title: Delete ticket
    write: DELETE /tickets/{ticketId}
    inputs: {ticketId: string}
    repeat: safe
    danger: delete
  name.check:
    title: Check a name
    read: GET /names/{code}
    inputs: {code: string}
    answer: {object: ticket, value: .}
`

// desk is the service.
type desk struct {
	tickets []map[string]any
	asked   []string
	refused int
}

func newDesk() *desk {
	d := &desk{}
	for i := range 12 {
		d.add(fmt.Sprintf("ticket %d", i))
	}
	return d
}

func (d *desk) add(title string) map[string]any {
	n := len(d.tickets) + 1
	t := map[string]any{"id": fmt.Sprintf("t%d", n), "title": title, "email": fmt.Sprintf("someone%d@acme.test", n), "state": "open"}
	d.tickets = append(d.tickets, t)
	return t
}

// ServeHTTP implements http.Handler.
func (d *desk) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d.asked = append(d.asked, r.Method+" "+r.URL.Path)
	status, v := d.answer(r)
	if status >= 400 {
		d.refused++
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

func (d *desk) answer(r *http.Request) (int, any) {
	if r.Header.Get("Authorization") != "Bearer desk-key" {
		return 401, map[string]any{"message": "who are you?"}
	}
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	if parts[0] == "teams" && r.Method == http.MethodPost {
		var body map[string]string
		_ = json.NewDecoder(r.Body).Decode(&body)
		return 201, d.add(body["title"])
	}
	if parts[0] == "teams" {
		var skip, limit int
		_, _ = fmt.Sscan(r.URL.Query().Get("skip"), &skip)
		_, _ = fmt.Sscan(r.URL.Query().Get("limit"), &limit)
		skip = min(skip, len(d.tickets))
		return 200, map[string]any{"tickets": d.tickets[skip:min(skip+limit, len(d.tickets))]}
	}
	at := slices.IndexFunc(d.tickets, func(t map[string]any) bool { return t["id"] == parts[1] })
	if at < 0 {
		return 404, map[string]any{"message": "no such ticket"}
	}
	if len(parts) == 3 {
		d.tickets[at]["state"] = "closed"
	}
	return 200, d.tickets[at]
}

func connector(t *testing.T) connectors.Connector {
	t.Helper()
	m, err := manifest.Load(fstest.MapFS{"connector.yaml": {Data: []byte(service)}, "tickets.yaml": {Data: []byte(tickets)}}, "desk")
	if err != nil {
		t.Fatal(err)
	}
	return httpapi.New(m)
}

// try runs a trial at a desk.
func try(t *testing.T, d *desk, change func(*trial.Options)) trial.Outcome {
	t.Helper()
	o := trial.Options{
		Connector: connector(t), Record: true, Redact: func(s string) string { return strings.ReplaceAll(s, "desk-key", "****") },
		Parse: func(_ *connectors.Operation, _, text string) (any, error) { return text, nil },
		Account: &connectors.Account{
			Name: "desk", Credential: auth.Credential{Method: auth.Bearer, Secret: secret.New("desk-key")}, Settings: map[string]any{"team": "red"},
			Gate: budget.New(nil, 0), Transport: &testkit.Transport{Handler: d},
		},
	}
	change(&o)
	out, err := trial.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// verdicts lists what came of each check, as "operation check: verdict (reason)", but for
// what does not concern an operation at all.
func verdicts(r conformance.Report) map[string]string {
	out := map[string]string{}
	for _, o := range r.Operations {
		for _, res := range o.Results {
			if strings.HasPrefix(res.Reason, "the operation is no list") || res.Reason == "the operation changes nothing" || res.Reason == "no input is required of the caller" {
				continue
			}
			out[o.Operation+" "+string(res.Check)] = strings.TrimSpace(string(res.Verdict) + " " + res.Reason)
		}
	}
	return out
}

// TestRun_IsCarefulAtAnAccount asserts what a trial sends where it was allowed nothing.
func TestRun_IsCarefulAtAnAccount(t *testing.T) {
	t.Parallel()
	d := newDesk()
	got := verdicts(try(t, d, func(*trial.Options) {}).Report)
	for _, asked := range d.asked {
		if !strings.HasPrefix(asked, "GET ") {
			t.Errorf("%s was sent, want reads alone", asked)
		}
	}
	if d.refused > 0 {
		t.Errorf("the service had to refuse %d times, want never: %v", d.refused, d.asked)
	}
	for check, want := range map[string]string{
		"ticket.get callable":   "passed", // with the id of the first record of the list
		"ticket.list paging":    "passed",
		"ticket.create dry":     "passed",
		"ticket.close callable": "skipped the operation changes something, and no writes are allowed",
		"ticket.delete missing": "passed",
		"ticket.delete repeat":  "skipped it deletes, sends or pays: name it with --operation if that is what you want",
		"name.check callable":   "skipped no list tells one: give --with code=VALUE",
	} {
		if got[check] != want {
			t.Errorf("%s: got %q, want %q", check, got[check], want)
		}
	}
}

// TestRun_WritesWhatItMay asserts that with leave to write only what was named is changed,
// and nothing is deleted.
func TestRun_WritesWhatItMay(t *testing.T) {
	t.Parallel()
	d := newDesk()
	got := verdicts(try(t, d, func(o *trial.Options) { o.Writes, o.Inputs = true, map[string]string{"ticket.close:ticketId": "t7"} }).Report)
	for i, ticket := range d.tickets[:12] {
		want := "open"
		if i == 6 {
			want = "closed"
		}
		if ticket["state"] != want {
			t.Errorf("ticket %v is %v, want %s", ticket["id"], ticket["state"], want)
		}
	}
	for _, asked := range d.asked {
		if strings.HasPrefix(asked, "DELETE") {
			t.Errorf("%s was sent", asked)
		}
	}
	for _, check := range []string{"ticket.create callable", "ticket.create repeat", "ticket.close callable"} {
		if got[check] != "passed" {
			t.Errorf("%s: got %q, want passed", check, got[check])
		}
	}
	seen := map[any]bool{}
	for _, ticket := range d.tickets[12:] {
		title, _ := ticket["title"].(string)
		if !strings.HasPrefix(title, "pollux-") || seen[title] {
			t.Errorf("the title %q was left, want one of ours that comes once", title)
		}
		seen[title] = true
	}
}

// TestRun_SaysTheSameWithWhatWasRecorded records a trial with all that it may do, and
// makes it again without the service.
func TestRun_SaysTheSameWithWhatWasRecorded(t *testing.T) {
	t.Parallel()
	d := newDesk()
	live := try(t, d, func(o *trial.Options) {
		o.Writes, o.Refusals, o.Inputs = true, true, map[string]string{"ticket.close:ticketId": "t7", "code": "t3"}
	})
	if d.refused == 0 {
		t.Error("nothing was refused, want unknown ids and a wrong credential to be")
	}
	file := filepath.Join(t.TempDir(), "recorded.json")
	if err := live.Recording.Save(file); err != nil {
		t.Fatal(err)
	}
	r, err := recorded.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	asked := len(d.asked)
	again := try(t, d, func(o *trial.Options) { o.Account, o.Record, o.Recorded = nil, false, r })
	if diff := cmp.Diff(verdicts(live.Report), verdicts(again.Report)); diff != "" {
		t.Errorf("recorded (-live +recorded):\n%s", diff)
	}
	if len(d.asked) != asked {
		t.Errorf("the service was asked %v, want nothing", d.asked[asked:])
	}
	if !live.Report.OK() {
		t.Errorf("got failures: %v", verdicts(live.Report))
	}
	only := try(t, d, func(o *trial.Options) {
		o.Account, o.Record, o.Recorded, o.Operations = nil, false, r, []string{"ticket.get"}
	})
	if got := verdicts(only.Report); len(only.Report.Operations) != 1 || got["ticket.get callable"] != "passed" {
		t.Errorf("one operation alone: got %v, want ticket.get passed", got)
	}
}

// TestRun_NamesWhatWasNotRecorded asserts that a request without an answer fails, by name.
func TestRun_NamesWhatWasNotRecorded(t *testing.T) {
	t.Parallel()
	live := try(t, newDesk(), func(*trial.Options) {})
	live.Recording.Exchanges = slices.DeleteFunc(live.Recording.Exchanges, func(e recorded.Exchange) bool { return e.Request.Path == "/tickets/t1" })
	got := verdicts(try(t, newDesk(), func(o *trial.Options) { o.Account, o.Record, o.Recorded = nil, false, live.Recording }).Report)
	if want := "nothing is recorded for GET /tickets/t1"; !strings.HasPrefix(got["ticket.get callable"], "failed") || !strings.Contains(got["ticket.get callable"], want) {
		t.Errorf("got %q, want it to fail and to say %q", got["ticket.get callable"], want)
	}
}

// TestRun_WaitsForTheBudget asserts that a trial is slow rather than wrong where the service
// allows little.
func TestRun_WaitsForTheBudget(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		out := try(t, newDesk(), func(o *trial.Options) {
			o.Account.Gate = budget.New([]budget.Window{{Name: "burst", Requests: 4, Per: time.Minute}}, 0)
		})
		if !out.Report.OK() {
			t.Errorf("got failures: %v", verdicts(out.Report))
		}
		if took := time.Since(began); took < time.Minute {
			t.Errorf("it took %s, want it to wait for the next window", took)
		}
	})
}

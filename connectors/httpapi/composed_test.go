package httpapi_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/connectors"
)

// crm is a service with customers, in memory.
type crm struct {
	mu        sync.Mutex
	customers []map[string]string
	log       []string
	keys      []string
	// before answers a request in the place of the service, if it returns one.
	before func(r *http.Request) *http.Response
	// after is told of each request that was carried out.
	after func(c *crm, r *http.Request)
}

func (c *crm) RoundTrip(r *http.Request) (*http.Response, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.log = append(c.log, r.Method+" "+r.URL.RequestURI())
	if key := r.Header.Get("Idempotency-Key"); key != "" {
		c.keys = append(c.keys, key)
	}
	if c.before != nil {
		if a := c.before(r); a != nil {
			return a, nil
		}
	}
	a := c.serve(r)
	if c.after != nil {
		c.after(c, r)
	}
	return a, nil
}

func (c *crm) serve(r *http.Request) *http.Response {
	body := map[string]string{}
	if r.Body != nil {
		text, _ := io.ReadAll(r.Body)
		_ = json.Unmarshal(text, &body)
	}
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	switch {
	case r.Method == http.MethodGet && len(parts) == 1:
		var page, size int
		_, _ = fmt.Sscan(r.URL.Query().Get("page"), &page)
		_, _ = fmt.Sscan(r.URL.Query().Get("size"), &size)
		from := min((page-1)*size, len(c.customers))
		return jsonReply(200, map[string]any{"data": c.customers[from:min(from+size, len(c.customers))]})
	case r.Method == http.MethodPost:
		body["id"] = fmt.Sprintf("c%d", len(c.customers)+1)
		c.customers = append(c.customers, body)
		return jsonReply(201, body)
	}
	for _, one := range c.customers {
		if one["id"] != parts[1] {
			continue
		}
		maps.Copy(one, body)
		return jsonReply(200, one)
	}
	return jsonReply(404, map[string]string{"message": "no such customer"})
}

func jsonReply(status int, v any) *http.Response {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return reply(status, "application/json", string(text))
}

func newCRM(t *testing.T, c *crm) *service {
	t.Helper()
	return newServiceOf(t, "crm", c, func(a *connectors.Account) { a.Settings = nil })
}

func four() []map[string]string {
	return []map[string]string{
		{"id": "c1", "email": "a@example.com"},
		{"id": "c2", "email": "B@Example.com", "notes": "first"},
		{"id": "c3", "email": "c@example.com"},
		{"id": "c4", "email": "d@example.com"},
	}
}

func TestFind_WalksUntilARecordFits(t *testing.T) {
	t.Parallel()
	tests := []struct {
		email string
		id    any
		log   []string
	}{
		{"b@example.COM ", "c2", []string{"GET /customers?group=x&page=1&size=2"}},
		{"c@example.com", "c3", []string{"GET /customers?group=x&page=1&size=2", "GET /customers?group=x&page=2&size=2"}},
		{"z@example.com", nil, []string{
			"GET /customers?group=x&page=1&size=2", "GET /customers?group=x&page=2&size=2", "GET /customers?group=x&page=3&size=2",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.email, func(t *testing.T) {
			t.Parallel()
			c := &crm{customers: four()}
			s := newCRM(t, c)
			in := map[string]any{"email": tt.email, "group": "x"}
			a, err := s.Call(t.Context(), s.op(t, "customer.find"), in)
			if err != nil {
				t.Fatal(err)
			}
			record, _ := a.Value.(map[string]any)
			if record["id"] != tt.id || (tt.id == nil) != (a.Value == nil) {
				t.Errorf("found %v, want %v", a.Value, tt.id)
			}
			if diff := cmp.Diff(tt.log, c.log); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
			if s.gate.entered != len(tt.log) || s.gate.left != len(tt.log) || s.gate.priority != connectors.ForStep {
				t.Errorf("%d times through the gate with priority %d, want %d as a step", s.gate.entered, s.gate.priority, len(tt.log))
			}
			page, err := s.Page(t.Context(), s.op(t, "customer.find"), connectors.Query{Inputs: in})
			if err != nil || (len(page.Records) == 1) != (tt.id != nil) || page.Next != "" {
				t.Errorf("Page = %+v, %v, want what was found", page, err)
			}
		})
	}
}

func TestFind_HasABound(t *testing.T) {
	t.Parallel()
	s := newCRM(t, &crm{before: func(r *http.Request) *http.Response {
		id := r.URL.Query().Get("page")
		return jsonReply(200, map[string]any{"data": []any{map[string]string{"id": id}, map[string]string{"id": "x" + id}}})
	}})
	_, err := s.Call(t.Context(), s.op(t, "customer.find"), map[string]any{"email": "a@example.com"})
	if e := ours(t, err, connectors.Invalid); !strings.Contains(e.Error(), "not found in the first 200 pages of customer.list") {
		t.Errorf("got %v, want the bound", e)
	}
}

func TestFind_APageThatComesTwiceIsAnError(t *testing.T) {
	t.Parallel()
	c := &crm{before: func(r *http.Request) *http.Response {
		next := map[string]string{"": "a", "a": "b", "b": "a"}[r.URL.Query().Get("token")]
		return jsonReply(200, map[string]any{"data": []any{}, "next": next})
	}}
	s := newCRM(t, c)
	_, err := s.Call(t.Context(), s.op(t, "customer.feed.find"), map[string]any{"email": "a@example.com"})
	if e := ours(t, err, connectors.Transient); !strings.Contains(e.Error(), "comes twice") || len(c.log) != 3 {
		t.Errorf("got %v after %v, want the page that comes twice after three requests", e, c.log)
	}
}

func TestUpsert_CreatesOrUpdates(t *testing.T) {
	t.Parallel()
	c := &crm{customers: four()}
	s := newCRM(t, c)
	op := s.op(t, "customer.upsert")
	ctx := connectors.WithKey(t.Context(), "run/step")
	a, err := s.Call(ctx, op, map[string]any{"email": "B@example.com", "name": "Bea"})
	if record, _ := a.Value.(map[string]any); err != nil || record["id"] != "c2" || c.customers[1]["name"] != "Bea" {
		t.Errorf("Call = %v, %v, want c2 with its new name", a.Value, err)
	}
	a, err = s.Call(ctx, op, map[string]any{"email": "new@example.com", "name": "New"})
	if record, _ := a.Value.(map[string]any); err != nil || record["id"] != "c5" || len(c.customers) != 5 {
		t.Errorf("Call = %v, %v with %d customers, want c5 of 5", a.Value, err, len(c.customers))
	}
	if diff := cmp.Diff([]string{"run/step/customer.create"}, c.keys); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
	if op.Kind != connectors.Write || op.Method+" "+op.Path != "POST /customers" || op.Answer == nil || !op.Composed.Looks || len(op.Scopes) != 2 {
		t.Errorf("described as %+v", op)
	}
}

// TestUpsert_AtTheSameMoment lets many create the same customer at once.
func TestUpsert_AtTheSameMoment(t *testing.T) {
	t.Parallel()
	c := &crm{}
	s := newServiceOf(t, "crm", c, func(a *connectors.Account) { a.Settings, a.Gate = nil, wide{} })
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			email := "one@example.com"
			if i%2 == 0 {
				email = "ONE@example.com "
			}
			if _, err := s.Call(t.Context(), s.op(t, "customer.upsert"), map[string]any{"email": email}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if len(c.customers) != 1 {
		t.Errorf("%d customers were created, want 1", len(c.customers))
	}
}

// wide is a gate for many at once.
type wide struct{}

func (wide) Enter(context.Context, string, string, int) error { return nil }
func (wide) Leave(int, http.Header, time.Duration)            {}

func TestComposed_KeepsTheKindsOfItsParts(t *testing.T) {
	t.Parallel()
	upsert := map[string]any{"email": "a@example.com"}
	note := map[string]any{"customerId": "c2", "note": "x"}
	tests := []struct {
		name, op string
		in       map[string]any
		fails    string // method
		status   int
		want     connectors.Kind
	}{
		{"the read fails", "customer.upsert", upsert, "GET", 500, connectors.Transient},
		{"the read is refused", "customer.upsert", upsert, "GET", 429, connectors.RateLimited},
		{"the write is lost", "customer.upsert", upsert, "PUT", 500, connectors.Uncertain},
		{"the create is lost", "customer.upsert", map[string]any{"email": "new@example.com"}, "POST", 502, connectors.Uncertain},
		{"the write is refused", "customer.upsert", upsert, "PUT", 400, connectors.Invalid},
		{"nothing to append to", "note.append", map[string]any{"customerId": "zz", "note": "x"}, "", 0, connectors.NotFound},
		{"the append's read fails", "note.append", note, "GET", 503, connectors.Transient},
		{"the append is lost", "note.append", note, "PUT", 503, connectors.Uncertain},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := &crm{customers: four(), before: func(r *http.Request) *http.Response {
				if r.Method == tt.fails {
					return jsonReply(tt.status, map[string]string{"message": "no"})
				}
				return nil
			}}
			s := newCRM(t, c)
			_, err := s.Call(t.Context(), s.op(t, tt.op), tt.in)
			if e := ours(t, err, tt.want); e.Op != "crm."+tt.op {
				t.Errorf("the error is that of %s, want crm.%s", e.Op, tt.op)
			}
		})
	}
}

func TestComposed_RefusesBeforeAnythingIsSent(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		op   string
		in   map[string]any
		want string
	}{
		{"customer.upsert", map[string]any{"name": "x"}, `"email" is missing`},
		{"customer.upsert", map[string]any{"email": "a", "name": 3}, `"name"`},
		{"customer.upsert", map[string]any{"email": "a", "customerId": "c1"}, `no input "customerId"`},
		{"customer.find", map[string]any{"group": "x"}, `"email" is missing`},
		{"note.append", map[string]any{"customerId": "c1", "note": " \n"}, `"note" is empty`},
		{"note.append", map[string]any{"note": "x"}, `"customerId" is missing`},
	} {
		c := &crm{customers: four()}
		s := newCRM(t, c)
		_, err := s.Call(t.Context(), s.op(t, tt.op), tt.in)
		if e := ours(t, err, connectors.Invalid); !strings.Contains(e.Error(), tt.want) || len(c.log) > 0 {
			t.Errorf("%s %v: got %v and %v sent, want %s and nothing", tt.op, tt.in, e, c.log, tt.want)
		}
	}
}

func TestComposed_PreviewShowsTheWriteAndSendsNothing(t *testing.T) {
	t.Parallel()
	c := &crm{customers: four()}
	s := newCRM(t, c)
	for _, tt := range []struct {
		op   string
		in   map[string]any
		want connectors.Request
	}{
		{"customer.upsert", map[string]any{"email": "a", "name": "b"}, connectors.Request{
			Method: "POST", URL: "https://crm.example.com/customers", Body: map[string]any{"email": "a", "name": "b"},
		}},
		{"note.append", map[string]any{"customerId": "c1", "note": "x"}, connectors.Request{
			Method: "PUT", URL: "https://crm.example.com/customers/c1/notes", Body: map[string]any{"notes": "(what stands there)\n\nx"},
		}},
		{"customer.find", map[string]any{"email": "a"}, connectors.Request{Method: "GET", URL: "https://crm.example.com/customers?page=1&size=2"}},
	} {
		got, err := s.Preview(s.op(t, tt.op), tt.in)
		if err != nil {
			t.Fatal(err)
		}
		got.Header = nil
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.op, diff)
		}
	}
	if len(c.log) > 0 || s.gate.entered > 0 {
		t.Errorf("a preview sent %v", c.log)
	}
}

func TestAppend_AddsAnEntryOfItsOwn(t *testing.T) {
	t.Parallel()
	c := &crm{customers: four()}
	s := newCRM(t, c)
	for _, tt := range []struct{ id, note, want string }{
		{"c2", " second\n", "first\n\nsecond"}, {"c2", "third", "first\n\nsecond\n\nthird"}, {"c1", "only", "only"},
	} {
		a, err := s.Call(t.Context(), s.op(t, "note.append"), map[string]any{"customerId": tt.id, "note": tt.note})
		if record, _ := a.Value.(map[string]any); err != nil || record["notes"] != tt.want {
			t.Errorf("Call = %v, %v, want the notes %q", a.Value, err, tt.want)
		}
	}
	want := []string{"GET /customers/c2", "PUT /customers/c2/notes", "GET /customers/c2"}
	if diff := cmp.Diff(want, c.log[:3]); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
	if notes := s.op(t, "note.append").Notes; len(notes) != 1 || !strings.Contains(notes[0], "no client can see it") {
		t.Errorf("notes = %q, want what no client can see", notes)
	}
}

func TestAppend_SeesAnEditAtTheSameMoment(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, edit string
		want       string // of the error; empty for none
	}{
		{"our entry is gone", "first\n\ntheirs", "the entry is not in it"},
		{"the rest is another", "changed\n\nours", "the entry is in it, and the rest is not what was written"},
		{"only the ends of lines", "first\r\n\r\nours ", ""},
		{"more came behind it", "first\n\nours\n\ntheirs", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := &crm{customers: four(), after: func(c *crm, r *http.Request) {
				if r.Method == http.MethodPut {
					c.customers[1]["notes"] = tt.edit
				}
			}}
			s := newCRM(t, c)
			_, err := s.Call(t.Context(), s.op(t, "note.append"), map[string]any{"customerId": "c2", "note": "ours"})
			if tt.want == "" {
				if err != nil {
					t.Errorf("got %v, want no error", err)
				}
				return
			}
			if e := ours(t, err, connectors.Uncertain); !strings.Contains(e.Error(), tt.want) {
				t.Errorf("got %v, want %s", e, tt.want)
			}
		})
	}
}

func TestAppend_ManyAtOnceLoseNothing(t *testing.T) {
	t.Parallel()
	c := &crm{customers: four()}
	s := newServiceOf(t, "crm", c, func(a *connectors.Account) { a.Settings, a.Gate = nil, wide{} })
	var all sync.WaitGroup
	for i := range 16 {
		all.Go(func() {
			in := map[string]any{"customerId": "c2", "note": fmt.Sprintf("entry %d", i)}
			if _, err := s.Call(t.Context(), s.op(t, "note.append"), in); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if got := strings.Split(c.customers[1]["notes"], "\n\n"); len(got) != 17 {
		t.Errorf("%d entries, want 17: %q", len(got), got)
	}
}

// TestAppend_WaitsForItsTurn gives up while another one is at it.
func TestAppend_WaitsForItsTurn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newServiceOf(t, "crm", carrier(func(r *http.Request) (*http.Response, error) {
			<-time.After(time.Second)
			return jsonReply(200, four()[1]), nil
		}), func(a *connectors.Account) { a.Settings, a.Gate = nil, wide{} })
		go func() {
			_, _ = s.Call(t.Context(), s.op(t, "note.append"), map[string]any{"customerId": "c2", "note": "x"})
		}()
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := s.Call(ctx, s.op(t, "note.append"), map[string]any{"customerId": "c2", "note": "y"})
		want(t, err, connectors.Canceled)
		<-time.After(5 * time.Second)
	})
}

func TestAppend_CannotBeReadAgain(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, answer string
		want         connectors.Kind
	}{
		{"the answer shows it", `{"id":"c2","notes":"first\n\nx"}`, ""}, {"the answer shows nothing", `{"id":"c2"}`, connectors.Uncertain},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			wrote := false
			s := newCRM(t, &crm{customers: four(), before: func(r *http.Request) *http.Response {
				switch {
				case r.Method == http.MethodPut:
					wrote = true
					return reply(200, "application/json", tt.answer)
				case wrote:
					return jsonReply(503, map[string]string{})
				}
				return nil
			}})
			_, err := s.Call(t.Context(), s.op(t, "note.append"), map[string]any{"customerId": "c2", "note": "x"})
			if tt.want == "" && err != nil {
				t.Errorf("got %v, want no error", err)
			} else if tt.want != "" {
				want(t, err, tt.want)
			}
		})
	}
}

func TestCall_MovesMoneyOnlyWhereTheAccountAllowsIt(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		op string
		in map[string]any
	}{
		{"invoice.charge", map[string]any{"customerId": "c2"}}, {"customer.charge", map[string]any{"email": "b@example.com"}},
	} {
		t.Run(tt.op, func(t *testing.T) {
			t.Parallel()
			c := &crm{customers: four()}
			s := newCRM(t, c)
			if got := s.op(t, tt.op).Danger; got != connectors.DangerPay {
				t.Errorf("danger = %q, want pay", got)
			}
			_, err := s.Call(t.Context(), s.op(t, tt.op), tt.in)
			e := ours(t, err, connectors.Invalid)
			if len(c.log) > 0 || s.gate.entered > 0 || e.Hint != "write allow: [payments] at the account acme in the settings" {
				t.Errorf("got %v after %v, want a refusal that says what to write before anything is sent", e, c.log)
			}
			s = newServiceOf(t, "crm", c, func(a *connectors.Account) { a.Settings, a.Allow = nil, []string{"payments"} })
			if _, err := s.Call(t.Context(), s.op(t, tt.op), tt.in); err != nil || len(c.log) == 0 {
				t.Errorf("with leave: %v after %v, want it sent", err, c.log)
			}
		})
	}
}

// TestComposed_LooksForNothingWithoutAValue gives nothing to look for: customers without an
// address are not the one that is meant.
func TestComposed_LooksForNothingWithoutAValue(t *testing.T) {
	t.Parallel()
	for _, email := range []any{"", " ", nil} {
		for _, key := range []string{"customer.upsert", "customer.find"} {
			c := &crm{customers: []map[string]string{{"id": "c1", "email": "", "name": "Ann"}}}
			s := newCRM(t, c)
			in := map[string]any{"email": email}
			if key == "customer.upsert" {
				in["name"] = "Bob"
			}
			_, err := s.Call(t.Context(), s.op(t, key), in)
			if want(t, err, connectors.Invalid); len(c.log) > 0 || c.customers[0]["name"] != "Ann" {
				t.Errorf("%s with %v: %v after %v, want a refusal before anything is sent", key, email, c.customers, c.log)
			}
		}
	}
}

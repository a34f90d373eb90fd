package sandbox_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/connectors/sandbox"
)

func TestSandbox_IsDeterministicBySeed(t *testing.T) {
	t.Parallel()
	state := func(seed uint64) (out string) {
		synctest.Test(t, func(t *testing.T) {
			c := open(sandbox.Options{Seed: seed, Contacts: 20})
			c.Make(5, 5)
			out = c.search(t, 100, "").text
		})
		return out
	}
	if first, second := state(7), state(7); first != second {
		t.Error("two sandboxes of one seed differ")
	}
	if state(7) == state(8) {
		t.Error("sandboxes of two seeds are the same")
	}
}

func TestFault_StrikesAsItSays(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := open(sandbox.Options{Contacts: 1})
		path := c.at.StibeeURL + "/lists/" + c.at.ListID + "/subscribers"
		header := map[string]string{"AccessToken": c.at.StibeeKey}
		add := func(n int, f sandbox.Fault) (*reply, error) {
			f.Operation, f.Next = "stibee.subscriber.add", 1
			if err := c.Fail(f); err != nil {
				t.Fatalf("make the fault %+v: %v", f, err)
			}
			return c.send(t.Context(), "POST", path, fmt.Sprintf(`{"subscriber":{"email":"n%d@example.com","status":"subscribed"}}`, n), header)
		}
		r, err := add(1, sandbox.Fault{Kind: sandbox.RateLimited, RetryAfter: 1500 * time.Millisecond})
		if err != nil || r.status != 429 || r.header.Get("Retry-After") != "2" {
			t.Errorf("rate limited: got %+v %v, want 429 and 2 s", r, err)
		}
		if r, err = add(2, sandbox.Fault{Kind: sandbox.ServerError, Status: 503}); err != nil || r.status != 503 {
			t.Errorf("server error: got %+v %v, want 503", r, err)
		}
		if _, err = add(3, sandbox.Fault{Kind: sandbox.Cut}); !errors.Is(err, io.EOF) {
			t.Errorf("cut: got %v, want EOF", err)
		}
		if _, err = add(4, sandbox.Fault{Kind: sandbox.Lost}); !errors.Is(err, io.EOF) {
			t.Errorf("lost: got %v, want EOF", err)
		}
		began := time.Now()
		if r, err = add(5, sandbox.Fault{Kind: sandbox.Slow, Delay: time.Minute}); err != nil || r.status != 200 || time.Since(began) != time.Minute {
			t.Errorf("slow: got %+v %v after %v, want 200 after 1m", r, err, time.Since(began))
		}
		var applied []string
		for _, w := range c.Writes(0) {
			applied = append(applied, fmt.Sprint(w.Number, " ", w.Operation, " ", w.Target))
		}
		want := []string{"1 stibee.subscriber.add 104532/n4@example.com", "2 stibee.subscriber.add 104532/n5@example.com"}
		if diff := cmp.Diff(want, applied); diff != "" {
			t.Errorf("writes (-want +got):\n%s", diff)
		}
		if got := c.Requests()["stibee.subscriber.add"]; got != 5 {
			t.Errorf("requests: got %d, want 5", got)
		}
		if diff := cmp.Diff(map[int]int{200: 2, 429: 1, 503: 1}, c.Statuses("stibee.subscriber.add")); diff != "" {
			t.Errorf("statuses (-want +got):\n%s", diff)
		}
		if got := c.Faults(); len(got) != 0 {
			t.Errorf("faults left: got %v, want none", got)
		}
	})
}

func TestFault_BreaksJSONAfterTheWork(t *testing.T) {
	t.Parallel()
	c := open(sandbox.Options{})
	if err := c.Fail(sandbox.Fault{Operation: "highlevel.*", Kind: sandbox.Broken, Rate: 1}); err != nil {
		t.Fatal(err)
	}
	r := c.hl(t, "POST", "/contacts/upsert", `{"locationId":"`+c.at.LocationID+`","email":"a@example.com"}`)
	if r.status != 200 || json.Valid([]byte(r.text)) || len(c.Contacts()) != 1 {
		t.Errorf("broken answer: got %d %s and %d contacts, want 200, half of the JSON and 1", r.status, r.text, len(c.Contacts()))
	}
	c.Heal()
	c.hl(t, "GET", "/contacts/"+c.Contacts()[0], "").wantText(t, "after healing", 200, `"contact":{`)
}

func TestFault_RefusesNonsense(t *testing.T) {
	t.Parallel()
	s := sandbox.New(sandbox.Options{})
	for _, f := range []sandbox.Fault{
		{},
		{Kind: "evil"},
		{Kind: sandbox.Cut, Rate: 2},
		{Kind: sandbox.Cut, Next: -1},
		{Kind: sandbox.ServerError, Status: 200},
		{Kind: sandbox.Block, Rate: 0.5},
		{Kind: sandbox.Block, After: -1},
		{Kind: sandbox.Keyed, Next: 1},
	} {
		if s.Fail(f) == nil {
			t.Errorf("fault %+v: got no error, want one", f)
		}
	}
}

func TestWrites_ForgetTheOldestFirst(t *testing.T) {
	t.Parallel()
	c := open(sandbox.Options{MaxWrites: 3, HighLevelLimit: sandbox.Limit{Requests: -1}})
	for i := range 10 {
		c.hl(t, "POST", "/contacts/upsert", fmt.Sprintf(`{"locationId":%q,"email":"n%d@example.com"}`, c.at.LocationID, i)).want(t, "upsert", 200)
		var got []int
		for _, w := range c.Writes(0) {
			got = append(got, w.Number)
		}
		want := []int{i - 1, i, i + 1}[max(2-i, 0):]
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("numbers after %d writes (-want +got):\n%s", i+1, diff)
		}
	}
	if got := len(c.Writes(9)); got != 1 {
		t.Errorf("writes after the ninth: got %d, want 1", got)
	}
	if got := len(c.Writes(10)) + len(c.Writes(99)); got != 0 {
		t.Errorf("writes after the last: got %d, want 0", got)
	}
}

func TestRun_MakesChangesAtItsRates(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := open(sandbox.Options{Contacts: 10})
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second+time.Millisecond)
		defer cancel()
		kinds := map[string]int{}
		c.Run(ctx, sandbox.Traffic{NewContacts: 2, ChangedContacts: 4, Notes: 1, Tasks: 0.5}, func(ch sandbox.Change) { kinds[ch.What]++ })
		want := map[string]int{"contact created": 20, "contact changed": 40, "note added": 10, "task added": 5}
		for what, n := range want {
			if kinds[what] < n-1 || kinds[what] > n { // fractions may be owed at the end
				t.Errorf("%s: got %d, want %d", what, kinds[what], n)
			}
		}
		if got := c.State(); got.Contacts != 10+kinds["contact created"] || got.Notes != kinds["note added"] || got.Tasks != kinds["task added"] {
			t.Errorf("state: got %+v, want it to agree with %v", got, kinds)
		}
	})
}

func TestSetUpdated_MovesARecordInTheSearch(t *testing.T) {
	t.Parallel()
	c := open(sandbox.Options{Contacts: 3})
	id := c.Contacts()[0]
	future := time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC)
	if err := c.SetUpdated(id, future); err != nil {
		t.Fatal(err)
	}
	got := c.search(t, 1, `,"sort":[{"field":"dateUpdated","direction":"desc"}]`)
	if diff := cmp.Diff([]string{id}, got.ids()); diff != "" {
		t.Errorf("newest contact (-want +got):\n%s", diff)
	}
	for _, err := range []error{c.SetUpdated("x", future), c.UpdateContact("x", nil), c.DeleteContact("x")} {
		if !errors.Is(err, sandbox.ErrUnknownContact) {
			t.Errorf("unknown contact: got %v, want ErrUnknownContact", err)
		}
	}
}

func TestControl_SteersFromOutside(t *testing.T) {
	t.Parallel()
	c := open(sandbox.Options{Contacts: 10})
	at := c.at.ControlURL
	post := func(path, body string) *reply { return c.must(t, "POST", at+path, body, nil) }
	id := post("/contacts", `{"firstName":"Ann"}`).want(t, "add", 200).text1("id")
	c.must(t, "PATCH", at+"/contacts/"+id, `{"firstName":"Anna"}`, nil).want(t, "change", 204)
	c.hl(t, "GET", "/contacts/"+id, "").wantText(t, "changed contact", 200, "Anna")
	c.must(t, "DELETE", at+"/contacts/"+id, "", nil).want(t, "delete", 204)
	c.must(t, "DELETE", at+"/contacts/"+id, "", nil).want(t, "delete again", 404)
	made := post("/changes", `{"create":3,"update":99}`).want(t, "changes", 200)
	if created, _ := made.object["created"].([]any); len(created) != 3 {
		t.Errorf("created: got %v, want 3", created)
	}
	if updated, _ := made.object["updated"].([]any); len(updated) != 10 {
		t.Errorf("updated: got %v, want all 10", updated)
	}
	post("/faults", `{"operation":"stibee.*","kind":"slow","delay":"1ms","retry_after":"1s"}`).want(t, "fault", 204)
	c.must(t, "GET", at+"/faults", "", nil).wantText(t, "faults", 200, `[{"operation":"stibee.*","kind":"slow","retry_after":"1s","delay":"1ms"}]`)
	c.must(t, "DELETE", at+"/faults", "", nil).want(t, "heal", 204)
	c.must(t, "PUT", at+"/lag", `{"lag":"2s"}`, nil).want(t, "lag", 204)
	c.st(t, "POST", "/lists/"+c.at.ListID+"/subscribers", `{"subscriber":{"email":"a@example.com","status":"subscribed"}}`).want(t, "subscriber", 200)
	c.must(t, "GET", at+"/subscribers/"+c.at.ListID, "", nil).wantText(t, "subscribers", 200, "a@example.com")
	c.must(t, "GET", at+"/writes?after=0", "", nil).wantText(t, "writes", 200, `"operation":"stibee.subscriber.add"`)
	c.must(t, "GET", at+"/state", "", nil).wantText(t, "state", 200, `"contacts":13`)
	for path, body := range map[string]string{
		"/faults": `{"kind":"evil"}`, "/changes": `{"create":-1}`, "/contacts": `[`, "/faults?": "",
	} {
		post(path, body).want(t, path+body, 400)
	}
	c.must(t, "PUT", at+"/lag", `{"lag":"soon"}`, nil).want(t, "bad lag", 400)
	c.must(t, "GET", at+"/writes?after=x", "", nil).want(t, "bad number", 400)
}

func TestServe_AnswersOnLoopbackUntilTheEnd(t *testing.T) {
	t.Parallel()
	if _, err := sandbox.Listen(t.Context(), "0.0.0.0:0"); err == nil {
		t.Error("listen on every interface: got no error, want one")
	}
	l, err := sandbox.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatalf("listen: %v", err)
	}
	s := sandbox.New(sandbox.Options{Contacts: 2})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, l) }()
	c := &client{Sandbox: s, http: &http.Client{Transport: &http.Transport{}}, at: s.Endpoints("http://" + l.Addr().String())}
	if got := len(c.search(t, 10, "").want(t, "search", 200).ids()); got != 2 {
		t.Errorf("contacts over a socket: got %d, want 2", got)
	}
	c.http.CloseIdleConnections()
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("end of serving: got %v, want nil", err)
	}
}

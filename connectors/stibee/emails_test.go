package stibee_test

import (
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/internal/testkit/catalog"
)

// TestOperations_AreThoseOfTheService pins what recipes call each operation, and where the
// service has it.
func TestOperations_AreThoseOfTheService(t *testing.T) {
	t.Parallel()
	c, _ := open(t, says(200, "", ""))
	var got []catalog.Operation
	for _, o := range c.Describe().Operations {
		one := catalog.Operation{Key: o.Key, Title: o.Title, Method: o.Method, Path: o.Path}
		if o.Poll != nil {
			one.Poll = string(o.Poll.Strategy)
		}
		got = append(got, one)
	}
	want := append(catalog.Stibee(), catalog.StibeeBesides()...)
	byKey := func(a, b catalog.Operation) int { return strings.Compare(a.Key, b.Key) }
	slices.SortFunc(want, byKey)
	slices.SortFunc(got, byKey)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("operations (-want +got):\n%s", diff)
	}
}

// TestPlans_AreNamedWhereOneIsTooLow asserts that each operation notes which plan it needs,
// and that a refusal says the same.
func TestPlans_AreNamedWhereOneIsTooLow(t *testing.T) {
	t.Parallel()
	c, s := open(t, says(400, "application/json", `{"code":"stberror.Errors.Service.NeedProPlan","httpStatusCode":400}`))
	plans := map[string]string{"subscriber": "Standard or above", "email": "Pro or above", "list": "Enterprise", "sender": "Enterprise", "group": "Pro or above"}
	for _, o := range c.Describe().Operations {
		object, verb, _ := strings.Cut(o.Key, ".")
		want := plans[object]
		if o.Key == "group.assign" || o.Key == "group.release" {
			want = "Standard or above"
		}
		if want == "" || verb == "find" {
			continue // what it needs is not known, or it is another one's
		}
		inputs := map[string]any{}
		for _, in := range o.Inputs {
			if in.Required {
				inputs[in.Name] = made().Sample(in.Field)
			}
		}
		_, err := s.Call(t.Context(), o, inputs)
		e, ok := errors.AsType[*connectors.Error](err)
		if !ok || e.Kind != connectors.Invalid || !strings.HasSuffix(e.Hint, "needs the plan "+want) {
			t.Errorf("%s: got %v, want a hint at the plan %s", o.Key, err, want)
		}
		if note := "Needs the plan " + want + "."; !slices.Contains(o.Notes, note) {
			t.Errorf("%s: got the notes %q, want %q among them", o.Key, o.Notes, note)
		}
	}
}

func TestBatch_TellsWhatBecameOfItsRows(t *testing.T) {
	t.Parallel()
	none := []any{}
	empty := map[string]any{
		"created": 0, "updated": 0, "failed": 0, "failedEmails": none, "createdSubscribers": none, "updatedSubscribers": none, "failAlreadyExists": none,
		"failNoEmails": none, "failInvalidEmails": none, "failDuplicatedEmails": none, "failInvalidFields": none, "failInvalidSubscriberStatus": none,
	}
	with := func(more map[string]any) any {
		all := maps.Clone(empty)
		maps.Copy(all, more)
		return all
	}
	for _, tt := range []struct {
		body string
		want any
	}{
		{`{"createdSubscribers":["a","b"],"updatedSubscribers":null,"failNoEmails":[""],"failInvalidEmails":["x"]}`, with(map[string]any{
			"created": 2, "failed": 2, "failedEmails": []any{"", "x"}, "createdSubscribers": []any{"a", "b"}, "failNoEmails": []any{""}, "failInvalidEmails": []any{"x"},
		})},
		{`{}`, empty},
		{`{"createdSubscribers":3}`, map[string]any{
			"created": nil, "updated": nil, "failed": nil, "failedEmails": nil, "createdSubscribers": 3, "updatedSubscribers": nil, "failAlreadyExists": nil,
			"failNoEmails": nil, "failInvalidEmails": nil, "failDuplicatedEmails": nil, "failInvalidFields": nil, "failInvalidSubscriberStatus": nil,
		}},
		{`"ok"`, "ok"},
	} {
		c, s := open(t, says(200, "application/json", tt.body))
		a, err := s.Call(t.Context(), operation(t, c, "subscriber.batch_upsert"), map[string]any{
			"listId": "1", "subscribers": []any{map[string]any{"email": "a", "status": "subscribed"}},
		})
		if diff := cmp.Diff(tt.want, a.Value); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", tt.body, err, diff)
		}
	}
}

func TestInputs_ThatTheServiceWouldRefuseAreNotSent(t *testing.T) {
	t.Parallel()
	rows := func(n int) []any {
		return slices.Repeat([]any{map[string]any{"email": "a@example.com", "status": "subscribed"}}, n)
	}
	for _, tt := range []struct {
		key    string
		inputs map[string]any
		want   string // a part of the error; empty where it is sent
	}{
		{"subscriber.batch_add", map[string]any{"listId": "1", "subscribers": rows(1000)}, ""},
		{"subscriber.batch_add", map[string]any{"listId": "1", "subscribers": rows(1001)}, "at most 1000 elements"},
		{"subscriber.delete", map[string]any{"listId": "1", "emails": slices.Repeat([]any{"a"}, 101)}, "at most 100 elements"},
		{"email.reserve", map[string]any{"emailId": "1", "reserveTime": "20260131083000"}, ""},
		{"email.reserve", map[string]any{"emailId": "1", "reserveTime": "2026-01-31T08:30:00+09:00"}, "such as 20260131083000"},
		{"auto.send", map[string]any{"autoId": "https://stibee.com/api/v1.0/auto/x", "values": map[string]any{"subscriber": "a"}}, "such as MDEyMzQ1Njc4OQ=="},
		{"auto.send", map[string]any{"autoId": "x", "values": map[string]any{"coupon": "a"}}, "subscriber is missing"},
		{"auto.send", map[string]any{"autoId": "x", "values": map[string]any{"subscriber": "a", "coupon": "b"}}, ""},
	} {
		sent := 0
		c, s := open(t, func(r *http.Request) (*http.Response, error) {
			sent++
			return says(200, "text/plain", "ok")(r)
		})
		_, err := s.Call(t.Context(), operation(t, c, tt.key), tt.inputs)
		if tt.want == "" && (err != nil || sent != 1) {
			t.Errorf("%s: got %v and %d requests, want one", tt.key, err, sent)
		}
		if tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want) || sent != 0) {
			t.Errorf("%s: got %v and %d requests, want none and %q", tt.key, err, sent, tt.want)
		}
	}
}

func TestTimes_ThatAreNotSetAreNothing(t *testing.T) {
	t.Parallel()
	for key, tt := range map[string]struct{ body, field string }{
		"email.get":       {`{"id":7,"sentTime":"0001-01-01T00:00:00Z","createdTime":"2026-01-31T08:30:00+09:00","modifiedTime":"1990-01-01T00:00:00+09:00"}`, "sentTime modifiedTime"},
		"subscriber.list": {`[{"email":"a@example.com","createdTime":"2024-11-12 17:09:13 +0900 KST","modifiedTime":"0001-01-01 00:00:00 +0000 UTC"}]`, "modifiedTime"},
	} {
		c, s := open(t, says(200, "application/json", tt.body))
		a, err := s.Call(t.Context(), operation(t, c, key), map[string]any{map[bool]string{true: "emailId", false: "listId"}[key == "email.get"]: "1"})
		if err != nil {
			t.Fatal(err)
		}
		object, _ := a.Value.(map[string]any)
		if list, ok := a.Value.([]any); ok {
			object, _ = list[0].(map[string]any)
		}
		for field := range strings.FieldsSeq(tt.field) {
			if v, there := object[field]; v != nil || !there {
				t.Errorf("%s: %s is %v, want nothing", key, field, v)
			}
		}
		if object["createdTime"] == nil {
			t.Errorf("%s: createdTime is nothing, want a time", key)
		}
	}
}

func TestContent_GoesAsHTMLAndComesAsText(t *testing.T) {
	t.Parallel()
	const page = "<p>Grüße & <b>mehr</b></p>"
	var body, kind string
	c, s := open(t, func(r *http.Request) (*http.Response, error) {
		if r.Method == http.MethodGet {
			return says(200, "text/html; charset=utf-8", page)(r)
		}
		b := make([]byte, 100)
		n, _ := r.Body.Read(b)
		body, kind = string(b[:n]), r.Header.Get("Content-Type")
		return says(200, "text/plain", "ok")(r)
	})
	if _, err := s.Call(t.Context(), operation(t, c, "email.content.set"), map[string]any{"emailId": "7", "html": page}); err != nil || body != page || kind != "text/html" {
		t.Errorf("got %v and the body %q of %q, want %q of text/html", err, body, kind, page)
	}
	a, err := s.Call(t.Context(), operation(t, c, "email.content.get"), map[string]any{"emailId": "7"})
	if diff := cmp.Diff(any(map[string]any{"value": page}), a.Value); diff != "" || err != nil {
		t.Errorf("content: %v (-want +got):\n%s", err, diff)
	}
}

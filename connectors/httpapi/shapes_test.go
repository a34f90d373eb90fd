package httpapi_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/connectors"
)

// says is an answer to a request for a path and query.
type says struct {
	status int
	body   string
}

// studio answers by path and query. A request for anything else is not found.
func studio(tb testing.TB, answers map[string]says) *service {
	tb.Helper()
	return newServiceOf(tb, "studio", carrier(func(r *http.Request) (*http.Response, error) {
		uri := strings.TrimPrefix(r.URL.RequestURI(), "/api")
		a, ok := answers[uri]
		if !ok {
			a = says{404, `{"message":"there is no ` + uri + `"}`}
		}
		if a.status == 0 {
			a.status = 200
		}
		return reply(a.status, "application/json", a.body), nil
	}))
}

// hour is a time on the day of the tests.
func hour(n int) time.Time { return time.Date(2026, 1, 2, n, 0, 0, 0, time.UTC) }

func TestPage_Shapes(t *testing.T) {
	t.Parallel()
	window := connectors.Query{From: hour(0), To: hour(23)}
	with := func(q connectors.Query, name string, v any) connectors.Query {
		q.Inputs = map[string]any{name: v}
		return q
	}
	slots := "/slots?end=1767394800000&start=1767312000000"
	bookings := "/rooms/r1/bookings?from=2026-01-02T00%3A00%3A00.000Z&to=2026-01-02T23%3A00%3A00.000Z"
	tests := []struct {
		name, key string
		query     connectors.Query
		answers   map[string]says
		want      []connectors.Record // without Raw where it is the row itself
	}{
		{
			name: "keyset list", key: "member.changed", query: connectors.Query{Since: hour(1)},
			answers: map[string]says{
				"/members?after=1767315600&limit=2&order=changed&skip=0": {body: `{"members":[{"id":1,"changed":"2026-01-02T01:00:00Z"},{"id":2,"changed":1767319200000}]}`},
				"/members?after=1767315600&limit=2&order=changed&skip=2": {body: `{"members":[]}`},
			},
			want: []connectors.Record{{ID: "1", Updated: hour(1)}, {ID: "2", Updated: hour(2)}},
		},
		{
			name: "newest list", key: "message.list",
			answers: map[string]says{
				"/messages?limit=2&sort=sent_desc":                                 {body: `[{"id":"c","sent":1767322800000},{"id":"b","sent":"2026-01-02T02:00:00Z"}]`},
				"/messages?before=2026-01-02T02%3A00%3A00Z&limit=2&sort=sent_desc": {body: `[{"id":"a","sent":{"seconds":1767315600,"nanoseconds":0}}]`},
			},
			want: []connectors.Record{{ID: "c", Created: hour(3), At: hour(3)}, {ID: "b", Created: hour(2), At: hour(2)}, {ID: "a", Created: hour(1), At: hour(1)}},
		},
		{
			name: "newest list by another time", key: "message.read",
			answers: map[string]says{"/messages/read": {body: `[{"id":"a","read":{"_seconds":1767315600,"_nanoseconds":0}}]`}},
			want:    []connectors.Record{{ID: "a", At: hour(1)}},
		},
		{
			name: "whole list with rows that are gone", key: "room.list",
			answers: map[string]says{
				"/rooms?page=1&size=2": {body: `{"rooms":[{"id":"a","closed":true},{"id":"b","closed":true}]}`},
				"/rooms?page=2&size=2": {body: `{"rooms":[{"id":"c","closed":false},{"id":"d"}]}`},
				"/rooms?page=3&size=2": {body: `{"rooms":[{"id":"e","closed":null}]}`},
			},
			want: []connectors.Record{{ID: "c"}, {ID: "d"}, {ID: "e"}},
		},
		{name: "a list that is not found where it is empty", key: "room.list"},
		{
			name: "list in a window", key: "booking.list", query: with(window, "roomId", "r1"),
			answers: map[string]says{bookings: {body: `{"bookings":[{"id":"a","starts":"2026-01-02T10:00:00+09:00"}]}`}},
			want:    []connectors.Record{{ID: "a", At: hour(1)}},
		},
		{
			name: "set of texts", key: "slot.list", query: window,
			answers: map[string]says{slots: {body: `{"2026-01-02":{"times":["2026-01-02T01:00:00Z","2026-01-02T02:00:00Z"]},"traceId":"x","2026-01-03":{"times":[]}}`}},
			want: []connectors.Record{
				{ID: "2026-01-02T01:00:00Z", At: hour(1), Raw: []byte(`{"value":"2026-01-02T01:00:00Z"}`)},
				{ID: "2026-01-02T02:00:00Z", At: hour(2), Raw: []byte(`{"value":"2026-01-02T02:00:00Z"}`)},
			},
		},
		{
			name: "single object", key: "plan.get",
			answers: map[string]says{"/plan": {body: `{"plan":{"id":"p1","price":3}}`}},
			want:    []connectors.Record{{ID: "p1"}},
		},
		{name: "single object that says that it is gone", key: "plan.get", answers: map[string]says{"/plan": {body: `{"id":"p1","deleted":true}`}}},
		{
			name: "list of a parent", key: "remark.list", query: with(connectors.Query{}, "memberId", "m/1"),
			answers: map[string]says{"/members/m%2F1/remarks": {body: `{"remarks":[{"id":7}]}`}},
			want:    []connectors.Record{{ID: "7"}},
		},
		{
			name: "single boolean", key: "name.check", query: with(connectors.Query{}, "name", "ann"),
			answers: map[string]says{"/names?name=ann": {body: `{"taken":false}`}},
			want:    []connectors.Record{{ID: "ann", Raw: []byte(`{"value":false}`)}},
		},
		{
			name: "single value without an answer", key: "name.check", query: with(connectors.Query{}, "name", "ann"),
			answers: map[string]says{"/names?name=ann": {body: `{"taken":null}`}},
		},
		{
			name: "single value with an empty answer", key: "name.check", query: with(connectors.Query{}, "name", "ann"),
			answers: map[string]says{"/names?name=ann": {}},
		},
		{name: "object that is not there yet", key: "report.get", query: with(connectors.Query{}, "reportId", "r1")},
		{
			name: "object that is there", key: "report.get", query: with(connectors.Query{}, "reportId", "r1"),
			answers: map[string]says{"/reports/r1": {body: `{"id":"r1","made":"2026-01-02T01:00:00Z"}`}},
			want:    []connectors.Record{{ID: "r1", Created: hour(1)}},
		},
		{
			name: "single record that is not polled", key: "member.get", query: with(connectors.Query{}, "memberId", "1"),
			answers: map[string]says{"/members/1": {body: `{"member":{"id":1,"changed":null}}`}},
			want:    []connectors.Record{{ID: "1"}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := studio(t, tt.answers)
			got := records(t, s, tt.key, tt.query)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("records (-want +got):\n%s", diff)
			}
		})
	}
}

// records reads what is polled to its end. Records whose bytes are those of a row come
// without them.
func records(t *testing.T, s *service, key string, q connectors.Query) []connectors.Record {
	t.Helper()
	var all []connectors.Record
	for range 10 {
		p, err := s.Page(t.Context(), s.op(t, key), q)
		if err != nil {
			t.Fatalf("page at %q: %v", q.Position, err)
		}
		if p.Date.IsZero() {
			t.Errorf("the page at %q has no date", q.Position)
		}
		for _, r := range p.Records {
			if !strings.HasPrefix(string(r.Raw), `{"value":`) {
				r.Raw = nil
			}
			all = append(all, r)
		}
		if q.Position = p.Next; q.Position == "" {
			return all
		}
	}
	t.Fatal("there is no end")
	return nil
}

func TestPage_ShapesThatAreNotWhatTheySay(t *testing.T) {
	t.Parallel()
	inputs := map[string]any{"memberId": "m1"}
	tests := []struct {
		name, key string
		query     connectors.Query
		uri, body string
		want      string
	}{
		{"newest list without the time", "message.list", connectors.Query{}, "/messages?limit=2&sort=sent_desc", `[{"id":"a"}]`, `the record "a" has no readable time in "sent": ""`},
		{"no object in a list of objects", "room.list", connectors.Query{}, "/rooms?page=1&size=2", `{"rooms":["a"]}`, `record 1 of the page: want a JSON object, got "\"a\""`},
		{"nothing in a set", "slot.list", connectors.Query{From: hour(0), To: hour(0)}, "/slots?end=1767312000000&start=1767312000000", `{"d":{"times":[null]}}`, `record 1 of the page: want a JSON object, got "null"`},
		{"members of another shape", "slot.list", connectors.Query{From: hour(0), To: hour(0)}, "/slots?end=1767312000000&start=1767312000000", `{"d":{"times":"x"}}`, `the answer has no list at "*.times"`},
		{"single object without id", "plan.get", connectors.Query{}, "/plan", `{"price":3}`, `it has no "id"`},
		{"single object that is null", "plan.get", connectors.Query{}, "/plan", `{"plan":null}`, `the answer has nothing at "plan"`},
		{"single object that is cut off", "plan.get", connectors.Query{}, "/plan", `{"plan":{"id":"x"}`, `the answer is not JSON`},
		{"list of a parent without the list", "remark.list", connectors.Query{Inputs: inputs}, "/members/m1/remarks", `{}`, `the answer has no list at "remarks"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := studio(t, map[string]says{tt.uri: {body: tt.body}})
			_, err := s.Page(t.Context(), s.op(t, tt.key), tt.query)
			if e := ours(t, err, connectors.Transient); !strings.Contains(e.Err.Error(), tt.want) {
				t.Errorf("error %q, want %q", e.Err, tt.want)
			}
		})
	}
}

// TestPage_SaysThatTheParentIsGone keeps the list of a parent that is gone apart from
// an empty one.
func TestPage_SaysThatTheParentIsGone(t *testing.T) {
	t.Parallel()
	s := studio(t, nil)
	_, err := s.Page(t.Context(), s.op(t, "remark.list"), connectors.Query{Inputs: map[string]any{"memberId": "m1"}})
	want(t, err, connectors.NotFound)
	_, err = s.Call(t.Context(), s.op(t, "member.get"), map[string]any{"memberId": "m1"})
	want(t, err, connectors.NotFound)
}

func TestPage_RefusesPositionsInSingleRecords(t *testing.T) {
	t.Parallel()
	s := studio(t, nil)
	_, err := s.Page(t.Context(), s.op(t, "plan.get"), connectors.Query{Position: `{"n":1}`})
	want(t, err, connectors.Invalid)
}

// TestCall_AsksForTheWindowOfNow covers steps that read a list with a window, whose
// bounds they cannot give.
func TestCall_AsksForTheWindowOfNow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		now := time.Now()
		form := "2006-01-02T15:04:05.000Z"
		asked := "?from=" + strings.ReplaceAll(now.Add(-24*time.Hour).UTC().Format(form), ":", "%3A") +
			"&to=" + strings.ReplaceAll(now.Add(48*time.Hour).UTC().Format(form), ":", "%3A")
		s := studio(t, map[string]says{"/rooms/r1/bookings" + asked: {body: `{"bookings":[{"id":"a","starts":"x"}]}`}})
		op, inputs := s.op(t, "booking.list"), map[string]any{"roomId": "r1"}
		a, err := s.Call(t.Context(), op, inputs)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]any{map[string]any{"id": "a", "starts": "x", "cancelled": nil}}, a.Value); diff != "" {
			t.Errorf("bookings (-want +got):\n%s", diff)
		}
		shown, err := s.Preview(op, inputs)
		if err != nil || !strings.HasSuffix(shown.URL, asked) {
			t.Errorf("preview = %q, %v, want the window too", shown.URL, err)
		}
	})
}

// TestCall_GivesTheShapeOfPolledRecords keeps the values that steps get to those that
// the schema describes.
func TestCall_GivesTheShapeOfPolledRecords(t *testing.T) {
	t.Parallel()
	s := studio(t, map[string]says{"/names?name=ann": {body: `{"taken":true}`}, "/names?name=bob": {body: `{"taken":null}`}})
	for name, want := range map[string]any{"ann": map[string]any{"value": true}, "bob": nil} {
		a, err := s.Call(t.Context(), s.op(t, "name.check"), map[string]any{"name": name})
		if diff := cmp.Diff(want, a.Value); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", name, err, diff)
		}
	}
}

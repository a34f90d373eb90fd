package httpapi_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/auth"
	"github.com/pollux-automation/pollux/internal/secret"
)

// script answers one request after the other and notes what was asked.
type script struct {
	bodies []string
	asked  []string // "path?query body"
}

func (s *script) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
	}
	s.asked = append(s.asked, strings.TrimSpace(strings.TrimPrefix(r.URL.RequestURI(), "/api")+" "+string(body)))
	if len(s.bodies) == 0 {
		return nil, io.ErrUnexpectedEOF
	}
	next := s.bodies[0]
	s.bodies = s.bodies[1:]
	return reply(200, "application/json", next), nil
}

// walk reads a list to its end and returns the ids.
func walk(t *testing.T, s *service, key string, q connectors.Query) []string {
	t.Helper()
	var ids []string
	for range 20 {
		p, err := s.Page(t.Context(), s.op(t, key), q)
		if err != nil {
			t.Fatalf("page at %q: %v", q.Position, err)
		}
		for _, r := range p.Records {
			ids = append(ids, r.ID)
		}
		if p.Next == "" {
			return ids
		}
		q.Position = p.Next
	}
	t.Fatal("the list has no end")
	return nil
}

func TestPage_Styles(t *testing.T) {
	t.Parallel()
	row := func(id int, sort string) string {
		return fmt.Sprintf(`{"id":%d,"changed":"2026-01-01T00:00:0%dZ","sort":%s}`, id, id, sort)
	}
	tests := []struct {
		name, key string
		query     connectors.Query
		bodies    []string
		asked     []string
		ids       []string
	}{
		{
			name: "cursor with values of the last record and of the answer", key: "order.changed",
			query: connectors.Query{Since: time.UnixMilli(1700000000123), Inputs: map[string]any{"where": []any{"paid"}}},
			bodies: []string{
				`{"orders":[` + row(1, `[1,"a"]`) + `,` + row(2, `[12345678901234567890,"b"]`) + `],"meta":{"token":"t1"}}`,
				`{"data":{"orders":[` + row(3, `0`) + `]}}`,
			},
			asked: []string{
				`/orders/search {"limit":2,"sort":"changed","where":["paid",{"field":"changed","from":1700000000123}]}`,
				`/orders/search {"after":[12345678901234567890,"b"],"limit":2,"sort":"changed","token":"t1","where":["paid",{"field":"changed","from":1700000000123}]}`,
			},
			ids: []string{"1", "2", "3"},
		},
		{
			name: "a full last page", key: "order.changed", query: connectors.Query{Size: 1},
			bodies: []string{`{"orders":[` + row(1, `1`) + `],"meta":{"token":"t1"}}`, `{"orders":[]}`},
			asked: []string{
				`/orders/search {"limit":1,"sort":"changed"}`,
				`/orders/search {"after":1,"limit":1,"sort":"changed","token":"t1"}`,
			},
			ids: []string{"1"},
		},
		{
			name: "no more than the service gives", key: "order.changed", query: connectors.Query{Size: 1000},
			bodies: []string{`{"orders":null}`}, asked: []string{`/orders/search {"limit":3,"sort":"changed"}`},
		},
		{
			name: "no pages, times in seconds as text", key: "order.since", query: connectors.Query{Since: time.UnixMilli(1700000000999)},
			bodies: []string{`{"orders":[` + row(1, `1`) + `]}`}, asked: []string{`/orders/since?from=1700000000&size=10`}, ids: []string{"1"},
		},
		{
			name: "numbered pages until one is empty", key: "order.pages",
			bodies: []string{`[{"id":"a"},{"id":"b"}]`, `[{"id":"c"}]`, `[]`},
			asked:  []string{`/pages?page=1`, `/pages?page=2`, `/pages?page=3`}, ids: []string{"a", "b", "c"},
		},
		{
			name: "offsets until a page is short", key: "order.rows",
			bodies: []string{`[{"id":"a"},{"id":"b"}]`, `[{"id":"c"}]`},
			asked:  []string{`/rows?skip=0&take=2`, `/rows?skip=2&take=2`}, ids: []string{"a", "b", "c"},
		},
		{
			name: "links, of which only the query counts", key: "order.links",
			bodies: []string{
				`{"orders":[{"id":"a"}],"next":"https://evil.example.com/elsewhere?cursor=x%2Fy&api_key=leak"}`,
				`{"orders":[],"links":{"next":"?cursor=z"}}`,
				`{"orders":[{"id":"b"}],"next":null}`,
			},
			asked: []string{`/links?shop=s1`, `/links?api_key=leak&cursor=x%2Fy&shop=s1`, `/links?cursor=z&shop=s1`},
			ids:   []string{"a", "b"},
		},
		{
			name: "tokens until there is none, also over an empty page", key: "order.tokens",
			bodies: []string{`{"orders":[{"id":"a"}],"next":"t1"}`, `{"orders":[],"next":"t2"}`, `{"orders":[{"id":"b"}],"next":null}`},
			asked:  []string{`/tokens`, `/tokens?token=t1`, `/tokens?token=t2`}, ids: []string{"a", "b"},
		},
		{name: "a list that may be missing", key: "order.rows", bodies: []string{`{"message":"none"}`}, asked: []string{`/rows?skip=0&take=2`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			script := &script{bodies: tt.bodies}
			s := newService(t, script)
			ids := walk(t, s, tt.key, tt.query)
			if diff := cmp.Diff(tt.ids, ids); diff != "" {
				t.Errorf("ids (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.asked, script.asked); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
			if s.gate.priority != connectors.ForPoll || s.gate.entered != len(tt.asked) || s.gate.left != len(tt.asked) {
				t.Errorf("the gate saw %+v, want %d polls in and out", s.gate, len(tt.asked))
			}
		})
	}
}

func TestPage_ReadsRecords(t *testing.T) {
	t.Parallel()
	body := `{"orders":[{"id":7,"total":1.5,"made":1700000000000,"changed":"2024-11-12 17:09:13 +0900 KST","sort":1}],"meta":{"total":"41"}}`
	s := newService(t, answers(200, "application/json", body))
	p, err := s.Page(t.Context(), s.op(t, "order.changed"), connectors.Query{})
	if err != nil {
		t.Fatalf("Page: %v", err)
	}
	want := connectors.Page{
		Records: []connectors.Record{{
			ID: "7", Created: time.UnixMilli(1700000000000).UTC(), Updated: time.Date(2024, 11, 12, 8, 9, 13, 0, time.UTC),
			Raw: []byte(body[11 : strings.Index(body, "}")+1]),
		}},
		Date: time.Date(2026, 11, 22, 1, 2, 3, 0, time.UTC), Total: 41,
	}
	if diff := cmp.Diff(want, p); diff != "" {
		t.Errorf("page (-want +got):\n%s", diff)
	}
}

func TestPage_NeverLeavesARecordOutInSilence(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, key, body, want string
	}{
		{"no id", "order.rows", `[{"total":1}]`, `record 1 of the page: it has no "id"`},
		{"an empty id", "order.rows", `[{"id":"a"},{"id":""}]`, `record 2 of the page: it has no "id"`},
		{"an endless id", "order.rows", `[{"id":"` + strings.Repeat("x", 2000) + `"}]`, `record 1 of the page: its "id" has 2000 bytes, more than 1024`},
		{"no object", "order.rows", `[1]`, `record 1 of the page: want a JSON object, got "1"`},
		{"no time where the list is read by it", "order.changed", `{"orders":[{"id":"a"}]}`, `record 1 of the page: the record "a" has no readable time in "changed": ""`},
		{"a time that is none", "order.changed", `{"orders":[{"id":"a","changed":"soon"}]}`, `record 1 of the page: the record "a" has no readable time in "changed": "soon"`},
		{"no list", "order.changed", `{"order":[]}`, `the answer has no list at "orders"`},
		{"not JSON", "order.rows", `<html>`, `the answer is not JSON`},
		{"nothing", "order.rows", ``, `the answer is not JSON`},
		{"cut off behind the list", "order.changed", `{"orders":[{"id":"a","changed":1700000000000,"sort":1}],"meta`, `the answer is not JSON`},
		{"more than one value", "order.rows", `[] []`, `the answer is not JSON`},
		{"a full page whose last record says not where it goes on", "order.changed", `{"orders":[{"id":"a","changed":1,"sort":1},{"id":"b","changed":2}]}`, `the last record of the page has no "sort"`},
		{"a part of a position", "order.changed", `{"orders":[{"id":"a","changed":1,"sort":1},{"id":"b","changed":2,"sort":2}]}`, `the answer holds only a part of the next position`},
		{"a link that is none", "order.links", `{"orders":[],"next":"https://shop.example.com/%zz"}`, `the link to the next page is not an address`},
		{"a link without a query", "order.links", `{"orders":[],"next":"https://shop.example.com/2"}`, `the link to the next page has no query`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newService(t, answers(200, "application/json", tt.body))
			_, err := s.Page(t.Context(), s.op(t, tt.key), connectors.Query{})
			if e := ours(t, err, connectors.Transient); !strings.Contains(e.Err.Error(), tt.want) || e.Status != 200 {
				t.Errorf("error %q with status %d, want %q", e.Err, e.Status, tt.want)
			}
		})
	}
}

func TestPage_RefusesAPageThatRepeatsItself(t *testing.T) {
	t.Parallel()
	s := newService(t, answers(200, "application/json", `{"orders":[{"id":"a"}],"next":"?c=1"}`))
	p, err := s.Page(t.Context(), s.op(t, "order.links"), connectors.Query{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Page(t.Context(), s.op(t, "order.links"), connectors.Query{Position: p.Next})
	want(t, err, connectors.Transient)
}

func TestPage_RefusesPositionsThatAreNone(t *testing.T) {
	t.Parallel()
	s := newService(t, answers(200, "application/json", `[]`))
	for _, position := range []string{
		"x", "{}", "[]", `{"n":-1}`, `{"n":1}{"n":1}`, `{"x":1}`, `{"c":{"after":1,"token":2}}`, `{"q":"a=b"}`, `{"n":1,"q":"a"}`, `null`,
	} {
		for _, key := range []string{"order.changed", "order.since", "order.pages", "order.rows", "order.links"} {
			_, err := s.Page(t.Context(), s.op(t, key), connectors.Query{Position: position})
			fits := key == "order.changed" && strings.HasPrefix(position, `{"c"`) || key == "order.links" && position == `{"q":"a=b"}` ||
				key == "order.rows" && position == `{"n":1}`
			if !fits {
				want(t, err, connectors.Invalid)
			}
		}
	}
}

func TestPage_KeepsTheKeyOutOfPositions(t *testing.T) {
	t.Parallel()
	s := newService(t, answers(200, "application/json", `{"orders":[],"next":"?c=1&api_key=s3cr3t"}`), func(a *connectors.Account) {
		a.Credential = auth.Credential{Method: auth.APIKey, Secret: secret.New(token)}
	})
	p, err := s.Page(t.Context(), s.op(t, "order.links"), connectors.Query{})
	if err != nil || p.Next != `{"q":"c=1"}` {
		t.Errorf("next = %q, %v, want the query without the key", p.Next, err)
	}
}

func TestPage_RefusesAnInputThatTheBoundNeeds(t *testing.T) {
	t.Parallel()
	s := newService(t, answers(200, "application/json", `{"orders":[]}`))
	_, err := s.Page(t.Context(), s.op(t, "order.since"), connectors.Query{Since: time.Unix(1, 0), Inputs: map[string]any{"from": "1"}})
	want(t, err, connectors.Invalid)
}

func BenchmarkPage(b *testing.B) {
	row := `{"id":"jDTXaIXqpvylcPaexLGs","changed":"2026-01-01T00:00:01.000Z","made":"2025-01-01T00:00:01.000Z","sort":[1776525568317,"x"],` +
		`"name":"Mina Silva","email":"mina.silva@example.com","tags":["vip","lead"],"fields":[{"id":"a","value":"b"}],"text":"` + strings.Repeat("x", 500) + `"}`
	body := `{"orders":[` + strings.Repeat(row+",", 99) + row + `],"meta":{"total":100,"token":"t"}}`
	s := newService(b, answers(200, "application/json", body))
	op := s.op(b, "order.changed")
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		p, err := s.Page(b.Context(), op, connectors.Query{Size: 1000})
		if err != nil || len(p.Records) != 100 || p.Total != 100 {
			b.Fatalf("got %d records of %d, %v", len(p.Records), p.Total, err)
		}
	}
}

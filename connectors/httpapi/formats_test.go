package httpapi_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/connectors"
)

// TestCall_ReadsOtherFormats reads answers in every format as if they were JSON.
func TestCall_ReadsOtherFormats(t *testing.T) {
	t.Parallel()
	tests := []struct {
		key, kind, body, accept string
		want                    any
	}{
		{
			"item.list", "application/octet-stream", "sku;name;stock;price;sold_out\n007;\xb1\xe8;3;1.5;no\n", "text/csv, text/*;q=0.5",
			[]any{map[string]any{"sku": "007", "name": "김", "stock": 3, "price": 1.5, "sold_out": false}},
		},
		{
			"order.list", "text/html; charset=utf-8", `<orders><order number="1"><total>10</total><line><sku>007</sku><count>2</count></line></order></orders>`, "application/xml, text/xml;q=0.9",
			[]any{map[string]any{"@number": "1", "total": 10, "line": []any{map[string]any{"sku": "007", "count": 2}}}},
		},
		{
			"entry.list", "text/plain", "{\"id\":1,\"text\":\"a\"}\n", "application/x-ndjson, application/jsonl, */*;q=0.5",
			[]any{map[string]any{"id": "1", "text": "a"}},
		},
		{"entry.list", "application/x-ndjson", "", "application/x-ndjson, application/jsonl, */*;q=0.5", []any{}},
	}
	for _, tt := range tests {
		t.Run(tt.key, func(t *testing.T) {
			t.Parallel()
			s := newServiceOf(t, "tables", carrier(func(r *http.Request) (*http.Response, error) {
				if got := r.Header.Get("Accept"); got != tt.accept {
					t.Errorf("got Accept %q, want %q", got, tt.accept)
				}
				return reply(200, tt.kind, tt.body), nil
			}))
			got, err := s.Call(t.Context(), s.op(t, tt.key), nil)
			if diff := cmp.Diff(tt.want, got.Value); err != nil || diff != "" {
				t.Errorf("error %v, value (-want +got):\n%s", err, diff)
			}
		})
	}
}

// TestPage_RefusesAnswersInAnotherFormat keeps pages and broken tables from passing for lists.
func TestPage_RefusesAnswersInAnotherFormat(t *testing.T) {
	t.Parallel()
	tests := []struct{ key, body, says string }{
		{"item.list", "<!DOCTYPE html><html>", "the answer is an HTML page and not CSV"},
		{"item.list", "sku;stock\n1;many\n", `line 2: "stock": "many" is no integer`},
		{"item.list", "OK\n", `line 1: there is no column "sku"; there are "OK"`},
		{"item.list", "", "the answer is empty"},
		{"item.list", "sku;name\n;x\n", `record 1 of the page: it has no "sku"`},
		{"order.list", "<orders><error>no</error></orders>", `the answer has no list at "orders.order"`},
		{"order.list", "<orders><order>", "line 1: the answer is no XML"},
		{"entry.list", "{\"id\":\"1\"}\n{\"id\"", "line 2: the last line is cut off"},
	}
	for _, tt := range tests {
		t.Run(tt.says, func(t *testing.T) {
			t.Parallel()
			s := newServiceOf(t, "tables", answers(200, "text/plain", tt.body))
			_, err := s.Page(t.Context(), s.op(t, tt.key), connectors.Query{})
			if e := ours(t, err, connectors.Transient); !strings.Contains(e.Error(), tt.says) {
				t.Errorf("got %v, want %q", e, tt.says)
			}
		})
	}
}

// TestCall_ShowsRefusalsAsTheyCome reads the errors of a service as before: its format is that of
// its answers.
func TestCall_ShowsRefusalsAsTheyCome(t *testing.T) {
	t.Parallel()
	s := newServiceOf(t, "tables", answers(400, "text/plain", "sku is wrong"))
	_, err := s.Call(t.Context(), s.op(t, "item.list"), nil)
	if e := ours(t, err, connectors.Invalid); !strings.Contains(e.Error(), "sku is wrong") {
		t.Errorf("got %v, want the service's words", e)
	}
}

package httpapi_test

import (
	"strings"
	"testing"

	"github.com/pollux-automation/pollux/connectors"
)

// TestCall_TellsThatAListGoesOn calls lists, of which a call reads one page.
func TestCall_TellsThatAListGoesOn(t *testing.T) {
	t.Parallel()
	row := func(id string) string { return `{"id":"` + id + `","changed":"2026-01-01T00:00:00Z"}` }
	for name, tt := range map[string]struct {
		key, body string
		more      bool
	}{
		"a full page":            {"order.rows", "[" + row("a") + "," + row("b") + "]", true},
		"a short page":           {"order.rows", "[" + row("a") + "]", false},
		"an empty page":          {"order.rows", "[]", false},
		"a link to another page": {"order.links", `{"orders":[` + row("a") + `],"next":"https://shop.example.com/links?a=b"}`, true},
		"no list":                {"order.get", `{"order":` + row("a") + `}`, false},
	} {
		s := newService(t, answers(200, "application/json", tt.body))
		answer, err := s.Call(t.Context(), s.op(t, tt.key), map[string]any{"orderId": "a"})
		if tt.key != "order.get" {
			answer, err = s.Call(t.Context(), s.op(t, tt.key), nil)
		}
		if err != nil || answer.More != tt.more {
			t.Errorf("%s: got more %t (%v), want %t", name, answer.More, err, tt.more)
		}
	}
}

// TestPage_HasABound reads a page with a few more records than can be taken.
func TestPage_HasABound(t *testing.T) {
	t.Parallel()
	s := newService(t, answers(200, "application/json", "["+strings.Repeat("{},", 100_000)+"{}]"))
	_, err := s.Page(t.Context(), s.op(t, "order.rows"), connectors.Query{})
	want(t, err, connectors.Transient)
	if err == nil || !strings.Contains(err.Error(), "100001 records, more than 100000: ask for smaller pages") {
		t.Errorf("got %v, want an error that names the bound", err)
	}
}

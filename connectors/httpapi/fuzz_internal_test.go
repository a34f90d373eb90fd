package httpapi

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/auth"
	"github.com/pollux-automation/pollux/connectors/budget"
	"github.com/pollux-automation/pollux/connectors/httpapi/answers"
	"github.com/pollux-automation/pollux/connectors/httpapi/position"
	"github.com/pollux-automation/pollux/connectors/manifest"
	"github.com/pollux-automation/pollux/connectors/manifest/lists"
	"github.com/pollux-automation/pollux/connectors/schema"
)

// A gate of package budget fits the contract, and so does its error.
var (
	_ connectors.Gate   = (*budget.Gate)(nil)
	_ connectors.Closed = (*budget.ClosedError)(nil)
	_                   = budget.Window(connectors.Limit{}) // the same fields
	_                   = budget.Breaker(connectors.Breaker{})
)

// list is an operation for each style of paging.
func list(style lists.Style) *manifest.Operation {
	op := &manifest.Operation{
		Spec: &connectors.Operation{
			Connector: "x", Key: "x.list", Kind: connectors.Read, List: true,
			Answer: &schema.Object{ID: "id", Created: "made", Updated: "changed"},
			Poll:   &connectors.Poll{Strategy: connectors.Keyset},
		},
		Answer: manifest.Answer{Paths: []string{"items", "."}},
		Paging: lists.Paging{
			Style: style, Last: lists.NoNextIsLast, Link: []string{"next"}, Total: []string{"total"},
			Carry: []lists.Carry{{Input: "a", Last: true, Path: "sort"}, {Input: "b", Path: "meta.next"}},
		},
	}
	if style == lists.Numbered || style == lists.Offset {
		op.Paging.Last = lists.EmptyIsLast // the reader of manifests sees to it
	}
	return op
}

// shape is an operation for each style of paging, and two for what is no list of
// objects.
func shape(n int) *manifest.Operation {
	n %= len(styles) + 2
	if n < len(styles) {
		return list(styles[n])
	}
	op := list(lists.NoPaging)
	op.Spec.Poll.Strategy = connectors.Snapshot
	op.Spec.Answer = &schema.Object{ID: "value", Fields: []schema.Field{{Name: "value", Type: schema.Any}}}
	if n == len(styles) {
		op.Spec.Poll.By, op.Answer.Paths = "value", []string{"*.items"}
		return op
	}
	op.Spec.List, op.Spec.Answer.ID, op.Answer.Paths = false, "", []string{"value"}
	op.Poll = &lists.Poll{Record: "name", Gone: "gone"}
	return op
}

var styles = []lists.Style{lists.NoPaging, lists.Cursor, lists.Numbered, lists.Offset, lists.NextLink}

func FuzzAnswer(f *testing.F) {
	f.Add([]byte(`{"items":[{"id":1,"changed":1,"sort":[1]}],"meta":{"next":"x"},"next":"?a=b","total":3}`), uint8(1))
	f.Add([]byte(`[{"id":"1","changed":"2026-01-01T00:00:00Z"}]`), uint8(2))
	f.Add([]byte(`{"items":[[]],"next":17}`), uint8(4))
	f.Add([]byte("{\"items\":[{\"id\":\"\xff\"}"), uint8(0))
	f.Add([]byte(`{"d1":{"items":["2026-01-01T00:00:00Z",1]},"x":2}`), uint8(5))
	f.Add([]byte(`{"value":true}`), uint8(6))
	f.Add([]byte(`{"value":{"gone":true,"at":{"seconds":1}}}`), uint8(6))
	s := &session{Connector: New(&manifest.Manifest{Key: "x"}), method: auth.Method{Name: auth.APIKey, In: "query", Param: "key"}}
	f.Fuzz(func(t *testing.T, body []byte, style uint8) {
		op := shape(int(style))
		a := &answers.Answer{Status: 200, Header: http.Header{}, Body: body}
		page, err := s.readPage(op, a, pageQuery{size: 2, inputs: map[string]any{"name": "x"}})
		if err != nil {
			return
		}
		for i, r := range page.Records {
			if r.ID == "" || r.Updated.IsZero() && r.At.IsZero() && op.Poll == nil {
				t.Errorf("record %d of %q has no id or time: %+v", i, body, r)
			}
			if !json.Valid(r.Raw) && utf8.Valid(body) {
				t.Errorf("record %d of %q is no JSON: %q", i, body, r.Raw)
			}
		}
		if page.Next == "" {
			return
		}
		if _, err := position.Read(op.Paging, page.Next); err != nil {
			t.Errorf("the position %q cannot be read again: %v", page.Next, err)
		}
		if _, err := answers.Value(op, a); err != nil {
			t.Errorf("a page can be read from %q, its value cannot: %v", body, err)
		}
	})
}

func FuzzPosition(f *testing.F) {
	for _, text := range []string{"", "{}", `{"n":3}`, `{"c":{"a":1,"b":"x"}}`, `{"q":"a=b"}`, `{"n":1e99}`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, style := range styles {
			at, err := position.Read(list(style).Paging, text)
			if err == nil && text != "" && !at.Fits(list(style).Paging) {
				t.Errorf("style %s takes the position %q", style, text)
			}
		}
	})
}

func FuzzRetryAfter(f *testing.F) {
	for _, v := range []string{"", "3", "-1", "99999999999999999999", "Sun, 22 Nov 2026 01:03:03 GMT", "NaN"} {
		f.Add(v)
	}
	f.Fuzz(func(t *testing.T, v string) {
		d := retryAfter(&answers.Answer{Status: http.StatusTooManyRequests, Header: http.Header{"Retry-After": {v}}, Date: time.Unix(1, 0)})
		if d < 0 || d > budget.MaxRetryAfter {
			t.Errorf("Retry-After %q gives %s", v, d)
		}
	})
}

package search

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pollux-automation/pollux/connectors/sandbox/service"
)

// The bounds of a search that has none, in milliseconds since 1970.
const (
	minTime int64 = math.MinInt64
	maxTime int64 = math.MaxInt64
)

// maxFilterDepth bounds how deep groups may be nested. It keeps a request from using
// up the stack; the service's own bound is not known.
const maxFilterDepth = 10

// filter is a condition of a search, or a group of them. It does not change after it
// was parsed.
type filter struct {
	any   bool // one of the parts is enough
	parts []*filter

	field, operator string // a condition when the operator is set
	member          string // of a row, that the condition looks at
	value           any
	low, high       int64 // of a range, inclusive
}

// The words of filters (third-party copies of the search's page, read 2026-09).
//
//nolint:gochecknoglobals // a table
var operators = []string{"eq", "not_eq", "contains", "not_contains", "exists", "not_exists", "range"}

// parseFilters reads the list at the top, all of which must hold; nil means there is
// none. The errors are in the service's own words where these are known, and go out
// with status 400.
func (x *Index) parseFilters(v any) (*filter, error) {
	list, _ := v.([]any)
	if len(list) == 0 {
		return nil, nil //nolint:nilnil // no filter is a filter that lets everything pass
	}
	return x.parseGroup(list, "AND", 1)
}

// parseGroup reads the parts of a group, AND or OR. depth is 1 at the top and one
// more inside each group.
func (x *Index) parseGroup(list []any, group string, depth int) (*filter, error) {
	if depth > maxFilterDepth {
		return nil, fmt.Errorf("filters are nested deeper than %d", maxFilterDepth)
	}
	f := &filter{any: group == "OR"}
	if group != "AND" && group != "OR" {
		return nil, fmt.Errorf("Invalid group (%s) passed", group) //nolint:staticcheck // the service's words
	}
	for _, e := range list {
		m, ok := e.(map[string]any)
		if !ok {
			return nil, errors.New("filters must be objects")
		}
		part, err := x.parsePart(m, depth)
		if err != nil {
			return nil, err
		}
		f.parts = append(f.parts, part)
	}
	return f, nil
}

// parsePart reads a condition, or a group inside a group. A filter on an unknown
// field is refused with 400 (highlevel-api-docs #279).
func (x *Index) parsePart(m map[string]any, depth int) (*filter, error) {
	if group, ok := m["group"]; ok {
		parts, _ := m["filters"].([]any)
		return x.parseGroup(parts, service.Text(group), depth+1)
	}
	f := &filter{field: service.Text(m["field"]), operator: service.Text(m["operator"]), value: m["value"]}
	member, ok := x.words.Member(f.field)
	if f.member = member; !ok && !strings.HasPrefix(f.field, "customFields.") {
		return nil, fmt.Errorf("Invalid field (%s) passed", f.field) //nolint:staticcheck // the service's words
	}
	date := x.isTime(f.field)
	// Dates take no bare gt or eq (third-party report of 2026-04).
	if !slices.Contains(operators, f.operator) || (f.operator == "range" && !date) || (date && (f.operator == "eq" || f.operator == "contains")) {
		return nil, fmt.Errorf("Invalid Operator (%s) passed for field %s", f.operator, f.field) //nolint:staticcheck // the service's words
	}
	if f.operator == "range" {
		return f, f.parseRange()
	}
	return f, nil
}

// isTime reports whether the values of a field are times.
func (x *Index) isTime(field string) bool {
	return slices.Contains(x.words.Dates, field) || slices.ContainsFunc(x.words.Times, func(t Time) bool { return t.Field == field })
}

// parseRange turns gt, gte, lt and lte into inclusive bounds, of which all hold:
// times are whole milliseconds, so gt is one more than gte.
func (f *filter) parseRange() error {
	bounds, ok := f.value.(map[string]any)
	if !ok || len(bounds) == 0 {
		return fmt.Errorf("value of a range on %s must be an object with gt, gte, lt or lte", f.field)
	}
	f.low, f.high = minTime, maxTime
	for name, v := range bounds {
		ms, ok := moment(v)
		if !ok {
			return fmt.Errorf("Invalid date passed for field %s", f.field) //nolint:staticcheck // the service's words
		}
		switch name {
		case "gt":
			f.low = max(f.low, ms+1)
		case "gte":
			f.low = max(f.low, ms)
		case "lt":
			f.high = min(f.high, ms-1)
		case "lte":
			f.high = min(f.high, ms)
		default:
			return fmt.Errorf("Invalid Operator (%s) passed for field %s", name, f.field) //nolint:staticcheck // the service's words
		}
	}
	return nil
}

// moment reads a time as milliseconds since 1970, as a number, as a number in a text,
// or as an ISO 8601 text. Reports differ on which of these the service takes (read
// 2026-09); milliseconds are the form that all of them agree on.
func moment(v any) (int64, bool) {
	switch v := v.(type) {
	case json.Number:
		ms, err := v.Int64()
		return ms, err == nil && inRange(ms)
	case string:
		if ms, err := strconv.ParseInt(v, 10, 64); err == nil {
			return ms, inRange(ms)
		}
		if t, err := time.Parse(time.RFC3339, v); err == nil {
			return t.UnixMilli(), true
		}
		t, err := time.Parse(time.DateOnly, v)
		return t.UnixMilli(), err == nil
	}
	return 0, false
}

// inRange keeps sums with a time from running over, such as a bound that gt moves by
// one.
func inRange(ms int64) bool { return ms > -1<<60 && ms < 1<<60 }

// match reports whether a row passes. A group without parts lets everything pass,
// unless one of its parts is to be enough: then nothing.
func (f *filter) match(fields map[string]any) bool {
	if f.operator != "" {
		return f.test(f.lookup(fields))
	}
	for _, part := range f.parts {
		if part.match(fields) == f.any {
			return f.any
		}
	}
	return !f.any
}

// lookup returns the value that a condition looks at; a custom field goes by its id,
// as in customFields.abc. nil is a field that is not set.
func (f *filter) lookup(fields map[string]any) any {
	id, custom := strings.CutPrefix(f.field, "customFields.")
	if !custom {
		return fields[f.member]
	}
	list, _ := fields["customFields"].([]any)
	for _, e := range list {
		if m, _ := e.(map[string]any); service.Text(m["id"]) == id {
			if v, ok := m["fieldValue"]; ok { // as opportunities have it
				return v
			}
			return m["value"]
		}
	}
	return nil
}

// test applies the operator. A field that is not set passes the three that deny, and
// a time that cannot be read is in no range.
func (f *filter) test(v any) bool {
	switch f.operator {
	case "eq":
		return anyOf(v, f.value, strings.EqualFold)
	case "not_eq":
		return !anyOf(v, f.value, strings.EqualFold)
	case "contains":
		return anyOf(v, f.value, service.ContainsFold)
	case "not_contains":
		return !anyOf(v, f.value, service.ContainsFold)
	case "exists":
		return v != nil && v != ""
	case "not_exists":
		return v == nil || v == ""
	}
	ms, ok := moment(v)
	return ok && ms >= f.low && ms <= f.high
}

// anyOf compares a value, or each element of a list, with a value, or each element of
// a list, as texts. null equals nothing, not even null.
func anyOf(have, want any, same func(a, b string) bool) bool {
	for _, h := range elements(have) {
		for _, w := range elements(want) {
			if h != nil && w != nil && same(fmt.Sprint(h), fmt.Sprint(w)) {
				return true
			}
		}
	}
	return false
}

// elements makes a list of one of what is no list.
func elements(v any) []any {
	if l, ok := v.([]any); ok {
		return l
	}
	return []any{v}
}

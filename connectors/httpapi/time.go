package httpapi

import (
	"fmt"
	"strconv"
	"time"

	"github.com/pollux-automation/pollux/connectors/manifest"
	"github.com/pollux-automation/pollux/connectors/manifest/lists"
	"github.com/pollux-automation/pollux/connectors/schema"
)

// sinceValue returns what the input for the lower bound gets. held is what the input
// holds already; a list goes on behind it. Any other value cannot be joined with the
// bound, and to replace it would change what the recipe asked for.
func sinceValue(op *manifest.Operation, s *lists.Since, t time.Time, held any) (any, error) {
	value := substitute(s.Value, written(op, s, t))
	list, isList := value.([]any)
	switch before := held.(type) {
	case nil:
		return value, nil
	case []any:
		if isList {
			return append(append(make([]any, 0, len(before)+len(list)), before...), list...), nil
		}
	}
	return nil, fmt.Errorf("the input %q is needed for the lower bound of the time and cannot be given", s.Input)
}

// written writes a time in the declared format. What is finer than the format is cut
// off: the bound may only move to the past. A number goes as a text where its input
// is one.
func written(op *manifest.Operation, s *lists.Since, t time.Time) any {
	var n int64
	switch s.Format {
	case lists.RFC3339:
		return t.UTC().Format("2006-01-02T15:04:05.000Z")
	case lists.EpochSeconds:
		n = t.Unix()
	case lists.EpochMillis:
		n = t.UnixMilli()
	}
	for _, in := range op.Spec.Inputs {
		if in.Name == s.Input && in.Type == schema.String {
			return strconv.FormatInt(n, 10)
		}
	}
	return int(n)
}

// substitute returns a copy of a value with the time in the place of its
// placeholder.
func substitute(v, t any) any {
	switch x := v.(type) {
	case string:
		if x == lists.SincePlaceholder {
			return t
		}
	case []any:
		out := make([]any, len(x))
		for i, e := range x {
			out[i] = substitute(e, t)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(x))
		for k, e := range x {
			out[k] = substitute(e, t)
		}
		return out
	}
	return v
}

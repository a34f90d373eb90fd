package cases

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// Result is what happened in a test.
type Result struct {
	// Ran tells whether the recipe ran; Kind is what it ran for.
	Ran  bool
	Kind string
	// Calls are the calls of the run in their order.
	Calls []Call
	Error string // empty when the run succeeded
}

// Call is one call that a run made.
type Call struct {
	Operation string // as the recipe writes it, "mail.subscriber.upsert"
	With      map[string]any
}

// Compare lists how the result differs from what the test expects, one sentence
// each; none means that the test has passed.
func (t Test) Compare(got Result) []string {
	var diffs []string
	say := func(format string, args ...any) { diffs = append(diffs, fmt.Sprintf(format, args...)) }
	kind := got.Kind
	if !got.Ran {
		kind = KindNone
	}
	if want := t.Expect.Kind; want != "" && want != kind {
		say("kind: want %s, got %s", want, kind)
	}
	if want := t.Expect.Run; want != nil && *want != got.Ran {
		say("run: want %t, got %t", *want, got.Ran)
	}
	switch want := t.Expect.Error; {
	case want == "" && got.Error != "":
		say("the run failed: %s", got.Error)
	case want != "" && !strings.Contains(got.Error, want):
		say("error: want one with %q, got %q", want, got.Error)
	}
	if t.Expect.Calls != nil {
		diffs = append(diffs, compareCalls(t.Expect.Calls, got.Calls)...)
	}
	return diffs
}

// compareCalls compares calls in their order; a difference in one does not hide those
// in the next.
func compareCalls(want []ExpectedCall, got []Call) []string {
	var diffs []string
	for i := range max(len(want), len(got)) {
		switch {
		case i >= len(got):
			diffs = append(diffs, fmt.Sprintf("call %d: want %s, got none", i+1, want[i].Operation))
		case i >= len(want):
			diffs = append(diffs, fmt.Sprintf("call %d: want none, got %s %s", i+1, got[i].Operation, show(got[i].With)))
		case want[i].Operation != got[i].Operation:
			diffs = append(diffs, fmt.Sprintf("call %d: want %s, got %s", i+1, want[i].Operation, got[i].Operation))
		default:
			for _, d := range subset("", want[i].With, got[i].With) {
				diffs = append(diffs, fmt.Sprintf("call %d, %s: %s", i+1, got[i].Operation, d))
			}
		}
	}
	return diffs
}

// subset lists where got does not have what want asks for.
func subset(path string, want, got map[string]any) []string {
	var diffs []string
	for _, name := range slices.Sorted(maps.Keys(want)) {
		at := strings.TrimPrefix(path+"."+name, ".")
		w, g := want[name], got[name]
		inner, wantObject := w.(map[string]any)
		if object, isObject := g.(map[string]any); wantObject && isObject {
			diffs = append(diffs, subset(at, inner, object)...)
			continue
		}
		if !reflect.DeepEqual(w, g) {
			diffs = append(diffs, fmt.Sprintf("%s: want %s, got %s", at, show(w), show(g)))
		}
	}
	return diffs
}

// show writes a value for a person.
func show(v any) string {
	if m, ok := v.(map[string]any); ok && len(m) == 0 {
		return "{}"
	}
	if v == nil {
		return "nothing"
	}
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(b)
}

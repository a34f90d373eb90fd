package highlevel_test

import (
	"os"
	"slices"
	"testing"

	"github.com/pollux-automation/pollux/connectors/highlevel"
	"github.com/pollux-automation/pollux/connectors/manifest"
)

// TestTraceIDs_AreNoChange reads records that stand bare in their answers, where the trace
// id stands beside their fields: it is another one in every answer.
func TestTraceIDs_AreNoChange(t *testing.T) {
	t.Parallel()
	m, err := manifest.Load(os.DirFS("."), highlevel.Key)
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, op := range m.Operations {
		if op.Poll == nil || op.Spec.List || !slices.Contains(op.Answer.Paths, ".") || op.Answer.File {
			continue
		}
		seen++
		before, err := op.Spec.Answer.Decode([]byte(`{"id":"x","traceId":"a"}`))
		if err != nil {
			t.Fatal(err)
		}
		after, err := op.Spec.Answer.Decode([]byte(`{"id":"x","traceId":"b"}`))
		if err != nil {
			t.Fatal(err)
		}
		if changed := op.Spec.Answer.Changed(before, after); changed != nil {
			t.Errorf("%s: another trace id changes %v, want nothing", op.Spec.Key, changed)
		}
	}
	if seen == 0 {
		t.Error("no operation reads a bare record; the test tests nothing")
	}
}

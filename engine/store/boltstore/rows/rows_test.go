package rows_test

import (
	"encoding/json"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/engine/store/boltstore/rows"
)

// TestMarshal_SaysWhatPackageJSONSays compares the encoding by hand with the
// ordinary one.
func TestMarshal_SaysWhatPackageJSONSays(t *testing.T) {
	t.Parallel()
	at := rapid.Map(rapid.Int64Range(0, 1<<61), func(n int64) time.Time {
		if n%3 == 0 {
			return time.Time{}
		}
		return time.Unix(n%(1<<33), n%1_000_000_000).UTC()
	})
	text := rapid.SampledFrom([]string{"", "auth", `a "quoted" text`, "한국어", "line\nbreak", "<b>"})
	fail := rapid.SampledFrom([]*store.Failure{nil, nil, {Kind: "invalid", Message: "no"}})
	raw := rapid.SampledFrom([]json.RawMessage{nil, json.RawMessage(`{"a":1}`), json.RawMessage(`null`)})
	rapid.Check(t, func(t *rapid.T) {
		s := store.RunState{
			Status: rapid.SampledFrom(store.Statuses()).Draw(t, "status"), Due: at.Draw(t, "due"), StartedAt: at.Draw(t, "started"),
			FinishedAt: at.Draw(t, "finished"), Step: rapid.IntRange(0, 9).Draw(t, "step"), Attempts: rapid.IntRange(0, 9).Draw(t, "attempts"),
			Error: fail.Draw(t, "error"), Reason: text.Draw(t, "reason"),
		}
		same(t, &s, func() ([]byte, error) { return rows.State(&s) })
		st := store.Step{
			ID: "x" + text.Draw(t, "id"), Status: text.Draw(t, "step status"), Attempts: rapid.IntRange(0, 2).Draw(t, "tries"),
			Input: raw.Draw(t, "input"), Output: raw.Draw(t, "output"), Error: fail.Draw(t, "step error"), StartedAt: at.Draw(t, "began"),
		}
		if rapid.Bool().Draw(t, "effect") {
			st.Effect = &store.Effect{
				State: store.Confirmed, Operation: text.Draw(t, "operation"), SentAt: at.Draw(t, "sent"),
				Sends: rapid.IntRange(0, 3).Draw(t, "sends"), Looked: rapid.Bool().Draw(t, "looked"),
			}
		}
		same(t, &st, func() ([]byte, error) { return rows.Step(&st) })
	})
}

func same(t *rapid.T, v any, byHand func() ([]byte, error)) {
	t.Helper()
	want, err := store.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	got, err := byHand()
	if err != nil || string(got) != string(want) {
		t.Errorf("got  %s (%v)\nwant %s", got, err, want)
	}
}

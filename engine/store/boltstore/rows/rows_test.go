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
	text := rapid.SampledFrom([]string{"", "auth", `a "quoted" text`, "한국어", "line\nbreak", "<b>", "a\x00b\x00", "\x00"})
	fail := rapid.SampledFrom([]*store.Failure{nil, nil, {Kind: "invalid", Message: "no"}})
	raw := rapid.SampledFrom([]json.RawMessage{nil, json.RawMessage(`{"a":1}`), json.RawMessage(`null`)})
	rapid.Check(t, func(t *rapid.T) {
		s := store.RunState{
			Status: rapid.SampledFrom(store.Statuses()).Draw(t, "status"), Due: at.Draw(t, "due"), StartedAt: at.Draw(t, "started"),
			FinishedAt: at.Draw(t, "finished"), Step: rapid.IntRange(0, 9).Draw(t, "step"), Attempts: rapid.IntRange(0, 9).Draw(t, "attempts"),
			Error: fail.Draw(t, "error"), Reason: text.Draw(t, "reason"),
			Widened: store.RunID(text.Draw(t, "widened")), Narrow: rapid.Bool().Draw(t, "narrow"),
		}
		same(t, &s, rows.AppendState)
		st := store.Step{
			ID: "x" + text.Draw(t, "id"), Status: text.Draw(t, "step status"), Attempts: rapid.IntRange(0, 2).Draw(t, "tries"),
			Input: raw.Draw(t, "input"), Output: raw.Draw(t, "output"), Error: fail.Draw(t, "step error"), StartedAt: at.Draw(t, "began"),
			Due: at.Draw(t, "step due"), Passed: rapid.Bool().Draw(t, "passed"),
		}
		if rapid.Bool().Draw(t, "effect") {
			st.Effect = &store.Effect{
				State: store.Confirmed, Operation: text.Draw(t, "operation"), SentAt: at.Draw(t, "sent"),
				Sends: rapid.IntRange(0, 3).Draw(t, "sends"), Looked: rapid.Bool().Draw(t, "looked"),
				Safe: rapid.Bool().Draw(t, "safe"),
			}
		}
		same(t, &st, rows.AppendStep)
		r := store.Run{
			Recipe: text.Draw(t, "recipe"), Version: text.Draw(t, "version"), Account: "acme", Feed: store.FeedID(text.Draw(t, "feed")),
			Record: text.Draw(t, "record"), Revision: rapid.Uint32().Draw(t, "revision"), Kind: "updated", Lane: text.Draw(t, "lane"), QueuedAt: at.Draw(t, "queued"),
			Event: store.Event{
				Parent: text.Draw(t, "parent"), BeforeKnown: rapid.Bool().Draw(t, "known"), Fields: rapid.SliceOfN(text, 0, 3).Draw(t, "fields"),
				CreatedAt: at.Draw(t, "made"), UpdatedAt: at.Draw(t, "updated"), Previous: store.RunID(text.Draw(t, "previous")),
			},
		}
		same(t, &r, rows.AppendRun)
		whole := r
		whole.ID, whole.Event.Record, whole.Event.Before = "id", json.RawMessage(`{}`), json.RawMessage(`{}`)
		without := func(b []byte, _ *store.Run) ([]byte, error) { return rows.AppendRun(b, &whole) }
		same(t, &r, without)
	})
}

// same compares what is appended to a text with the ordinary form of a value.
func same[T any](t *rapid.T, v *T, byHand func([]byte, *T) ([]byte, error)) {
	t.Helper()
	text, err := store.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	want := "before" + string(text)
	got, err := byHand([]byte("before"), v)
	if err != nil || string(got) != want {
		t.Errorf("got  %s (%v)\nwant %s", got, err, want)
	}
}

package told_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/internal/show"
	"github.com/pollux-automation/pollux/internal/show/told"
)

// aRun is a run whose record has fields to hide.
func aRun() store.Run {
	return store.Run{
		ID: "abcde-00000001", Recipe: "hello", Record: "r1", Account: "acme", Kind: "created",
		QueuedAt: time.Date(2026, 3, 1, 12, 0, 0, 0, time.FixedZone("KST", 9*3600)),
		Event:    store.Event{Record: json.RawMessage(`{"email":"Ann@Example.com","first":"Ann","n":7}`)},
		State:    store.RunState{Status: store.Failed, Error: &store.Failure{Message: "ann@example.com is taken"}},
	}
}

func TestMask_HidesFieldsAndTheirValuesEverywhere(t *testing.T) {
	t.Parallel()
	r := aRun()
	mask := show.NewMask([]string{"email", "first"}, r)
	steps := []store.Step{{
		ID: "upsert", Status: "failed", Input: json.RawMessage(`{"to":"ann@example.com","first":"Ann","greeting":"Hello Ann@Example.com"}`),
		Output: json.RawMessage(`not json Ann@Example.com`),
	}}
	for name, write := range map[string]func(*bytes.Buffer) error{
		"json": func(b *bytes.Buffer) error { return show.JSON(b, told.RunSteps(r, steps, mask)) },
		"people": func(b *bytes.Buffer) error {
			told.PrintRun(b, told.RunTold{Run: r, Steps: steps, Mask: mask})
			return nil
		},
	} {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		if got := b.String(); strings.Contains(strings.ToLower(got), "ann@example.com") || strings.Contains(got, `"Ann"`) {
			t.Errorf("%s shows what is masked:\n%s", name, got)
		}
	}
	if got, want := r.State.Error.Message, "ann@example.com is taken"; got != want {
		t.Errorf("the mask changed the run: got %q, want %q", got, want)
	}
}

func TestRun_HasWhatScriptsRelyOn(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	if err := show.JSON(&b, told.Run(aRun(), show.NewMask(nil, aRun()))); err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"id": "abcde-00000001", "recipe": "hello", "recipe_version": "", "status": "failed", "kind": "created", "account": "acme", "record": "r1",
		"queued_at": "2026-03-01T03:00:00Z", "started_at": nil, "finished_at": nil, "attempts": 0.0, "error": got["error"],
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("a run as JSON (-want +got):\n%s", diff)
	}
	if n := bytes.Count(b.Bytes(), []byte("\n")); n != 1 {
		t.Errorf("one object: got %d lines, want 1", n)
	}
}

func TestPrintRun_SaysThatThePayloadIsForgotten(t *testing.T) {
	t.Parallel()
	r := aRun()
	r.Event = store.Event{Forgotten: true}
	steps := []store.Step{{ID: "upsert", Status: "failed", Effect: &store.Effect{State: store.NotDone}}}
	for name, names := range map[string][]string{"nothing is masked": nil, "the values to mask are forgotten too": {"email"}} {
		var people, scripts bytes.Buffer
		mask := show.NewMask(names, r)
		told.PrintRun(&people, told.RunTold{Run: r, Steps: steps, Mask: mask})
		if err := show.JSON(&scripts, told.RunSteps(r, steps, mask)); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"forgotten", "keep.payloads", "step upsert: failed, effect failed"} {
			if !strings.Contains(people.String(), want) {
				t.Errorf("%s: got %q, want %q in it", name, people.String(), want)
			}
		}
		if !strings.Contains(scripts.String(), `"payload_forgotten":true`) {
			t.Errorf("%s: got %s", name, scripts.String())
		}
		if shown := strings.Contains(people.String()+scripts.String(), "ann@example.com"); shown != (names == nil) {
			t.Errorf("%s: the address in the error is shown: %t", name, shown)
		}
	}
}

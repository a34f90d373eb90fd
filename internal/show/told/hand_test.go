package told_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/internal/show"
	"github.com/pollux-automation/pollux/internal/show/told"
)

func TestDone_TellsWhyNot(t *testing.T) {
	t.Parallel()
	if v := told.Done("r", store.Queued, nil); !v.Done || v.Error != nil || v.Status != store.Queued {
		t.Errorf("a run that was changed: got %+v", v)
	}
	if v := told.Done("r", store.Parked, errors.New("no")); v.Done || v.Error == nil || *v.Error != "no" {
		t.Errorf("a run that was not: got %+v", v)
	}
}

func TestTally_SaysWhatWouldBeDone(t *testing.T) {
	t.Parallel()
	var tally told.Tally
	for i, status := range []store.Status{store.Failed, store.Failed, store.Parked} {
		tally.Add(&store.Run{ID: store.RunID(fmt.Sprint("r", 9-i)), Recipe: "hello", QueuedAt: time.Date(2026, 3, 9-i, 12, 0, 0, 0, time.UTC), State: store.RunState{Status: status}})
	}
	tally.First = append(tally.First, told.Would(&store.Run{ID: "r7", Recipe: "hello"}, "replay", ""), told.Would(&store.Run{ID: "r8"}, "replay", "it goes on"))
	var b bytes.Buffer
	told.PrintTally(&b, &tally, "replay", "replayed")
	for _, want := range []string{
		"3 runs would be replayed; nothing was done", "queued from 2026-03-07T12:00:00Z to 2026-03-09T12:00:00Z", "2 runs of hello, failed", "1 run of hello, parked",
		"refuse: it goes on", "and 1 more", "add --yes to replay them",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("there is no %q in\n%s", want, b.String())
		}
	}
	if v := tally.View(); v.Runs != 3 || len(v.By) != 2 || v.By[0].Runs != 2 || v.By[0].Status != store.Failed || *v.OldestAt != "2026-03-07T12:00:00Z" {
		t.Errorf("got %+v", v)
	}
}

// TestPrintRun_FitsOnAScreen prints a run with a hundred items of which some failed.
func TestPrintRun_FitsOnAScreen(t *testing.T) {
	t.Parallel()
	steps := []store.Step{{ID: "look", Status: "skipped", Input: json.RawMessage(`{"a":1}`)}, {ID: "set", Status: "skipped"}}
	for i := range 100 {
		s := store.Step{ID: fmt.Sprintf("fan[%d].send", i), Status: "succeeded"}
		if i%10 == 0 {
			s.Status = "failed"
		}
		steps = append(steps, s)
		if i == 0 {
			steps = append(steps, store.Step{ID: "fan[0]", Status: "failed", Passed: true})
		}
	}
	run := store.Run{ID: "r2", Recipe: "hello", State: store.RunState{Status: store.Failed, Widened: "r1"}}
	audit := []store.AuditEntry{{Action: "run.replay", Actor: "cli:ann", Details: map[string]string{"was": "failed", "recipe": "hello", "as_now": "yes", "from": "fan"}}}
	of := told.RunTold{Run: run, Steps: steps, Mask: show.NewMask(nil, run), Audit: audit}
	var b, e bytes.Buffer
	told.PrintRun(&b, of)
	told.PrintExplain(&e, told.Explain(told.Story{Runs: []told.RunTold{of}}, aRecipe))
	for name, text := range map[string]string{"runs show": b.String(), "explain": e.String()} {
		for _, want := range []string{
			"step look: skipped, only_if did not hold", "step set: skipped, its condition did not hold", "step fan[0]: given up, the other items went on",
			"96 steps of items not shown: 6 failed, 90 succeeded", "carries out what is left of run r1 too", "by cli:ann (as-now yes, from fan)",
		} {
			if !strings.Contains(text, want) {
				t.Errorf("%s: there is no %q in\n%s", name, want, text)
			}
		}
		if got := strings.Count(text, "fan["); got != 5 {
			t.Errorf("%s: got %d steps of items, want 5", name, got)
		}
	}
}

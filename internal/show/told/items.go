package told

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pollux-automation/pollux/engine/runs"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/internal/show"
)

// itemsShown is how many steps of items are shown of a run, those that did not end well
// first of all.
const itemsShown = 5

// folding leaves out most of the steps that a run has for the items of its lists, so that a
// run fits on a screen.
type folding struct {
	shown int
	count map[string]int // of those that are left out, by status
}

// hides reports whether a step is left out, and counts it then.
func (f *folding) hides(id, status string, passed bool) bool {
	if !strings.Contains(id, "[") {
		return false
	}
	bad := passed || status == runs.Failed || status == runs.Parked || status == runs.Waiting
	if bad && f.shown < itemsShown {
		f.shown++
		return false
	}
	if f.count == nil {
		f.count = map[string]int{}
	}
	f.count[status]++
	return true
}

// rest says how many steps were left out; empty for none.
func (f *folding) rest() string {
	total := 0
	var parts []string
	for _, status := range slices.Sorted(maps.Keys(f.count)) {
		total += f.count[status]
		parts = append(parts, show.Thousands(int64(f.count[status]))+" "+status)
	}
	if total == 0 {
		return ""
	}
	return fmt.Sprintf("%s of items not shown: %s", show.Plural(total, "step"), strings.Join(parts, ", "))
}

// how says in words how a step stands.
func how(id, status string, passed bool, input json.RawMessage) string {
	switch {
	case passed && strings.HasSuffix(id, "]"):
		return "given up, the other items went on"
	case passed:
		return status + ", the run went on"
	case status == runs.Skipped && len(input) > 0 && string(input) != "null":
		return status + ", only_if did not hold"
	case status == runs.Skipped:
		return status + ", its condition did not hold"
	}
	return status
}

// hands says in a line what a person did with a run.
func hands(e *store.AuditEntry) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(e.Details)) {
		if name != "was" && name != "recipe" {
			parts = append(parts, strings.ReplaceAll(name, "_", "-")+" "+e.Details[name])
		}
	}
	line := "by " + e.Actor
	if len(parts) > 0 {
		line += " (" + strings.Join(parts, ", ") + ")"
	}
	return line
}

// deed is what a person did with a run, in the past.
func deed(action string) string {
	switch action {
	case "run.release":
		return "released"
	case "run.replay":
		return "replayed"
	case "run.drop":
		return "dropped"
	}
	return action
}

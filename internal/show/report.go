package show

import (
	"fmt"
	"io"
	"time"

	"github.com/pollux-automation/pollux/connectors/budget"
	"github.com/pollux-automation/pollux/engine"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/internal/diag"
)

// PrintReport prints for people what one visit to all feeds has done.
func PrintReport(w io.Writer, r engine.Report) {
	fmt.Fprintf(w, "feeds: %d, records read: %s, changes: %s, requests: %s, %s\n",
		r.Feeds, Thousands(r.Records), Thousands(r.Changes), Thousands(r.Requests), time.Duration(r.DurationMS)*time.Millisecond)
	fmt.Fprintln(w, RunsLine(r.Runs))
}

// RunsLine counts runs. Scripts look for it at the end of a demo, so its form does
// not change.
func RunsLine(c engine.RunCounts) string {
	line := fmt.Sprintf("runs: %d succeeded, %d failed, %d parked", c.Succeeded, c.Failed, c.Parked)
	if c.Queued > 0 {
		line += fmt.Sprintf(", %d still waiting", c.Queued)
	}
	return line
}

// Budget says in words what is left of a budget, window by window.
func Budget(windows []budget.WindowState) []string {
	list := make([]string, len(windows))
	for i, w := range windows {
		list[i] = fmt.Sprintf("%s %s of %s left", w.Name, Thousands(int64(w.Remaining)), Thousands(int64(w.Max)))
	}
	return list
}

// Findings says how many findings there are: 1 error, 0 warnings.
func Findings(list []diag.Finding) string {
	errs, warnings := 0, 0
	for _, f := range list {
		if f.Severity == diag.Error {
			errs++
		} else {
			warnings++
		}
	}
	return Plural(errs, "error") + ", " + Plural(warnings, "warning")
}

// PrintCheck prints for people how much a state file holds and what is broken in
// it, a line for each.
func PrintCheck(w io.Writer, s store.Stats, broken []string) {
	PrintHeld(w, s)
	for _, line := range broken {
		fmt.Fprintln(w, "broken:", line)
	}
	if len(broken) == 0 {
		fmt.Fprintln(w, "everything is in order")
	}
	if s.FreeBytes > s.Bytes/2 {
		fmt.Fprintf(w, "%s bytes of it are free: while pollux run is stopped, pollux backup FILE puts a copy aside and pollux compact gives them back\n", Thousands(s.FreeBytes))
	}
}

// PrintHeld prints for people what a state file or a copy of it holds.
func PrintHeld(w io.Writer, s store.Stats) {
	fmt.Fprintf(w, "%s: %s bytes, %s, %s, %s, %d of them unfinished\n", s.Path, Thousands(s.Bytes),
		Plural(s.Feeds, "feed"), Plural(s.Records, "record"), Plural(s.Runs, "run"), s.Waiting)
}

// PrintCompacted prints for people what a compaction gave back.
func PrintCompacted(w io.Writer, before, after store.Stats) {
	fmt.Fprintf(w, "%s: %s bytes before, %s of them free; %s bytes after, %s of them free\n", after.Path,
		Thousands(before.Bytes), Thousands(before.FreeBytes), Thousands(after.Bytes), Thousands(after.FreeBytes))
}

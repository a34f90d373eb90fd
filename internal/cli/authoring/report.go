package authoring

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/pollux-automation/pollux/connectors/conformance"
	"github.com/pollux-automation/pollux/internal/show"
)

// triedView is what came of an operation, as --json prints it.
type triedView struct {
	Connector string               `json:"connector"`
	Operation string               `json:"operation"`
	OK        bool                 `json:"ok"`
	Checks    []conformance.Result `json:"checks"`
}

func tried(connector string, o conformance.Operation) triedView {
	return triedView{Connector: connector, Operation: o.Operation, OK: count(o, conformance.Failed) == 0, Checks: o.Results}
}

// count returns how many checks of an operation have a verdict.
func count(o conformance.Operation, v conformance.Verdict) int {
	return conformance.Report{Operations: []conformance.Operation{o}}.Count(v)
}

// printTried prints what came of an operation, and what is wrong with it.
func printTried(w io.Writer, o conformance.Operation, width int) {
	passed, failed, skipped := count(o, conformance.Passed), count(o, conformance.Failed), count(o, conformance.Skipped)
	word := "ok  "
	if failed > 0 {
		word = "FAIL"
	}
	line := fmt.Sprintf("%s  %-*s  %s", word, width, o.Operation, show.Plural(passed, "check"))
	if failed > 0 {
		line += fmt.Sprintf(", %d failed", failed)
	}
	if skipped > 0 {
		line += fmt.Sprintf(", %d skipped", skipped)
	}
	fmt.Fprintln(w, line)
	for _, r := range o.Results {
		for _, f := range r.Failures {
			fmt.Fprintf(w, "      %s\n", r.Check)
			for _, part := range []struct{ name, text string }{{"tried", f.Tried}, {"came", f.Came}, {"wanted", f.Wanted}, {"change", f.Change}} {
				if part.text != "" {
					fmt.Fprintf(w, "        %-7s %s\n", part.name, show.Clean(part.text))
				}
			}
		}
	}
}

// summaryView is what came of a connector, as --json prints it.
type summaryView struct {
	Connector string `json:"connector"`
	OK        bool   `json:"ok"`
	Tried     int    `json:"operations"`
	Passed    int    `json:"passed"`
	Failed    int    `json:"failed"`
	Skipped   int    `json:"skipped"`
	// Why is how many checks were skipped for each reason.
	Why map[string]int `json:"why"`
}

func summary(r conformance.Report) summaryView {
	v := summaryView{
		Connector: r.Connector, OK: r.OK(), Tried: len(r.Operations),
		Passed: r.Count(conformance.Passed), Failed: r.Count(conformance.Failed), Skipped: r.Count(conformance.Skipped), Why: map[string]int{},
	}
	for _, o := range r.Operations {
		for _, res := range o.Results {
			if res.Verdict == conformance.Skipped {
				v.Why[res.Reason]++
			}
		}
	}
	return v
}

// write writes the summary for people.
func (v summaryView) write(w io.Writer) {
	if len(v.Why) > 0 {
		fmt.Fprintln(w, "skipped")
	}
	for _, reason := range slices.SortedFunc(maps.Keys(v.Why), func(a, b string) int {
		if v.Why[a] != v.Why[b] {
			return v.Why[b] - v.Why[a]
		}
		return strings.Compare(a, b)
	}) {
		fmt.Fprintf(w, "  %3d  %s\n", v.Why[reason], show.Clean(reason))
	}
	word := "ok  "
	if !v.OK {
		word = "FAIL"
	}
	fmt.Fprintf(w, "%s  %s: %s, %d checks passed, %d failed, %d skipped\n", word, v.Connector, show.Plural(v.Tried, "operation"), v.Passed, v.Failed, v.Skipped)
}

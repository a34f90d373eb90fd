package show

import (
	"fmt"
	"io"
	"time"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/engine"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/recipes"
)

// RehearsalView is what a recipe would do with one record, as --json prints it.
// Decision says whether the recipe wants the record, and why not; Error is nil when
// all steps would go through.
type RehearsalView struct {
	Recipe   string        `json:"recipe"`
	Record   string        `json:"record"`
	Decision string        `json:"decision"`
	Steps    []OutcomeView `json:"steps"`
	Error    *string       `json:"error"`
	Requests []RequestView `json:"requests"`
}

// OutcomeView is how one step of a rehearsal ended, as --json prints it.
type OutcomeView struct {
	ID     string `json:"id"`
	Status string `json:"status"`
}

// RequestView is a request that a step would send, as --json prints it.
type RequestView struct {
	Step      string `json:"step"`
	Operation string `json:"operation"`
	connectors.Request
}

// Rehearsal returns the view of what a recipe would do with the record of an id.
func Rehearsal(r *recipes.Recipe, id string, p engine.Performance) RehearsalView {
	v := RehearsalView{Recipe: r.ID, Record: id, Decision: p.Verdict.String(), Steps: []OutcomeView{}, Requests: []RequestView{}}
	for _, s := range p.Steps {
		v.Steps = append(v.Steps, OutcomeView{ID: s.ID, Status: s.Status})
	}
	for _, c := range p.Calls {
		v.Requests = append(v.Requests, RequestView{Step: c.Step, Operation: c.Connection + "." + c.Operation, Request: c.Request})
	}
	if p.Run != nil && p.Run.State.Status != store.Succeeded {
		v.Error = Word(FailureText(p.Run.State))
	}
	return v
}

// PrintRehearsal prints for people what a recipe would do with one record: the
// decision, then each step with the requests that it would send.
func PrintRehearsal(w io.Writer, v RehearsalView) {
	fmt.Fprintf(w, "record %s: %s\n", Clean(v.Record), v.Decision)
	for _, s := range v.Steps {
		fmt.Fprintf(w, "  step %s: %s\n", s.ID, s.Status)
		for _, q := range v.Requests {
			if q.Step != s.ID {
				continue
			}
			fmt.Fprintf(w, "    %s %s\n", q.Method, Clean(q.URL))
			if q.Body != nil {
				fmt.Fprint(w, "    ")
				_ = JSON(w, q.Body) // it came from JSON; the reader may be gone
			}
		}
	}
	if v.Error != nil {
		fmt.Fprintf(w, "  error: %s\n", Clean(*v.Error))
	}
}

// TestView is the result of one test of a recipe as --json prints it. Differences
// say what was expected and what came, a line each.
type TestView struct {
	Recipe      string   `json:"recipe"`
	Test        string   `json:"test"`
	Passed      bool     `json:"passed"`
	Differences []string `json:"differences"`
	DurationMS  int64    `json:"duration_ms"`
}

// Test returns the view of a test that took so long and differed so much.
func Test(r *recipes.Recipe, t recipes.Test, differences []string, took time.Duration) TestView {
	return TestView{
		Recipe: r.ID, Test: t.Name, Passed: len(differences) == 0, Differences: append([]string{}, differences...), DurationMS: took.Milliseconds(),
	}
}

// PrintTest prints the result of a test for people, in the form of go test.
func PrintTest(w io.Writer, r *recipes.Recipe, t recipes.Test, differences []string, took time.Duration) {
	verdict := "PASS"
	if len(differences) > 0 {
		verdict = "FAIL"
	}
	fmt.Fprintf(w, "--- %s: %s (%.2fs)\n", verdict, t.Name, took.Seconds())
	for _, d := range differences {
		fmt.Fprintf(w, "    %s:%d: %s\n", r.File, t.Line, d)
	}
}

package told

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/internal/show"
)

// RunView is a run as --json prints it. Times are RFC 3339 in UTC, nil for none.
type RunView struct {
	ID     store.RunID `json:"id"`
	Recipe string      `json:"recipe"`
	// Version is the hash of the recipe's text that the run began with.
	Version string       `json:"recipe_version"`
	Status  store.Status `json:"status"`
	// Kind is that of the change: created, updated.
	Kind    string `json:"kind"`
	Account string `json:"account"`
	// Record is the record's id at its service.
	Record     string  `json:"record"`
	QueuedAt   *string `json:"queued_at"`
	StartedAt  *string `json:"started_at"`
	FinishedAt *string `json:"finished_at"`
	// Attempts counts how often the run was taken up.
	Attempts int            `json:"attempts"`
	Error    *store.Failure `json:"error"`
	// Reason says why a held or parked run does not go on, in one word.
	Reason string `json:"reason,omitempty"`
	// DueAt is when a run that waits goes on.
	DueAt *string `json:"due_at,omitempty"`
	// Widened is the first of the earlier runs whose changes this one carries out too.
	Widened store.RunID `json:"widened,omitempty"`
}

// Run returns the view of a run through a mask.
func Run(r store.Run, m *show.Mask) RunView {
	return RunView{
		ID: r.ID, Recipe: r.Recipe, Version: r.Version, Status: r.State.Status, Kind: r.Kind, Account: r.Account,
		Record: r.Record, QueuedAt: show.Optional(r.QueuedAt), StartedAt: show.Optional(r.State.StartedAt),
		FinishedAt: show.Optional(r.State.FinishedAt), Attempts: r.State.Attempts, Error: m.Failure(r.State.Error), Reason: r.State.Reason,
		DueAt: show.Optional(r.State.Due), Widened: r.State.Widened,
	}
}

// RunHead is the head of a table of runs, whose rows [RunRow] makes.
func RunHead() []string {
	return []string{"id", "recipe", "status", "kind", "record", "queued", "error"}
}

// RunRow is a run as a row of a table, through a mask.
func RunRow(r store.Run, m *show.Mask, now time.Time) []string {
	state := r.State
	state.Error = m.Failure(state.Error)
	return []string{
		string(r.ID), r.Recipe, string(state.Status), r.Kind, r.Record, show.Ago(r.QueuedAt, now), show.Cut(show.FailureText(state), 60),
	}
}

// StepView is a step as --json prints it. Input is what was sent to the operation,
// Output what came back, Effect what the ledger says of a write; each is null for
// steps that have none.
type StepView struct {
	ID         string          `json:"id"`
	Status     string          `json:"status"`
	Attempts   int             `json:"attempts"`
	Input      json.RawMessage `json:"input"`
	Output     json.RawMessage `json:"output"`
	Error      *store.Failure  `json:"error"`
	Effect     *store.Effect   `json:"effect"`
	StartedAt  *string         `json:"started_at"`
	FinishedAt *string         `json:"finished_at"`
	// Passed is true when the run went on in spite of the step's failure.
	Passed bool `json:"passed,omitempty"`
	// More is true when the output is the first page of a list that goes on, or may go on.
	More bool `json:"more,omitempty"`
}

// RunStepsView is a run with its steps, as --json prints it.
type RunStepsView struct {
	RunView

	// PayloadForgotten says that inputs and outputs are null because the run is old.
	PayloadForgotten bool       `json:"payload_forgotten,omitempty"`
	Steps            []StepView `json:"steps"`
}

// RunSteps returns the view of a run and its steps through a mask.
func RunSteps(r store.Run, steps []store.Step, m *show.Mask) RunStepsView {
	v := RunStepsView{RunView: Run(r, m), PayloadForgotten: r.Event.Forgotten, Steps: make([]StepView, len(steps))}
	for i, s := range steps {
		v.Steps[i] = StepView{
			ID: s.ID, Status: s.Status, Attempts: s.Attempts, Input: m.JSON(s.Input), Output: m.JSON(s.Output),
			Error: m.Failure(s.Error), Effect: s.Effect, StartedAt: show.Optional(s.StartedAt), FinishedAt: show.Optional(s.FinishedAt), Passed: s.Passed, More: s.More,
		}
	}
	return v
}

// PrintRun prints a run and its steps for people, through its mask: of many items only
// those that did not end well, and how many others there are.
func PrintRun(w io.Writer, t RunTold) {
	r, steps, m := t.Run, t.Steps, t.Mask
	state := r.State
	state.Error = m.Failure(state.Error)
	fmt.Fprintf(w, "run %s: %s\n", r.ID, state.Status)
	fmt.Fprintf(w, "  recipe   %s (version %s)\n", r.Recipe, r.Version)
	fmt.Fprintf(w, "  record   %s of %s, %s, revision %d\n", show.Clean(r.Record), r.Account, r.Kind, r.Revision)
	fmt.Fprintf(w, "  queued   %s\n", show.Stamp(r.QueuedAt))
	if text := show.FailureText(state); text != "" {
		fmt.Fprintf(w, "  because  %s\n", show.Clean(text))
	}
	if state.Error != nil && state.Reason != "" {
		fmt.Fprintf(w, "  waits    %s\n", show.Clean(show.ReasonText(state.Reason)))
	}
	if !state.Due.IsZero() {
		fmt.Fprintf(w, "  goes on  %s\n", show.Stamp(state.Due))
	}
	if state.Widened != "" {
		fmt.Fprintf(w, "  widened  carries out what is left of run %s too\n", state.Widened)
	}
	for i := range t.Audit {
		e := &t.Audit[i]
		fmt.Fprintf(w, "  %-8s %s %s\n", deed(e.Action), show.Stamp(e.At), show.Clean(hands(e)))
	}
	if r.Event.Forgotten {
		fmt.Fprintln(w, "  event    forgotten, with what the steps sent and received (keep.payloads)")
	} else {
		fmt.Fprintf(w, "  event    %s\n", show.Clean(string(m.JSON(r.Event.Record))))
	}
	var f folding
	for _, s := range RunSteps(r, steps, m).Steps {
		if !f.hides(s.ID, s.Status, s.Passed) {
			printStep(w, s)
		}
	}
	if rest := f.rest(); rest != "" {
		fmt.Fprintf(w, "\n  %s\n", rest)
	}
}

// printStep prints one step of a run for people: what is not there takes no line.
func printStep(w io.Writer, s StepView) {
	fmt.Fprintf(w, "\n  step %s: %s", s.ID, how(s.ID, s.Status, s.Passed, s.Input))
	if s.Attempts > 1 {
		fmt.Fprintf(w, " after %d attempts", s.Attempts)
	}
	if s.Effect != nil {
		fmt.Fprintf(w, ", effect %s", s.Effect.State)
	}
	fmt.Fprintln(w)
	for _, part := range []struct {
		name string
		text json.RawMessage
	}{{"input", s.Input}, {"output", s.Output}} {
		if len(part.text) > 0 && string(part.text) != "null" {
			fmt.Fprintf(w, "    %-7s%s\n", part.name, show.Clean(string(part.text)))
		}
	}
	if s.More {
		fmt.Fprintf(w, "    more   the list goes on, or may go on: a call reads its first page\n")
	}
	if s.Error != nil {
		fmt.Fprintf(w, "    error  %s\n", show.Clean(s.Error.Message))
	}
}

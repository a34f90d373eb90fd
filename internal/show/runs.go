package show

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/pollux-automation/pollux/engine/store"
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
}

// Run returns the view of a run through a mask.
func Run(r store.Run, m *Mask) RunView {
	return RunView{
		ID: r.ID, Recipe: r.Recipe, Version: r.Version, Status: r.State.Status, Kind: r.Kind, Account: r.Account,
		Record: r.Record, QueuedAt: optional(r.QueuedAt), StartedAt: optional(r.State.StartedAt),
		FinishedAt: optional(r.State.FinishedAt), Attempts: r.State.Attempts, Error: m.failure(r.State.Error), Reason: r.State.Reason,
	}
}

// RunHead is the head of a table of runs, whose rows [RunRow] makes.
func RunHead() []string {
	return []string{"id", "recipe", "status", "kind", "record", "queued", "error"}
}

// RunRow is a run as a row of a table, through a mask.
func RunRow(r store.Run, m *Mask, now time.Time) []string {
	state := r.State
	state.Error = m.failure(state.Error)
	return []string{
		string(r.ID), r.Recipe, string(state.Status), r.Kind, r.Record, ago(r.QueuedAt, now), cut(FailureText(state), 60),
	}
}

// FailureText is the error of a run, or else the reason why it does not go on, or
// "" when there is neither.
func FailureText(s store.RunState) string {
	if s.Error != nil {
		return s.Error.Message
	}
	return reasonText(s.Reason)
}

// reasonText says in words why a held or parked run does not go on. A reason that
// it does not know it returns as it is.
func reasonText(reason string) string {
	switch reason {
	case "unsure":
		return "nobody knows whether the write was carried out: look at the service"
	case "auth":
		return "the credential was refused; the run goes on by itself when the account works"
	case "hold_over":
		return "one poll brought more runs than hold_over allows"
	case "on_error":
		return "a rule of on_error asks for a person"
	}
	return reason
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
}

// RunStepsView is a run with its steps, as --json prints it.
type RunStepsView struct {
	RunView

	// PayloadForgotten says that inputs and outputs are null because the run is old.
	PayloadForgotten bool       `json:"payload_forgotten,omitempty"`
	Steps            []StepView `json:"steps"`
}

// RunSteps returns the view of a run and its steps through a mask.
func RunSteps(r store.Run, steps []store.Step, m *Mask) RunStepsView {
	v := RunStepsView{RunView: Run(r, m), PayloadForgotten: r.Event.Forgotten, Steps: make([]StepView, len(steps))}
	for i, s := range steps {
		v.Steps[i] = StepView{
			ID: s.ID, Status: s.Status, Attempts: s.Attempts, Input: m.json(s.Input), Output: m.json(s.Output),
			Error: m.failure(s.Error), Effect: s.Effect, StartedAt: optional(s.StartedAt), FinishedAt: optional(s.FinishedAt),
		}
	}
	return v
}

// PrintRun prints a run and its steps for people, through a mask.
func PrintRun(w io.Writer, r store.Run, steps []store.Step, m *Mask) {
	state := r.State
	state.Error = m.failure(state.Error)
	fmt.Fprintf(w, "run %s: %s\n", r.ID, state.Status)
	fmt.Fprintf(w, "  recipe   %s (version %s)\n", r.Recipe, r.Version)
	fmt.Fprintf(w, "  record   %s of %s, %s, revision %d\n", Clean(r.Record), r.Account, r.Kind, r.Revision)
	fmt.Fprintf(w, "  queued   %s\n", Stamp(r.QueuedAt))
	if text := FailureText(state); text != "" {
		fmt.Fprintf(w, "  because  %s\n", Clean(text))
	}
	if state.Error != nil && state.Reason != "" {
		fmt.Fprintf(w, "  waits    %s\n", Clean(reasonText(state.Reason)))
	}
	if !state.Due.IsZero() {
		fmt.Fprintf(w, "  goes on  %s\n", Stamp(state.Due))
	}
	if r.Event.Forgotten {
		fmt.Fprintln(w, "  event    forgotten, with what the steps sent and received (keep.payloads)")
	} else {
		fmt.Fprintf(w, "  event    %s\n", Clean(string(m.json(r.Event.Record))))
	}
	for _, s := range RunSteps(r, steps, m).Steps {
		printStep(w, s)
	}
}

// printStep prints one step of a run for people: what is not there takes no line.
func printStep(w io.Writer, s StepView) {
	fmt.Fprintf(w, "\n  step %s: %s", s.ID, s.Status)
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
			fmt.Fprintf(w, "    %-7s%s\n", part.name, Clean(string(part.text)))
		}
	}
	if s.Error != nil {
		fmt.Fprintf(w, "    error  %s\n", Clean(s.Error.Message))
	}
}

// ReleaseView is what became of the wish to let a run go on, as --json prints it.
type ReleaseView struct {
	ID       store.RunID `json:"id"`
	Released bool        `json:"released"`
	Error    *string     `json:"error"` // why it was not released
}

// Release returns the view of a run that was released, or was not because of err.
func Release(id store.RunID, err error) ReleaseView {
	if err != nil {
		return ReleaseView{ID: id, Error: word(err.Error())}
	}
	return ReleaseView{ID: id, Released: true}
}

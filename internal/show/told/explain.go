package told

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/internal/show"
	"github.com/pollux-automation/pollux/recipes"
	"github.com/pollux-automation/pollux/triggers"
)

// Story is everything that is known of one record.
type Story struct {
	Known []KnownIn
	Runs  []RunTold
}

// KnownIn is what a feed knows of the record, and who watches the feed.
type KnownIn struct {
	Feed store.Feed
	Seen store.Seen
	Subs []store.Subscription
}

// RunTold is a run of the record with its steps.
type RunTold struct {
	Run   store.Run
	Steps []store.Step
	Mask  *show.Mask
	Audit []store.AuditEntry // what people did with it, the oldest first
}

// The kinds of entry.
const (
	whatKnown    = "known"
	whatDecision = "decision"
	whatRun      = "run"
	whatStep     = "step"
	whatHand     = "hand"
)

// ExplainEntry is one thing that is known of a record, as --json prints it: that a feed
// knows it, a decision that made no run, a run, a step of a run, or what a person did with
// a run. What does not belong
// to an entry is left out; at is nil where the time is not known.
type ExplainEntry struct {
	At     *string      `json:"at"`
	What   string       `json:"what"`
	Feed   store.FeedID `json:"feed,omitempty"`
	Parent string       `json:"parent,omitempty"`
	Recipe string       `json:"recipe,omitempty"`
	Run    store.RunID  `json:"run,omitempty"`
	Step   string       `json:"step,omitempty"`

	Kind     string   `json:"kind,omitempty"`
	Revision uint32   `json:"revision,omitempty"`
	Fields   []string `json:"fields,omitempty"` // that changed
	// Deleted and Missing say that the record is gone, or that a walk did not show it.
	Deleted bool `json:"deleted,omitempty"`
	Missing bool `json:"missing,omitempty"`
	// Decision is the verdict in words, LookedAt what it was taken from: the rule of the
	// recipe, and the values of the record where its body is kept.
	Decision string         `json:"decision,omitempty"`
	LookedAt map[string]any `json:"looked_at,omitempty"`

	Status     string            `json:"status,omitempty"`
	Reason     string            `json:"reason,omitempty"`
	Operation  string            `json:"operation,omitempty"`
	DueAt      *string           `json:"due_at,omitempty"`  // when a run that waits goes on
	Widened    store.RunID       `json:"widened,omitempty"` // the first run whose change this one carries out too
	Passed     bool              `json:"passed,omitempty"`  // the run went on in spite of the step's failure
	Action     string            `json:"action,omitempty"`  // of a person, by Actor
	Actor      string            `json:"actor,omitempty"`
	Details    map[string]string `json:"details,omitempty"`
	Attempts   int               `json:"attempts,omitempty"`
	Record     json.RawMessage   `json:"record,omitempty"`
	Forgotten  bool              `json:"payload_forgotten,omitempty"` // of a run: record, inputs and outputs were too old to keep
	Input      json.RawMessage   `json:"input,omitempty"`
	Output     json.RawMessage   `json:"output,omitempty"`
	Effect     *store.Effect     `json:"effect,omitempty"`
	Error      *store.Failure    `json:"error,omitempty"`
	FinishedAt *string           `json:"finished_at,omitempty"`

	sort time.Time
}

// Explain returns the entries of a story, the oldest first. recipe returns a recipe by
// its id, as it is now.
func Explain(s Story, recipe func(id string) (*recipes.Recipe, bool)) []ExplainEntry {
	var list []ExplainEntry
	told := map[uint64]bool{}
	for _, r := range s.Runs {
		told[r.Run.ID.Seq()] = true
	}
	for _, k := range s.Known {
		list = append(list, k.entries(told, recipe)...)
	}
	for _, r := range s.Runs {
		list = append(list, r.entries(recipe)...)
	}
	slices.SortStableFunc(list, func(a, b ExplainEntry) int { return a.sort.Compare(b.sort) })
	return list
}

// entries are what a feed knows, then what was decided about it and made no run, or none
// that is told of.
func (k KnownIn) entries(told map[uint64]bool, recipe func(string) (*recipes.Recipe, bool)) []ExplainEntry {
	e := k.Seen.Entry
	parent, _ := triggers.SplitKey(k.Seen.ID)
	at := show.Optional(e.UpdatedAt)
	list := []ExplainEntry{{
		At: at, What: whatKnown, Feed: k.Feed.ID, Parent: parent, Revision: e.Revision,
		Deleted: e.Deleted, Missing: e.Missing != 0 && !e.Deleted, sort: e.UpdatedAt,
	}}
	for _, s := range k.Subs {
		d, ok := e.Decision(s.Number)
		// A decision that made no run keeps the last one that the recipe made before.
		made := store.MakesRun(d.Verdict)
		if !ok || made && told[d.Run] {
			continue
		}
		entry := ExplainEntry{
			At: at, What: whatDecision, Feed: k.Feed.ID, Parent: parent, Recipe: s.Recipe, Revision: d.Revision,
			Decision: d.Verdict.String(), sort: e.UpdatedAt,
		}
		if made {
			entry.Decision += "; the run is forgotten (keep.runs)"
		}
		if d.Revision != e.Revision {
			entry.At = nil // it was about an earlier version, whose time is not kept
		}
		entry.LookedAt = map[string]any{}
		if r, ok := recipe(s.Recipe); ok {
			entry.lookAt(d.Verdict, r, e.Body)
		}
		if d.Verdict == triggers.BeforeStart {
			entry.LookedAt["start"] = s.Start
			if !s.From.IsZero() {
				entry.LookedAt["from"] = show.Stamp(s.From)
			}
		}
		list = append(list, entry)
	}
	return list
}

// fieldName finds the fields that an expression takes from a record.
var fieldName = regexp.MustCompile(`\b(?:record|before)\??\.(\w+)`)

// lookAt notes what a decision was taken from.
func (e *ExplainEntry) lookAt(v triggers.Verdict, r *recipes.Recipe, body []byte) {
	var text string
	var fields []string
	switch v {
	case triggers.WrongKind:
		e.LookedAt["kinds"] = r.Trigger.Kinds
	case triggers.NotWatched:
		e.LookedAt["watch"] = r.Trigger.Watch
		for _, path := range r.Trigger.Watch {
			name, _, _ := strings.Cut(path, ".")
			fields = append(fields, name)
		}
	case triggers.Filtered, triggers.FilterFailed:
		if r.Filter != nil {
			text = r.Filter.String()
			e.LookedAt["filter"] = text
		}
	case triggers.OutOfScope:
		if r.Scope != nil {
			text = r.Scope.String()
			e.LookedAt["scope"] = text
		}
	case triggers.OtherParent:
		if where := r.Trigger.Parents.Where; where != nil {
			e.LookedAt["parents"] = where.String()
		} else if ids := r.Trigger.Parents.IDs; len(ids) > 0 {
			e.LookedAt["parents"] = ids
		}
	case triggers.Accepted, triggers.BeforeStart, triggers.HeldForReview:
	}
	for _, found := range fieldName.FindAllStringSubmatch(text, -1) {
		fields = append(fields, found[1])
	}
	if values := valuesOf(fields, body, r.Keep.Mask); values != nil {
		e.LookedAt["values"] = values
	}
}

// valuesOf are some fields of a body through a recipe's mask; nil without a body or
// fields.
func valuesOf(fields []string, body []byte, mask []string) json.RawMessage {
	if len(body) == 0 || len(fields) == 0 {
		return nil
	}
	decoded, err := connectors.Decode(body)
	record, ok := decoded.(map[string]any)
	if err != nil || !ok {
		return nil
	}
	values := map[string]any{}
	for _, name := range fields {
		values[name] = record[name]
	}
	text, err := json.Marshal(values)
	if err != nil {
		return nil // it was JSON before
	}
	return show.NewMask(mask, store.Run{Event: store.Event{Record: body}}).JSON(text)
}

// entries are a run and its steps.
func (r RunTold) entries(recipe func(string) (*recipes.Recipe, bool)) []ExplainEntry {
	run := Run(r.Run, r.Mask)
	list := []ExplainEntry{{
		At: run.QueuedAt, What: whatRun, Feed: r.Run.Feed, Parent: r.Run.Event.Parent, Recipe: r.Run.Recipe, Run: r.Run.ID,
		Kind: r.Run.Kind, Revision: r.Run.Revision, Fields: r.Run.Event.Fields, Status: string(run.Status), Reason: run.Reason,
		Attempts: run.Attempts, Record: r.Mask.JSON(r.Run.Event.Record), Forgotten: r.Run.Event.Forgotten,
		Error: run.Error, FinishedAt: run.FinishedAt, DueAt: run.DueAt, Widened: run.Widened, sort: r.Run.QueuedAt,
	}}
	for i := range r.Audit {
		e := &r.Audit[i]
		list = append(list, ExplainEntry{
			At: show.Optional(e.At), What: whatHand, Recipe: r.Run.Recipe, Run: r.Run.ID, Action: e.Action, Actor: e.Actor, Details: e.Details, sort: e.At,
		})
	}
	last := r.Run.QueuedAt
	for i, s := range RunSteps(r.Run, r.Steps, r.Mask).Steps {
		if began := r.Steps[i].StartedAt; began.After(last) {
			last = began
		}
		entry := ExplainEntry{
			At: s.StartedAt, What: whatStep, Recipe: r.Run.Recipe, Run: r.Run.ID, Step: s.ID, Status: s.Status, Attempts: s.Attempts,
			Input: s.Input, Output: s.Output, Effect: s.Effect, Error: s.Error, FinishedAt: s.FinishedAt, Passed: s.Passed, sort: last,
		}
		if s.Effect != nil {
			entry.Operation = s.Effect.Operation
		} else if loaded, ok := recipe(r.Run.Recipe); ok && loaded.Version == r.Run.Version {
			entry.Operation = operationOf(loaded, s.ID)
		}
		list = append(list, entry)
	}
	return list
}

// operationOf is what a step of a recipe calls; empty for steps that call nothing.
func operationOf(r *recipes.Recipe, step string) string {
	for _, s := range r.Steps {
		if s.ID == step && s.Operation != "" {
			return r.Connections[s.Connection].Connector + "." + s.Operation
		}
	}
	return ""
}

// PrintExplain prints for people what is known of a record. Of runs with many items it
// shows the steps that did not end well.
func PrintExplain(w io.Writer, list []ExplainEntry) {
	var f folding
	for i := range list {
		if e := &list[i]; e.What != whatStep || !f.hides(e.Step, e.Status, e.Passed) {
			e.write(w)
		}
	}
	if rest := f.rest(); rest != "" {
		fmt.Fprintln(w, rest)
	}
}

// write prints one entry: its line, then what belongs to it.
func (e *ExplainEntry) write(w io.Writer) {
	at := "no time known"
	if e.At != nil {
		at = *e.At
	}
	fmt.Fprintf(w, "%-30s  %s\n", at, show.Clean(e.line()))
	detail := func(name string, text string) {
		if text != "" && text != "null" {
			fmt.Fprintf(w, "%32s  %-7s %s\n", "", name, show.Clean(text))
		}
	}
	for _, name := range []string{"start", "from", "kinds", "watch", "scope", "filter", "parents", "values"} {
		if v, ok := e.LookedAt[name]; ok {
			detail(name, plain(v))
		}
	}
	detail("changed", strings.Join(e.Fields, ", "))
	if e.Forgotten {
		detail("record", "forgotten, with what the steps sent and received (keep.payloads)")
	}
	detail("record", string(brief(e.Record)))
	detail("input", string(e.Input))
	detail("output", string(e.Output))
	if e.Error != nil {
		detail("error", e.Error.Message)
	}
	if e.Widened != "" {
		detail("widened", "carries out what is left of run "+string(e.Widened)+" too")
	}
	if e.Reason != "" {
		name := "waits"
		if store.Status(e.Status) == store.Dropped {
			name = "because"
		}
		detail(name, show.ReasonText(e.Reason))
	}
	if e.DueAt != nil {
		detail("goes on", *e.DueAt)
	}
}

// brief is a record without what it does not have, so that what it has can be seen.
func brief(record json.RawMessage) json.RawMessage {
	decoded, err := connectors.Decode(record)
	fields, ok := decoded.(map[string]any)
	if err != nil || !ok {
		return record
	}
	maps.DeleteFunc(fields, func(_ string, v any) bool { return v == nil })
	text, err := json.Marshal(fields)
	if err != nil {
		return record
	}
	return text
}

// line says in one line what an entry is about.
func (e *ExplainEntry) line() string {
	of := ""
	if e.Parent != "" {
		of = " under " + e.Parent
	}
	switch e.What {
	case whatKnown:
		line := fmt.Sprintf("known in %s%s, revision %d", e.Feed, of, e.Revision)
		switch {
		case e.Deleted:
			line += ", deleted"
		case e.Missing:
			line += ", missing in the last complete walk"
		}
		return line
	case whatDecision:
		return fmt.Sprintf("no run of %s for revision %d: %s", e.Recipe, e.Revision, e.Decision)
	case whatRun:
		return fmt.Sprintf("run %s of %s for revision %d%s, %s: %s", e.Run, e.Recipe, e.Revision, of, e.Kind, e.Status)
	}
	if e.What == whatHand {
		entry := store.AuditEntry{Actor: e.Actor, Details: e.Details}
		return fmt.Sprintf("%s of run %s %s", e.Action, e.Run, hands(&entry))
	}
	line := "  step " + e.Step
	if e.Operation != "" {
		line += ", " + e.Operation
	}
	line += ": " + how(e.Step, e.Status, e.Passed, e.Input)
	if e.Attempts > 1 {
		line += fmt.Sprintf(" after %d attempts", e.Attempts)
	}
	if e.Effect != nil {
		line += ", effect " + string(e.Effect.State)
	}
	return line
}

// plain is a value for people: texts as they are, lists with commas, objects as JSON.
func plain(v any) string {
	switch x := v.(type) {
	case string:
		return x
	case []string:
		return strings.Join(x, ", ")
	case json.RawMessage:
		return string(x)
	}
	return fmt.Sprint(v)
}

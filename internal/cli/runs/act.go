package runs

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"github.com/pollux-automation/pollux/engine"
	"github.com/pollux-automation/pollux/engine/desk"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/internal/cli/console"
	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/project"
	"github.com/pollux-automation/pollux/internal/show"
	"github.com/pollux-automation/pollux/internal/show/told"
	"github.com/pollux-automation/pollux/recipes"
)

const (
	// sliceSize is how many runs are changed at once: for so long the dispatcher of a
	// running program starts nothing.
	sliceSize = 100
	// previewed is how many runs a preview looks at one by one.
	previewed = 10
)

// action is what a person wants for some runs.
type action struct {
	verb, past string // release, released
	after      string // what becomes of the runs then; %s stands for when
	// fits are the statuses of the runs that a filter without a status selects.
	fits     []store.Status
	wanted   wanted
	ids      []string
	unsure   string
	original bool
	yes      bool
	// asNow takes the records as they are now, which needs the services.
	asNow bool
	// dry carries the runs out on a copy of the state and sends nothing.
	dry bool
	// revise says what it means for a run.
	revise func(subject) (store.Revision, error)
}

// subject is a run with what is to be known to act on it.
type subject struct {
	who    desk.Who
	run    *store.Run
	steps  []store.Step
	recipe *recipes.Recipe // nil for the version of then, where the recipe does not matter
	later  bool            // a later run of the lane has begun
	event  *store.Event    // with the record as it is now; nil unless asked for
}

// choice is a run that was chosen.
type choice struct {
	id   store.RunID
	lane string
}

// flags adds the flags that all actions share.
func (t *action) flags(a *app, c *cobra.Command) {
	t.wanted.flags(a, c)
	c.Flags().BoolVar(&t.yes, "yes", false, "act; without it a command with a filter only shows what would happen")
}

// reopening adds the flags of actions that let runs go on.
func (t *action) reopening(c *cobra.Command) {
	c.Flags().StringVar(&t.unsure, "unsure", "", "what became of a write nobody knows about: send repeats it, done takes it as carried out")
	c.Flags().BoolVar(&t.original, "original", false, "with the version of the recipe that the run has, not with the one of now")
}

// check reports what is wrong with the command line, before anything is opened.
func (t *action) check() error {
	switch rules := desk.UnsureRules(); {
	case len(t.ids) == 0 && !t.wanted.given():
		return fmt.Errorf("say which runs to %s: their ids, or a filter such as --status %s", t.verb, t.fits[0])
	case len(t.ids) > 0 && t.wanted.given():
		return errors.New("give either ids or a filter")
	case t.unsure != "" && !slices.Contains(rules, t.unsure):
		return fmt.Errorf("--unsure %q is not known; %s", t.unsure, diag.Choices(t.unsure, rules))
	}
	_, err := t.wanted.filter(time.Now())
	if s := store.Status(t.wanted.status); err == nil && s != "" && t.verb == "release" && !slices.Contains(t.fits, s) {
		return fmt.Errorf("--status %s cannot be released; %s", s, diag.Choices(t.wanted.status, []string{string(store.Held), string(store.Parked)}))
	}
	return err
}

// act does what is wanted, or shows what it would do.
func (a *app) act(ctx context.Context, t *action, ids []string) error {
	t.ids = ids
	if err := t.check(); err != nil {
		return console.Misused(err)
	}
	if t.dry {
		return a.rehearse(ctx, t)
	}
	if t.asNow {
		return a.Engaged(ctx, zerolog.ErrorLevel, func(p *project.Project, s store.Store, e *engine.Engine) error {
			return (&work{app: a, action: t, project: p, store: s, engine: e}).do(ctx)
		})
	}
	return a.Edit(ctx, func(p *project.Project, s store.Store) error {
		return (&work{app: a, action: t, project: p, store: s}).do(ctx)
	})
}

// work is an action under way.
type work struct {
	*app
	*action

	project *project.Project
	store   store.Store
	engine  *engine.Engine // nil unless the services are needed
	lanes   *lanes
	saved   map[string]bool // versions of recipes that the store has
	tally   told.Tally
	done    int
	// out and errs are what is to be said of the runs of a slice: whoever reads it may be
	// slow, and nobody waits for him while the dispatcher does.
	out, errs bytes.Buffer
}

// do chooses the runs and acts on them.
func (w *work) do(ctx context.Context) error {
	chosen, err := w.choose(ctx)
	if err != nil {
		return err
	}
	if len(chosen) == 0 && w.wanted.Recipe != "" {
		// A recipe may be gone while its runs are still there, so ask only now.
		if _, err := console.RecipeNamed(w.project, w.wanted.Recipe); err != nil {
			return err
		}
	}
	w.lanes, w.saved = newLanes(w.store, chosen), map[string]bool{}
	if err := w.lanes.read(ctx); err != nil {
		return err
	}
	if len(w.ids) == 0 && !w.yes && len(chosen) > 0 {
		return w.preview(ctx, chosen)
	}
	for part := range slices.Chunk(chosen, sliceSize) {
		if err := w.slice(ctx, part); err != nil {
			return err
		}
	}
	if !w.JSON {
		fmt.Fprintf(w.Stdout, "%s %s", show.Plural(w.done, "run"), w.past)
		if w.after != "" {
			fmt.Fprintf(w.Stdout, "; "+w.after, w.When())
		}
		fmt.Fprintln(w.Stdout)
	}
	if w.done < len(chosen) {
		return console.Findings()
	}
	return nil
}

// choose returns the runs that are asked for, the oldest first, so that one that is
// interrupted has not let a later change of a record go before an earlier one. An id of
// no run is an error; nothing is done then.
func (w *work) choose(ctx context.Context) (chosen []choice, err error) {
	for _, id := range w.ids {
		run, _, err := w.store.LoadRun(ctx, store.RunID(id))
		if errors.Is(err, store.ErrNotFound) {
			return nil, noRun(store.RunID(id))
		}
		if err != nil {
			return nil, err
		}
		chosen = append(chosen, choice{run.ID, run.Lane})
	}
	if len(w.ids) == 0 {
		f, err := w.wanted.filter(time.Now())
		if err != nil {
			return nil, err
		}
		most := f.Limit
		if f.Status == "" {
			f.Limit = 0 // what does not fit is not counted
		}
		err = each(ctx, w.store, f, func(r *store.Run) error {
			if f.Status == "" && !slices.Contains(w.fits, r.State.Status) || most > 0 && len(chosen) == most {
				return nil
			}
			chosen = append(chosen, choice{r.ID, r.Lane})
			w.tally.Add(r)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	slices.SortFunc(chosen, func(a, b choice) int { return cmp.Compare(a.id, b.id) }) // ids sort as the runs were queued
	return slices.Compact(chosen), nil
}

// preview shows what would happen, and changes nothing.
func (w *work) preview(ctx context.Context, chosen []choice) error {
	for _, c := range chosen[:min(previewed, len(chosen))] {
		event, err := w.current(ctx, c.id)
		nobody := func(string, store.RunID) bool { return false }
		_, run, err := w.judge(ctx, c.id, nobody, event, err)
		if err != nil && !isRefusal(err) {
			return err
		}
		w.tally.First = append(w.tally.First, told.Would(&run, w.verb, refusalText(err)))
	}
	if err := w.Answer(w.tally.View(), func(out io.Writer) { told.PrintTally(out, &w.tally, w.verb, w.past) }); err != nil {
		return err
	}
	return console.Findings()
}

// refusal is why one run is left as it is; the others are not stopped by it.
type refusal struct{ error }

// Unwrap returns the reason.
func (r refusal) Unwrap() error { return r.error }

// isRefusal reports whether an error is about one run alone.
func isRefusal(err error) bool {
	_, ok := errors.AsType[refusal](err)
	return ok
}

// refusalText is what is said of a refusal; empty for none.
func refusalText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// slice acts on some runs while nobody carries them out. What is to be asked of services
// is asked before.
func (w *work) slice(ctx context.Context, part []choice) error {
	events, whyNot := make([]*store.Event, len(part)), make([]error, len(part))
	for i, c := range part {
		if events[i], whyNot[i] = w.current(ctx, c.id); ctx.Err() != nil {
			return ctx.Err()
		}
	}
	var end error
	err := w.EditRuns(ctx, func(running func(string, store.RunID) bool) {
		if end = w.lanes.read(ctx); end != nil {
			return
		}
		for i, c := range part {
			if end = w.one(ctx, c.id, running, events[i], whyNot[i]); end != nil {
				return
			}
		}
	})
	_, failed := w.out.WriteTo(w.Stdout)
	_, _ = w.errs.WriteTo(w.Stderr) // a closed pipe is the reader's wish
	return cmp.Or(err, end, failed)
}

// one acts on one run, in a commit of its own, and says what came of it.
func (w *work) one(ctx context.Context, id store.RunID, running func(string, store.RunID) bool, event *store.Event, whyNot error) error {
	rev, run, err := w.judge(ctx, id, running, event, whyNot)
	if err == nil {
		err = w.store.Revise(ctx, rev)
		if errors.Is(err, store.ErrConflict) || errors.Is(err, store.ErrNotFound) {
			err = refusal{fmt.Errorf("it changed meanwhile: %w", err)}
		}
	}
	if err != nil && !isRefusal(err) {
		return err
	}
	status := run.State.Status
	if err == nil {
		w.done++
		status = rev.State.Status
	}
	if w.JSON {
		return show.JSON(&w.out, told.Done(id, status, err))
	}
	if err != nil {
		fmt.Fprintln(&w.errs, show.Clean(err.Error()))
	}
	return nil
}

// judge says what the action means for a run. A refusal is about this run alone.
func (w *work) judge(ctx context.Context, id store.RunID, running func(string, store.RunID) bool, event *store.Event, whyNot error) (store.Revision, store.Run, error) {
	none := store.Revision{}
	run, steps, err := w.store.LoadRun(ctx, id)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return none, store.Run{ID: id}, refusal{fmt.Errorf("run %s: %w", id, err)}
	case err != nil:
		return none, run, err
	case running(run.Lane, id):
		return none, run, refusal{fmt.Errorf("run %s: %w", id, engine.ErrBusy)}
	case whyNot != nil:
		return none, run, refusal{fmt.Errorf("run %s: %s", id, w.project.Redact.Redact(whyNot.Error()))}
	}
	s := subject{who: desk.Who{Actor: w.Actor(), At: time.Now()}, run: &run, steps: steps, event: event}
	if s.later, err = w.lanes.later(ctx, &run, running); err != nil {
		return none, run, err
	}
	if s.recipe, err = w.version(ctx, &run); err != nil {
		return none, run, err
	}
	rev, err := w.revise(s)
	if err != nil {
		return none, run, refusal{err}
	}
	return rev, run, nil
}

// version returns the recipe with which a run is to go on. The store keeps it from now on.
func (w *work) version(ctx context.Context, run *store.Run) (*recipes.Recipe, error) {
	if w.original && w.verb != "replay" || w.verb == "drop" {
		return nil, nil //nolint:nilnil // the run keeps its version
	}
	if w.original {
		return w.former(ctx, run)
	}
	r, ok := w.project.Recipe(run.Recipe)
	if !ok || r.ID != run.Recipe {
		return nil, refusal{fmt.Errorf("run %s: %w", run.ID, desk.ErrGone)}
	}
	if !w.saved[r.Version+r.ID] {
		if err := w.store.SaveRecipe(ctx, r.ID, r.Version, r.Text); err != nil {
			return nil, err
		}
		w.saved[r.Version+r.ID] = true
	}
	return r, nil
}

// former reads the version of a recipe that a run has.
func (w *work) former(ctx context.Context, run *store.Run) (*recipes.Recipe, error) {
	text, err := w.store.LoadRecipe(ctx, run.Recipe, run.Version)
	if errors.Is(err, store.ErrNotFound) {
		return nil, refusal{fmt.Errorf("run %s: version %s of recipe %s is forgotten; leave --original out", run.ID, run.Version, run.Recipe)}
	}
	if err != nil {
		return nil, err
	}
	var findings diag.List
	r := recipes.Parse(run.Recipe+"@"+run.Version, text, w.project.Catalog, &findings)
	if r == nil || findings.HasErrors() {
		return nil, refusal{fmt.Errorf("run %s: version %s of recipe %s does not fit any more: %s", run.ID, run.Version, run.Recipe, findings.Sorted()[0].Message)}
	}
	return r, nil
}

// current returns the event of a run with its record as it is now; nil unless that is
// wanted.
func (w *work) current(ctx context.Context, id store.RunID) (*store.Event, error) {
	if !w.asNow {
		return nil, nil //nolint:nilnil // the run keeps its event
	}
	run, _, err := w.store.LoadRun(ctx, id)
	if err != nil {
		return nil, err
	}
	if r, ok := w.project.Recipe(run.Recipe); ok && !w.original && r.ID == run.Recipe {
		run.Version = r.Version
	}
	event, err := w.engine.Current(ctx, &run)
	if err != nil {
		return nil, err
	}
	return &event, nil
}

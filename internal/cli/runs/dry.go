package runs

import (
	"context"
	"fmt"

	"github.com/pollux-automation/pollux/engine"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/internal/cli/console"
	"github.com/pollux-automation/pollux/internal/project"
	"github.com/pollux-automation/pollux/internal/show"
	"github.com/pollux-automation/pollux/internal/show/told"
)

// rehearse acts on the chosen runs on a copy of the state and carries them out without
// writing anything outside: what they would send is printed.
func (a *app) rehearse(ctx context.Context, t *action) error {
	return a.Dry(ctx, func(p *project.Project, s store.Store, e *engine.Engine) error {
		w := &work{app: a, action: t, project: p, store: s, engine: e}
		chosen, err := w.choose(ctx)
		if err != nil {
			return err
		}
		w.lanes, w.saved = newLanes(s, chosen), map[string]bool{}
		if err := w.lanes.read(ctx); err != nil {
			return err
		}
		for _, c := range chosen {
			if err := w.carry(ctx, c.id); err != nil {
				return err
			}
		}
		if !w.JSON {
			fmt.Fprintf(w.Stdout, "nothing was sent, nothing was stored: %s would be %s\n", show.Plural(w.done, "run"), w.past)
		}
		if w.done < len(chosen) {
			return console.Findings()
		}
		return nil
	})
}

// carry acts on one run of the copy, carries it out, and says how it would end.
func (w *work) carry(ctx context.Context, id store.RunID) error {
	event, whyNot := w.current(ctx, id)
	nobody := func(string, store.RunID) bool { return false }
	rev, run, err := w.judge(ctx, id, nobody, event, whyNot)
	if err == nil {
		err = w.store.Revise(ctx, rev)
	}
	if err != nil && !isRefusal(err) {
		return err
	}
	state := run.State
	if err == nil {
		if state, err = w.engine.Carry(ctx, id); err != nil {
			return err
		}
		w.done++
	}
	if w.JSON {
		return show.JSON(w.Stdout, told.Done(id, state.Status, err))
	}
	if err != nil {
		fmt.Fprintln(w.Stderr, show.Clean(err.Error()))
		return nil
	}
	fmt.Fprintf(w.Stdout, "run %s would be %s%s\n", id, state.Status, because(&state))
	return nil
}

// because says why a run would not have ended well.
func because(s *store.RunState) string {
	if text := show.FailureText(*s); text != "" && s.Status != store.Succeeded {
		return ": " + show.Clean(text)
	}
	return ""
}

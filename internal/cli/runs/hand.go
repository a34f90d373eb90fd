package runs

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/pollux-automation/pollux/engine/desk"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/internal/cli/console"
)

// goesOn is what becomes of runs that were let go on.
const goesOn = "they go on %s"

// releaseCommand returns "runs release". It ends with 0 when all chosen runs
// were released, and with 1 when one was not; the others are released all the same.
func (a *app) releaseCommand() *cobra.Command {
	t := &action{verb: "release", past: "released", after: goesOn, fits: []store.Status{store.Held, store.Parked}}
	t.revise = func(s subject) (store.Revision, error) {
		return desk.Release{Who: s.who, Unsure: desk.UnsureRule(t.unsure), Recipe: s.recipe}.Revise(s.run, s.steps)
	}
	c := &cobra.Command{
		Use:   "release {ID… | FILTER}",
		Short: "Let runs go on that are held or parked",
		Long: `Let runs go on that are held or parked, at the step where they stand, with the recipe
as it is now.

Steps that were done are not repeated. A run that was parked because nobody knows
whether its last write was carried out needs a word from you: look at the service
first, then say what you have found. --unsure send repeats the write, --unsure done
takes it as carried out.

With a filter instead of ids nothing happens without --yes: the command shows how many
runs there are, and what would become of the first ones.`,
		RunE: func(c *cobra.Command, ids []string) error { return a.act(c.Context(), t, ids) },
	}
	t.flags(a, c)
	t.reopening(c)
	return a.JSONFlag(c)
}

// replayCommand returns "runs replay".
func (a *app) replayCommand() *cobra.Command {
	t := &action{verb: "replay", past: "replayed", after: goesOn, fits: []store.Status{store.Failed, store.Parked}}
	var from string
	var stale, repeat bool
	t.revise = func(s subject) (store.Revision, error) {
		return desk.Replay{
			Who: s.who, Unsure: desk.UnsureRule(t.unsure), Recipe: s.recipe, From: from, Repeat: repeat,
			Event: s.event, Later: s.later, Stale: stale,
		}.Revise(s.run, s.steps)
	}
	c := &cobra.Command{
		Use:   "replay {ID… | FILTER}",
		Short: "Carry runs out again, from the step that failed or from another one",
		Long: `Carry runs out again that failed, are parked or were dropped, from the step that failed,
with the recipe as it is now. The run keeps its id.

With --from they begin at another step; so does a run that succeeded. Writes that were
confirmed are not repeated unless you say --repeat. If a later run of the same record has
begun since, an old change would undo a newer one: say --as-now to take the record as its
service shows it now, or --stale to carry out the old change all the same.

With a filter instead of ids nothing happens without --yes: the command shows how many
runs there are, and what would become of the first ones. Without --status a filter means
failed and parked runs.`,
		RunE: func(c *cobra.Command, ids []string) error {
			switch {
			case t.asNow && stale:
				return console.Misused(errors.New("give either --as-now or --stale"))
			case repeat && from == "":
				return console.Misused(desk.ErrRepeat)
			}
			return a.act(c.Context(), t, ids)
		},
	}
	t.flags(a, c)
	t.reopening(c)
	c.Flags().StringVar(&from, "from", "", "the step to begin at")
	c.Flags().BoolVar(&t.dry, "dry-run", false, "print what would be sent, and change nothing")
	c.Flags().BoolVar(&t.asNow, "as-now", false, "take the record as its service shows it now")
	c.Flags().BoolVar(&stale, "stale", false, "carry out the old change although a later run of the record has begun")
	c.Flags().BoolVar(&repeat, "repeat", false, "with --from: repeat writes that were confirmed, too")
	return a.JSONFlag(c)
}

// dropCommand returns "runs drop".
func (a *app) dropCommand() *cobra.Command {
	t := &action{
		verb: "drop", past: "dropped",
		fits: []store.Status{store.Held, store.Queued, store.Running, store.Waiting, store.Parked, store.Failed},
	}
	forget := false
	t.revise = func(s subject) (store.Revision, error) {
		return desk.Drop{Who: s.who, Narrow: forget}.Revise(s.run, s.steps)
	}
	c := &cobra.Command{
		Use:   "drop {ID… | FILTER}",
		Short: "Give runs up: they never go on",
		Long: `Give runs up that are not over, or failed. They never go on, unless you replay them.

What they were to tell is not lost: the next run of the record sees as before what the
dropped one saw. With --forget it does not.

With a filter instead of ids nothing happens without --yes: the command shows how many
runs there are, and what would become of the first ones.`,
		RunE: func(c *cobra.Command, ids []string) error { return a.act(c.Context(), t, ids) },
	}
	t.flags(a, c)
	c.Flags().BoolVar(&forget, "forget", false, "the next run of the record is not told of the change")
	return a.JSONFlag(c)
}

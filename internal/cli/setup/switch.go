package setup

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/engine/watch"
	"github.com/pollux-automation/pollux/internal/cli/console"
	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/project"
	"github.com/pollux-automation/pollux/internal/show"
	"github.com/pollux-automation/pollux/internal/show/overview"
)

// switching is a kind of things that can rest, with how its commands are described.
type switching struct {
	kind          string // of [store.Switch]
	arg           string // what the commands call a name
	pause, resume string // what they do
	names         func(*project.Project) []string
}

// longestReason is how many bytes a reason may have: it is a word for a colleague.
const longestReason = 500

// switchCommand returns the command that lets things rest, or the one that lets them go on.
func (a *app) switchCommand(k switching, pause bool) *cobra.Command {
	var reason string
	c := &cobra.Command{
		Use: "resume " + k.arg + "…", Short: k.resume,
		Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, names []string) error {
			if len(reason) > longestReason {
				return console.Misused(fmt.Errorf("the reason is longer than %d bytes", longestReason))
			}
			return a.setSwitches(c.Context(), k, store.Switch{Kind: k.kind, Paused: pause, Reason: show.Clean(reason)}, names)
		},
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			left := slices.DeleteFunc(slices.Clone(k.names(a.ReadProject(true))), func(name string) bool { return slices.Contains(args, name) })
			return left, cobra.ShellCompDirectiveNoFileComp
		},
	}
	if pause {
		c.Use, c.Short = "pause "+k.arg+"…", k.pause
		c.Flags().StringVar(&reason, "reason", "", "why, for those who look later")
	}
	return a.JSONFlag(c)
}

// setSwitches lets things rest or go on. All names are looked at first, so that a wrong one
// changes nothing.
func (a *app) setSwitches(ctx context.Context, k switching, want store.Switch, names []string) error {
	none := func(*project.Project) error { return nil }
	return a.Begin(ctx, none, func(p *project.Project, s store.Store) error {
		if p.Settings.Data == "" {
			return a.PrintFindings(p)
		}
		list, err := s.Switches(ctx)
		if err != nil {
			return err
		}
		was := map[string]bool{}
		known := k.names(p)
		for _, sw := range list {
			if sw.Kind == k.kind && sw.Paused {
				was[sw.Name] = true
			}
		}
		for _, name := range names {
			if !slices.Contains(known, name) && !was[name] { // what rests may be gone from the files
				return console.Misused(fmt.Errorf("there is no %s %q; %s", k.kind, name, diag.Choices(name, known)))
			}
		}
		for _, name := range slices.Compact(slices.Sorted(slices.Values(names))) {
			sw := want
			sw.Name, sw.At, sw.By = name, time.Now().UTC(), a.Actor()
			if err := a.setSwitch(ctx, s, sw, was[name]); err != nil {
				return err
			}
		}
		return nil
	})
}

// setSwitch lets one thing rest or go on, and says what that came to. What is so already
// stays as it is: who let it rest first, and why.
func (a *app) setSwitch(ctx context.Context, s store.Store, sw store.Switch, was bool) error {
	view := overview.SwitchView{Name: sw.Name, Paused: sw.Paused, Changed: sw.Paused != was}
	if view.Changed {
		var err error
		if sw.Kind == store.SwitchRecipe && !sw.Paused {
			if view.Held, err = held(ctx, s, sw.Name); err != nil {
				return err
			}
		}
		if err := a.store(ctx, s, sw); err != nil {
			return err
		}
	}
	if a.JSON {
		return show.JSON(a.Stdout, view)
	}
	when := "with the next pollux run"
	if a.Live != nil {
		when = "now"
	}
	fmt.Fprintln(a.Stdout, show.Clean(view.Words(sw.Kind, when)))
	return nil
}

// store keeps a switch, through the running engine where there is one.
func (a *app) store(ctx context.Context, s store.Store, sw store.Switch) error {
	action := sw.Kind + ".resume"
	if sw.Paused {
		action = sw.Kind + ".pause"
	}
	audit := a.Audit(action, sw.Name)
	if sw.Reason != "" {
		audit.Details = map[string]string{"reason": sw.Reason}
	}
	if a.Live != nil {
		return a.Live.Engine.Switch(ctx, sw, audit)
	}
	return s.SetSwitch(ctx, sw, audit)
}

// held counts the runs of a recipe that are held because it rests.
func held(ctx context.Context, s store.Queue, recipe string) (n int, err error) {
	const step = 1000
	for after := store.RunID(""); ; {
		list, err := s.Waiting(ctx, after, step)
		if err != nil {
			return 0, errors.Join(errors.New("count the held runs"), err)
		}
		for _, q := range list {
			after = q.ID
			if q.Recipe == recipe && q.Status == store.Held && q.Reason == watch.ReasonPaused {
				n++
			}
		}
		if len(list) < step {
			return n, nil
		}
	}
}

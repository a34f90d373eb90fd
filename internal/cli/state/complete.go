package state

import (
	"slices"

	"github.com/spf13/cobra"
)

// completeFeeds offers the ids of feeds to the shell: those that the recipes watch, and
// those of the state file where it can be read. Whatever is wrong is not said: the line
// is still being typed.
func (a *app) completeFeeds(c *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var ids []string
	p := a.ReadProject(true)
	if e, ok := planned(p, nil); ok {
		for _, id := range e.Feeds() {
			ids = append(ids, string(id))
		}
	}
	if s, err := p.ReadStore(); err == nil {
		defer func() { _ = s.Close() }() // it was only looked at
		if feeds, err := s.ListFeeds(c.Context()); err == nil {
			for _, f := range feeds {
				ids = append(ids, string(f.ID))
			}
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids), cobra.ShellCompDirectiveNoFileComp
}

// completeAccounts offers the names of accounts as the first argument.
func (a *app) completeAccounts(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return a.ReadProject(true).AccountNames(), cobra.ShellCompDirectiveNoFileComp
}

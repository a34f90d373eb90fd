package cli

import (
	"github.com/spf13/cobra"

	"github.com/pollux-automation/pollux/internal/cli/authoring"
	"github.com/pollux-automation/pollux/internal/cli/importing"
	"github.com/pollux-automation/pollux/internal/cli/login"
	"github.com/pollux-automation/pollux/internal/cli/runs"
	"github.com/pollux-automation/pollux/internal/cli/setup"
	"github.com/pollux-automation/pollux/internal/cli/state"
)

// commands lists all commands, in the order of their help: first what a newcomer
// needs, then what daily work needs, then what is needed seldom. A new command is a
// file of its own and a line here.
func (a *app) commands() []*cobra.Command {
	return []*cobra.Command{
		a.demoCommand(),
		a.initCommand(),
		a.runCommand(),
		a.validateCommand(),
		setup.Plan(a.Console),
		a.testCommand(),
		a.tryCommand(),
		a.callCommand(),
		authoring.Connectors(a.Console, importing.Command(a.Console)),
		setup.Accounts(a.Console, login.Commands(a.Console)...),
		setup.Recipes(a.Console),
		state.Feeds(a.Console),
		runs.Runs(a.Console),
		state.Explain(a.Console),
		runs.Export(a.Console),
		state.Secrets(a.Console),
		a.sandboxCommand(),
		setup.Doctor(a.Console, versionNow()),
		state.Check(a.Console),
		state.Backup(a.Console),
		state.Compact(a.Console),
		a.schemaCommand(),
		a.versionCommand(),
	}
}

package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/pollux-automation/pollux/connectors/external"
	"github.com/pollux-automation/pollux/internal/cli/console"
	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/show"
)

// app is one execution of the program. The commands of this package are its methods.
type app struct{ *console.Console }

// Main runs the program with the arguments after its name and returns the exit
// code: 0 fine, 1 findings or failed runs, 2 wrong usage, 3 trouble.
func Main(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	programs := external.New(external.Options{Version: versionNow(), Env: os.LookupEnv})
	defer programs.Close()
	a := &app{&console.Console{Stdin: stdin, Stdout: stdout, Stderr: stderr, Env: os.LookupEnv, Programs: programs, Args: args}}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// A second signal must end the process at once.
	defer context.AfterFunc(ctx, stop)()
	return a.execute(ctx, a.root())
}

// execute carries out the command of the console's arguments and returns the exit code.
func (a *app) execute(ctx context.Context, root *cobra.Command) int {
	root.SetArgs(a.Args)
	root.SetIn(a.Stdin)
	root.SetOut(a.Stdout)
	root.SetErr(a.Stderr)
	err := root.ExecuteContext(ctx)
	if err != nil && err.Error() != "" {
		fmt.Fprintln(a.Stderr, "error: "+show.Clean(err.Error()))
	}
	return console.CodeOf(err)
}

// root returns the command that holds all others. Errors and usage are printed by
// Main alone, so that each is said once and in our words.
func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:              "pollux",
		Short:            "Watch services that can only be asked, and run recipes on what changed",
		SilenceUsage:     true,
		SilenceErrors:    true,
		Args:             cobra.ArbitraryArgs,
		RunE:             console.HelpOrGuess,
		PersistentPreRun: func(*cobra.Command, []string) { a.setColors() },
	}
	root.PersistentFlags().StringVar(&a.Config, "config", "pollux.yaml", "the settings file; all paths in it are relative to it")
	root.PersistentFlags().BoolVar(&a.NoColor, "no-color", false, "never colour the output")
	root.AddCommand(a.commands()...)
	forEach(root, a.guard)
	return root
}

// setColors switches colours off wherever they could end in a file, and where the
// user asked for none: by flag, by NO_COLOR, or with a terminal that has none.
func (a *app) setColors() {
	_, no := a.Env("NO_COLOR")
	terminal, _ := a.Env("TERM")
	if a.Live != nil {
		return // it prints for another program, and colours are one switch for all
	}
	if a.NoColor || no || terminal == "dumb" || !show.IsTerminal(a.Stdout) {
		show.NoColors()
	}
}

// guard makes wrong usage of a command an error with exit code 2 that says how the
// command is used.
func (a *app) guard(c *cobra.Command) {
	c.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return console.Misused(fmt.Errorf("%w%s; see %s --help", err, nearFlag(c, err), c.CommandPath()))
	})
	if check := c.Args; check != nil {
		c.Args = func(c *cobra.Command, args []string) error {
			if err := check(c, args); err != nil {
				return console.Misused(fmt.Errorf("%w; usage: %s", err, c.UseLine()))
			}
			return nil
		}
	}
}

// nearFlag guesses which flag was meant by one that the command does not have; ""
// when it cannot, or when the error is another one.
func nearFlag(c *cobra.Command, err error) string {
	name, found := strings.CutPrefix(err.Error(), "unknown flag: --")
	if !found {
		return ""
	}
	var names []string
	c.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	if near := diag.Suggest(name, names); near != "" {
		return ", did you mean --" + near + "?"
	}
	return ""
}

// forEach does something with a command and all commands below it.
func forEach(c *cobra.Command, do func(*cobra.Command)) {
	do(c)
	for _, sub := range c.Commands() {
		forEach(sub, do)
	}
}

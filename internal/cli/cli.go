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

	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/show"
)

// app is one execution of the program: where it reads and writes, and the flags that
// several commands share. Commands are its methods, and nothing is global.
type app struct {
	stdin  io.Reader
	stdout io.Writer // answers, and nothing else
	stderr io.Writer // errors, warnings, logs, progress
	// env looks up a variable of the environment.
	env func(string) (string, bool)

	config  string // --config: the settings file
	json    bool   // --json: answers are for scripts
	noColor bool   // --no-color
}

// Main runs the program with the arguments after its name and returns the exit
// code: 0 fine, 1 findings or failed runs, 2 wrong usage, 3 trouble.
func Main(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	a := &app{stdin: stdin, stdout: stdout, stderr: stderr, env: os.LookupEnv}
	root := a.root()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// A second signal must end the process at once.
	defer context.AfterFunc(ctx, stop)()
	err := root.ExecuteContext(ctx)
	if err != nil && err.Error() != "" {
		fmt.Fprintln(stderr, "error: "+show.Clean(err.Error()))
	}
	return codeOf(err)
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
		RunE:             helpOrGuess,
		PersistentPreRun: func(*cobra.Command, []string) { a.setColors() },
	}
	root.PersistentFlags().StringVar(&a.config, "config", "pollux.yaml", "the settings file; all paths in it are relative to it")
	root.PersistentFlags().BoolVar(&a.noColor, "no-color", false, "never colour the output")
	root.AddCommand(a.commands()...)
	forEach(root, a.guard)
	return root
}

// setColors switches colours off wherever they could end in a file, and where the
// user asked for none: by flag, by NO_COLOR, or with a terminal that has none.
func (a *app) setColors() {
	_, no := a.env("NO_COLOR")
	terminal, _ := a.env("TERM")
	if a.noColor || no || terminal == "dumb" || !show.IsTerminal(a.stdout) {
		show.NoColors()
	}
}

// guard makes wrong usage of a command an error with exit code 2 that says how the
// command is used.
func (a *app) guard(c *cobra.Command) {
	c.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return misused(fmt.Errorf("%w%s; see %s --help", err, nearFlag(c, err), c.CommandPath()))
	})
	if check := c.Args; check != nil {
		c.Args = func(c *cobra.Command, args []string) error {
			if err := check(c, args); err != nil {
				return misused(fmt.Errorf("%w; usage: %s", err, c.UseLine()))
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

// jsonFlag adds --json to a command and returns it. Every command that answers with
// data has it.
func (a *app) jsonFlag(c *cobra.Command) *cobra.Command {
	c.Flags().BoolVar(&a.json, "json", false, "print JSON, one object a line")
	return c
}

// group returns a command that only holds others. Without a further word it prints
// its help.
func group(use, short string, commands ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{Use: use, Short: short, Args: cobra.ArbitraryArgs, RunE: helpOrGuess}
	c.AddCommand(commands...)
	return c
}

// helpOrGuess is what a command does that only holds others: it prints its help,
// or says that there is no such command.
func helpOrGuess(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return c.Help()
	}
	var names []string
	for _, sub := range c.Commands() {
		names = append(names, sub.Name())
	}
	return misused(fmt.Errorf("%s has no command %q; %s", c.CommandPath(), args[0], diag.Choices(args[0], names)))
}

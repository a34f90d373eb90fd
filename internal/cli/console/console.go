package console

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/pollux-automation/pollux/connectors/external"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/show"
)

// Console is one execution of the program: where it reads and writes, and the flags that
// several commands share. Nothing is global.
type Console struct {
	Stdin  io.Reader
	Stdout io.Writer // answers, and nothing else
	Stderr io.Writer // errors, warnings, logs, progress
	// Env looks up a variable of the environment.
	Env func(string) (string, bool)

	Config  string // --config: the settings file
	JSON    bool   // --json: answers are for scripts
	NoColor bool   // --no-color

	// Args are the arguments of the program as they were given; nil means that no other
	// program may be asked.
	Args []string
	// Line is true when the command reads a single line of its input.
	Line bool
	// Live is the running program that carries out the command for another one; nil for
	// the usual case. Dir is the folder where that other one is, User who gave it.
	Live *Live
	// Programs runs the plugins of projects that are read; nil runs none.
	Programs *external.Programs
	// State is the state file while a command has it open for its accounts; nil otherwise.
	State store.Store
	Dir   string
	User  string
}

// JSONFlag adds --json to a command and returns it. Every command that answers with
// data has it.
func (a *Console) JSONFlag(c *cobra.Command) *cobra.Command {
	c.Flags().BoolVar(&a.JSON, "json", false, "print JSON, one object a line")
	return c
}

// Group returns a command that only holds others. Without a further word it prints
// its help.
func Group(use, short string, commands ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{Use: use, Short: short, Args: cobra.ArbitraryArgs, RunE: HelpOrGuess}
	c.AddCommand(commands...)
	return c
}

// HelpOrGuess is what a command does that only holds others: it prints its help,
// or says that there is no such command.
func HelpOrGuess(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return c.Help()
	}
	var names []string
	for _, sub := range c.Commands() {
		names = append(names, sub.Name())
	}
	return Misused(fmt.Errorf("%s has no command %q; %s", c.CommandPath(), args[0], diag.Choices(args[0], names)))
}

// Answer prints an answer: as one JSON object for scripts, or in the words of
// people.
func (a *Console) Answer(v any, people func(io.Writer)) error {
	if a.JSON {
		return show.JSON(a.Stdout, v)
	}
	people(a.Stdout)
	return nil
}

// Listing is how the things of a list look: in columns under a head for people,
// as an object for scripts.
type Listing[T any] struct {
	Head []string
	Row  func(T) []string
	View func(T) any
}

// Write writes a list, each thing on a line of its own.
func (l Listing[T]) Write(a *Console, things []T) error {
	if a.JSON {
		for _, t := range things {
			if err := show.JSON(a.Stdout, l.View(t)); err != nil {
				return err
			}
		}
		return nil
	}
	rows := make([][]string, len(things))
	for i, t := range things {
		rows[i] = l.Row(t)
	}
	show.Table(a.Stdout, l.Head, rows)
	return nil
}

package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/internal/cli/console"
	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/project"
)

// callCommand returns "call": one operation of a service, by hand. The answer goes
// to stdout without secrets; a service's refusal ends it with 1. An operation that
// writes needs --write, so that nobody changes a customer's data by a typing error.
func (a *app) callCommand() *cobra.Command {
	var (
		input, output string
		write, force  bool
	)
	c := &cobra.Command{
		Use:   "call ACCOUNT OPERATION [key=value…]",
		Short: "Call one operation of a service and print its answer",
		Long: `Call one operation of a service and print its answer.

Inputs are given as key=value or as one JSON object with --input. An operation
that writes is refused without --write. Lists print their first page. A file that
is the answer, such as a recording, is written to --output; without it only what
is known of it is printed.`,
		Args: cobra.MinimumNArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			r := callRequest{account: args[0], operation: args[1], pairs: args[2:], input: input, write: write}
			if output != "" {
				r.download = &download{path: a.Path(output), force: force}
			}
			return a.call(c.Context(), r)
		},
		ValidArgsFunction: a.completeCall,
	}
	c.Flags().StringVar(&input, "input", "", "the inputs as a JSON object")
	c.Flags().StringVar(&output, "output", "", "write the file that is the answer to this one")
	c.Flags().BoolVar(&force, "force", false, "replace the file of --output if it is there")
	c.Flags().BoolVar(&write, "write", false, "allow an operation that changes something")
	return a.JSONFlag(c)
}

// callRequest is what the user asked for: an operation of an account, with inputs
// as a JSON object, as key=value pairs, or both.
type callRequest struct {
	account, operation, input string
	pairs                     []string
	write                     bool
	download                  *download // nil without --output
}

// call calls one operation and prints what the service answers. What is wrong with
// the names or inputs is found before anything is sent.
func (a *app) call(ctx context.Context, r callRequest) error {
	return a.Borrow(ctx, a.LoadAccounts, func(p *project.Project) error { return a.callWith(ctx, p, r) })
}

// callWith is call with a project whose accounts are open.
func (a *app) callWith(ctx context.Context, p *project.Project, r callRequest) error {
	account, ok := p.Account(r.account)
	if !ok {
		return console.Misused(fmt.Errorf("there is no account %q; %s", r.account, diag.Choices(r.account, p.AccountNames())))
	}
	op, err := console.OperationNamed(account.Connector.Describe(), r.operation)
	if err != nil {
		return err
	}
	inputs, err := project.ParseInputs(op, r.input, r.pairs)
	if err != nil {
		return console.Misused(err)
	}
	if op, err = connectors.Shape(account.Connector, op.Key, inputs); err != nil {
		return console.Misused(err)
	}
	if op.Kind == connectors.Write && !r.write {
		return console.Refused(fmt.Errorf("%s changes something at the service; add --write if that is what you want", op.Name()))
	}
	if r.download != nil {
		if err := r.download.ready(); err != nil {
			return err
		}
		ctx = connectors.WithFiles(ctx, r.download)
	}
	// By hand there are no retries: whoever asks sees the first answer, whatever it is.
	answer, err := account.Session.Call(ctx, op, inputs)
	if err != nil {
		return console.Refusal(p, err)
	}
	if r.download != nil {
		if err := r.download.write(); err != nil {
			return err
		}
	}
	if answer.More {
		fmt.Fprintln(a.Stderr, "the list goes on, or may go on: a call reads its first page, a recipe that polls it reads all")
	}
	// Some services repeat a credential in their answers.
	text, err := json.MarshalIndent(answer.Value, "", "  ")
	if err != nil {
		return err
	}
	return a.Answer(answer.Value, func(w io.Writer) { fmt.Fprintln(w, p.Redact.Redact(string(text))) })
}

// completeCall offers accounts, then the operations of the chosen one. Inputs are
// left to "connectors describe".
func (a *app) completeCall(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	p := a.ReadProject(true)
	var words []string
	for _, acc := range p.Settings.Accounts {
		if len(args) == 0 {
			words = append(words, acc.Name)
			continue
		}
		if c, ok := p.Registry.Connector(acc.Connector); ok && acc.Name == args[0] && len(args) == 1 {
			for _, o := range c.Describe().Operations {
				words = append(words, o.Key)
			}
		}
	}
	return words, cobra.ShellCompDirectiveNoFileComp
}

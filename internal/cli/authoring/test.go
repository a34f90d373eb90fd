package authoring

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/conformance"
	"github.com/pollux-automation/pollux/internal/authoring/recorded"
	"github.com/pollux-automation/pollux/internal/authoring/trial"
	"github.com/pollux-automation/pollux/internal/cli/console"
	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/project"
	"github.com/pollux-automation/pollux/internal/show"
)

// recordedFile is where a connector's folder keeps the answers that it is tried with.
var recordedFile = filepath.Join("testdata", "recorded.json") //nolint:gochecknoglobals // a constant with a separator

// testFlags are the flags of "connectors test".
type testFlags struct {
	account         string
	record, replay  string
	write, refusals bool
	operations      []string
	with            []string
}

// testCommand returns "connectors test": the conformance suite with a report for whoever
// writes a connector. It ends with 1 when a check fails.
func (a *app) testCommand() *cobra.Command {
	var f testFlags
	c := &cobra.Command{
		Use:   "test NAME|FOLDER",
		Short: "Try every operation of a connector, and say what does not hold",
		Long: `Try every operation of a connector, and say what does not hold.

Without a service the description, previews and refusals are tried. With --account
the connector is tried at that account: reads alone, lists for a few pages, all
within the account's budget. --record writes what was asked and answered to a
file, without credentials and with made-up values for personal fields; --recorded
tries the connector with such a file, without network. Where neither is given and
the folder has a testdata/recorded.json, that is taken.

--write lets operations change something; those that delete, send or pay only when
--operation names them. --refusals sends requests that the service must refuse, a
wrong credential among them: some services shut out who does that too often.`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return a.test(c.Context(), args[0], f) },
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return a.ReadProject(true).Registry.Keys(), cobra.ShellCompDirectiveDefault
		},
	}
	c.Flags().StringVar(&f.account, "account", "", "try it at this account")
	c.Flags().StringVar(&f.record, "record", "", "write what was asked and answered to this file")
	c.Flags().StringVar(&f.replay, "recorded", "", "try it with the answers of this file")
	c.Flags().BoolVar(&f.write, "write", false, "let operations change something at the service")
	c.Flags().BoolVar(&f.refusals, "refusals", false, "send requests that the service must refuse")
	c.Flags().StringArrayVar(&f.operations, "operation", nil, "try this operation only; can be given several times")
	c.Flags().StringArrayVar(&f.with, "with", nil, "an input, as INPUT=VALUE or OPERATION:INPUT=VALUE; can be given several times")
	c.MarkFlagsMutuallyExclusive("account", "recorded")
	return a.JSONFlag(c)
}

// check reports flags that do not go together.
func (f testFlags) check() error {
	switch {
	case f.account != "":
		return nil
	case f.record != "":
		return console.Misused(errors.New("--record writes what an account was asked: name one with --account"))
	case f.write || f.refusals:
		return console.Misused(errors.New("--write and --refusals are for a service that is really asked: name an account with --account"))
	}
	return nil
}

// test tries a connector where the flags say.
func (a *app) test(ctx context.Context, name string, f testFlags) error {
	if err := f.check(); err != nil {
		return err
	}
	c, err := a.connector(name)
	if err != nil {
		return err
	}
	o := trial.Options{Connector: c, Parse: parseInput, Operations: f.operations}
	if o.Inputs, err = f.inputs(c.Describe()); err != nil {
		return err
	}
	for _, key := range f.operations {
		if _, err := console.OperationNamed(c.Describe(), key); err != nil {
			return err
		}
	}
	if f.account != "" {
		return a.Borrow(ctx, a.LoadAccounts, func(p *project.Project) error { return a.testAt(ctx, p, o, f) })
	}
	if o.Recorded, err = a.recording(name, f.replay); err != nil {
		return err
	}
	if r := o.Recorded; r != nil && r.Connector != c.Describe().Key {
		return console.Misused(fmt.Errorf("the recording is of the connector %q, not of %q", r.Connector, c.Describe().Key))
	}
	_, err = a.report(ctx, o)
	return err
}

// parseInput reads an input as people write it.
func parseInput(op *connectors.Operation, name, text string) (any, error) {
	in, err := project.ParseInputs(op, "", []string{name + "=" + text})
	return in[name], err
}

// inputs reads --with, and asserts that some operation has each of them.
func (f testFlags) inputs(d *connectors.Description) (map[string]string, error) {
	out := map[string]string{}
	for _, text := range f.with {
		where, value, ok := strings.Cut(text, "=")
		key, name, narrow := strings.Cut(where, ":")
		if !narrow {
			key, name = "", where
		}
		if !ok || name == "" {
			return nil, console.Misused(fmt.Errorf("--with %s: want INPUT=VALUE or OPERATION:INPUT=VALUE", text))
		}
		var known []string
		for _, op := range d.Operations {
			for _, in := range op.Inputs {
				if key != "" && key != op.Key {
					continue
				}
				known = append(known, in.Name)
				if in.Name != name {
					continue
				}
				if _, err := parseInput(op, name, value); err != nil {
					return nil, console.Misused(fmt.Errorf("--with %s: %w", text, err))
				}
				out[where] = value
			}
		}
		if _, found := out[where]; !found {
			return nil, console.Misused(fmt.Errorf("--with %s: no operation has that input; %s", text, diag.Choices(name, known)))
		}
	}
	return out, nil
}

// recording returns the answers to try a connector with; nil for none.
func (a *app) recording(name, file string) (*recorded.Recording, error) {
	if file != "" {
		r, err := recorded.Load(a.Path(file))
		if errors.Is(err, fs.ErrNotExist) {
			return nil, console.Misused(fmt.Errorf("there is no file %s", file))
		}
		return r, err
	}
	dir := a.Path(name)
	if o, ok := a.ReadProject(true).Origins()[name]; ok {
		dir = o.Folder // empty for built-in ones
	}
	file = filepath.Join(dir, recordedFile)
	r, err := recorded.Load(file)
	if dir == "" || errors.Is(err, fs.ErrNotExist) {
		return nil, nil //nolint:nilnil // there is none, which is fine
	}
	fmt.Fprintf(a.Stderr, "with the answers of %s\n", file)
	return r, err
}

// testAt tries a connector at an account of the project.
func (a *app) testAt(ctx context.Context, p *project.Project, o trial.Options, f testFlags) error {
	access, ok, err := p.Access(f.account)
	if err != nil {
		return err
	}
	if !ok {
		return console.Misused(fmt.Errorf("there is no account %q; %s", f.account, diag.Choices(f.account, p.AccountNames())))
	}
	account, _ := p.Account(f.account) // Access found it
	d := o.Connector.Describe()
	if theirs := account.Connector.Describe().Key; theirs != d.Key {
		return console.Misused(fmt.Errorf("the account %s is one of the connector %q, not of %q", f.account, theirs, d.Key))
	}
	o.Account, o.Redact, o.Record, o.Writes, o.Refusals = &access, p.Redact.Redact, f.record != "", f.write, f.refusals
	a.announce(d, access, o)
	outcome, err := a.report(ctx, o)
	if outcome.Recording != nil {
		if e := outcome.Recording.Save(a.Path(f.record)); e != nil {
			return errors.Join(err, fmt.Errorf("write %s: %w", f.record, e))
		}
		fmt.Fprintf(a.Stderr, "%s: %s; look at it before you commit it\n", f.record, show.Plural(len(outcome.Recording.Exchanges), "request"))
	}
	return err
}

// announce says what is going to be sent, before anything is.
func (a *app) announce(d *connectors.Description, access connectors.Account, o trial.Options) {
	at := access.BaseURL
	if at == "" {
		at = d.BaseURL
	}
	fmt.Fprintf(a.Stderr, "asking %s as account %s, within its budget; lists for %d pages at most\n", show.Clean(at), access.Name, trial.Pages)
	if o.Writes {
		fmt.Fprintln(a.Stderr, "operations that change something are called; each is named before it is")
	} else {
		fmt.Fprintln(a.Stderr, "nothing is changed (--write allows it)")
	}
	switch {
	case !o.Refusals:
		fmt.Fprintln(a.Stderr, "nothing is sent that must be refused, such as ids that there are not (--refusals allows it)")
	case d.Breaker != nil:
		fmt.Fprintf(a.Stderr, "requests that must be refused are sent; the service shuts out who is refused too often, so that %s per %s are the most\n",
			show.Plural(d.Breaker.Failures, "refusal"), d.Breaker.Per)
	default:
		fmt.Fprintln(a.Stderr, "requests that must be refused are sent, with a wrong credential among them")
	}
}

// report tries a connector and prints what comes of each operation as it comes.
func (a *app) report(ctx context.Context, o trial.Options) (trial.Outcome, error) {
	key := o.Connector.Describe().Key
	width := 0
	for _, op := range o.Connector.Describe().Operations {
		width = max(width, len(op.Key))
	}
	var printed error
	o.Tell = func(op *connectors.Operation, writes bool) {
		if writes && o.Account != nil {
			fmt.Fprintf(a.Stderr, "%s changes something: %s %s\n", op.Key, op.Method, show.Clean(op.Path))
		}
	}
	o.Done = func(one conformance.Operation) {
		if a.JSON {
			printed = errors.Join(printed, show.JSON(a.Stdout, tried(key, one)))
			return
		}
		printTried(a.Stdout, one, width)
	}
	out, err := trial.Run(ctx, o)
	if err = errors.Join(err, printed); err != nil {
		return out, err
	}
	if err := a.Answer(summary(out.Report), summary(out.Report).write); err != nil {
		return out, err
	}
	if !out.Report.OK() {
		return out, console.Findings()
	}
	return out, nil
}

package setup

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pollux-automation/pollux/internal/cli/console"
	"github.com/pollux-automation/pollux/internal/cli/live"
	"github.com/pollux-automation/pollux/internal/project"
	"github.com/pollux-automation/pollux/internal/show"
	"github.com/pollux-automation/pollux/internal/show/overview"
)

// Doctor returns "doctor": what keeps a project from working, and what to do about it.
// version is that of this program.
func Doctor(on *console.Console, version string) *cobra.Command {
	d := &doctor{app: &app{on}, version: version}
	c := &cobra.Command{
		Use:   "doctor",
		Short: "Find what keeps this project from working, and say what to do",
		Long: `Find what keeps this project from working, and say what to do.

It looks at settings, recipes, secrets, files and their modes, the state file, the disk,
the running program, and the address that it listens on. With --net it also asks each
service whether it accepts the credential, and compares the clocks; without, nothing is
sent. It changes nothing. The exit code is 1 when there are problems.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return d.run(c.Context()) },
	}
	c.Flags().BoolVar(&d.net, "net", false, "ask the services too: one small read for each account")
	return d.JSONFlag(c)
}

// doctor is one look at a project.
type doctor struct {
	*app
	version string
	net     bool
	found   []overview.HealthView
}

func (d *doctor) fine(what, format string, args ...any) {
	d.found = append(d.found, overview.HealthView{What: what, Result: overview.Fine, Words: fmt.Sprintf(format, args...)})
}

func (d *doctor) warn(what, advice, format string, args ...any) {
	d.found = append(d.found, overview.HealthView{What: what, Result: overview.Warning, Words: fmt.Sprintf(format, args...), Advice: advice})
}

func (d *doctor) problem(what, advice, format string, args ...any) {
	d.found = append(d.found, overview.HealthView{What: what, Result: overview.Problem, Words: fmt.Sprintf(format, args...), Advice: advice})
}

// run looks at everything and prints it. The running program is asked for what only it can
// see: what it does itself is said by its own doctor.
func (d *doctor) run(ctx context.Context) error {
	if d.Live != nil {
		d.inside(ctx, d.Live.Project(), d.Live.Store)
		return d.print()
	}
	p := d.ReadProject(true)
	theirs, running := d.ask(ctx, p)
	if !running {
		p = d.ReadProject(false)
	}
	d.files(p, running)
	d.places(p)
	if running {
		d.found = append(d.found, theirs...)
		for _, v := range theirs {
			if v.Version != "" && v.Version != d.version {
				d.warn("version", "restart pollux run when it suits", "this program is %s, the running one %s", d.version, v.Version)
			}
		}
		return d.print()
	}
	d.state(ctx, p)
	d.fine("program", "no pollux run is at work here")
	d.listen(ctx, p)
	d.services(ctx, p)
	return d.print()
}

// print prints what was found. Problems are the end of the command.
func (d *doctor) print() error {
	bad := false
	for _, v := range d.found {
		bad = bad || v.Result == overview.Problem
		if !d.JSON {
			v.Print(d.Stdout)
		} else if err := show.JSON(d.Stdout, v); err != nil {
			return err
		}
	}
	if bad {
		return console.Findings()
	}
	return nil
}

// ask has the running program look at itself; ok is false when there is none.
func (d *doctor) ask(ctx context.Context, p *project.Project) (list []overview.HealthView, ok bool) {
	args := []string{"doctor", "--json"}
	if d.net {
		args = append(args, "--net")
	}
	var out, problems bytes.Buffer
	err := d.Ask(ctx, p, args, live.Streams{In: strings.NewReader(""), Out: &out, Err: &problems})
	if errors.Is(err, live.ErrNobody) {
		return nil, false
	}
	for in := json.NewDecoder(&out); err == nil; {
		var v overview.HealthView
		if err = in.Decode(&v); err == nil {
			list = append(list, v)
		}
	}
	if errors.Is(err, io.EOF) && len(list) > 0 {
		return list, true
	}
	words := show.Clean(strings.TrimSpace(problems.String()))
	if words == "" {
		words = fmt.Sprint(err)
	}
	return []overview.HealthView{{
		What: "program", Result: overview.Problem, Words: "the running program does not answer as it should: " + words,
		Advice: "is it another version? Restart it",
	}}, true
}

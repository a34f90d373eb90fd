package authoring

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/internal/cli/console"
	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/project"
	"github.com/pollux-automation/pollux/internal/show"
)

// Connectors returns "connectors". Its commands work without a project too: somebody who
// chooses a service has none yet. more are commands of other packages that belong to it.
func Connectors(on *console.Console, more ...*cobra.Command) *cobra.Command {
	a := &app{on}
	return console.Group("connectors", "Look at what services Pollux knows, try connectors, and draft new ones",
		append([]*cobra.Command{a.listCommand(), a.describeCommand(), a.newCommand(), a.testCommand()}, more...)...)
}

// listCommand returns "connectors list": one connector a line, with how many operations it
// has, how many of them can be polled, and where it comes from.
func (a *app) listCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "list",
		Short: "List the connectors, and where each comes from",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return a.list(a.ReadProject(true))
		},
	}
	return a.JSONFlag(c)
}

// list prints all connectors, sorted by name. What keeps one from being used stands below.
func (a *app) list(p *project.Project) error {
	var views []show.ConnectorView
	var broken diag.List
	origins := p.Origins()
	for _, name := range slices.Sorted(maps.Keys(origins)) {
		o, v := origins[name], show.ConnectorView{Name: name}
		if c, ok := p.Registry.Connector(name); ok {
			v = show.Connector(c.Describe())
		}
		v.From = "built in"
		if o.Folder != "" {
			v.From = o.Folder
		}
		v.Findings = o.Findings
		for _, f := range o.Findings {
			broken.Add(f)
		}
		views = append(views, v)
	}
	err := console.Listing[show.ConnectorView]{
		Head: show.ConnectorHead(), Row: show.ConnectorRow, View: func(v show.ConnectorView) any { return v },
	}.Write(a.Console, views)
	if err == nil && !a.JSON && broken.Len() > 0 {
		_ = diag.Render(a.Stderr, broken.Sorted(), p.Sources) // a closed pipe is the reader's wish
	}
	return err
}

// describeCommand returns "connectors describe": all that a recipe's author needs of a
// connector, or of one of its operations.
func (a *app) describeCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "describe NAME|FOLDER [OPERATION]",
		Short: "Describe a connector: sign-in, limits, operations with their inputs",
		Args:  cobra.RangeArgs(1, 2),
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return a.ReadProject(true).Registry.Keys(), cobra.ShellCompDirectiveDefault
		},
		RunE: func(_ *cobra.Command, args []string) error {
			c, err := a.connector(args[0])
			if err != nil {
				return err
			}
			if len(args) == 2 {
				return a.describeOperation(c.Describe(), args[1])
			}
			d := c.Describe()
			return a.Answer(show.Description(d), func(w io.Writer) { show.PrintDescription(w, d) })
		},
	}
	return a.JSONFlag(c)
}

// describeOperation prints one operation with its inputs.
func (a *app) describeOperation(d *connectors.Description, key string) error {
	o, err := console.OperationNamed(d, key)
	if err != nil {
		return err
	}
	return a.Answer(show.Operation(o), func(w io.Writer) { show.PrintOperation(w, o) })
}

// usualFolder is where connectors are written where there is no project yet.
const usualFolder = "connectors"

// connector returns the connector of a name or in a folder. What is wrong with a folder is
// printed, and the error ends the command.
func (a *app) connector(name string) (connectors.Connector, error) {
	p := a.ReadProject(true)
	if c, ok := p.Registry.Connector(name); ok {
		return c, nil
	}
	if o, ok := p.Origins()[name]; ok && o.Folder != "" {
		name = o.Folder // it is broken, and is read again to say how
	}
	dir := a.Path(name)
	if p.Settings.Connectors == "" && nameForm.MatchString(name) { // no project yet, and a first connector
		if _, err := os.Stat(filepath.Join(usualFolder, name)); err == nil {
			dir = filepath.Join(usualFolder, name)
		}
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		if strings.ContainsRune(name, filepath.Separator) {
			return nil, console.Misused(fmt.Errorf("there is no folder %s", name))
		}
		return nil, console.Misused(fmt.Errorf("there is no connector %q; %s", name, diag.Choices(name, p.Registry.Keys())))
	}
	f := project.ReadFolder(dir, a.Programs)
	if f.Connector == nil {
		return nil, a.broken(f)
	}
	if f.Findings.Len() > 0 {
		_ = diag.Render(a.Stderr, f.Findings.Sorted(), f.Sources) // a closed pipe is the reader's wish
	}
	return f.Connector, nil
}

// broken prints why the connector of a folder cannot be used.
func (a *app) broken(f *project.Folder) error {
	list := f.Findings.Sorted()
	if !a.JSON {
		_ = diag.Render(a.Stdout, list, f.Sources) // a closed pipe is the reader's wish
		return console.Findings()
	}
	var err error
	for _, finding := range list {
		err = errors.Join(err, show.JSON(a.Stdout, finding))
	}
	if err != nil {
		return err
	}
	return console.Findings()
}

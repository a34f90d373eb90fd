package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/pollux-automation/pollux/connectors/sandbox"
	"github.com/pollux-automation/pollux/internal/cli/console"
	"github.com/pollux-automation/pollux/internal/demo"
)

// initCommand returns "init". The project that it writes runs unedited against
// "pollux sandbox"; a few lines of its settings lead to the real services.
func (a *app) initCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "init [FOLDER]",
		Short: "Write a small project that runs against the sandbox as it is",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			dir := "."
			if len(args) == 1 {
				dir = args[0]
			}
			return a.initProject(dir)
		},
	}
}

// initProject writes the example project into a folder. It overwrites nothing: when
// one of the files is there already, none is written.
func (a *app) initProject(dir string) error {
	// It serves nothing: only its addresses and credentials are wanted, and those are
	// the same for every sandbox of this seed.
	s := sandbox.New(sandbox.Options{Seed: 1})
	files, err := demo.Files(s.Endpoints("http://" + sandboxAddress))
	if err != nil {
		return err
	}
	err = demo.Write(dir, files)
	if errors.Is(err, demo.ErrExists) {
		return console.Refused(err)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(a.Stdout, `%s has a project now:
  pollux.yaml                     two accounts, at the sandbox
  recipes/                        what to do when a contact changes; a schema for editors
  secrets/                        the sandbox's credentials, readable by you alone

Try it:
  pollux sandbox                  in another terminal
  cd %s
  pollux validate && pollux test
  pollux run                      then change something: the sandbox says how
`, dir, dir)
	return nil
}

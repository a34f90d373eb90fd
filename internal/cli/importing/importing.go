// Package importing is the command that makes a connector of an OpenAPI document.
package importing

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pollux-automation/pollux/connectors/builtin"
	"github.com/pollux-automation/pollux/internal/authoring/derive"
	"github.com/pollux-automation/pollux/internal/authoring/folder"
	"github.com/pollux-automation/pollux/internal/cli/console"
	"github.com/pollux-automation/pollux/internal/openapi"
)

// options are the flags of the command.
type options struct {
	name, out string
	force     bool
}

// Command returns "connectors import". It works without a project too; inside one the
// connector goes to where the project has its own.
func Command(a *console.Console) *cobra.Command {
	var o options
	c := &cobra.Command{
		Use:   "import FILE",
		Short: "Make a connector of an OpenAPI 3 document",
		Long: `Make a connector of an OpenAPI 3 document (JSON or YAML).

Every operation of the document becomes an operation of a new connector, a folder
of YAML files to go on with. Lists that can be polled get a strategy. What the
document does not say is guessed, and each guess is marked in the files. What
cannot be expressed is left out, with the reason.

The folder NAME is made in the project's folder of connectors, or in that of
--out. The document is read alone, with the files beside it that it refers to:
no network is used.`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			made, err := run(a, args[0], o)
			if err != nil {
				return err
			}
			return report(a, made)
		},
	}
	c.Flags().StringVar(&o.name, "name", "", "the key of the connector (default: from the title of the document)")
	c.Flags().StringVar(&o.out, "out", "", "the folder in which the connector's folder is made (default: the project's folder of connectors)")
	c.Flags().BoolVar(&o.force, "force", false, "replace the YAML files of a connector that is there already")
	return a.JSONFlag(c)
}

// made is what came of an import.
type made struct {
	*folder.Folder
	dir string
}

// keyForm is what a connector's key looks like.
var keyForm = regexp.MustCompile(`^[a-z][a-z0-9_]{0,47}$`)

// run reads the document and writes the connector.
func run(a *console.Console, file string, o options) (*made, error) {
	if o.name != "" && !keyForm.MatchString(o.name) {
		return nil, console.Misused(fmt.Errorf("%q is no name for a connector: use small letters, digits and underscores, a letter first", o.name))
	}
	doc, err := read(a.Path(file), file)
	if err != nil {
		return nil, err
	}
	key := o.name
	for _, text := range []string{doc.Title, strings.TrimSuffix(filepath.Base(file), filepath.Ext(file)), "imported"} {
		if key == "" {
			key = derive.Key(text)
		}
	}
	if err := free(key); err != nil {
		return nil, err
	}
	f, err := folder.Make(derive.From(doc, key))
	if err != nil {
		return nil, console.Refused(fmt.Errorf("%s: %w", file, err))
	}
	dir := a.Path(filepath.Join(parent(a, o.out), key))
	switch err := f.Write(dir, o.force); {
	case errors.Is(err, folder.ErrExists):
		return nil, console.Refused(fmt.Errorf("%w; --force replaces its YAML files, --name makes another connector", err))
	case errors.Is(err, folder.ErrOther):
		return nil, console.Refused(fmt.Errorf("%w; choose another --name or --out", err))
	case err != nil:
		return nil, err
	}
	return &made{Folder: f, dir: dir}, nil
}

// read reads a document, and nothing outside of its folder. path is where it is, name how
// the user calls it.
func read(path, name string) (*openapi.Document, error) {
	in, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open the document: %w", err)
	}
	defer in.Close() //nolint:errcheck // read only
	text, err := io.ReadAll(io.LimitReader(in, openapi.MaxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read the document: %w", err)
	}
	beside, err := os.OpenRoot(filepath.Dir(path))
	if err != nil {
		return nil, fmt.Errorf("open the folder of the document: %w", err)
	}
	defer beside.Close() //nolint:errcheck // read only
	doc, err := openapi.Read(name, text, beside.FS())
	if err != nil {
		return nil, console.Refused(err)
	}
	return doc, nil
}

// free refuses the key of a built-in connector, which would stand in the way of the new
// one.
func free(key string) error {
	if slices.Contains(builtin.Registry().Keys(), key) {
		return console.Refused(fmt.Errorf("there is a built-in connector %q; choose another key with --name", key))
	}
	return nil
}

// parent is the folder in which the connector's folder is made.
func parent(a *console.Console, out string) string {
	if out != "" {
		return out
	}
	if dir := a.ReadProject(true).Settings.Connectors; dir != "" {
		return dir
	}
	return "connectors"
}

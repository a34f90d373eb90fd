package demo

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/pollux-automation/pollux/connectors/sandbox"
	"github.com/pollux-automation/pollux/recipes"
)

// Settings is the name of the example project's settings file.
const Settings = "pollux.yaml"

// projectFiles are the files of a new project that are not recipes.
//
//go:embed project
var projectFiles embed.FS

// ErrExists is returned by Write when a file is there already.
var ErrExists = errors.New("there already; nothing was written")

// File is a file to be written.
type File struct {
	Name string // with slashes, relative to the project's folder
	Text string
	Mode fs.FileMode
}

// Files is a project for some endpoints: settings, secrets, and the main example
// as its recipe. It runs as it is.
func Files(e sandbox.Endpoints) ([]File, error) {
	settings, err := projectFiles.ReadFile("project/" + Settings)
	if err != nil {
		return nil, err
	}
	recipe, err := recipes.Example("highlevel-contacts-to-stibee")
	if err != nil {
		return nil, err
	}
	// The example's ids are those of nobody; the project's are those of the sandbox.
	ids := strings.NewReplacer("104532", e.ListID, "2210", e.VIPGroupID)
	fill := strings.NewReplacer("HIGHLEVEL_URL", e.HighLevelURL, "STIBEE_URL", e.StibeeURL, "LOCATION_ID", e.LocationID, "COMPANY_ID", e.CompanyID)
	return []File{
		{Settings, fill.Replace(string(settings)), 0o644},
		{"recipes/highlevel-contacts-to-stibee.yaml", ids.Replace(string(recipe)), 0o644},
		{"recipes/recipe.schema.json", string(recipes.JSONSchema()), 0o644}, // the recipe's first line names it
		{"secrets/highlevel.token", e.HighLevelToken + "\n", 0o600},
		{"secrets/stibee.key", e.StibeeKey + "\n", 0o600},
		{".gitignore", "/data/\n/secrets/\n", 0o644},
	}, nil
}

// Write writes files into a folder, which it makes. The error wraps [ErrExists],
// and nothing was written, when one of them is there already; after any other
// error some may be.
func Write(dir string, files []File) error {
	for _, f := range files {
		path := filepath.Join(dir, f.Name)
		if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%s is %w", path, ErrExists)
		}
	}
	for _, f := range files {
		path := filepath.Join(dir, f.Name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // a project folder is no secret; its secrets are 0600
			return err
		}
		if err := os.WriteFile(path, []byte(f.Text), f.Mode); err != nil {
			return err
		}
	}
	return nil
}

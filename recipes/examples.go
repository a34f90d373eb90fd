package recipes

import (
	"embed"
	"fmt"
	"io/fs"
	"strings"
)

// exampleFiles are the recipes that come with Pollux.
//
//go:embed examples/*.yaml
var exampleFiles embed.FS

// Examples returns the ids of the recipes that come with Pollux, sorted.
func Examples() []string {
	names, err := fs.Glob(exampleFiles, "examples/*.yaml")
	if err != nil {
		return nil // the pattern is right
	}
	ids := make([]string, len(names))
	for i, n := range names {
		ids[i] = strings.TrimSuffix(strings.TrimPrefix(n, "examples/"), ".yaml")
	}
	return ids
}

// Example returns the text of a recipe that comes with Pollux. The error is for an id
// that [Examples] does not list.
func Example(id string) ([]byte, error) {
	text, err := exampleFiles.ReadFile("examples/" + id + ".yaml")
	if err != nil {
		return nil, fmt.Errorf("there is no example %q", id)
	}
	return text, nil
}

package recipes_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/recipes"
)

var update = flag.Bool("update", false, "rewrite the expected outputs")

// limit is far above what any file takes, also under the race detector and on a busy
// machine; without it all of them stay well under a second.
const limit = 5 * time.Second

// files returns the paths that match, and fails when there are too few.
func files(t *testing.T, pattern string, least int) []string {
	t.Helper()
	list, err := filepath.Glob(pattern)
	if err != nil || len(list) < least {
		t.Fatalf("%s: got %d files, %v; want at least %d", pattern, len(list), err, least)
	}
	return list
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func render(t *testing.T, into *diag.List, sources map[string][]byte) string {
	t.Helper()
	var b bytes.Buffer
	if err := diag.Render(&b, into.Sorted(), sources); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestParse_BadFiles holds one file per mistake with the exact answer to it.
func TestParse_BadFiles(t *testing.T) {
	t.Parallel()
	for _, file := range files(t, "testdata/bad/*.yaml", 60) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			text := read(t, file)
			var into diag.List
			begun := time.Now()
			recipes.Parse(filepath.Base(file), text, catalog{}, &into)
			if took := time.Since(begun); took > limit {
				t.Errorf("Parse took %v, want at most %v", took, limit)
			}
			got := render(t, &into, map[string][]byte{filepath.Base(file): text})
			golden := strings.TrimSuffix(file, ".yaml") + ".out"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if got == "" {
				t.Error("the file has no findings")
			}
			if diff := cmp.Diff(string(read(t, golden)), got); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParse_GoodFiles(t *testing.T) {
	t.Parallel()
	for _, file := range files(t, "testdata/good/*.yaml", 3) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			var into diag.List
			r := recipes.Parse(file, read(t, file), catalog{}, &into)
			if r == nil || into.Len() != 0 {
				t.Errorf("findings:\n%s", render(t, &into, nil))
			}
		})
	}
}

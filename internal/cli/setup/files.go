package setup

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"runtime"
	"slices"
	"strings"

	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/project"
	"github.com/pollux-automation/pollux/internal/show"
)

// mostFindings is how many findings the doctor repeats; pollux validate has all.
const mostFindings = 5

// files tells of the settings, the recipes and the secrets. While the program runs, it has
// the secrets, and nobody looks for them here.
func (d *doctor) files(p *project.Project, running bool) {
	mistakes := d.findings(p)
	if p.Settings.Data == "" {
		return
	}
	if mistakes["settings"] == 0 {
		d.fine("settings", "%s is right, with %s", p.Settings.File, show.Plural(len(p.Settings.Accounts), "account"))
	}
	switch {
	case mistakes["recipes and connectors"] > 0:
	case len(p.Recipes) == 0:
		d.warn("recipes and connectors", "pollux init shows one", "there is no recipe in %s", p.Settings.Recipes)
	default:
		d.fine("recipes and connectors", "%s, all of them right", show.Plural(len(p.Recipes), "recipe"))
	}
	switch {
	case mistakes["secrets"] > 0:
	case running:
		d.fine("secrets", "the running program has them")
	default:
		d.fine("secrets", "all that the settings refer to are there")
	}
}

// findings repeats what is wrong with the files, and counts it by what it is about.
func (d *doctor) findings(p *project.Project) map[string]int {
	mistakes := map[string]int{}
	for _, f := range p.Findings.Sorted() {
		what := "recipes and connectors"
		switch {
		case strings.HasPrefix(f.Code, "secret-"):
			what = "secrets"
		case f.File == p.Settings.File:
			what = "settings"
		}
		mistakes[what]++
		words := fmt.Sprintf("%s:%d:%d: %s", f.File, f.Line, f.Column, f.Message)
		switch {
		case f.Severity == diag.Error && mistakes[what] <= mostFindings:
			d.problem(what, f.Suggestion, "%s", words)
		case mistakes[what] <= mostFindings:
			d.warn(what, f.Suggestion, "%s", words)
		}
	}
	for _, what := range slices.Sorted(maps.Keys(mistakes)) {
		switch n := mistakes[what]; {
		case n <= mostFindings:
		case p.Findings.HasErrors(): // perhaps among those that are left out
			d.problem(what, "pollux validate", "and %d more", n-mostFindings)
		default:
			d.warn(what, "pollux validate", "and %d more", n-mostFindings)
		}
	}
	return mistakes
}

// places tells of the folder of the state, and of who can read what is in it.
func (d *doctor) places(p *project.Project) {
	if p.Settings.Data == "" {
		d.problem("data folder", "put the settings right first", "nobody knows where it is")
		return
	}
	d.key(p)
	dir := p.Settings.Data
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		d.fine("data folder", "%s is not there yet; pollux run makes it", dir)
		return
	case err != nil:
		d.problem("data folder", "give it to the user who runs Pollux", "%v", err)
		return
	case !info.IsDir():
		d.problem("data folder", "name a folder as data in "+p.Settings.File, "%s is no folder", dir)
		return
	}
	f, err := os.CreateTemp(dir, ".doctor-*")
	if err != nil {
		d.problem("data folder", "give it to the user who runs Pollux, or make room", "nothing can be written there: %v", err)
		return
	}
	_ = errors.Join(f.Close(), os.Remove(f.Name())) // an empty file at worst
	if !d.open("data folder", dir, info) {
		d.fine("data folder", "%s can be written", dir)
	}
	if info, err := os.Stat(p.StateFile()); err == nil {
		d.open("state file", p.StateFile(), info)
	}
}

// open warns of what others can read, and reports whether it did. Windows has no modes.
func (d *doctor) open(what, path string, info fs.FileInfo) bool {
	mode := info.Mode().Perm()
	if runtime.GOOS == "windows" || mode&0o077 == 0 {
		return false
	}
	d.warn(what, "chmod go= "+path, "others can read or write it (mode %04o)", mode)
	return true
}

// key tells of the key file.
func (d *doctor) key(p *project.Project) {
	path, there, err := p.KeyFile()
	switch {
	case err != nil && there:
		d.problem("key file", "", "%v", err)
	case err != nil:
		d.problem("key file", "put the file back, or name another one in POLLUX_KEY_FILE", "%v", err)
	case there:
		d.fine("key file", "%s is there, and readable by its owner alone", path)
	default:
		d.fine("key file", "there is none: nothing in the state file is sealed")
	}
}

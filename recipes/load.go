package recipes

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/yamlnode"
)

// Load reads all recipes of a folder, *.yaml, in the order of their names. It
// returns those without errors, and the text of every file that was read, by the
// name that findings carry. Two recipes with the same id are an error; the first
// is kept.
func Load(dir string, catalog Catalog, into *diag.List) (list []*Recipe, sources map[string][]byte) {
	sources = map[string][]byte{}
	entries, err := os.ReadDir(dir)
	if err != nil {
		into.Errorf(diag.Place{File: dir}, CodeNoFolder, "make it, or name another one in the settings", "the folder of recipes cannot be read: %s", reason(err))
		return nil, sources
	}
	first := map[string]string{} // the file of each id
	for _, e := range entries {
		file := filepath.ToSlash(filepath.Join(dir, e.Name()))
		if e.IsDir() || strings.HasPrefix(e.Name(), ".") || !isRecipe(file, into) {
			continue
		}
		text, ok := read(file, into)
		if !ok {
			continue
		}
		sources[file] = text
		r := Parse(file, text, catalog, into)
		if r == nil {
			continue
		}
		if other, taken := first[r.ID]; taken {
			into.Errorf(r.idAt, CodeDuplicateID, "choose another id", "the recipe %q is already in %s", r.ID, other)
			continue
		}
		first[r.ID] = file
		list = append(list, r)
	}
	return list, sources
}

// isRecipe tells by the name of a file whether it is a recipe, and warns of those
// that were probably meant to be one.
func isRecipe(file string, into *diag.List) bool {
	ext := strings.ToLower(filepath.Ext(file))
	if ext == ".yml" || ext == ".yaml" && !strings.HasSuffix(file, ".yaml") {
		into.Warnf(diag.Place{File: file}, CodeFileName, "rename it to "+strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))+".yaml", "this file is not read: its name does not end in .yaml")
	}
	return strings.HasSuffix(file, ".yaml")
}

// read reads a file, but no more of it than is needed to see that it is too large.
func read(file string, into *diag.List) ([]byte, bool) {
	refuse := func(err error) ([]byte, bool) {
		into.Errorf(diag.Place{File: file}, CodeUnreadable, "", "the file cannot be read: %s", reason(err))
		return nil, false
	}
	info, err := os.Stat(file)
	if err != nil {
		return refuse(err)
	}
	if !info.Mode().IsRegular() { // a pipe would be waited for
		return refuse(errors.New("it is no regular file"))
	}
	f, err := os.Open(file)
	if err != nil {
		return refuse(err)
	}
	text, err := io.ReadAll(io.LimitReader(f, yamlnode.MaxBytes+1))
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return refuse(err)
	}
	return text, true
}

// reason is the cause of a file error, without the path that the finding has.
func reason(err error) string {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err.Error()
	}
	return err.Error()
}

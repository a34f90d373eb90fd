package folder

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// ErrExists is the error of [Folder.Write] when the folder is there already.
var ErrExists = errors.New("the folder is there already")

// ErrOther is the error of [Folder.Write] when the folder holds something else than a
// connector, which is never replaced.
var ErrOther = errors.New("the folder holds something else than a connector")

// Write writes the files into a folder, which is made. A folder that is there already is an
// error, [ErrExists], unless force is true: then its YAML files are replaced, those that the
// connector no longer has are removed, and all other files stay.
func (f *Folder) Write(dir string, force bool) error {
	switch entries, err := os.ReadDir(dir); {
	case err == nil && len(entries) > 0 && !slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name() == "connector.yaml" }):
		return fmt.Errorf("%s: %w", dir, ErrOther)
	case err == nil && len(entries) > 0 && !force:
		return fmt.Errorf("%s: %w", dir, ErrExists)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("look into the folder of the connector: %w", err)
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return fmt.Errorf("make the folder of the connector: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("open the folder of the connector: %w", err)
	}
	defer root.Close() //nolint:errcheck // its files are closed
	// connector.yaml comes last: before it the folder is no connector.
	names := slices.Sorted(maps.Keys(f.Files))
	names = append(slices.DeleteFunc(names, func(n string) bool { return n == "connector.yaml" }), "connector.yaml")
	if err := f.removeOld(root, dir); err != nil {
		return err
	}
	for _, name := range names {
		if err := write(root, name, f.Files[name]); err != nil {
			return fmt.Errorf("write %s: %w", filepath.Join(dir, name), err)
		}
	}
	return nil
}

// write writes a file whole or not at all. A link in its place is replaced and never
// followed.
func write(root *os.Root, name string, text []byte) error {
	part := "." + name + ".part"
	if err := root.RemoveAll(part); err != nil {
		return err
	}
	out, err := root.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o640)
	if err != nil {
		return err
	}
	_, err = out.Write(text)
	if err = errors.Join(err, out.Sync(), out.Close()); err != nil {
		return err
	}
	return root.Rename(part, name)
}

// removeOld removes the YAML files of a folder that the connector does not have.
func (f *Folder) removeOld(root *os.Root, dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("look into the folder of the connector: %w", err)
	}
	for _, e := range entries {
		ext := strings.ToLower(filepath.Ext(e.Name()))
		if _, has := f.Files[e.Name()]; e.IsDir() || has || (ext != ".yaml" && ext != ".yml") {
			continue
		}
		if err := root.Remove(e.Name()); err != nil {
			return fmt.Errorf("remove %s: %w", filepath.Join(dir, e.Name()), err)
		}
	}
	return nil
}

package lookout

import (
	"fmt"
	"hash/fnv"
	"io/fs"
	"path/filepath"
)

// Files notices when files were edited. It belongs to one goroutine.
type Files struct {
	where func() []string
	// now is what was seen last, moving what was seen when it had just changed.
	now, moving uint64
}

// Watch begins to watch some files, and all files in some folders. where is asked at every
// look. Names that begin with a dot are left out: editors keep their own files so.
func Watch(where func() []string) *Files {
	f := &Files{where: where}
	f.Seen()
	return f
}

// Seen takes the files as they are.
func (f *Files) Seen() {
	f.now = f.look()
	f.moving = f.now
}

// Edited reports once that files are others than before. While they change from look to
// look it waits: somebody is still writing.
func (f *Files) Edited() bool {
	seen := f.look()
	settled := seen == f.moving
	f.moving = seen
	if seen == f.now || !settled {
		return false
	}
	f.now = seen
	return true
}

// look sums up names, sizes and times of the files. What cannot be read counts as not
// there; reading the project will say so.
func (f *Files) look() uint64 {
	sum := fnv.New64a()
	for _, root := range f.where() {
		if root == "" {
			continue
		}
		_ = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return nil //nolint:nilerr // as above
			}
			hidden := len(d.Name()) > 1 && d.Name()[0] == '.' && path != root
			switch {
			case hidden && d.IsDir():
				return fs.SkipDir
			case hidden || d.IsDir():
				return nil
			}
			info, err := d.Info()
			if err != nil {
				return nil //nolint:nilerr // as above
			}
			_, _ = fmt.Fprintf(sum, "%s\x00%d\x00%d\x00", path, info.Size(), info.ModTime().UnixNano())
			return nil
		})
	}
	return sum.Sum64()
}

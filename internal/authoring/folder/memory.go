package folder

import (
	"bytes"
	"io"
	"io/fs"
	"maps"
	"slices"
	"time"
)

// memory is a folder of files that are not written yet.
type memory map[string][]byte

// Open opens a file. The folder itself is read with [memory.ReadDir].
func (m memory) Open(name string) (fs.File, error) {
	text, ok := m[name]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return file{Reader: bytes.NewReader(text), about: about{name, int64(len(text))}}, nil
}

// ReadDir lists the files.
func (m memory) ReadDir(string) ([]fs.DirEntry, error) {
	var all []fs.DirEntry
	for _, name := range slices.Sorted(maps.Keys(m)) {
		all = append(all, fs.FileInfoToDirEntry(about{name, int64(len(m[name]))}))
	}
	return all, nil
}

// file is an open file.
type file struct {
	io.Reader
	about about
}

func (f file) Stat() (fs.FileInfo, error) { return f.about, nil }
func (f file) Close() error               { return nil }

// about is what is known of a file.
type about struct {
	name string
	size int64
}

func (a about) Name() string       { return a.name }
func (a about) Size() int64        { return a.size }
func (a about) Mode() fs.FileMode  { return 0o644 }
func (a about) ModTime() time.Time { return time.Time{} }
func (a about) IsDir() bool        { return false }
func (a about) Sys() any           { return nil }

package anyhttp

import (
	"bytes"
	"io"
	"io/fs"
	"time"
)

// folder is a folder of files in memory, for the reader of manifests.
type folder map[string][]byte

// Open opens a file; the folder itself is ".".
func (f folder) Open(name string) (fs.File, error) {
	if text, ok := f[name]; ok {
		return &file{info: info{name, int64(len(text))}, Reader: bytes.NewReader(text)}, nil
	}
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}

// ReadDir lists the folder.
func (f folder) ReadDir(string) ([]fs.DirEntry, error) {
	var all []fs.DirEntry
	for name, text := range f {
		all = append(all, fs.FileInfoToDirEntry(info{name, int64(len(text))}))
	}
	return all, nil
}

// file is an open file of a folder.
type file struct {
	info
	io.Reader
}

// Stat returns what is known of the file.
func (f *file) Stat() (fs.FileInfo, error) { return f.info, nil }

// Close does nothing: there is nothing to give back.
func (f *file) Close() error { return nil }

// info is what is known of a file in memory.
type info struct {
	name string
	size int64
}

func (i info) Name() string     { return i.name }
func (i info) Size() int64      { return i.size }
func (info) Mode() fs.FileMode  { return 0o444 }
func (info) ModTime() time.Time { return time.Time{} }
func (info) IsDir() bool        { return false }
func (info) Sys() any           { return nil }

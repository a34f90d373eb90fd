package openapi

import (
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"path"
	"strings"
)

// maxNestedBytes is how large a document may be if each byte counts once for each level
// that it stands at: the library reads it so often.
const maxNestedBytes = 10 * MaxBytes

// maxFiles is how many files a document may refer to.
const maxFiles = 200

// place is where a value stands.
type place struct {
	file    string // relative to the folder of the document; empty for the document
	pointer string // a JSON pointer into the file
}

// at returns the place of a member or an element.
func (p place) at(name string) place {
	return place{p.file, p.pointer + "/" + escaper.Replace(name)}
}

// escaper writes a name as a part of a JSON pointer.
//
//nolint:gochecknoglobals // a table
var escaper = strings.NewReplacer("~", "~0", "/", "~1")

// unescaper reads it.
//
//nolint:gochecknoglobals // a table
var unescaper = strings.NewReplacer("~1", "/", "~0", "~")

// files are the document and those it refers to, as plain values.
type files struct {
	folder fs.FS  // confined to the folder of the document; nil allows no other file
	name   string // of the document, for messages
	main   string // its name in the folder
	trees  map[string]any
	failed map[string]string // why a file cannot be read
	bytes  int               // that were read
	size   int               // of the trees, see [weigh]
	nested int               // the same, each byte once for each level that it stands at
}

// locate returns the place that a reference names, and why it is not followed if it is not.
func (f *files) locate(from place, ref string) (to place, why string) {
	name, fragment, _ := strings.Cut(ref, "#")
	to.file = from.file
	if name != "" {
		if to.file, why = inFolder(from.file, name); why != "" {
			return place{}, why
		}
		if to.file == f.main {
			to.file = ""
		}
	}
	if text, err := url.PathUnescape(fragment); err == nil {
		fragment = text
	}
	if fragment != "" && !strings.HasPrefix(fragment, "/") {
		return place{}, fmt.Sprintf("the reference %.100q is no JSON pointer", ref)
	}
	to.pointer = fragment
	return to, ""
}

// inFolder returns the file that a reference names, and why it is not read if it is not.
func inFolder(from, name string) (file, why string) {
	u, err := url.Parse(name)
	if err != nil || u.Scheme != "" || u.Host != "" || u.RawQuery != "" || strings.ContainsAny(name, "\\\x00") {
		return "", fmt.Sprintf("the reference to %.100q is not followed: only files beside the document are read", name)
	}
	file = path.Join(path.Dir(from), u.Path)
	if path.IsAbs(u.Path) || !fs.ValidPath(file) {
		return "", fmt.Sprintf("the reference to %.100q is not followed: it leads out of the folder of the document", name)
	}
	return file, ""
}

// tree returns a file as plain values.
func (f *files) tree(file string) (tree any, why string) {
	if tree, ok := f.trees[file]; ok {
		return tree, ""
	}
	if why, ok := f.failed[file]; ok {
		return nil, why
	}
	tree, err := f.read(file)
	if err != nil {
		f.failed[file] = err.Error()
		return nil, err.Error()
	}
	f.trees[file] = tree
	return tree, ""
}

// read reads a file that the document refers to.
func (f *files) read(file string) (any, error) {
	if f.folder == nil || len(f.trees)+len(f.failed) > maxFiles {
		return nil, fmt.Errorf("the file %.100q is not read: at most %d files beside the document are", file, maxFiles)
	}
	// Opening something else than a file, such as a pipe, could wait for ever.
	if info, err := fs.Stat(f.folder, file); err != nil || !info.Mode().IsRegular() {
		return nil, fmt.Errorf("the file %.100q beside the document cannot be read", file)
	}
	in, err := f.folder.Open(file)
	if err != nil {
		return nil, fmt.Errorf("the file %.100q beside the document cannot be read", file)
	}
	defer in.Close() //nolint:errcheck // read only
	text, err := io.ReadAll(io.LimitReader(in, int64(MaxBytes-f.bytes)+1))
	if f.bytes += len(text); f.bytes > MaxBytes {
		return nil, fmt.Errorf("the file %.100q is not read: the document is larger than %d MiB with it", file, MaxBytes>>20)
	}
	if err != nil {
		return nil, fmt.Errorf("the file %.100q cannot be read", file)
	}
	tree, err := parse(file, text)
	if err != nil {
		return nil, err
	}
	return tree, f.add(file, tree)
}

// add counts the size of a tree, in which aliases of YAML are shared: written out, they
// could be larger than the file by any factor.
func (f *files) add(file string, tree any) error {
	if f.size += weigh(tree, 1, 0, MaxBytes-f.size); f.size > MaxBytes {
		return &Error{File: file, Text: fmt.Sprintf("the document is larger than %d MiB when its aliases are written out", MaxBytes>>20)}
	}
	if f.nested += weigh(tree, 1, 1, maxNestedBytes-f.nested); f.nested > maxNestedBytes {
		return &Error{File: file, Text: "too many values are nested too deep", Suggestion: "make a document of the operations that you need"}
	}
	return nil
}

// weigh returns about how large a value is as text: never more than the text of JSON that
// it was read from. It stops behind a limit. A byte counts each times, and one in a part
// more times more.
func weigh(v any, each, more, limit int) int {
	size := each
	switch x := v.(type) {
	case string:
		size += each * len(x)
	case []any:
		for _, item := range x {
			if size > limit {
				break
			}
			size += weigh(item, each+more, more, limit-size)
		}
	case map[string]any:
		for name, item := range x {
			if size > limit {
				break
			}
			size += each*len(name) + weigh(item, each+more, more, limit-size)
		}
	}
	return size
}

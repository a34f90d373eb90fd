package openapi

import (
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"path"
	"strconv"
	"strings"
)

// maxFiles is how many files a document may refer to.
const maxFiles = 200

// maxHops is how many references may lead to each other.
const maxHops = 30

// files are the document and those it refers to.
type files struct {
	folder fs.FS // confined to the folder of the document; nil allows no other file
	main   string
	trees  map[string]any
	failed map[string]string // why a file cannot be read
	bytes  int               // that were read
}

// target returns what a reference stands for, and why nothing if nothing.
func (f *files) target(from node, ref string) (to node, why string) {
	name, fragment, _ := strings.Cut(ref, "#")
	file := from.file
	if name != "" {
		if file, why = inFolder(from.file, name); why != "" {
			return node{}, why
		}
		if file == path.Base(f.main) {
			file = ""
		}
	}
	tree, why := f.tree(file)
	if why != "" {
		return node{}, why
	}
	to = node{file: file, v: tree}
	if text, err := url.PathUnescape(fragment); err == nil {
		fragment = text
	}
	if fragment == "" {
		return to, ""
	}
	if !strings.HasPrefix(fragment, "/") {
		return node{}, fmt.Sprintf("the reference %.100q is no JSON pointer", ref)
	}
	for part := range strings.SplitSeq(fragment[1:], "/") {
		to = to.step(unescaper.Replace(part))
	}
	if !to.there() {
		return node{}, fmt.Sprintf("the reference %.100q leads to nothing", ref)
	}
	return to, ""
}

// step goes one part of a pointer down.
func (n node) step(part string) node {
	if list, ok := n.v.([]any); ok {
		if i, err := strconv.Atoi(part); err == nil && i >= 0 && i < len(list) {
			return node{n.file, n.pointer + "/" + part, list[i]}
		}
		return node{}
	}
	return n.member(part)
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
	return parse(file, text)
}

package manifest

import (
	"errors"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"strings"

	"github.com/pollux-automation/pollux/connectors/manifest/fields"
	"github.com/pollux-automation/pollux/connectors/manifest/finding"
	"github.com/pollux-automation/pollux/connectors/manifest/lists"
	"github.com/pollux-automation/pollux/connectors/manifest/names"
	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/yamlnode"
)

// connectorFile is the file that makes a folder a connector.
const connectorFile = "connector.yaml"

// PluginFile is the file that makes a folder a plugin, which others read.
const PluginFile = "plugin.yaml"

// maxFiles is how many files of a folder are read at most.
const maxFiles = 500

// Sources holds the text of the files that were read, by the name that findings
// have, for showing excerpts.
type Sources map[string][]byte

// Read reads the connector in a folder. name stands before the names of its files
// in findings ("connectors/weather"). The manifest is nil when there are errors;
// all of them are in the list.
func Read(folder fs.FS, name string, into *diag.List) (*Manifest, Sources) {
	return newReader(folder, name).readInto(into)
}

func newReader(folder fs.FS, name string) *reader {
	return &reader{
		folder: folder, name: name, sources: Sources{}, into: &diag.List{}, rowsUsed: map[string]bool{},
		m: &Manifest{}, objectAt: map[string]diag.Place{}, places: map[string]diag.Place{},
	}
}

// readInto reads the folder and adds what it has found.
func (r *reader) readInto(into *diag.List) (*Manifest, Sources) {
	r.read()
	into.Append(r.into)
	if r.into.HasErrors() {
		return nil, r.sources
	}
	return r.m, r.sources
}

// ReadAll reads every connector in the folders of a folder, in the order of their
// names. A folder's name must be its connector's key. Folders that do not exist hold
// none; plugins are left out. A connector with errors is left out and the others are returned.
func ReadAll(root fs.FS, name string, into *diag.List) ([]*Manifest, Sources) {
	entries, err := fs.ReadDir(root, ".")
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			into.Errorf(diag.Place{File: name}, finding.CodeUnreadable, "", "the folder cannot be read: %s", reason(err))
		}
		return nil, nil
	}
	var all []*Manifest
	sources := Sources{}
	for _, e := range entries {
		if !e.IsDir() || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		folder, err := fs.Sub(root, e.Name())
		if err != nil {
			into.Errorf(diag.Place{File: path.Join(name, e.Name())}, finding.CodeUnreadable, "", "the folder cannot be read: %s", reason(err))
			continue
		}
		if _, err := fs.Stat(folder, PluginFile); err == nil {
			continue
		}
		m, texts := Read(folder, path.Join(name, e.Name()), into)
		maps.Copy(sources, texts)
		if m != nil && m.Key != e.Name() {
			into.Errorf(diag.Place{File: path.Join(name, e.Name(), connectorFile)}, finding.CodeKeyForm,
				"rename the folder or the connector", "the folder %q holds the connector %q", e.Name(), m.Key)
			continue
		}
		if m != nil {
			all = append(all, m)
		}
	}
	return all, sources
}

// reader builds a manifest from the files of one folder. It goes on after every
// mistake; what it has built then is thrown away.
type reader struct {
	folder  fs.FS
	name    string
	sources Sources
	into    *diag.List
	m       *Manifest
	drafts  []*draft
	// objectAt holds where each object stands, places where other parts do that
	// are checked at the end.
	objectAt map[string]diag.Place
	places   map[string]diag.Place
	checkAt  []diag.Place // of each call that checks a credential
	// usualVersion is the version of operations that do not say theirs.
	usualVersion string
	names        names.Section
	// rows are the hooks in Go that the connector has; rowsUsed those that it names.
	rows     Rows
	rowsUsed map[string]bool
	// groups are the input groups of the file that is being read.
	groups map[string]yamlnode.Map
}

// draft is an operation together with the places of its parts.
type draft struct {
	op *Operation
	at diag.Place
	m  yamlnode.Map
	// inputAt holds where each input stands.
	inputAt map[string]diag.Place
	// unclear is true when the answer has a finding, so that no other finding
	// needs to follow from it.
	unclear bool
}

// place returns where a part of the operation stands, or the operation itself.
// Findings about a part that is not written point at the nearest one around it.
func (d *draft) place(keys ...string) diag.Place {
	m, at := d.m, d.at
	for _, key := range keys {
		found := false
		for _, f := range m.Fields() {
			if f.Name == key {
				at, found = f.At, true
				m, _ = f.Value.Mapping(&diag.List{})
			}
		}
		if !found {
			break
		}
	}
	return at
}

// list is what the checks of its paging and polling look at.
func (d *draft) list() lists.Operation {
	return lists.Operation{Spec: d.op.Spec, Paging: d.op.Paging, Poll: d.op.Poll, Unclear: d.unclear, Place: d.place}
}

// read reads connector.yaml first, because operations take the key and the usual
// version from it, then the other files by name, and compares the parts at the end.
func (r *reader) read() {
	if _, err := fs.Stat(r.folder, connectorFile); err != nil {
		r.into.Errorf(diag.Place{File: r.name}, finding.CodeNoConnector, "add a connector.yaml", "the folder has no %s: %s", connectorFile, reason(err))
		return
	}
	if n := r.parse(connectorFile); n != nil {
		r.connector(n)
	}
	for _, file := range r.files() {
		if n := r.parse(file); n != nil {
			r.part(n)
		}
	}
	for _, d := range r.drafts {
		r.m.Operations = append(r.m.Operations, d.op)
	}
	if len(r.m.Operations) == 0 && !r.into.HasErrors() {
		r.into.Errorf(diag.Place{File: path.Join(r.name, connectorFile)}, finding.CodeNoOperations,
			"add a file with operations beside it", "the connector has no operations")
	}
	r.check()
}

// files returns the names of the folder's other YAML files. Folders inside the folder
// are not looked into.
func (r *reader) files() []string {
	entries, err := fs.ReadDir(r.folder, ".")
	if err != nil {
		r.into.Errorf(diag.Place{File: r.name}, finding.CodeUnreadable, "", "the folder cannot be read: %s", reason(err))
	}
	var names []string
	for _, e := range entries {
		ext := path.Ext(e.Name())
		if !e.IsDir() && (ext == ".yaml" || ext == ".yml") && e.Name() != connectorFile {
			names = append(names, e.Name())
		}
	}
	if len(names) > maxFiles {
		r.into.Errorf(diag.Place{File: r.name}, finding.CodeUnreadable, "", "the folder has %d files, more than %d", len(names), maxFiles)
		return nil
	}
	return names
}

// parse reads one file into a tree; nil when it cannot be used.
func (r *reader) parse(file string) *yamlnode.Node {
	name := path.Join(r.name, file)
	f, err := r.folder.Open(file)
	if err != nil {
		r.into.Errorf(diag.Place{File: name}, finding.CodeUnreadable, "", "the file cannot be read: %s", reason(err))
		return nil
	}
	defer f.Close() //nolint:errcheck // read only
	text, err := readBounded(f)
	if err != nil {
		r.into.Errorf(diag.Place{File: name}, finding.CodeUnreadable, "", "the file cannot be read: %s", reason(err))
		return nil
	}
	r.sources[name] = text
	return yamlnode.Parse(name, text, r.into)
}

// part reads a file with objects and operations. Groups of inputs belong to their
// file, objects and operations to the connector.
func (r *reader) part(n *yamlnode.Node) {
	m, ok := n.Mapping(r.into, partKeys...)
	if !ok {
		return
	}
	objects, _ := m.Get("objects").Mapping(r.into)
	for _, f := range objects.Fields() {
		r.object(f)
	}
	r.groups = map[string]yamlnode.Map{}
	groups, _ := m.Get("inputs").Mapping(r.into)
	for _, f := range groups.Fields() {
		r.groups[f.Name], _ = f.Value.Mapping(r.into)
	}
	operations, _ := m.Get("operations").Mapping(r.into)
	for _, f := range operations.Fields() {
		r.operation(f)
	}
}

// object reads a kind of record. Keys are unique over all files of the folder.
func (r *reader) object(f yamlnode.Field) {
	r.key(f.Name, f.At, wordForm, "contact")
	if first, taken := r.objectAt[f.Name]; taken {
		r.into.Errorf(f.At, finding.CodeKeyTaken, "", "the object %q exists already, in %s line %d", f.Name, first.File, first.Line)
		return
	}
	r.objectAt[f.Name] = f.At
	if o := r.fields().Object(f); o != nil {
		r.m.Objects = append(r.m.Objects, o)
	}
}

// fields reads the fields of settings, inputs and records.
func (r *reader) fields() fields.Reader { return fields.Reader{Into: r.into, Names: r.names} }

// The forms of keys.
var (
	wordForm      = regexp.MustCompile(finding.KeyForm)
	operationForm = regexp.MustCompile(finding.OperationKeyForm)
)

// key reports a key of the wrong form.
func (r *reader) key(key string, at diag.Place, form *regexp.Regexp, example string) {
	if form.MatchString(key) {
		return
	}
	r.into.Errorf(at, finding.CodeKeyForm, "use small letters, digits and underscores", "the key %q is not written like %s", key, example)
}

// reason is an error of the file system without the path of this machine.
func reason(err error) string {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err.Error()
	}
	return err.Error()
}

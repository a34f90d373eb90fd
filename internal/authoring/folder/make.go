package folder

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pollux-automation/pollux/connectors/manifest"
	"github.com/pollux-automation/pollux/internal/authoring/derive"
	"github.com/pollux-automation/pollux/internal/authoring/draft"
	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/yamlnode/plain"
)

// The bounds of one file, far below those of the reader, and how many files there are
// before tags no longer count.
const (
	maxBytes      = 300 << 10
	maxOperations = 300
	maxFiles      = 300
	maxRounds     = 12
)

// Folder is a connector that can be written.
type Folder struct {
	Connector *draft.Connector
	// Files are the texts by file name.
	Files map[string][]byte
	// Simplified tells what of an operation was left out because the reader refused it, by
	// key.
	Simplified map[string]string
}

// Make renders a draft and reads the result with the reader of connectors, as often as it
// takes until there is no finding. The draft is changed: what is left out goes to its
// LeftOut.
func Make(c *draft.Connector) (*Folder, error) {
	merge(c)
	f := &Folder{Connector: c, Simplified: map[string]string{}}
	for range maxRounds {
		spans, err := f.render()
		if err != nil {
			return nil, err
		}
		if f.operations() == 0 {
			return nil, fmt.Errorf("none of the document's operations can be expressed: %s", f.reasons())
		}
		var found diag.List
		_, _ = manifest.Read(memory(f.Files), c.Key, &found)
		if found.Len() == 0 {
			return f, nil
		}
		if text, ok := f.simplify(found.Sorted(), spans); !ok {
			return nil, fmt.Errorf("the connector cannot be written: %s", text)
		}
	}
	return nil, errors.New("the connector cannot be written: its parts contradict each other")
}

// merge puts all operations under one name where there would be too many files.
func merge(c *draft.Connector) {
	if len(c.Files) <= maxFiles {
		return
	}
	one := &draft.File{Name: "operations"}
	for _, f := range c.Files {
		one.Objects = append(one.Objects, f.Objects...)
		one.Operations = append(one.Operations, f.Operations...)
	}
	c.Files = []*draft.File{one}
}

// operations is how many there are.
func (f *Folder) operations() int {
	n := 0
	for _, file := range f.Connector.Files {
		n += len(file.Operations)
	}
	return n
}

// reasons says why the first operations were left out.
func (f *Folder) reasons() string {
	var all []string
	for _, l := range f.Connector.LeftOut[:min(3, len(f.Connector.LeftOut))] {
		all = append(all, fmt.Sprintf("%s %s (%s)", l.Method, l.Path, l.Reason))
	}
	return strings.Join(all, "; ")
}

// span is where an object or an operation stands in a file.
type span struct {
	file      string
	from, to  int // lines, from 1; to is the first behind it
	object    *draft.Object
	operation *draft.Operation
}

// render makes the texts of all files.
func (f *Folder) render() ([]span, error) {
	text, err := plain.Encode(connector(f.Connector))
	if err != nil {
		return nil, err
	}
	f.Files = map[string][]byte{"connector.yaml": text}
	w := &writer{folder: f}
	for _, file := range f.Connector.Files {
		if err := w.file(file); err != nil {
			return nil, err
		}
	}
	w.leftOut()
	return w.spans, nil
}

// writer collects the texts of files.
type writer struct {
	folder *Folder
	spans  []span
	name   string // of the file that is being written, with ending
	text   []byte
	parts  int
	open   string // the key under which the last part stands
}

// reserved are names that a file cannot have: that of the connector's own, and those that
// mean devices somewhere.
func reserved(name string) bool {
	return slices.Contains([]string{"connector", "con", "prn", "aux", "nul"}, name) || (len(name) == 4 && (strings.HasPrefix(name, "com") || strings.HasPrefix(name, "lpt")))
}

// file writes what belongs to a tag, into more than one file if it is much.
func (w *writer) file(f *draft.File) error {
	if len(f.Operations) == 0 && len(f.Objects) == 0 {
		return nil
	}
	base := f.Name
	if reserved(base) {
		base += "_operations"
	}
	w.begin(base)
	for _, o := range f.Objects {
		if err := w.part(base, "objects", plain.Entry{Key: o.Key, Value: object(o), Comment: guess(o.Guess)}, span{object: o}); err != nil {
			return err
		}
	}
	for _, o := range f.Operations {
		if err := w.part(base, "operations", plain.Entry{Key: o.Key, Value: operation(o), Comment: above(o)}, span{operation: o}); err != nil {
			return err
		}
	}
	w.end()
	return nil
}

// begin starts a file under a name that is free.
func (w *writer) begin(base string) {
	w.name = base + ".yaml"
	for i := 2; w.folder.Files[w.name] != nil; i++ {
		w.name = fmt.Sprintf("%s_%d.yaml", base, i)
	}
	w.text, w.parts, w.open = nil, 0, ""
}

// end ends a file.
func (w *writer) end() {
	if len(w.text) > 0 {
		w.folder.Files[w.name] = w.text
	}
}

// part writes one object or operation.
func (w *writer) part(base, key string, e plain.Entry, s span) error {
	text, err := plain.Encode(plain.Mapping{{Key: key, Value: plain.Mapping{e}}})
	if err != nil {
		return err
	}
	if w.parts > 0 && (len(w.text)+len(text) > maxBytes || w.parts >= maxOperations) {
		w.end()
		w.begin(base)
	}
	if w.open == key {
		_, rest, _ := strings.Cut(string(text), "\n")
		text = append([]byte("\n"), rest...)
	} else if w.open != "" {
		text = append([]byte("\n"), text...)
	}
	s.file, s.from = w.name, strings.Count(string(w.text), "\n")+1
	w.text = append(w.text, text...)
	s.to = strings.Count(string(w.text), "\n") + 1
	w.parts++
	w.open = key
	w.spans = append(w.spans, s)
	return nil
}

// leftOut puts the operations that are missing into comments of connector.yaml.
func (w *writer) leftOut() {
	all := w.folder.Connector.LeftOut
	if len(all) == 0 {
		return
	}
	const most = 200
	var b strings.Builder
	b.WriteString("\n# Left out, because they cannot be expressed:\n")
	for i, l := range all {
		if i == most {
			fmt.Fprintf(&b, "# and %d more\n", len(all)-most)
			break
		}
		b.WriteString(oneComment(fmt.Sprintf("%s %s: %s", l.Method, l.Path, l.Reason)))
	}
	w.folder.Files["connector.yaml"] = append(w.folder.Files["connector.yaml"], b.String()...)
}

// oneComment writes a text as one line of comment.
func oneComment(text string) string {
	text = strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f || (c >= 0x80 && c < 0xa0) || c == '\u2028' || c == '\u2029' || c == '\ufeff' {
			return ' '
		}
		return c
	}, text)
	return "# " + text + "\n"
}

// simplify leaves out what the reader refused: one thing more of each part that has a
// finding. It reports false when a finding belongs to nothing that can be left out.
func (f *Folder) simplify(found []diag.Finding, spans []span) (text string, ok bool) {
	done := map[any]bool{}
	for _, at := range found {
		s := spanOf(spans, f.Connector.Key, at)
		switch {
		case s == nil:
			if !f.simplifyService() {
				text = at.String()
			} else {
				ok = true
			}
		case s.object != nil && !done[s.object]:
			done[s.object], ok = true, true
			simplifyObject(s.object)
		case s.operation != nil && !done[s.operation]:
			done[s.operation], ok = true, true
			f.simplifyOperation(s.operation, at.Message)
		}
	}
	return text, ok
}

// spanOf returns the part in which a finding stands, nil for connector.yaml.
func spanOf(spans []span, folder string, at diag.Finding) *span {
	for i := range spans {
		if s := &spans[i]; folder+"/"+s.file == at.File && at.Line >= s.from && at.Line < s.to {
			return s
		}
	}
	return nil
}

// simplifyService leaves out what connector.yaml can be without.
func (f *Folder) simplifyService() bool {
	c := f.Connector
	switch {
	case c.Check != "":
		c.Check = ""
	case c.Docs != "" || len(c.Code)+len(c.Message) > 0:
		c.Docs, c.Code, c.Message = "", nil, nil
	case len(c.Auth) != 1 || c.Auth[0].Method != "bearer":
		c.Auth, c.AuthGuess = []draft.Auth{{Method: "bearer"}}, "what the document says of signing in cannot be expressed"
	case c.BaseURL != derive.Placeholder:
		c.BaseURL = derive.Placeholder
		c.Warnings = append(c.Warnings, "The address of the document cannot be used; base_url is a placeholder and must be replaced.")
	default:
		return false
	}
	return true
}

// simplifyObject leaves out which fields mean what, then all fields.
func simplifyObject(o *draft.Object) {
	if o.Created+o.Updated != "" {
		o.Created, o.Updated, o.Guess = "", "", ""
		return
	}
	o.ID, o.Fields = "", nil
}

// simplifyOperation leaves out how a list is polled and paged, then what the answer holds,
// then the operation.
func (f *Folder) simplifyOperation(o *draft.Operation, why string) {
	switch {
	case o.Poll != nil:
		o.Poll, o.NoPoll = nil, why
	case o.Paging != nil:
		o.Paging = nil
	case o.Answer != nil && o.Answer.Object != nil:
		o.Answer = &draft.Answer{Value: "."}
		o.Notes = append(o.Notes, "What the answer holds is not described.")
	default:
		f.drop(o, why)
		return
	}
	f.Simplified[o.Key] = why
}

// drop leaves an operation out.
func (f *Folder) drop(o *draft.Operation, why string) {
	f.Connector.LeftOut = append(f.Connector.LeftOut, draft.LeftOut{Method: o.Method, Path: o.Path, Pointer: o.Pointer, Reason: why})
	delete(f.Simplified, o.Key)
	for _, file := range f.Connector.Files {
		file.Operations = slices.DeleteFunc(file.Operations, func(other *draft.Operation) bool { return other == o })
	}
}

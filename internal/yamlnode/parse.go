package yamlnode

import (
	"bytes"
	"errors"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
	"go.yaml.in/yaml/v4/plugin/loaderlimits"

	"github.com/pollux-automation/pollux/internal/diag"
)

// The bounds of a file.
const (
	MaxBytes  = 1 << 20
	MaxDepth  = 50
	MaxKeys   = 2_000
	MaxValues = 100_000
	// MaxFindings is how many findings one file is given at most; more help nobody.
	MaxFindings = 100
)

// source is what all nodes of a file share. It never changes after Parse.
type source struct {
	file  string
	lines []string
}

// line returns a line of the file, from 1; "" outside of it.
func (s *source) line(number int) string {
	if number < 1 || number > len(s.lines) {
		return ""
	}
	return s.lines[number-1]
}

// Parse reads one YAML document. file is the name that findings carry. It returns
// nil when the file cannot be used at all; a tree that comes with errors in the
// list is fit for looking for more of them, but not for use.
//
// Top-level keys that begin with "x-" are left out of the tree: they are a place
// for anchors.
func Parse(file string, data []byte, into *diag.List) *Node {
	whole := diag.Place{File: file}
	if len(data) > MaxBytes {
		into.Errorf(whole, CodeTooLarge, "split it into several files", "the file is larger than 1 MiB")
		return nil
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	s := &source{file: file}
	if !s.isText(data, into) {
		return nil
	}
	s.lines = strings.Split(string(data), "\n")
	var document yaml.Node
	err := yaml.Load(data, &document, yaml.WithPlugin(loaderlimits.New(loaderlimits.DepthValue(MaxDepth))))
	if err != nil {
		s.reportLoad(err, &document, into)
		return nil
	}
	if len(document.Content) != 1 {
		s.reportEmpty(into)
		return nil
	}
	var found diag.List
	t := &tree{source: s, into: &found, open: map[*yaml.Node]bool{}}
	root := t.node(document.Content[0], 1)
	into.AppendSome(&found, MaxFindings)
	if t.broken || root == nil {
		return nil
	}
	if root.kind == Null {
		s.reportEmpty(into)
		return nil
	}
	root.dropAnchors()
	return root
}

// isText refuses bytes that no editor would show as text.
func (s *source) isText(data []byte, into *diag.List) bool {
	at, what := -1, ""
	if i := bytes.IndexByte(data, 0); i >= 0 {
		at, what = i, "a zero byte"
	}
	if !utf8.Valid(data) {
		for i := 0; i < len(data); {
			r, size := utf8.DecodeRune(data[i:])
			if r == utf8.RuneError && size == 1 {
				if at < 0 || i < at {
					at, what = i, "a byte that is not UTF-8"
				}
				break
			}
			i += size
		}
	}
	if at < 0 {
		return true
	}
	line := bytes.Count(data[:at], []byte("\n")) + 1
	into.Errorf(diag.Place{File: s.file}, CodeNotText, "save it as UTF-8 text", "line %d has %s", line, what)
	return false
}

// reportEmpty adds the finding for a file without a value.
func (s *source) reportEmpty(into *diag.List) {
	into.Errorf(diag.Place{File: s.file}, CodeEmptyFile, "", "the file is empty")
}

// reportLoad turns the library's error into a finding in our words.
func (s *source) reportLoad(err error, document *yaml.Node, into *diag.List) {
	message := err.Error()
	place := diag.Place{File: s.file}
	if e, ok := errors.AsType[*yaml.LoadError](err); ok {
		message = e.Message
		place.Line, place.Column = e.Mark.Line, e.Mark.Column
	}
	switch {
	case strings.Contains(message, "expected single document"):
		s.reportDocuments(document, into)
	case strings.Contains(message, "no documents"):
		s.reportEmpty(into)
	case strings.Contains(message, "exceeded max depth"):
		into.Errorf(place, CodeTooDeep, "", "values are nested more than %d levels deep", MaxDepth)
	default:
		text, suggestion := explain(message)
		into.Errorf(s.inside(place), CodeSyntax, suggestion, "%s", text)
	}
}

// reportDocuments points at the line that begins the second document.
func (s *source) reportDocuments(document *yaml.Node, into *diag.List) {
	place := diag.Place{File: s.file}
	first := 1
	if len(document.Content) > 0 {
		first = document.Content[0].Line
	}
	for i := first; i < len(s.lines); i++ {
		if strings.HasPrefix(s.lines[i], "---") || strings.HasPrefix(s.lines[i], "...") {
			place.Line, place.Column, place.Width = i+1, 1, 3
			break
		}
	}
	into.Errorf(place, CodeDocuments, "write each into a file of its own", "the file holds more than one document")
}

// inside moves a place behind the end of the file to the end of its last line
// with text.
func (s *source) inside(p diag.Place) diag.Place {
	if p.Line < 1 || (p.Line <= len(s.lines) && s.lines[p.Line-1] != "") {
		return p
	}
	for line := min(p.Line, len(s.lines)); line > 0; line-- {
		if text := strings.TrimRight(s.line(line), " \t\r"); text != "" {
			return diag.Place{File: p.File, Line: line, Column: utf8.RuneCountInString(text)}
		}
	}
	return p
}

// explanations say in our words what the library's messages mean.
//
//nolint:gochecknoglobals // a table
var explanations = []struct{ part, text, suggestion string }{
	{"mapping values are not allowed", `": " begins a value, which is not possible here`, `put a text that contains ": " in quotes`},
	{"did not find expected ',' or ']'", "the list is not closed, or a comma is missing", "write , or ]"},
	{"did not find expected ',' or '}'", "the mapping is not closed, or a comma is missing", "write , or }; quote a text that contains one of { } [ ] ,"},
	{"did not find expected '-'", "a list ends here, but the line stands at its level", "begin it with - or indent it differently"},
	{"did not find expected key", "a key is expected here", "check the indentation and the quotes"},
	{"could not find expected ':'", "a key without its colon", `write "key: value"`},
	{"tab character", "a tab is used for indentation", "use spaces"},
	{"cannot start any token", "this character cannot begin a value", "put the value in quotes"},
	{"unknown anchor", "an alias to an anchor that is not defined above it", "define it with &name, or quote a text that begins with *"},
	{"unknown escape", `an escape that YAML does not know`, `write \\ for a backslash, or use single quotes`},
	{"unexpected end of stream", "a quote is opened and never closed", "close it"},
	{"unexpected document indicator", "a quote is still open where a new document begins", "close it"},
	{"control characters", "a control character, which YAML does not allow", "remove it"},
	{"block sequence entries are not allowed", `"- " begins a list entry, which is not possible here`, "put it on a line of its own"},
	{"undefined tag handle", "a tag, and tags are not used here", "put the value in quotes"},
}

// explain translates a message of the library; unknown ones become a plain
// sentence without details.
func explain(message string) (text, suggestion string) {
	for _, e := range explanations {
		if strings.Contains(message, e.part) {
			return e.text, e.suggestion
		}
	}
	return "this is not valid YAML", "check the indentation, the quotes and the brackets"
}

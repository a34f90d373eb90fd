package openapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/pollux-automation/pollux/internal/yamlnode/plain"
)

// The bounds of a document.
const (
	// MaxBytes is how large a document may be, together with the files that it refers to.
	MaxBytes = 50 << 20
	// MaxDepth is how deep its values may be nested.
	MaxDepth = 200
	// MaxOperations is how many operations are read.
	MaxOperations = 5_000

	maxValues = 3_000_000 // of a document in YAML
)

// Error says why a document cannot be read at all.
type Error struct {
	File         string
	Line, Column int    // from 1; 0 where the place is no line
	Pointer      string // a JSON pointer; empty for the whole document
	Text         string
	Suggestion   string // what to do instead; may be empty
}

// Error returns the place and the text.
func (e *Error) Error() string {
	at := e.File
	if e.Line > 0 {
		at += fmt.Sprintf(":%d:%d", e.Line, e.Column)
	}
	if e.Pointer != "" {
		at += "#" + e.Pointer
	}
	if e.Suggestion != "" {
		return at + ": " + e.Text + "; " + e.Suggestion
	}
	return at + ": " + e.Text
}

// parse reads a text, JSON or YAML, to plain values.
func parse(file string, text []byte) (any, error) {
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	body := bytes.TrimLeft(text, " \t\r\n")
	switch {
	case len(body) == 0:
		return nil, &Error{File: file, Text: "the document is empty"}
	case bytes.IndexByte(text, 0) >= 0 || !utf8.Valid(text):
		line, column := lineOf(text, firstBad(text))
		return nil, &Error{File: file, Line: line, Column: column, Text: "the document is no text", Suggestion: "save it as UTF-8; an archive must be unpacked first"}
	case body[0] == '<':
		return nil, &Error{File: file, Line: 1, Column: 1, Text: "the document is a web page or XML and no OpenAPI document", Suggestion: "look for the link to the JSON or YAML file in the service's documentation"}
	case body[0] == '{' || body[0] == '[':
		return parseJSON(file, text)
	}
	v, err := plain.Decode(text, plain.Bounds{Depth: MaxDepth, Values: maxValues})
	if syntax, ok := errors.AsType[*plain.SyntaxError](err); ok {
		return nil, &Error{File: file, Line: syntax.Line, Column: syntax.Column, Text: syntax.Text}
	}
	return v, err
}

// firstBad returns where the first byte stands that is no text.
func firstBad(text []byte) int {
	for i := 0; i < len(text); {
		c, size := utf8.DecodeRune(text[i:])
		if c == 0 || (c == utf8.RuneError && size == 1) {
			return i
		}
		i += size
	}
	return len(text)
}

// parseJSON reads JSON. How deep it is nested is looked at first, so that nothing that
// walks it can run out of stack.
func parseJSON(file string, text []byte) (any, error) {
	if at := tooDeep(text); at >= 0 {
		line, column := lineOf(text, at)
		return nil, &Error{File: file, Line: line, Column: column, Text: fmt.Sprintf("values are nested more than %d levels deep", MaxDepth)}
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var v any
	err := dec.Decode(&v)
	end := dec.InputOffset()
	if err == nil {
		if _, more := dec.Token(); !errors.Is(more, io.EOF) {
			line, column := lineOf(text, int(end))
			return nil, &Error{File: file, Line: line, Column: column, Text: "the document goes on after its end"}
		}
		return v, nil
	}
	at, why := len(bytes.TrimRight(text, " \t\r\n")), "the document is cut off: it ends before its last bracket is closed"
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok && !errors.Is(err, io.ErrUnexpectedEOF) && syntax.Offset < int64(len(text)) {
		at, why = max(0, int(syntax.Offset)-1), "this is not valid JSON: "+syntax.Error()
	}
	line, column := lineOf(text, at)
	return nil, &Error{File: file, Line: line, Column: column, Text: why}
}

// tooDeep returns where a JSON text gets deeper than is read, -1 if it does not.
func tooDeep(text []byte) int {
	depth, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			if depth++; depth > MaxDepth {
				return i
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return -1
}

// lineOf returns the line and column of a byte, from 1.
func lineOf(text []byte, at int) (line, column int) {
	before := text[:min(at, len(text))]
	line = bytes.Count(before, []byte("\n")) + 1
	return line, utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:]) + 1
}

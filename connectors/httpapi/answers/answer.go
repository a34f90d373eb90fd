// Package answers reads what services answer: values, lists and records, each from the
// place that the manifest names.
package answers

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/formats"
	"github.com/pollux-automation/pollux/connectors/manifest"
)

// MaxBytes is the largest answer that is read, after decompression.
const MaxBytes = 10 << 20

// MaxRecords is how many records a page may have: they are compared and stored together.
const MaxRecords = 100_000

// ErrTooLarge tells that an answer has more than MaxBytes.
var ErrTooLarge = fmt.Errorf("the answer is larger than %d MiB", MaxBytes>>20)

// Answer is what came back, read to its end.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
	Date   time.Time
	// Broken is why the body is not whole; nil when it is.
	Broken error
}

// Value reads the described part of an answer with status 2xx. A write whose answer
// has another shape than described was carried out all the same: its value is the
// whole answer. An answer of plain text is a text even where JSON was described: some
// services say yes with the word ok (Stibee's OpenAPI file, commit of 2026-05-15).
func Value(op *manifest.Operation, a *Answer) (any, error) {
	if len(bytes.TrimSpace(a.Body)) == 0 {
		return empty(op, a)
	}
	if isText(a) {
		return string(a.Body), nil
	}
	whole, err := connectors.Decode(a.Body)
	if err != nil {
		if len(op.Answer.Paths) == 0 {
			return string(a.Body), nil
		}
		return nil, Unreadable(op, a.Status, fmt.Errorf("the answer is not JSON: %w", err))
	}
	if len(op.Answer.Paths) == 0 {
		return whole, nil
	}
	if op.Spec.List {
		return listOf(op, a)
	}
	raw, found, err := one(op, a)
	switch {
	case err != nil:
		return nil, err
	case !found && op.Spec.Kind == connectors.Write && !op.Answer.Optional:
		return whole, nil
	case !found:
		return nil, nil
	}
	if raw, err = reshaped(op, a, raw); err != nil {
		return nil, err
	}
	v, err := decode(op, raw)
	if err != nil {
		return nil, Unreadable(op, a.Status, err)
	}
	return v, nil
}

// reshaped returns what the connector's hook makes of the one value of an answer, which is
// one value again; the same where it has none.
func reshaped(op *manifest.Operation, a *Answer, raw []byte) ([]byte, error) {
	rows, err := Split(op, a, [][]byte{raw})
	switch {
	case err != nil:
		return nil, err
	case len(rows) != 1:
		return nil, Unreadable(op, a.Status, fmt.Errorf("the hook of the answer makes %d values of one", len(rows)))
	}
	return rows[0], nil
}

// one returns the value of an answer as it was sent. One that is missing is an error,
// unless it is optional or the answer is that of a write.
func one(op *manifest.Operation, a *Answer) (raw []byte, found bool, err error) {
	for _, path := range op.Answer.Paths {
		raw, found, err := connectors.Value(a.Body, Inside(path))
		if err != nil {
			return nil, false, Unreadable(op, a.Status, fmt.Errorf("the answer is not JSON: %w", err))
		}
		if found {
			return raw, true, nil
		}
	}
	if op.Answer.Optional || op.Spec.Kind == connectors.Write {
		return nil, false, nil
	}
	return nil, false, Unreadable(op, a.Status, fmt.Errorf("the answer has nothing at %q", op.Answer.Paths[0]))
}

// empty is the value of an answer without a body. Writes, and reads that may find
// nothing or whose content is of no interest, have none; from any other read it is an
// error.
func empty(op *manifest.Operation, a *Answer) (any, error) {
	if op.Spec.Kind == connectors.Write || op.Answer.Optional || len(op.Answer.Paths) == 0 {
		return nil, nil
	}
	return nil, Unreadable(op, a.Status, errors.New("the answer is empty"))
}

// isText reports answers that say that they are plain text. A JSON object or list
// under the wrong content type is no text.
func isText(a *Answer) bool {
	kind, _, _ := strings.Cut(a.Header.Get("Content-Type"), ";")
	return strings.EqualFold(strings.TrimSpace(kind), "text/plain") && !startsJSON(a.Body)
}

// startsJSON tells JSON by its bracket.
func startsJSON(body []byte) bool {
	text := bytes.TrimSpace(body)
	return len(text) > 0 && (text[0] == '{' || text[0] == '[')
}

// listOf decodes every record of a list. One record that cannot be read makes the
// whole list an error: a list with a hole would look complete.
func listOf(op *manifest.Operation, a *Answer) (any, error) {
	items, err := Items(op, a)
	if err != nil {
		return nil, err
	}
	if items, err = Split(op, a, items); err != nil {
		return nil, err
	}
	list := make([]any, len(items))
	for i, item := range items {
		if list[i], err = decode(op, item); err != nil {
			return nil, Unreadable(op, a.Status, fmt.Errorf("record %d: %w", i+1, err))
		}
	}
	return list, nil
}

// single returns the one record of an answer as a list of one, or of none where it may
// be missing.
func single(op *manifest.Operation, a *Answer) ([][]byte, error) {
	if missing(op, a) {
		return nil, nil
	}
	if _, err := connectors.Decode(a.Body); err != nil {
		return nil, Unreadable(op, a.Status, fmt.Errorf("the answer is not JSON: %w", err))
	}
	raw, found, err := one(op, a)
	switch {
	case err != nil:
		return nil, err
	case found && string(raw) != "null":
		return [][]byte{raw}, nil
	case op.Answer.Optional:
		return nil, nil
	}
	return nil, Unreadable(op, a.Status, fmt.Errorf("the answer has nothing at %q", op.Answer.Paths[0]))
}

// Items splits the list of an answer into its records. They are copied and not
// decoded. A list that is not where it was described is an error, unless it is
// optional: an answer of another shape must not pass for an empty list.
func Items(op *manifest.Operation, a *Answer) ([][]byte, error) {
	if !op.Spec.List {
		return single(op, a)
	}
	for _, path := range op.Answer.Paths {
		items, found, err := connectors.Items(a.Body, Inside(path))
		if err != nil {
			return nil, Unreadable(op, a.Status, fmt.Errorf("the answer is not JSON: %w", err))
		}
		switch {
		case len(items) > MaxRecords:
			return nil, Unreadable(op, a.Status, fmt.Errorf("the answer has %d records, more than %d: ask for smaller pages", len(items), MaxRecords))
		case found:
			return items, nil
		}
	}
	if op.Answer.Optional {
		return nil, nil
	}
	return nil, Unreadable(op, a.Status, fmt.Errorf("the answer has no list at %q", op.Answer.Paths[0]))
}

// Split returns the rows that the connector's hook makes of those of a list; the same where
// it has none.
func Split(op *manifest.Operation, a *Answer, items [][]byte) ([][]byte, error) {
	if op.Answer.Rows == nil {
		return items, nil
	}
	all := make([][]byte, 0, len(items))
	for i, item := range items {
		rows, err := op.Answer.Rows(item)
		if err != nil {
			return nil, Unreadable(op, a.Status, fmt.Errorf("record %d: %w", i+1, err))
		}
		all = append(all, rows...)
	}
	return all, nil
}

// AsText puts a record that has a text as its value into the place of the text. The error
// is for a text in another encoding than UTF-8: its characters would be lost.
func AsText(op *manifest.Operation, a *Answer) (err error) {
	if !utf8.Valid(a.Body) {
		return Unreadable(op, a.Status, fmt.Errorf("the text is not UTF-8 (%.80q)", a.Header.Get("Content-Type")))
	}
	if a.Body, err = connectors.Encode(map[string]any{"value": string(a.Body)}); err != nil {
		return Unreadable(op, a.Status, err)
	}
	a.Header = a.Header.Clone()
	a.Header.Set("Content-Type", "application/json")
	return nil
}

// AsJSON puts JSON into the place of a body that is written in another format. One that is not
// there stays so where it may be missing. The error is an [*connectors.Error].
func AsJSON(op *manifest.Operation, a *Answer) (err error) {
	f := op.Answer.Format
	if f.Kind == formats.JSON || len(op.Answer.Paths) == 0 || missing(op, a) {
		return nil
	}
	expected := formats.Answer{Object: op.Spec.Answer, List: op.Spec.List}
	for _, path := range op.Answer.Paths {
		expected.Paths = append(expected.Paths, Inside(path))
	}
	if a.Body, err = f.JSON(a.Body, a.Header.Get("Content-Type"), expected); err != nil {
		return Unreadable(op, a.Status, err)
	}
	return nil
}

// missing reports whether there is no answer where there may be none.
func missing(op *manifest.Operation, a *Answer) bool {
	return len(bytes.TrimSpace(a.Body)) == 0 && (op.Answer.Optional || op.Spec.Kind == connectors.Write)
}

// decode reads one record. Records of a described object get its shape, what is
// not an object stays as it is.
func decode(op *manifest.Operation, raw []byte) (any, error) {
	raw = wrapped(op, raw)
	if op.Spec.Answer == nil || len(raw) == 0 || raw[0] != '{' {
		return connectors.Decode(raw)
	}
	return op.Spec.Answer.Decode(raw)
}

// Text returns the value at the first path that leads to one: a text as it is,
// the elements of a list joined, anything else as it is written.
func Text(doc []byte, paths []string) string {
	for _, p := range paths {
		raw, found, err := connectors.Value(doc, Inside(p))
		if err != nil || !found || string(raw) == "null" {
			continue
		}
		v, err := connectors.Decode(raw)
		if err != nil {
			continue
		}
		switch x := v.(type) {
		case string:
			return x
		case []any:
			parts := make([]string, len(x))
			for i, e := range x {
				parts[i] = fmt.Sprint(e)
			}
			return strings.Join(parts, "; ")
		case map[string]any:
			if words := fieldwise(x); words != "" {
				return words
			}
			if p == "." {
				continue // the whole body says nothing that could be shown in short
			}
			return string(raw)
		default:
			return string(raw)
		}
	}
	return ""
}

// fieldwise writes an object whose members are messages, or lists of them, by the name of
// a field: {"email": ["is taken"]} is "email: is taken". It is empty for any other.
func fieldwise(object map[string]any) string {
	lines := make([]string, 0, len(object))
	for _, name := range slices.Sorted(maps.Keys(object)) {
		words, ok := object[name].([]any)
		if !ok {
			words = []any{object[name]}
		}
		for _, w := range words {
			word, ok := w.(string)
			if !ok {
				return ""
			}
			lines = append(lines, name+": "+word)
		}
	}
	return strings.Join(lines, "; ")
}

// Inside turns a path of a manifest into one of package connectors.
func Inside(path string) string {
	if path == "." {
		return ""
	}
	return path
}

// Unreadable is the error for an answer with status 2xx that cannot be used. A write
// was carried out, as its status says, but what came of it is not known. A list that
// is too large stays so until fewer records are asked for, so to repeat it would not
// help.
func Unreadable(op *manifest.Operation, status int, err error) error {
	e := &connectors.Error{Kind: connectors.Transient, Op: op.Spec.Name(), Status: status, Err: err}
	switch {
	case op.Spec.Kind == connectors.Write:
		e.Kind = connectors.Uncertain
	case errors.Is(err, ErrTooLarge):
		e.Kind, e.Hint = connectors.Invalid, "ask for fewer records at once"
		if op.Answer.File {
			e.Hint = "larger files are not kept: leave it at the service and pass on its address"
		}
	}
	return e
}

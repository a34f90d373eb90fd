package httpapi

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/formats"
	"github.com/pollux-automation/pollux/connectors/manifest"
)

// asJSON puts JSON into the place of a body that is written in another format. One that is not
// there stays so where it may be missing. The error is an [*connectors.Error].
func (a *answer) asJSON(op *manifest.Operation) (err error) {
	f := op.Answer.Format
	if f.Kind == formats.JSON || len(op.Answer.Paths) == 0 || len(bytes.TrimSpace(a.body)) == 0 && (op.Answer.Optional || op.Spec.Kind == connectors.Write) {
		return nil
	}
	expected := formats.Answer{Object: op.Spec.Answer, List: op.Spec.List}
	for _, path := range op.Answer.Paths {
		expected.Paths = append(expected.Paths, inside(path))
	}
	if a.body, err = f.JSON(a.body, a.header.Get("Content-Type"), expected); err != nil {
		return unreadable(op, a.status, err)
	}
	return nil
}

// valueOf reads the described part of an answer with status 2xx. A write whose answer
// has another shape than described was carried out all the same: its value is the
// whole answer. An answer of plain text is a text even where JSON was described: some
// services say yes with the word ok (Stibee's OpenAPI file, commit of 2026-05-15).
func valueOf(op *manifest.Operation, a *answer) (any, error) {
	if len(bytes.TrimSpace(a.body)) == 0 {
		return empty(op, a)
	}
	if isText(a) {
		return string(a.body), nil
	}
	whole, err := connectors.Decode(a.body)
	if err != nil {
		if len(op.Answer.Paths) == 0 {
			return string(a.body), nil
		}
		return nil, unreadable(op, a.status, fmt.Errorf("the answer is not JSON: %w", err))
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
	v, err := decode(op, raw)
	if err != nil {
		return nil, unreadable(op, a.status, err)
	}
	return v, nil
}

// one returns the value of an answer as it was sent. One that is missing is an error,
// unless it is optional or the answer is that of a write.
func one(op *manifest.Operation, a *answer) (raw []byte, found bool, err error) {
	for _, path := range op.Answer.Paths {
		raw, found, err := connectors.Value(a.body, inside(path))
		if err != nil {
			return nil, false, unreadable(op, a.status, fmt.Errorf("the answer is not JSON: %w", err))
		}
		if found {
			return raw, true, nil
		}
	}
	if op.Answer.Optional || op.Spec.Kind == connectors.Write {
		return nil, false, nil
	}
	return nil, false, unreadable(op, a.status, fmt.Errorf("the answer has nothing at %q", op.Answer.Paths[0]))
}

// empty is the value of an answer without a body. Writes, and reads that may find
// nothing or whose content is of no interest, have none; from any other read it is an
// error.
func empty(op *manifest.Operation, a *answer) (any, error) {
	if op.Spec.Kind == connectors.Write || op.Answer.Optional || len(op.Answer.Paths) == 0 {
		return nil, nil
	}
	return nil, unreadable(op, a.status, errors.New("the answer is empty"))
}

// isText reports answers that say that they are plain text. A JSON object or list
// under the wrong content type is no text.
func isText(a *answer) bool {
	kind, _, _ := strings.Cut(a.header.Get("Content-Type"), ";")
	return strings.EqualFold(strings.TrimSpace(kind), "text/plain") && !startsJSON(a.body)
}

// startsJSON tells JSON by its bracket.
func startsJSON(body []byte) bool {
	text := bytes.TrimSpace(body)
	return len(text) > 0 && (text[0] == '{' || text[0] == '[')
}

// listOf decodes every record of a list. One record that cannot be read makes the
// whole list an error: a list with a hole would look complete.
func listOf(op *manifest.Operation, a *answer) (any, error) {
	items, err := itemsOf(op, a)
	if err != nil {
		return nil, err
	}
	list := make([]any, len(items))
	for i, item := range items {
		if list[i], err = decode(op, item); err != nil {
			return nil, unreadable(op, a.status, fmt.Errorf("record %d: %w", i+1, err))
		}
	}
	return list, nil
}

// single returns the one record of an answer as a list of one, or of none where it may
// be missing.
func single(op *manifest.Operation, a *answer) ([][]byte, error) {
	if len(bytes.TrimSpace(a.body)) == 0 && (op.Answer.Optional || op.Spec.Kind == connectors.Write) {
		return nil, nil
	}
	if _, err := connectors.Decode(a.body); err != nil {
		return nil, unreadable(op, a.status, fmt.Errorf("the answer is not JSON: %w", err))
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
	return nil, unreadable(op, a.status, fmt.Errorf("the answer has nothing at %q", op.Answer.Paths[0]))
}

// itemsOf splits the list of an answer into its records. They are copied and not
// decoded. A list that is not where it was described is an error, unless it is
// optional: an answer of another shape must not pass for an empty list.
func itemsOf(op *manifest.Operation, a *answer) ([][]byte, error) {
	if !op.Spec.List {
		return single(op, a)
	}
	for _, path := range op.Answer.Paths {
		items, found, err := connectors.Items(a.body, inside(path))
		if err != nil {
			return nil, unreadable(op, a.status, fmt.Errorf("the answer is not JSON: %w", err))
		}
		if found {
			return items, nil
		}
	}
	if op.Answer.Optional {
		return nil, nil
	}
	return nil, unreadable(op, a.status, fmt.Errorf("the answer has no list at %q", op.Answer.Paths[0]))
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

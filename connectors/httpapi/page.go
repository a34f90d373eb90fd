package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strconv"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/manifest"
	"github.com/pollux-automation/pollux/connectors/manifest/lists"
	"github.com/pollux-automation/pollux/connectors/schema"
)

// maxIDBytes is the longest id that a record may have. It is a part of keys in the
// store and of lanes.
const maxIDBytes = 1024

// Page fetches one page of a list. It counts as a poll at the gate, which lets the
// steps of runs pass first. The position of the query is checked against the style of
// paging, so that one stored before the connector changed is an error and not a wrong
// page.
func (s *session) Page(ctx context.Context, o *connectors.Operation, q connectors.Query) (connectors.Page, error) {
	op, err := s.operation(o)
	if err != nil {
		return connectors.Page{}, err
	}
	if !op.Spec.List || op.Spec.Kind != connectors.Read {
		return connectors.Page{}, invalid(op, errors.New("the operation does not list anything"))
	}
	at, err := readPosition(op, q.Position)
	if err != nil {
		return connectors.Page{}, invalid(op, err)
	}
	size := pageSize(op.Paging, q.Size)
	inputs, err := pageInputs(op, q, at, size)
	if err != nil {
		return connectors.Page{}, invalid(op, err)
	}
	req, err := s.prepare(op, inputs)
	if err != nil {
		return connectors.Page{}, err
	}
	if err := at.follow(req.url); err != nil {
		return connectors.Page{}, invalid(op, err)
	}
	a, err := s.exchange(ctx, op, req, connectors.ForPoll)
	if err != nil {
		return connectors.Page{}, err
	}
	return s.readPage(op, a, q.Position, size)
}

// pageSize returns how many records to ask for; 0 when the list takes no number.
func pageSize(p lists.Paging, wanted int) int {
	switch {
	case p.SizeInput == "":
		return 0
	case wanted <= 0:
		return p.Size
	}
	return min(wanted, p.MaxSize)
}

// pageInputs completes what the caller gave by what polling and paging fill in. What
// paging fills wins over all else, so a position is always obeyed. The caller's map
// stays as it is.
func pageInputs(op *manifest.Operation, q connectors.Query, at position, size int) (map[string]any, error) {
	in := make(map[string]any, len(q.Inputs)+4)
	maps.Copy(in, q.Inputs)
	if op.Poll != nil {
		maps.Copy(in, op.Poll.With)
		if s := op.Poll.Since; s != nil && !q.Since.IsZero() {
			value, err := sinceValue(op, s, q.Since, in[s.Input])
			if err != nil {
				return nil, err
			}
			in[s.Input] = value
		}
	}
	if op.Paging.SizeInput != "" {
		in[op.Paging.SizeInput] = numberFor(op, op.Paging.SizeInput, size)
	}
	if op.Paging.Input != "" {
		in[op.Paging.Input] = numberFor(op, op.Paging.Input, at.Number)
	}
	for name, raw := range at.Carry {
		in[name] = raw
	}
	return in, nil
}

// numberFor gives a number the type of its input: some services take texts.
func numberFor(op *manifest.Operation, input string, n int) any {
	for _, in := range op.Spec.Inputs {
		if in.Name == input && in.Type == schema.String {
			return strconv.Itoa(n)
		}
	}
	return n
}

// readPage reads the records of an answer and the position behind them. One row that
// cannot be read fails the page, because a cursor that moved past it would never come
// back.
func (s *session) readPage(op *manifest.Operation, a *answer, position string, size int) (connectors.Page, error) {
	items, err := itemsOf(op, a)
	if err != nil {
		return connectors.Page{}, err
	}
	page := connectors.Page{Date: a.date, Total: total(op, a), Records: make([]connectors.Record, len(items))}
	for i, item := range items {
		if page.Records[i], err = record(op, item); err != nil {
			return connectors.Page{}, unreadable(op, a.status, fmt.Errorf("record %d of the page: %w", i+1, err))
		}
	}
	if page.Next, err = s.next(op, a, items, position, size); err != nil {
		return connectors.Page{}, unreadable(op, a.status, err)
	}
	return page, nil
}

// record reads the id and the times of one record. Only the id and the times are
// looked up; the rest stays the bytes that were sent. Where the list is walked by
// time a row without one is an error, elsewhere its time is zero.
func record(op *manifest.Operation, item []byte) (connectors.Record, error) {
	o := op.Spec.Answer
	if o == nil || o.ID == "" {
		return connectors.Record{}, errors.New("the connector does not say what identifies a record")
	}
	texts, err := connectors.Texts(item, o.ID, o.Created, o.Updated)
	if err != nil {
		return connectors.Record{}, err
	}
	r := connectors.Record{ID: texts[0], Raw: item}
	switch {
	case r.ID == "":
		return connectors.Record{}, fmt.Errorf("it has no %q", o.ID)
	case len(r.ID) > maxIDBytes:
		return connectors.Record{}, fmt.Errorf("its %q has %d bytes, more than %d", o.ID, len(r.ID), maxIDBytes)
	}
	var ok bool
	r.Created, _ = schema.ParseTime(texts[1])
	r.Updated, ok = schema.ParseTime(texts[2])
	if !ok && op.Spec.Poll != nil && op.Spec.Poll.Strategy == connectors.Keyset {
		return connectors.Record{}, fmt.Errorf("the record %.80q has no readable time in %q: %.80q", r.ID, o.Updated, texts[2])
	}
	return r, nil
}

// total returns how many records the whole list has, -1 when the answer does not
// say.
func total(op *manifest.Operation, a *answer) int {
	n, err := strconv.Atoi(text(a.body, op.Paging.Total))
	if err != nil || n < 0 {
		return -1
	}
	return n
}

// next returns the position behind a page; empty at the end of the list. A position
// that does not move is an error, for the walk would never end. With offsets it is
// counted in rows that came, not in rows that were asked for: services may give
// fewer.
func (s *session) next(op *manifest.Operation, a *answer, items [][]byte, current string, size int) (string, error) {
	p := op.Paging
	switch {
	case p.Style == lists.NoPaging,
		len(items) == 0 && p.Last != lists.NoNextIsLast,
		len(items) < size && p.Last == lists.ShortIsLast:
		return "", nil
	}
	at, err := readPosition(op, current)
	if err != nil {
		return "", err
	}
	next := position{}
	switch p.Style {
	case lists.Numbered:
		next.Number = at.Number + 1
	case lists.Offset:
		next.Number = at.Number + len(items)
	case lists.Cursor:
		next.Carry, err = carry(p.Carry, a, items)
		if next.Carry == nil {
			return "", err
		}
	case lists.NextLink:
		next.Query, err = s.linkQuery(text(a.body, p.Link))
		if next.Query == "" {
			return "", err
		}
	case lists.NoPaging:
	}
	b, err := json.Marshal(next)
	if err != nil {
		return "", fmt.Errorf("the position of the next page: %w", err)
	}
	if string(b) == current {
		return "", errors.New("the next page begins where this one did")
	}
	if len(b) > maxPositionBytes {
		return "", fmt.Errorf("the position of the next page has %d bytes, more than %d", len(b), maxPositionBytes)
	}
	return string(b), nil
}

// carry takes the values out of an answer that the next request needs. Without
// those of the answer itself the list has ended; a last record without its values
// is an error, for the list goes on.
func carry(rules []lists.Carry, a *answer, items [][]byte) (map[string]json.RawMessage, error) {
	out := map[string]json.RawMessage{}
	missing := 0
	for _, c := range rules {
		doc := a.body
		if c.Last {
			if len(items) == 0 {
				return nil, nil
			}
			doc = items[len(items)-1]
		}
		raw, found, err := connectors.Value(doc, inside(c.Path))
		if err != nil {
			return nil, fmt.Errorf("the answer is not JSON: %w", err)
		}
		if blank := !found || string(raw) == "null" || string(raw) == `""`; !blank {
			out[c.Input] = raw
			continue
		}
		if c.Last {
			return nil, fmt.Errorf("the last record of the page has no %q", c.Path)
		}
		missing++
	}
	switch missing {
	case 0:
		return out, nil
	case len(rules):
		return nil, nil
	}
	return nil, errors.New("the answer holds only a part of the next position")
}

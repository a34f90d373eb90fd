package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"time"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/auth"
	"github.com/pollux-automation/pollux/connectors/httpapi/answers"
	"github.com/pollux-automation/pollux/connectors/httpapi/position"
	"github.com/pollux-automation/pollux/connectors/httpapi/request"
	"github.com/pollux-automation/pollux/connectors/manifest"
	"github.com/pollux-automation/pollux/connectors/manifest/lists"
	"github.com/pollux-automation/pollux/connectors/schema"
)

// Page fetches one page of a list, or a single record as the only page of a list of
// one. It counts as a poll at the gate, which lets the steps of runs pass first. The
// position of the query is checked against the style of paging, so that one stored
// before the connector changed is an error and not a wrong page. A single record that
// is not found makes an empty page, as does a list that the connector says is then
// empty.
func (s *session) Page(ctx context.Context, o *connectors.Operation, q connectors.Query) (connectors.Page, error) {
	op, err := s.operation(o)
	if err != nil {
		return connectors.Page{}, err
	}
	if op.Compose != nil {
		return s.pageOfFind(ctx, op, q)
	}
	return s.page(ctx, op, q, connectors.ForPoll)
}

// page is Page with a priority at the gate.
func (s *session) page(ctx context.Context, op *manifest.Operation, q connectors.Query, p connectors.Priority) (connectors.Page, error) {
	req, asked, err := s.pageRequest(op, q)
	if err != nil {
		return connectors.Page{}, invalid(op, err)
	}
	a, err := s.exchange(ctx, op, req, p)
	if err != nil {
		if a != nil && connectors.KindOf(err) == connectors.NotFound && (op.Answer.Absent || !op.Spec.List) {
			return connectors.Page{Date: a.Date, Total: -1}, nil
		}
		return connectors.Page{}, err
	}
	return s.readPage(op, a, asked)
}

// pageRequest makes the request for a page.
func (s *session) pageRequest(op *manifest.Operation, q connectors.Query) (*request.Request, pageQuery, error) {
	asked := pageQuery{position: q.Position, size: pageSize(op.Paging, q.Size)}
	if op.Spec.Kind != connectors.Read || !op.Spec.List && op.Spec.Answer == nil {
		return nil, asked, errors.New("the operation does not list anything")
	}
	at, err := position.Read(op.Paging, q.Position)
	if err != nil {
		return nil, asked, err
	}
	inputs, err := pageInputs(op, q, at, asked.size)
	if err != nil {
		return nil, asked, err
	}
	if asked.inputs, err = s.builder.Resolve(op, inputs); err != nil {
		return nil, asked, err
	}
	req, err := s.builder.Build(op, asked.inputs)
	if err != nil {
		return nil, asked, err
	}
	return req, asked, at.Follow(req.URL)
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
func pageInputs(op *manifest.Operation, q connectors.Query, at position.Position, size int) (map[string]any, error) {
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
		if op.Poll.Window != nil {
			fillWindow(op, in, q.From, q.To)
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
	if inputOf(op, input).Type == schema.String {
		return strconv.Itoa(n)
	}
	return n
}

// pageQuery is what was asked for with a page, as far as its answer depends on it.
type pageQuery struct {
	position string
	size     int
	inputs   map[string]any
}

// readPage reads the records of an answer and the position behind them. One row that
// cannot be read fails the page, because a cursor that moved past it would never come
// back. Rows that say that they are gone are left out, but they count as rows of the
// page.
func (s *session) readPage(op *manifest.Operation, a *answers.Answer, q pageQuery) (connectors.Page, error) {
	items, err := answers.Items(op, a)
	if err != nil {
		return connectors.Page{}, err
	}
	rows, err := answers.Split(op, a, items)
	if err != nil {
		return connectors.Page{}, err
	}
	page := connectors.Page{Date: a.Date, Total: total(op, a), Records: make([]connectors.Record, 0, len(rows))}
	reader, rowOf := answers.NewRows(op, q.inputs), make(map[string]int, len(rows))
	for i, row := range rows {
		r, gone, err := reader.Read(row)
		if first, twice := rowOf[r.ID]; err == nil && !gone && twice && !bytes.Equal(row, rows[first]) {
			err = fmt.Errorf("it has the id %.80q, as record %d has: each would pass for a change of the other", r.ID, first+1)
		}
		if err != nil {
			return connectors.Page{}, answers.Unreadable(op, a.Status, fmt.Errorf("record %d of the page: %w", i+1, err))
		}
		if !gone {
			rowOf[r.ID] = i
			page.Records = append(page.Records, r)
		}
	}
	if op.Answer.Rows != nil && op.Spec.Poll != nil && len(items) > 0 {
		page.First, page.Last = timeOf(op, items[0]), timeOf(op, items[len(items)-1])
	}
	if page.Next, err = s.next(op, a, items, q); err != nil {
		return connectors.Page{}, answers.Unreadable(op, a.Status, err)
	}
	return page, nil
}

// timeOf reads the time of a row by which its list is sorted; zero for none.
func timeOf(op *manifest.Operation, row []byte) time.Time {
	by := op.Spec.Poll.By
	if by == "" {
		return time.Time{}
	}
	text, err := connectors.Texts(row, by)
	if err != nil {
		return time.Time{}
	}
	t, _ := op.Spec.Answer.Time(by, text[0])
	return t
}

// total returns how many records the whole list has, -1 when the answer does not
// say.
func total(op *manifest.Operation, a *answers.Answer) int {
	n, err := strconv.Atoi(answers.Text(a.Body, op.Paging.Total))
	if err != nil || n < 0 {
		return -1
	}
	return n
}

// next returns the position behind a page; empty at the end of the list. A position
// that does not move is an error, for the walk would never end. With offsets it is
// counted in rows that came, not in rows that were asked for: services may give
// fewer.
func (s *session) next(op *manifest.Operation, a *answers.Answer, items [][]byte, q pageQuery) (string, error) {
	p := op.Paging
	switch {
	case p.Style == lists.NoPaging,
		len(items) == 0 && p.Last != lists.NoNextIsLast,
		len(items) < q.size && p.Last == lists.ShortIsLast:
		return "", nil
	}
	at, err := position.Read(op.Paging, q.position)
	if err != nil {
		return "", err
	}
	next := position.Position{}
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
		next.Query, err = position.OfLink(answers.Text(a.Body, p.Link), s.inQuery())
		if next.Query == "" {
			return "", err
		}
	case lists.NoPaging:
	}
	b, err := json.Marshal(next)
	if err != nil {
		return "", fmt.Errorf("the position of the next page: %w", err)
	}
	if string(b) == q.position {
		return "", errors.New("the next page begins where this one did")
	}
	if len(b) > position.MaxBytes {
		return "", fmt.Errorf("the position of the next page has %d bytes, more than %d", len(b), position.MaxBytes)
	}
	return string(b), nil
}

// goesOn reports whether the list of an answer has a next page, or may have one: where a
// service may give fewer records than asked for, only an empty page is surely the last.
func (s *session) goesOn(op *manifest.Operation, a *answers.Answer, inputs map[string]any) bool {
	if !op.Spec.List {
		return false
	}
	items, err := answers.Items(op, a)
	if err != nil {
		return false
	}
	if all := total(op, a); all >= 0 {
		return all > len(items)
	}
	asked, err := strconv.Atoi(fmt.Sprint(inputs[op.Paging.SizeInput]))
	if err != nil {
		asked = op.Paging.Size
	}
	next, err := s.next(op, a, items, pageQuery{size: asked})
	return err == nil && next != ""
}

// carry takes the values out of an answer that the next request needs. Without
// those of the answer itself the list has ended; a last record without its values
// is an error, for the list goes on.
func carry(rules []lists.Carry, a *answers.Answer, items [][]byte) (map[string]json.RawMessage, error) {
	out := map[string]json.RawMessage{}
	missing := 0
	for _, c := range rules {
		doc := a.Body
		if c.Last {
			if len(items) == 0 {
				return nil, nil
			}
			doc = items[len(items)-1]
		}
		raw, found, err := connectors.Value(doc, answers.Inside(c.Path))
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

// inQuery is the name of the query value that carries the credential; empty without one.
func (s *session) inQuery() string {
	if s.method.Name == auth.APIKey && s.method.In == "query" {
		return s.method.Param
	}
	return ""
}

package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strings"
	"time"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/manifest"
	"github.com/pollux-automation/pollux/connectors/manifest/compose"
)

// maxFindPages is how many pages a find reads at most.
const maxFindPages = 200

// composed carries out an operation that is made of others. Its errors are those of its
// parts, in its own name: a read that fails leaves nothing behind, and a write that fails
// keeps its kind.
func (s *session) composed(ctx context.Context, op *manifest.Operation, given map[string]any) (connectors.Answer, error) {
	in, err := s.resolved(op, given)
	if err != nil {
		return connectors.Answer{}, err
	}
	if op.Compose.Found == nil {
		seen, err := s.look(ctx, op, in)
		if err != nil {
			return connectors.Answer{}, err
		}
		return connectors.Answer{Status: http.StatusOK, Value: seen.value(), Date: seen.date}, nil
	}
	for _, w := range op.Compose.Writes() { // what no read could mend is refused before anything is sent
		if _, err := s.unread(op, w, in); err != nil {
			return connectors.Answer{}, err
		}
	}
	done, err := s.turns.Take(ctx, s.turnOf(op, in))
	if err != nil {
		return connectors.Answer{}, canceled(op, err)
	}
	defer done()
	return s.readThenWrite(ctx, op, in)
}

// resolved returns the inputs of an operation that is made of others. A value that is looked
// for must say something: records without an address are not the one without an address.
func (s *session) resolved(op *manifest.Operation, given map[string]any) (map[string]any, error) {
	in, err := s.builder.Resolve(op, given)
	if err != nil {
		return nil, invalid(op, err)
	}
	for field, from := range op.Compose.Where {
		f, _ := s.operations[op.Compose.Read].Spec.Answer.Field(field)
		text, isText := f.Comparable(in[from]).(string)
		if in[from] == nil || isText && strings.TrimSpace(text) == "" {
			return nil, invalid(op, fmt.Errorf("the input %q is empty, and is what the record is found by", from))
		}
	}
	return in, nil
}

// turnOf names what a write that reads first is about: two writes that may meet have the
// same name.
func (s *session) turnOf(op *manifest.Operation, in map[string]any) string {
	about := map[string]any{}
	for name, from := range op.Compose.With {
		about[name] = in[from]
	}
	for field, from := range op.Compose.Where {
		f, _ := s.operations[op.Compose.Read].Spec.Answer.Field(field)
		about[field] = f.Comparable(in[from])
	}
	text, err := connectors.Encode(about)
	if err != nil {
		text = nil // inputs come from JSON; without them more writes wait for each other
	}
	return s.account.Name + "\n" + s.operations[op.Compose.Read].Spec.Answer.Key + "\n" + string(text)
}

// sight is what the read of a composed operation has shown.
type sight struct {
	fields map[string]any // nil when there is no record
	record connectors.Record
	date   time.Time
}

// value is the record as an answer has it: nil for none.
func (s sight) value() any {
	if s.fields == nil {
		return nil
	}
	return s.fields
}

// look carries out the read of a composed operation. A single record that is not found is
// an error, unless there is a write for that.
func (s *session) look(ctx context.Context, op *manifest.Operation, in map[string]any) (sight, error) {
	read := s.operations[op.Compose.Read]
	inner := compose.Inputs(op.Compose.With, in, nil)
	if read.Spec.List {
		return s.walk(ctx, op, read, inner, in)
	}
	a, err := s.Call(ctx, read.Spec, inner)
	if err != nil && connectors.KindOf(err) == connectors.NotFound && op.Compose.Absent != nil {
		return sight{}, nil
	}
	if err != nil {
		return sight{}, inNameOf(op, err)
	}
	fields, _ := a.Value.(map[string]any)
	return sight{fields: fields, date: a.Date}, nil
}

// walk reads a list until a record fits. A position that comes again, and more pages than
// are read at most, are errors: a record that stands behind them must not pass for one that
// is not there.
func (s *session) walk(ctx context.Context, op, read *manifest.Operation, inner, in map[string]any) (sight, error) {
	q := connectors.Query{Inputs: inner, Size: math.MaxInt}
	positions := map[string]bool{}
	for range maxFindPages {
		page, err := s.page(ctx, read, q, connectors.ForStep)
		if err != nil {
			return sight{}, inNameOf(op, err)
		}
		for _, r := range page.Records {
			fields, err := read.Spec.Answer.Decode(r.Raw)
			if err != nil {
				return sight{}, &connectors.Error{Kind: connectors.Transient, Op: op.Spec.Name(), Err: fmt.Errorf("the record %.80q of %s: %w", r.ID, read.Spec.Key, err)}
			}
			if s.fits(op, fields, in) {
				return sight{fields: fields, record: r, date: page.Date}, nil
			}
		}
		if page.Next == "" {
			return sight{date: page.Date}, nil
		}
		if positions[page.Next] {
			return sight{}, &connectors.Error{Kind: connectors.Transient, Op: op.Spec.Name(), Err: fmt.Errorf("a page of %s comes twice", read.Spec.Key)}
		}
		positions[page.Next], q.Position = true, page.Next
	}
	return sight{}, &connectors.Error{
		Kind: connectors.Invalid, Op: op.Spec.Name(), Hint: "give inputs that make the list shorter",
		Err: fmt.Errorf("not found in the first %d pages of %s, and the list goes on", maxFindPages, read.Spec.Key),
	}
}

// fits reports whether a record is the one that is looked for.
func (s *session) fits(op *manifest.Operation, fields, in map[string]any) bool {
	read := s.operations[op.Compose.Read]
	for name, from := range op.Compose.Where {
		field, _ := read.Spec.Answer.Field(name)
		has, wants := fields[name], in[from]
		if has == nil || wants == nil || fmt.Sprint(field.Comparable(has)) != fmt.Sprint(field.Comparable(wants)) {
			return false
		}
	}
	return true
}

// pageOfFind is the page of a find: the record that fits, or nothing.
func (s *session) pageOfFind(ctx context.Context, op *manifest.Operation, q connectors.Query) (connectors.Page, error) {
	if op.Compose.Found != nil || q.Position != "" {
		return connectors.Page{}, invalid(op, errors.New("the operation does not list anything"))
	}
	in, err := s.resolved(op, q.Inputs)
	if err != nil {
		return connectors.Page{}, err
	}
	seen, err := s.look(ctx, op, in)
	if err != nil {
		return connectors.Page{}, err
	}
	page := connectors.Page{Date: seen.date, Total: -1}
	if seen.fields != nil {
		page.Records = []connectors.Record{seen.record}
	}
	return page, nil
}

// readThenWrite reads, and carries out the write for what was read. Nothing lies between
// the two but the turn at the gate.
func (s *session) readThenWrite(ctx context.Context, op *manifest.Operation, in map[string]any) (connectors.Answer, error) {
	c := op.Compose
	seen, err := s.look(ctx, op, in)
	if err != nil {
		return connectors.Answer{}, err
	}
	w := c.Found
	if seen.fields == nil {
		if w = c.Absent; w == nil {
			return connectors.Answer{}, &connectors.Error{Kind: connectors.NotFound, Op: op.Spec.Name(), Err: fmt.Errorf("%s shows no record", c.Read)}
		}
	}
	inner := compose.Inputs(w.With, in, seen.fields)
	wrote := ""
	if c.Append != nil {
		before, _ := seen.fields[c.Append.Field].(string)
		entry, _ := in[c.Append.Text].(string)
		wrote = c.Append.Entry(before, entry)
		inner[c.Append.To] = wrote
	}
	if key := connectors.KeyOf(ctx); key != "" { // another write is another request to the service
		ctx = connectors.WithKey(ctx, key+"/"+w.Operation)
	}
	a, err := s.Call(ctx, s.operations[w.Operation].Spec, inner)
	if err != nil {
		return connectors.Answer{}, inNameOf(op, err)
	}
	if c.Append != nil {
		return s.verify(ctx, op, in, wrote, a)
	}
	return a, nil
}

// verify reads a text again after an entry was added to it. What stands there must be what
// was written; more may have been added behind it.
func (s *session) verify(ctx context.Context, op *manifest.Operation, in map[string]any, wrote string, a connectors.Answer) (connectors.Answer, error) {
	field := op.Compose.Append.Field
	textOf := func(v any) string {
		fields, _ := v.(map[string]any)
		text, _ := fields[field].(string)
		return text
	}
	seen, err := s.look(ctx, op, in)
	if err != nil {
		if sameText(textOf(a.Value), wrote) {
			return a, nil
		}
		e := &connectors.Error{Kind: connectors.Uncertain, Op: op.Spec.Name(), Status: a.Status}
		e.Err = fmt.Errorf("the text was written, and could not be read again: %w", err)
		return connectors.Answer{}, e
	}
	now := textOf(seen.value())
	entry, _ := in[op.Compose.Append.Text].(string)
	switch {
	case sameText(now, wrote):
		return connectors.Answer{Status: a.Status, Value: seen.value(), Date: a.Date}, nil
	case strings.Contains(lines(now), lines(entry)):
		err = fmt.Errorf("somebody else edited %q at the same moment: the entry is in it, and the rest is not what was written", field)
	default:
		err = fmt.Errorf("somebody else edited %q at the same moment: the entry is not in it", field)
	}
	// Uncertain, though it is known that the write arrived: any other kind says that nothing
	// was written, and then the entry could be added a second time.
	return connectors.Answer{}, &connectors.Error{Kind: connectors.Uncertain, Op: op.Spec.Name(), Status: a.Status, Hint: "look at the record before you repeat it", Err: err}
}

// sameText reports whether a service has kept a text, perhaps with other ends of lines or
// with something behind it.
func sameText(now, wrote string) bool {
	rest, ok := strings.CutPrefix(lines(now), lines(wrote))
	return ok && (rest == "" || rest[0] == '\n')
}

// lines is a text with the same ends of lines everywhere, and nothing around it.
func lines(text string) string {
	return strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n"))
}

// inNameOf makes an error of a part one of the composed operation.
func inNameOf(op *manifest.Operation, err error) error {
	e, ok := errors.AsType[*connectors.Error](err)
	if !ok {
		return &connectors.Error{Kind: connectors.Transient, Op: op.Spec.Name(), Err: err}
	}
	own := *e
	own.Op, own.Err = op.Spec.Name(), fmt.Errorf("%s: %w", strings.TrimPrefix(e.Op, op.Spec.Connector+"."), e.Err)
	return &own
}

// unread makes the inputs of a write before anything was read: what comes from the record
// is only told of. The error is for what no record could mend.
func (s *session) unread(op *manifest.Operation, w *compose.Write, in map[string]any) (map[string]any, error) {
	inner := compose.Inputs(w.With, in, nil)
	for name, from := range w.With {
		if field, ok := compose.Field(from); ok {
			inner[name] = said("(" + field + " of the record)")
		}
	}
	if a := op.Compose.Append; a != nil {
		entry, _ := in[a.Text].(string)
		if strings.TrimSpace(entry) == "" {
			return nil, invalid(op, fmt.Errorf("the input %q is empty", a.Text))
		}
		inner[a.To] = a.Entry("(what stands there)", entry)
	}
	resolved, err := s.builder.Resolve(s.operations[w.Operation], inner)
	if err != nil {
		return nil, invalid(op, fmt.Errorf("%s: %w", w.Operation, err))
	}
	return resolved, nil
}

// said is a text that stands in a preview for a value of any type.
func said(text string) json.RawMessage {
	b, _ := connectors.Encode(text) // a text can always be written
	return b
}

// previewOfComposed returns the write of a composed operation as far as it is known before
// the read, that for no record if there is one, or the first request of a find.
func (s *session) previewOfComposed(op *manifest.Operation, given map[string]any) (connectors.Request, error) {
	in, err := s.resolved(op, given)
	if err != nil {
		return connectors.Request{}, err
	}
	starred(op, in)
	if op.Compose.Found == nil {
		read := s.operations[op.Compose.Read]
		r, _, err := s.pageRequest(read, connectors.Query{Inputs: compose.Inputs(op.Compose.With, in, nil), Size: math.MaxInt})
		if err != nil {
			return connectors.Request{}, invalid(op, err)
		}
		return s.show(read, r)
	}
	w := op.Compose.Writes()[0]
	write := s.operations[w.Operation]
	resolved, err := s.unread(op, w, in)
	if err != nil {
		return connectors.Request{}, err
	}
	resolved = keyed(write, resolved, previewKey)
	starred(write, resolved)
	r, err := s.builder.Build(write, resolved)
	if err == nil {
		err = setKey(write, r, previewKey)
	}
	if err != nil {
		return connectors.Request{}, invalid(op, err)
	}
	return s.show(write, r)
}

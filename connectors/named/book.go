package named

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/schema"
)

const (
	// keepFor is how long definitions count.
	keepFor = 10 * time.Minute
	// askAfter is how soon they are read again for a name that is not among them.
	askAfter = time.Minute
	// maxPages bounds a list of definitions that has no end.
	maxPages = 100
)

// Pages fetches a page of a list of definitions; [connectors.Session.Page] does.
type Pages func(ctx context.Context, op *connectors.Operation, q connectors.Query) (connectors.Page, error)

// Book keeps the definitions of one account. It is safe for concurrent use; callers that
// want the same ones while they are read wait for them. All methods of nil know nothing.
type Book struct {
	service *connectors.Description
	pages   Pages

	mu     sync.Mutex
	leaves map[string]*leaf
}

// leaf is what is known of one kind of definitions. Who reads or looks holds turn.
type leaf struct {
	turn   chan struct{}
	table  *Table // nil before the first answer
	readAt time.Time
}

// NewBook makes an empty book. It asks for nothing until somebody needs it.
func NewBook(service *connectors.Description, pages Pages) *Book {
	return &Book{service: service, pages: pages, leaves: map[string]*leaf{}}
}

// Keeper is a session that keeps a book.
type Keeper interface{ Names() *Book }

// Of returns the book of a session; nil when it keeps none.
func Of(s connectors.Session) *Book {
	if k, ok := s.(Keeper); ok {
		return k.Names()
	}
	return nil
}

// Table returns the definitions, at most ten minutes old. If one of the names leads
// nowhere they are read again, at most once a minute; whether it does then is for
// [Table.ID] to say. Without definitions there is an error, a [*connectors.Error] like
// that of any request.
func (b *Book) Table(ctx context.Context, spec *schema.Named, names ...string) (*Table, error) {
	l := b.leaf(spec)
	select {
	case l.turn <- struct{}{}:
		defer func() { <-l.turn }()
	case <-ctx.Done():
		return nil, &connectors.Error{Kind: connectors.Canceled, Op: b.service.Key + "." + spec.Definitions, Err: ctx.Err()}
	}
	age := time.Since(l.readAt)
	if l.table != nil && age < keepFor && (age < askAfter || l.table.knows(names)) {
		return l.table, nil
	}
	rows, err := b.read(ctx, spec)
	if err != nil {
		return nil, explain(spec, err)
	}
	l.table, l.readAt = NewTable(spec, rows), time.Now()
	return l.table, nil
}

// Known returns the definitions that were read last, however old, without asking for
// them; nil when there are none.
func (b *Book) Known(spec *schema.Named) *Table {
	if b == nil {
		return nil
	}
	l := b.leaf(spec)
	select {
	case l.turn <- struct{}{}:
		defer func() { <-l.turn }()
		return l.table
	default: // they are being read
		return nil
	}
}

// leaf is where definitions of one kind are kept.
func (b *Book) leaf(spec *schema.Named) *leaf {
	with, err := json.Marshal(spec.With) // sorts the names
	if err != nil {
		with = fmt.Append(nil, spec.With) // comes from YAML, which always has JSON
	}
	key := spec.Definitions + " " + string(with)
	b.mu.Lock()
	defer b.mu.Unlock()
	l, ok := b.leaves[key]
	if !ok {
		l = &leaf{turn: make(chan struct{}, 1)}
		b.leaves[key] = l
	}
	return l
}

// knows reports whether all names lead somewhere.
func (t *Table) knows(names []string) bool {
	for _, name := range names {
		if _, err := t.find(name); err != nil {
			return false
		}
	}
	return true
}

// read asks the service for its definitions.
func (b *Book) read(ctx context.Context, spec *schema.Named) (rows []map[string]any, err error) {
	op, ok := b.service.Operation(spec.Definitions)
	if !ok {
		return nil, fmt.Errorf("%s has no operation %q", b.service.Key, spec.Definitions)
	}
	q := connectors.Query{Inputs: spec.With}
	for range maxPages {
		page, err := b.pages(ctx, op, q)
		if err != nil {
			return nil, err
		}
		for _, r := range page.Records {
			v, err := connectors.Decode(r.Raw)
			if err != nil {
				return nil, fmt.Errorf("definition %s: %w", r.ID, err)
			}
			if row, ok := v.(map[string]any); ok {
				rows = append(rows, row)
			}
		}
		if page.Next == "" || page.Next == q.Position {
			return rows, nil
		}
		q.Position = page.Next
	}
	return nil, fmt.Errorf("no end of the %ss after %d pages", spec.Title, maxPages)
}

// explain says for what a request was made that failed. That the service does not find
// or allow it is no word about the record of the step that needed it.
func explain(spec *schema.Named, cause error) error {
	out := connectors.Error{Kind: connectors.Transient, Op: spec.Definitions, Err: cause}
	if e, ok := errors.AsType[*connectors.Error](cause); ok {
		out = *e
	}
	switch out.Kind {
	case connectors.NotFound, connectors.Conflict:
		out.Kind = connectors.Invalid
	case connectors.Uncertain:
		out.Kind = connectors.Transient
	case connectors.Transient, connectors.RateLimited, connectors.Auth, connectors.Invalid, connectors.Canceled:
	}
	out.Err = fmt.Errorf("read the definitions of the %ss: %w", spec.Title, out.Err)
	return &out
}

// Write returns the inputs of a call with lists in the place of values by name. The
// definitions are asked for only where there are such values. The error is a
// [*connectors.Error]; then nothing of the call was sent.
func (b *Book) Write(ctx context.Context, op *connectors.Operation, inputs map[string]any) (map[string]any, error) {
	return b.replace(op, inputs, func(spec *schema.Named, values map[string]any) ([]any, error) {
		names := make([]string, 0, len(values))
		for name := range values {
			names = append(names, name)
		}
		t, err := b.Table(ctx, spec, names...)
		if err != nil {
			return nil, err
		}
		return t.Elements(values)
	})
}

// Preview is Write without asking for anything. Where the definitions are not known yet
// a word stands for each id.
func (b *Book) Preview(op *connectors.Operation, inputs map[string]any) (map[string]any, error) {
	return b.replace(op, inputs, func(spec *schema.Named, values map[string]any) ([]any, error) {
		t := b.Known(spec)
		if t == nil {
			t = &Table{spec: spec}
			for name := range values {
				t.list = append(t.list, definition{id: "(id of " + name + ")", name: name})
			}
		}
		return t.Elements(values)
	})
}

// replace returns the inputs with lists in the place of values by name. One without any
// value is left out, so that an empty list does not erase something.
func (b *Book) replace(op *connectors.Operation, inputs map[string]any, list func(*schema.Named, map[string]any) ([]any, error)) (map[string]any, error) {
	out, copied := inputs, false
	for i := range op.Inputs {
		in := &op.Inputs[i]
		values, byName := inputs[in.Name].(map[string]any)
		if b == nil || in.Named == nil || !byName {
			continue
		}
		elements, err := list(in.Named, values)
		if _, ours := errors.AsType[*connectors.Error](err); err != nil && !ours {
			err = &connectors.Error{Kind: connectors.Invalid, Op: op.Name(), Err: fmt.Errorf("the input %q: %w", in.Name, err)}
		}
		if err != nil {
			return nil, err
		}
		if !copied { // the caller's map stays as it is
			out, copied = maps.Clone(inputs), true
		}
		if out[in.Name] = elements; len(elements) == 0 {
			delete(out, in.Name)
		}
	}
	return out, nil
}

package cases

import (
	"slices"

	"github.com/pollux-automation/pollux/connectors/schema"
	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/mapping"
	"github.com/pollux-automation/pollux/internal/yamlnode"
	"github.com/pollux-automation/pollux/recipes/values"
)

// reader reads the tests of one recipe. It goes on after a mistake and leaves the
// field zero.
type reader struct {
	about About
	into  *diag.List
}

// Read reads the tests of a recipe from their nodes and reports everything that is
// wrong with them. After an error the result is not fit for use.
func Read(items []*yamlnode.Node, about About, into *diag.List) []Test {
	r := &reader{about: about, into: into}
	var tests []Test
	var names []string
	for _, item := range items {
		m, ok := item.Mapping(into, "name", "given", "expect")
		if !ok {
			continue
		}
		nameNode := m.Need(into, "name", "name: what the test shows")
		t := Test{Line: item.At().Line} // where a failure is reported
		t.Name, _ = nameNode.Text(into)
		if slices.Contains(names, t.Name) {
			into.Errorf(nameNode.At(), CodeDuplicateValue, "choose another name", "two tests have the name %q", values.Cut(t.Name))
		}
		names = append(names, t.Name)
		t.Given = r.given(m.Need(into, "given", "given: {record: {...}}"))
		t.Expect = r.expect(m.Need(into, "expect", "expect: {calls: [...]}"))
		tests = append(tests, t)
	}
	return tests
}

// given reads what happens in a test. With a record from before it is an update,
// without one a creation, unless kind says otherwise.
func (r *reader) given(n *yamlnode.Node) Given {
	var g Given
	m, ok := n.Mapping(r.into, "kind", "before", "record", "answers", "targets")
	if !ok {
		return g
	}
	g.Kind = mapping.Created
	if m.Has("before") {
		g.Kind = mapping.Updated
	}
	if kind, ok := m.Get("kind").Word(r.into, mapping.Kinds(false)...); ok {
		g.Kind = kind
	}
	before, record := m.Get("before"), m.Get("record")
	switch {
	case g.Kind != mapping.Deleted:
		record = m.Need(r.into, "record", "record: {id: c1, ...}")
	case record == nil:
		before = m.Need(r.into, "before", "before: {id: c1, ...}")
	}
	g.Before, g.Record = r.record(before), r.record(record)
	if g.Kind == mapping.Deleted && g.Record == nil {
		g.Record = g.Before
	}
	if g.Kind == mapping.Deleted && g.Before == nil {
		g.Before = g.Record
	}
	g.Answers = r.bySteps(m.Get("answers"), "calls anything", func(Step) bool { return true })
	g.Targets = r.bySteps(m.Get("targets"), "has only_if", func(s Step) bool { return s.Guarded })
	return g
}

// record reads a record and gives it the shape that a real one has.
func (r *reader) record(n *yamlnode.Node) map[string]any {
	m, ok := n.Mapping(r.into)
	if !ok {
		return nil
	}
	record := make(map[string]any, len(m.Fields()))
	for _, f := range m.Fields() {
		record[f.Name] = schema.Plain(f.Value.Value())
	}
	o := r.about.Object
	if o == nil {
		return record
	}
	for _, f := range m.Fields() {
		r.field(f)
	}
	if o.ID != "" && !m.Has(o.ID) {
		at := n.At()
		at.Width = 1
		r.into.Errorf(at, CodeTestRecord, "add "+o.ID+": x1", "the record has no %s", o.ID)
	}
	return o.Complete(record)
}

// field checks a member of a record against the schema.
func (r *reader) field(f yamlnode.Field) {
	field, listed := r.about.Object.Field(f.Name)
	if !listed {
		r.unlisted(f)
		return
	}
	k := f.Value.Kind()
	if k == yamlnode.Null {
		return
	}
	if field.Type == schema.String && (k == yamlnode.Int || k == yamlnode.Float) {
		r.into.Errorf(f.Value.At(), mapping.CodeQuoteNumber, `write "`+f.Value.Written()+`"`, "%q is text, this is a number", f.Name)
		return
	}
	if field.Named != nil && k == yamlnode.Mapping {
		return // values by name, in the place of the list
	}
	field.Required, field.Options = false, nil
	if err := field.Accepts(schema.Plain(f.Value.Value())); err != nil {
		r.into.Errorf(f.Value.At(), mapping.CodeInputType, "", "%s: %v", f.Name, err)
	}
}

// unlisted reports a member that no record has. In an open object it may be one, so
// there only a near miss is worth a warning.
func (r *reader) unlisted(f yamlnode.Field) {
	o := r.about.Object
	names := make([]string, len(o.Fields))
	for i, f := range o.Fields {
		names[i] = f.Name
	}
	suggestion := diag.DidYouMean(f.Name, names)
	switch {
	case !o.Open:
		r.into.Errorf(f.At, mapping.CodeUnknownField, suggestion, "%s has no field %q", o.Key, values.Cut(f.Name))
	case suggestion != "":
		r.into.Warnf(f.At, mapping.CodeUnknownField, suggestion, "%s has no listed field %q", o.Key, values.Cut(f.Name))
	}
}

// bySteps reads what is answered to some of the calling steps; an answer to any other
// step would never be given. what says what those steps have in common.
func (r *reader) bySteps(n *yamlnode.Node, what string, counts func(Step) bool) map[string]any {
	m, ok := n.Mapping(r.into)
	if !ok {
		return nil
	}
	var ids []string
	for _, s := range r.about.Calls {
		if counts(s) {
			ids = append(ids, s.ID)
		}
	}
	answers := make(map[string]any, len(m.Fields()))
	for _, f := range m.Fields() {
		if !slices.Contains(ids, f.Name) {
			r.into.Errorf(f.At, CodeUnknownStep, values.Known(f.Name, ids), "no step %q %s", values.Cut(f.Name), what)
		}
		answers[f.Name] = schema.Plain(f.Value.Value())
	}
	return answers
}

// expect reads what must come of a test.
func (r *reader) expect(n *yamlnode.Node) Expect {
	var e Expect
	m, ok := n.Mapping(r.into, "kind", "run", "calls", "error")
	if !ok {
		return e
	}
	e.Kind, _ = r.about.Kind(m.Get("kind"), KindNone)
	if run, ok := m.Get("run").Bool(r.into); ok {
		e.Run = &run
	}
	e.Error, _ = m.Get("error").Text(r.into)
	if calls, ok := m.Get("calls").List(r.into); ok {
		e.Calls = []ExpectedCall{}
		for _, c := range calls {
			e.Calls = append(e.Calls, r.expectedCall(c))
		}
	}
	return e
}

// expectedCall reads {mail.subscriber.upsert: {...}}.
func (r *reader) expectedCall(n *yamlnode.Node) ExpectedCall {
	var c ExpectedCall
	m, ok := n.Mapping(r.into)
	if !ok {
		return c
	}
	if len(m.Fields()) != 1 {
		n.Mismatch(r.into, "one operation with its inputs, as in {mail.subscriber.upsert: {email: a@example.com}}")
		return c
	}
	f := m.Fields()[0]
	c.Operation = f.Name
	made := make([]string, len(r.about.Calls))
	for i, s := range r.about.Calls {
		made[i] = s.Operation
	}
	if !slices.Contains(made, c.Operation) {
		r.into.Errorf(f.At, CodeNeverCalled, values.Known(c.Operation, made), "no step calls %s", values.Cut(c.Operation))
	}
	if f.Value.Kind() == yamlnode.Null {
		return c
	}
	if with, ok := f.Value.Mapping(r.into); ok {
		c.With = make(map[string]any, len(with.Fields()))
		for _, w := range with.Fields() {
			c.With[w.Name] = schema.Plain(w.Value.Value())
		}
	}
	return c
}

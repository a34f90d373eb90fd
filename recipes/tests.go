package recipes

import (
	"slices"

	"github.com/pollux-automation/pollux/connectors/schema"
	"github.com/pollux-automation/pollux/internal/mapping"
	"github.com/pollux-automation/pollux/internal/yamlnode"
)

// Test is a case that a recipe brings with it. The engine carries it out without
// network; [Test.Compare] judges what happened.
type Test struct {
	Name   string
	Line   int // where it stands in the file
	Given  Given
	Expect Expect
}

// Given is what happens in a test.
type Given struct {
	Kind string // created or updated
	// Before is nil when the file does not give it; then the record was unknown
	// unless it is created.
	Before, Record map[string]any
	// Answers are what the services answer to the steps' calls, by step id. A call
	// without one is answered with an object shaped like its schema.
	Answers map[string]any
}

// KindNone is the expected kind of a test in which the recipe does not run.
const KindNone = "none"

// Expect is what must come of it. What is left zero is not looked at.
type Expect struct {
	Kind string // created, updated or KindNone
	Run  *bool  // whether the recipe runs
	// Calls are all calls of the run in their order; nil is not looked at, an empty
	// list means that there are none.
	Calls []ExpectedCall
	Error string // a part of the run's error
}

// ExpectedCall is one call of a test.
type ExpectedCall struct {
	Operation string // as the recipe writes it, "mail.subscriber.upsert"
	// With are inputs that must be there with these values; a nil value means that
	// the input must be absent or null. Further inputs do not matter.
	With map[string]any
}

// tests reads the cases that the recipe brings with it.
func (p *parser) tests(n *yamlnode.Node) {
	items, ok := n.List(p.into)
	if !ok {
		return
	}
	if len(items) > maxSteps {
		p.into.Errorf(n.At(), CodeTooManySteps, "split the recipe", "the recipe has %d tests, more than %d", len(items), maxSteps)
		return
	}
	var names []string
	for _, item := range items {
		m, ok := item.Mapping(p.into, "name", "given", "expect")
		if !ok {
			continue
		}
		nameNode := m.Need(p.into, "name", "name: what the test shows")
		t := Test{Line: item.At().Line} // where a failure is reported
		t.Name, _ = nameNode.Text(p.into)
		p.once(nameNode, names, t.Name)
		names = append(names, t.Name)
		t.Given = p.given(m.Need(p.into, "given", "given: {record: {...}}"))
		t.Expect = p.expect(m.Need(p.into, "expect", "expect: {calls: [...]}"))
		p.recipe.Tests = append(p.recipe.Tests, t)
	}
}

// given reads what happens in a test. With a record from before it is an update,
// without one a creation, unless kind says otherwise.
func (p *parser) given(n *yamlnode.Node) Given {
	var g Given
	m, ok := n.Mapping(p.into, "kind", "before", "record", "answers")
	if !ok {
		return g
	}
	g.Before = p.testRecord(m.Get("before"))
	g.Record = p.testRecord(m.Need(p.into, "record", "record: {id: c1, ...}"))
	g.Kind = mapping.Created
	if m.Has("before") {
		g.Kind = mapping.Updated
	}
	if kind, ok := p.kind(m.Get("kind"), mapping.Created, mapping.Updated); ok {
		g.Kind = kind
	}
	g.Answers = p.answers(m.Get("answers"))
	return g
}

// testRecord reads a record of a test and gives it the shape that a real one has.
func (p *parser) testRecord(n *yamlnode.Node) map[string]any {
	m, ok := n.Mapping(p.into)
	if !ok {
		return nil
	}
	record := make(map[string]any, len(m.Fields()))
	for _, f := range m.Fields() {
		record[f.Name] = schema.Plain(f.Value.Value())
		p.recordField(f.At, f.Name)
		p.testField(f)
	}
	if p.trigger == nil || p.trigger.operation.Object == nil {
		return record
	}
	o := p.trigger.operation.Object
	if o.ID != "" && !m.Has(o.ID) {
		at := n.At()
		at.Width = 1
		p.into.Errorf(at, CodeTestRecord, "add "+o.ID+": x1", "the record has no %s", o.ID)
	}
	return o.Complete(record)
}

// testField checks a value of a test's record against the schema.
func (p *parser) testField(f yamlnode.Field) {
	if p.trigger == nil || p.trigger.operation.Object == nil || f.Value.Kind() == yamlnode.Null {
		return
	}
	field, known := p.trigger.operation.Object.Field(f.Name)
	if !known {
		return
	}
	if k := f.Value.Kind(); field.Type == schema.String && (k == yamlnode.Int || k == yamlnode.Float) {
		p.into.Errorf(f.Value.At(), mapping.CodeQuoteNumber, `write "`+f.Value.Written()+`"`, "%q is text, this is a number", f.Name)
		return
	}
	field.Required, field.Options = false, nil
	if err := field.Accepts(schema.Plain(f.Value.Value())); err != nil {
		p.into.Errorf(f.Value.At(), mapping.CodeInputType, "", "%s: %v", f.Name, err)
	}
}

// answers reads what the services answer; an answer to a step that calls nothing would
// never be given.
func (p *parser) answers(n *yamlnode.Node) map[string]any {
	m, ok := n.Mapping(p.into)
	if !ok {
		return nil
	}
	answers := make(map[string]any, len(m.Fields()))
	for _, f := range m.Fields() {
		if !slices.ContainsFunc(p.recipe.Steps, func(s Step) bool { return s.ID == f.Name && s.Kind == Call }) {
			p.into.Errorf(f.At, CodeUnknownStep, known(f.Name, p.callIDs()), "no step %q calls anything", cut(f.Name))
		}
		answers[f.Name] = schema.Plain(f.Value.Value())
	}
	return answers
}

// callIDs are the ids of the steps that call an operation.
func (p *parser) callIDs() []string {
	var ids []string
	for _, s := range p.recipe.Steps {
		if s.Kind == Call {
			ids = append(ids, s.ID)
		}
	}
	return ids
}

// expect reads what must come of a test.
func (p *parser) expect(n *yamlnode.Node) Expect {
	var e Expect
	m, ok := n.Mapping(p.into, "kind", "run", "calls", "error")
	if !ok {
		return e
	}
	e.Kind, _ = p.kind(m.Get("kind"), mapping.Created, mapping.Updated, KindNone)
	if run, ok := m.Get("run").Bool(p.into); ok {
		e.Run = &run
	}
	e.Error, _ = m.Get("error").Text(p.into)
	if calls, ok := m.Get("calls").List(p.into); ok {
		e.Calls = []ExpectedCall{}
		for _, c := range calls {
			e.Calls = append(e.Calls, p.expectedCall(c))
		}
	}
	return e
}

// expectedCall reads {mail.subscriber.upsert: {...}}.
func (p *parser) expectedCall(n *yamlnode.Node) ExpectedCall {
	var c ExpectedCall
	m, ok := n.Mapping(p.into)
	if !ok {
		return c
	}
	if len(m.Fields()) != 1 {
		n.Mismatch(p.into, "one operation with its inputs, as in {mail.subscriber.upsert: {email: a@example.com}}")
		return c
	}
	f := m.Fields()[0]
	c.Operation = f.Name
	var made []string
	for _, s := range p.recipe.Steps {
		if s.Kind == Call {
			made = append(made, s.Connection+"."+s.Operation)
		}
	}
	if !slices.Contains(made, c.Operation) {
		p.into.Errorf(f.At, CodeNeverCalled, known(c.Operation, made), "no step calls %s", cut(c.Operation))
	}
	if f.Value.Kind() == yamlnode.Null {
		return c
	}
	if with, ok := f.Value.Mapping(p.into); ok {
		c.With = make(map[string]any, len(with.Fields()))
		for _, w := range with.Fields() {
			c.With[w.Name] = schema.Plain(w.Value.Value())
		}
	}
	return c
}

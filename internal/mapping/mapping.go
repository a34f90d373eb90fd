package mapping

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/pollux-automation/pollux/connectors/schema"
	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/mapping/expression"
	"github.com/pollux-automation/pollux/internal/mapping/expression/shapes"
	"github.com/pollux-automation/pollux/internal/mapping/functions"
)

// Mapping makes an object from a scope: the inputs of an operation, or the values
// of a set step.
type Mapping struct {
	root *node
}

// Inputs describes what a mapping must give.
type Inputs struct {
	// Operation is what messages call the operation.
	Operation string
	// Connection is the recipe's name for the account that is called.
	Connection string
	Fields     []schema.Field
	// Filled are the inputs that need not be given, because a default or a setting
	// of the account fills them.
	Filled map[string]bool
	// Hints say what to do when an input is missing, by input.
	Hints map[string]string
	// Paths are the inputs that are whole paths: what a hole in one gives becomes exactly
	// one part of it, whatever it holds.
	Paths []string
}

// nodeKind tells how a node gives its value.
type nodeKind int

const (
	literalNode nodeKind = iota
	programNode
	textNode
	objectNode
	listNode
	clearNode
	// wrongNode stands for a value that has a finding: it can be anything, so that nothing
	// else is reported because of it.
	wrongNode
)

// node is one value of a mapping.
type node struct {
	kind    nodeKind
	literal any
	program *expression.Program
	parts   []part
	path    bool // of a text: what its parts give is escaped
	members []member
	items   []*node
	field   *schema.Field // what the value is for; nil when nothing is known
}

type member struct {
	name  string
	value *node
}

// expected is what is known of the place that a value is for.
type expected struct {
	field *schema.Field // nil when nothing is known
	name  string        // of the input, for messages
	// connection is that of an input whose elements users have named.
	connection string
	path       bool // it is a whole path
}

// Mapping compiles an object. inputs describes what it must give; nil means that
// any members may be set, as in a set step. It returns nil after a finding that
// leaves nothing to evaluate; with other findings the result is not fit for use.
func (n *Names) Mapping(s Source, inputs *Inputs, into *diag.List) *Mapping {
	if !s.Object {
		into.Errorf(s.At, CodeInputType, "write name: value", "expected the inputs by name")
		return nil
	}
	root := &node{kind: objectNode}
	for _, f := range s.Fields {
		want := expected{name: f.Name}
		if inputs != nil {
			field, known := findField(inputs.Fields, f.Name)
			if !known {
				into.Errorf(f.At, CodeUnknownInput, suggestInput(f, inputs.Fields), "%s has no input %q", inputs.Operation, f.Name)
				continue
			}
			want.field, want.connection = field, inputs.Connection
			want.path = slices.Contains(inputs.Paths, f.Name)
		}
		root.members = append(root.members, member{f.Name, n.value(f.Value, want, into)})
	}
	if inputs != nil {
		reportMissing(s, *inputs, into)
	}
	return &Mapping{root: root}
}

// findField returns the field with that name.
func findField(fields []schema.Field, name string) (*schema.Field, bool) {
	i := slices.IndexFunc(fields, func(f schema.Field) bool { return f.Name == name })
	if i < 0 {
		return nil, false
	}
	return &fields[i], true
}

// suggestInput guesses which input was meant, or lists them when they are few.
func suggestInput(given SourceField, fields []schema.Field) string {
	if strings.Contains(given.Name, ":") && given.Value.Plain() == nil {
		return "put a space after the colon"
	}
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.Name
	}
	if near := diag.DidYouMean(given.Name, names); near != "" || len(names) == 0 || len(names) > 10 {
		return near
	}
	return "known here: " + strings.Join(names, ", ")
}

// reportMissing adds a finding for each input that must be given and is not.
func reportMissing(s Source, inputs Inputs, into *diag.List) {
	for _, f := range inputs.Fields {
		given := slices.ContainsFunc(s.Fields, func(sf SourceField) bool { return sf.Name == f.Name })
		if f.Required && !given && f.Default == nil && !inputs.Filled[f.Name] {
			into.Errorf(s.At, CodeMissingInput, cmp.Or(inputs.Hints[f.Name], "add "+f.Name+": ..."), "%s needs the input %q", inputs.Operation, f.Name)
		}
	}
}

// value compiles one value of a mapping; after a finding it is one that can be anything.
func (n *Names) value(s Source, want expected, into *diag.List) *node {
	if v := n.compiled(s, want, into); v != nil {
		return v
	}
	return &node{kind: wrongNode, field: want.field}
}

// compiled compiles one value; nil after a finding.
func (n *Names) compiled(s Source, want expected, into *diag.List) *node {
	switch {
	case s.Broken:
		return nil
	case s.Object:
		return n.objectValue(s, want, into)
	case s.List:
		return n.listValue(s, want, into)
	}
	source, isText := s.Value.(string)
	switch {
	case !isText:
		return n.constant(s, s.Value, want, into)
	case strings.HasPrefix(source, "=="):
		return n.constant(s, source[1:], want, into)
	case strings.HasPrefix(source, "="):
		return n.marked(s, source, want, into)
	case strings.Contains(source, "${"):
		parts, ok := n.holes(s, source, into)
		if !ok || !want.accepts(s, functions.Text, into) {
			return nil
		}
		return &node{kind: textNode, parts: parts, field: want.field, path: want.path}
	}
	return n.constant(s, source, want, into)
}

// marked compiles a value that begins with =.
func (n *Names) marked(s Source, source string, want expected, into *diag.List) *node {
	if strings.TrimSpace(source[1:]) == "clear" {
		if want.field == nil || !want.field.Nullable {
			into.Errorf(s.At, CodeNotNullable, "remove it; an input that is not given is left as it is", "%q cannot be cleared", want.name)
			return nil
		}
		return &node{kind: clearNode, field: want.field}
	}
	p, ok := n.Compile(expression.Fragment{
		Source: source[1:], At: s.At,
		Locate: func(offset, width int) diag.Place { return s.locate(offset+1, width) },
	}, into)
	if !ok || !want.accepts(s, p.Result.Sort, into) {
		return nil
	}
	if want.path && slices.ContainsFunc(changing(), p.Uses) {
		into.Errorf(s.At, CodeInputType, "write a text with holes, as in /orders/${record.id}: what a hole gives becomes one part of the path", "%q cannot be computed as a whole", want.name)
		return nil
	}
	return &node{kind: programNode, program: p, field: want.field}
}

// changing are the names in expressions that stand for something else in each run.
func changing() []string {
	return []string{"record", "before", "kind", "changed", "event", "steps", "run", "account", "now", "item", "index", "target"}
}

// objectValue compiles an object, member by member, against the fields of its input.
func (n *Names) objectValue(s Source, want expected, into *diag.List) *node {
	if !want.accepts(s, functions.Object, into) {
		return nil
	}
	out := &node{kind: objectNode, field: want.field}
	for _, f := range s.Fields {
		inner := expected{name: want.name + "." + f.Name}
		if want.byName() {
			inner.field = &schema.Field{Name: f.Name, Type: schema.Any, Nullable: true}
			n.Note(Named{Connection: want.connection, Spec: want.field.Named, Field: want.name, Name: f.Name, At: f.At, Write: true})
		}
		if want.field != nil && len(want.field.Fields) > 0 {
			field, known := findField(want.field.Fields, f.Name)
			if !known && !want.field.Open {
				into.Errorf(f.At, CodeUnknownInput, suggestInput(f, want.field.Fields), "%s has no member %q", want.name, f.Name)
				continue
			}
			inner.field = field
		}
		out.members = append(out.members, member{f.Name, n.value(f.Value, inner, into)})
	}
	if want.field != nil {
		reportMissing(s, Inputs{Operation: want.name, Fields: want.field.Fields}, into)
	}
	return out
}

// listValue compiles a list, each element against the same field.
func (n *Names) listValue(s Source, want expected, into *diag.List) *node {
	if !want.accepts(s, functions.List, into) {
		return nil
	}
	out := &node{kind: listNode, field: want.field}
	inner := expected{name: want.name}
	if want.field != nil {
		inner.field = want.field.Items
	}
	for _, item := range s.Items {
		out.items = append(out.items, n.value(item, inner, into))
	}
	return out
}

// constant checks a value that is written out.
func (n *Names) constant(s Source, v any, want expected, into *diag.List) *node {
	if v == nil {
		into.Errorf(s.At, CodeInputType, "remove it, or write =clear to empty a field that can be empty", "%q has no value", want.name)
		return nil
	}
	if want.field == nil {
		return &node{kind: literalNode, literal: v}
	}
	if !want.accepts(s, shapes.ConstantShape(v, "").Sort, into) || !want.allows(s, v, into) {
		return nil
	}
	return &node{kind: literalNode, literal: v, field: want.field}
}

// allows checks a constant against the options of its field, and that it is no
// secret.
func (e expected) allows(s Source, v any, into *diag.List) bool {
	str, isText := v.(string)
	if !isText {
		return true
	}
	if e.field.Secret {
		into.Errorf(s.At, CodeSecretInClear, "keep it in the settings as env:NAME", "%q is a secret and must not be written into a recipe", e.name)
		return false
	}
	if len(e.field.Options) > 0 && !slices.Contains(e.field.Options, str) {
		suggestion := diag.DidYouMean(str, e.field.Options)
		if suggestion == "" {
			suggestion = "write one of " + strings.Join(e.field.Options, ", ")
		}
		into.Errorf(s.At, CodeOption, suggestion, "%q cannot be %q", e.name, functions.Shorten(str))
		return false
	}
	if err := e.field.Matches(str); err != nil {
		into.Errorf(s.At, CodeOption, "write it like "+e.field.Example, "%q cannot be %q", e.name, functions.Shorten(str))
		return false
	}
	if e.field.Type == schema.Time {
		if _, err := functions.TimeOf(str); err != nil {
			into.Errorf(s.At, CodeInputType, "write it as in 2026-03-01T09:00:00+09:00", "%q is a time, %q is none", e.name, functions.Shorten(str))
			return false
		}
	}
	return true
}

// accepts reports whether a value of that sort can be given here.
func (e expected) accepts(s Source, got functions.Sort, into *diag.List) bool {
	if e.takes(got) {
		return true
	}
	want := shapes.FieldShape(*e.field).Sort
	switch {
	case want == got,
		want == functions.Text && (got == functions.Time || got == functions.Span),
		want == functions.Number && got == functions.Integer,
		want == functions.Integer && got == functions.Number && isExpression(s):
		return true
	case want == functions.Text && (got == functions.Integer || got == functions.Number):
		e.reportNumber(s, into)
	default:
		into.Errorf(s.At, CodeInputType, "", "%q is %s, this is %s", e.name, want, got)
	}
	return false
}

// takes reports whether a value of that sort surely can be given.
func (e expected) takes(got functions.Sort) bool {
	return e.field == nil || got == functions.Any || e.field.Type == schema.Any || got == functions.Object && e.byName()
}

// byName reports whether the value may be an object of values by name.
func (e expected) byName() bool { return e.field != nil && e.field.Named != nil }

// reportNumber adds the finding for a number where text belongs. Most of these are
// ids that lack their quotes, and the finding shows them with quotes.
func (e expected) reportNumber(s Source, into *diag.List) {
	if isExpression(s) {
		source, _ := s.Value.(string)
		into.Errorf(s.At, CodeInputType, "write =string("+functions.Shorten(source[1:])+")", "%q is text, this is a number", e.name)
		return
	}
	written, err := functions.TextOf(s.Value)
	if err != nil {
		written = "..."
	}
	at := s.At
	at.Width = max(at.Width, utf8.RuneCountInString(written))
	into.Errorf(at, CodeQuoteNumber, `write "`+written+`"`, "%q is text, this is a number", e.name)
}

// isExpression reports whether a value is an expression of its own, so that its type
// is known only as far as the compiler can tell.
func isExpression(s Source) bool {
	source, ok := s.Value.(string)
	return ok && strings.HasPrefix(source, "=") && !strings.HasPrefix(source, "==")
}

// Uses reports whether any value refers to a name or calls a function.
func (m *Mapping) Uses(name string) bool { return m != nil && m.root.uses(name) }

// InputUses reports whether the value of one input refers to a name.
func (m *Mapping) InputUses(input, name string) bool {
	if m == nil {
		return false
	}
	for _, f := range m.root.members {
		if f.name == input {
			return f.value.uses(name)
		}
	}
	return false
}

// Gives reports whether the mapping has a value for an input.
func (m *Mapping) Gives(input string) bool { return slices.Contains(m.Inputs(), input) }

// Inputs returns the names of what the mapping gives, in the order of the file.
func (m *Mapping) Inputs() []string {
	if m == nil {
		return nil
	}
	names := make([]string, len(m.root.members))
	for i, f := range m.root.members {
		names[i] = f.name
	}
	return names
}

// Paths returns what the value of an input writes: the input itself, or where it gives
// values by name a path for each of them, as in customFields.plan.
func (m *Mapping) Paths(input string) []string {
	for _, f := range m.root.members {
		if f.name != input || f.value.kind != objectNode || !(expected{field: f.value.field}).byName() {
			continue
		}
		paths := make([]string, len(f.value.members))
		for i, member := range f.value.members {
			paths[i] = input + "." + member.name
		}
		return paths
	}
	return []string{input}
}

// Shape is the shape of what the mapping gives; title is what messages call it.
func (m *Mapping) Shape(title string) *Shape {
	return m.root.shape(title)
}

// uses reports whether the node or anything in it refers to a name, or might, were it right.
func (n *node) uses(name string) bool {
	if n.kind == wrongNode {
		return true
	}
	if n.program != nil && n.program.Uses(name) {
		return true
	}
	return slices.ContainsFunc(n.parts, func(p part) bool { return p.program != nil && p.program.Uses(name) }) ||
		slices.ContainsFunc(n.members, func(m member) bool { return m.value.uses(name) }) ||
		slices.ContainsFunc(n.items, func(i *node) bool { return i.uses(name) })
}

// shape tells what is known of the value that the node gives.
func (n *node) shape(title string) *shapes.Shape {
	switch n.kind {
	case literalNode:
		return shapes.ConstantShape(n.literal, title)
	case programNode:
		return n.program.Result
	case textNode:
		return shapes.ConstantShape("", "")
	case listNode:
		return shapes.ListShape(shapes.Anything())
	case objectNode:
		members := make(map[string]*shapes.Shape, len(n.members))
		for _, m := range n.members {
			members[m.name] = m.value.shape(m.name)
		}
		return shapes.MembersShape(title, members)
	default:
		return shapes.Anything()
	}
}

package compose

import (
	"slices"
	"strings"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/manifest/finding"
	"github.com/pollux-automation/pollux/connectors/schema"
	"github.com/pollux-automation/pollux/internal/diag"
)

// Operation is an operation of the connector as the checks see it.
type Operation struct {
	Spec    *connectors.Operation
	Compose *Compose
	Unclear bool // its answer has a finding
	// Place returns where a part of it stands.
	Place func(keys ...string) diag.Place
	// InputAt holds where each input stands.
	InputAt map[string]diag.Place
}

// check checks one composed operation, and completes it by what its parts say.
type check struct {
	Operation
	find  func(key string, at diag.Place) (Operation, bool)
	into  *diag.List
	read  Operation
	used  map[string]bool // inputs of the operation that go somewhere
	top   []string        // the keys under which read and where stand
	parts []*connectors.Operation
}

// Check reports what a composed operation cannot be carried out with, and completes it:
// inputs that are not mapped go to those of the same name, and method, path, scopes, answer
// and danger are those of its parts.
func Check(o Operation, find func(key string, at diag.Place) (Operation, bool), into *diag.List) {
	c := &check{Operation: o, find: find, into: into, used: map[string]bool{}, top: []string{"compose"}}
	line := "read"
	if o.Compose.Found == nil {
		c.top, line = nil, "find"
	}
	read, ok := find(o.Compose.Read, c.at(line))
	if !ok {
		return
	}
	c.read = read
	if !c.checkRead(c.at(line)) {
		return
	}
	c.fill(read.Spec, &o.Compose.With, c.at("with"), false)
	c.where()
	c.writes()
	if o.Compose.Append != nil {
		c.append()
	}
	for _, in := range o.Spec.Inputs {
		if !c.used[in.Name] {
			into.Errorf(o.InputAt[in.Name], finding.CodeInputNowhere, "give an input of the read or of a write this name, or name it under with", "%q goes nowhere", in.Name)
		}
	}
	if len(c.parts) == len(o.Compose.Parts())-1 {
		c.complete()
		c.repeat()
	}
}

// at returns where a part of what the operation is made of stands.
func (c *check) at(keys ...string) diag.Place {
	return c.Place(append(slices.Clone(c.top), keys...)...)
}

// bad reports something about what the operation is made of.
func (c *check) bad(at diag.Place, suggestion, format string, args ...any) {
	c.into.Errorf(at, finding.CodeCompose, suggestion, format, args...)
}

// checkRead reports a read that shows no record.
func (c *check) checkRead(at diag.Place) bool {
	spec, list := c.read.Spec, c.read.Spec.List
	find := c.Compose.Found == nil
	switch {
	case c.read.Unclear, c.read.Compose != nil && spec.Kind == connectors.Read && spec.Answer == nil: // that has its finding
		return false
	case spec.Kind != connectors.Read || spec.Answer == nil:
		c.bad(at, "name a read with answer: {object: …}", "%s reads no records", spec.Key)
		return false
	case find && !list:
		c.bad(at, "name a list", "%s reads a single record, in which nothing needs to be found", spec.Key)
		return false
	case list && len(c.Compose.Where) == 0:
		c.bad(at, "add where: {FIELD: INPUT}", "nothing tells which record of %s is meant", spec.Key)
		return false
	case !list && len(c.Compose.Where) > 0:
		c.bad(c.at("where"), "leave where out, or name a list", "%s reads a single record", spec.Key)
		return false
	}
	return true
}

// where reports fields and inputs that cannot be compared.
func (c *check) where() {
	for _, name := range sorted(c.Compose.Where) {
		at := c.at("where", name)
		field, known := c.read.Spec.Answer.Field(name)
		if !known {
			finding.Unknown(c.into, at, "field of "+c.read.Spec.Answer.Key, name, finding.Names(c.read.Spec.Answer.Fields))
		}
		if in := c.own(c.Compose.Where[name], at); in != nil && known {
			c.needed(in)
			if in.Type != field.Type {
				c.bad(at, "", "%q has the type %s, the field %q has %s", in.Name, in.Type, name, field.Type)
			}
		}
	}
}

// own returns an input of the operation, which goes somewhere now.
func (c *check) own(name string, at diag.Place) *connectors.Input {
	in := finding.Input(c.into, c.Spec, name, at)
	if in != nil {
		c.used[name] = true
	}
	return in
}

// needed makes an input required that nothing else fills.
func (c *check) needed(in *connectors.Input) {
	in.Required = in.Required || in.Default == nil && in.Setting == ""
}

// writes checks the writes of which one is carried out.
func (c *check) writes() {
	for _, w := range c.Compose.Writes() {
		name := "found"
		if w == c.Compose.Absent {
			name = "absent"
		}
		part, ok := c.find(w.Operation, c.at(name, "write"))
		if !ok {
			continue
		}
		if part.Spec.Kind != connectors.Write || part.Compose != nil {
			c.bad(c.at(name, "write"), "name a write with a request of its own", "%s is no write that can be a part of another", part.Spec.Key)
			continue
		}
		c.parts = append(c.parts, part.Spec)
		c.fill(part.Spec, &w.With, c.at(name, "with"), name == "found")
	}
}

// fill checks where the inputs of a part come from, and gives those that are not mapped the
// inputs of the same name.
func (c *check) fill(part *connectors.Operation, with *map[string]string, at diag.Place, record bool) {
	if *with == nil {
		*with = map[string]string{}
	}
	for _, name := range sorted(*with) {
		if in := finding.Input(c.into, part, name, at); in != nil && in.Paging {
			c.bad(at, "leave it out", "%q of %s is filled by paging, polling or the engine", name, part.Key)
		}
	}
	for i := range part.Inputs {
		in := &part.Inputs[i]
		from, mapped := (*with)[in.Name]
		appended := c.Compose.Append != nil && record && in.Name == c.Compose.Append.To
		switch {
		case appended && mapped:
			c.bad(at, "leave it out", "%q takes the text with the new entry", in.Name)
		case appended, in.Paging:
		case !mapped && has(c.Spec, in.Name):
			(*with)[in.Name] = in.Name
			c.link(part, in, in.Name, at, record)
		case mapped:
			c.link(part, in, from, at, record)
		case finding.Unfilled(in):
			c.bad(at, "add it to the inputs, or under with", "%s needs %q", part.Key, in.Name)
		}
	}
}

// link checks one input of a part and what it comes from.
func (c *check) link(part *connectors.Operation, in *connectors.Input, from string, at diag.Place, record bool) {
	var source schema.Field
	if name, ok := Field(from); ok {
		var known bool
		if source, known = c.read.Spec.Answer.Field(name); !known || !record {
			c.bad(at, "name an input, or a field of a record that was found", "%q is nothing that %s could get", from, part.Key)
			return
		}
	} else {
		own := c.own(from, at)
		if own == nil {
			return
		}
		if source = own.Field; finding.Unfilled(in) {
			c.needed(own)
		}
	}
	if source.Type != in.Type && in.Type != schema.Any {
		c.bad(at, "", "%q has the type %s, %q of %s has %s", from, source.Type, in.Name, part.Key, in.Type)
	}
}

// has reports whether an operation has an input.
func has(o *connectors.Operation, name string) bool {
	return slices.ContainsFunc(o.Inputs, func(in connectors.Input) bool { return in.Name == name })
}

// append checks the text that an entry is added to.
func (c *check) append() {
	a, at := c.Compose.Append, c.at("append")
	if c.read.Spec.List || c.Compose.Absent != nil {
		c.bad(at, "name a read of one record, and no absent", "an entry can only be added to one record that is there")
	}
	field, known := c.read.Spec.Answer.Field(a.Field)
	if !known {
		finding.Unknown(c.into, c.at("append", "field"), "field of "+c.read.Spec.Answer.Key, a.Field, finding.Names(c.read.Spec.Answer.Fields))
	}
	own := c.own(a.Text, c.at("append", "text"))
	if own != nil {
		c.needed(own)
	}
	for _, part := range c.parts {
		to := finding.Input(c.into, part, a.To, c.at("append", "to"))
		if known && own != nil && to != nil && (field.Type != schema.String || own.Type != schema.String || to.Type != schema.String) {
			c.bad(at, "", "%q, %q and %q of %s must be texts (type string)", a.Field, a.Text, a.To, part.Key)
		}
	}
	if !strings.Contains(a.Separator, "\n") {
		c.bad(c.at("append", "separator"), `write separator: "\n"`, "entries that no line parts cannot be told from each other")
	}
}

// unseen is what nobody can see, as a note of every operation that appends.
const unseen = "The whole text is read and written. An edit by somebody else is seen after the write, unless it was made between this read and this write: that one is overwritten, and no client can see it."

// complete takes from the parts what the operation says of itself.
func (c *check) complete() {
	parts := c.parts
	main := c.read.Spec
	c.Spec.Answer = main.Answer
	if len(parts) > 0 {
		main = parts[0]
		if c.Compose.Append == nil {
			c.Spec.Answer = sameAnswer(parts)
		}
	}
	c.Spec.Method, c.Spec.Path, c.Spec.Version, c.Spec.Token = main.Method, main.Path, main.Version, main.Token
	for _, part := range append([]*connectors.Operation{c.read.Spec}, parts...) {
		for _, scope := range part.Scopes {
			if !slices.Contains(c.Spec.Scopes, scope) {
				c.Spec.Scopes = append(c.Spec.Scopes, scope)
			}
		}
		c.places(part)
		c.Spec.Danger = worse(c.Spec.Danger, part.Danger)
	}
	if c.Compose.Append != nil {
		c.Spec.Notes = append(c.Spec.Notes, unseen)
	}
	c.Spec.Composed = c.Compose.told()
	safe := len(parts) == 2 && parts[1].Repeat == connectors.RepeatSafe
	c.Spec.Composed.Looks = safe && c.Compose.Absent != nil && c.Compose.Append == nil
}

// places gives each input the place that it has in a part; the last part wins.
func (c *check) places(part *connectors.Operation) {
	with := c.Compose.With
	for _, w := range c.Compose.Writes() {
		if w.Operation == part.Key {
			with = w.With
		}
	}
	for _, in := range part.Inputs {
		from := with[in.Name]
		if a := c.Compose.Append; a != nil && part.Kind == connectors.Write && in.Name == a.To {
			from = a.Text
		}
		for i := range c.Spec.Inputs {
			if own := &c.Spec.Inputs[i]; from == own.Name {
				own.In = in.In
			}
		}
	}
}

// sameAnswer is the object that all writes answer; nil where they differ.
func sameAnswer(parts []*connectors.Operation) *schema.Object {
	for _, part := range parts {
		if part.Answer != parts[0].Answer || part.List {
			return nil
		}
	}
	return parts[0].Answer
}

// worse is the danger that weighs more.
func worse(a, b connectors.Danger) connectors.Danger {
	order := []connectors.Danger{"", connectors.DangerDelete, connectors.DangerSend, connectors.DangerPay}
	if slices.Index(order, b) > slices.Index(order, a) {
		return b
	}
	return a
}

// repeat reports a write that would leave two effects though it says that it is safe.
func (c *check) repeat() {
	if c.Spec.Repeat != connectors.RepeatSafe {
		return
	}
	at := c.Place("repeat")
	if c.Compose.Append != nil {
		c.into.Errorf(at, finding.CodeRepeat, "write repeat: never, or repeat: {find: …}", "an entry that is added twice is there twice")
	}
	for _, part := range c.parts {
		if part.Repeat != connectors.RepeatSafe {
			c.into.Errorf(at, finding.CodeRepeat, "write repeat: {find: …}, so that the service has time to show what was made", "%s cannot be sent twice", part.Key)
		}
	}
}

package described

import (
	"regexp"
	"slices"
	"time"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/manifest/finding"
	"github.com/pollux-automation/pollux/connectors/manifest/lists"
	"github.com/pollux-automation/pollux/connectors/protocol"
	"github.com/pollux-automation/pollux/connectors/schema"
	"github.com/pollux-automation/pollux/internal/diag"
)

// usualSettle is how long after a write a lookup is trusted that does not say it, as in
// manifests.
const usualSettle = 2 * time.Minute

// hole is a place in a path that an input fills.
var hole = regexp.MustCompile(`\{([^{}]*)\}`)

func (r *reader) operations(list []protocol.Operation) {
	seen := map[string]bool{}
	r.unclear = map[string]bool{}
	for _, o := range list {
		where := "operation " + o.Key
		r.key(where, o.Key, operationForm, "item.list", seen)
		out := &connectors.Operation{
			Connector: r.d.Key, Key: o.Key, Title: o.Title, Description: o.Description, Kind: connectors.OperationKind(o.Kind),
			Method: Method, Path: o.Path, List: o.List, Repeat: connectors.Repeat(o.Repeat), Danger: connectors.Danger(o.Danger),
			Deprecated: o.Deprecated, Notes: o.Notes,
		}
		if out.Path == "" {
			out.Path = "/" + o.Key
		}
		if o.Title == "" {
			r.errorf(where, finding.CodeFieldOption, "", "the operation has no title")
		}
		r.inputs(where, o, out)
		r.answer(where, o, out)
		r.kind(where, o, out)
		out.Poll = r.poll(where, o.Poll)
		r.d.Operations = append(r.d.Operations, out)
	}
	if len(list) == 0 {
		r.into.Errorf(r.at, finding.CodeNoOperations, "", "the connector has no operations")
	}
}

// inputs reads the inputs, and puts those that the path names there.
func (r *reader) inputs(where string, o protocol.Operation, out *connectors.Operation) {
	var fields []protocol.Field
	for _, in := range o.Inputs {
		fields = append(fields, in.Field)
	}
	var holes []string
	for _, m := range hole.FindAllStringSubmatch(out.Path, -1) {
		holes = append(holes, m[1])
	}
	for i, f := range r.fields(where, fields) {
		in := connectors.Input{Field: f, In: "body", Setting: o.Inputs[i].Setting}
		if slices.Contains(holes, f.Name) {
			in.In, in.Required = "path", true
		}
		known := func(s schema.Field) bool { return s.Name == in.Setting }
		if in.Setting != "" && !slices.ContainsFunc(r.d.Settings, known) {
			r.inside(where, func(into *diag.List) {
				finding.Unknown(into, r.at, "setting", in.Setting, finding.Names(r.d.Settings))
			})
		}
		out.Inputs = append(out.Inputs, in)
	}
	for _, name := range holes {
		if !slices.ContainsFunc(out.Inputs, func(in connectors.Input) bool { return in.Name == name }) {
			r.errorf(where, finding.CodePathHole, "", "no input fills {%s} in the path", name)
		}
	}
	if out.Path[0] != '/' {
		r.errorf(where, finding.CodePath, "write it like /items/{itemId}", "the path %.80q does not begin with a slash", out.Path)
	}
}

// answer finds the object that comes back.
func (r *reader) answer(where string, o protocol.Operation, out *connectors.Operation) {
	if o.Answer == "" {
		if o.List {
			r.errorf(where, finding.CodeAnswer, "", "a list must say of which object its records are")
			r.unclear[o.Key] = true
		}
		return
	}
	var keys []string
	for _, object := range r.d.Objects {
		keys = append(keys, object.Key)
		if object.Key == o.Answer {
			out.Answer = object
		}
	}
	if out.Answer == nil {
		r.unclear[o.Key] = true
		r.inside(where, func(into *diag.List) { finding.Unknown(into, r.at, "object", o.Answer, keys) })
	}
}

// kind reads what goes with reads or with writes alone.
func (r *reader) kind(where string, o protocol.Operation, out *connectors.Operation) {
	switch out.Kind {
	case connectors.Read:
		if o.Repeat != "" || o.Find != nil || o.Danger != "" || o.Target != nil {
			r.errorf(where, finding.CodeReadOrWrite, "leave repeat, find, target and danger out", "a read changes nothing")
		}
		return
	case connectors.Write:
	default:
		r.errorf(where, finding.CodeReadOrWrite, "use read or write", "there is no kind %.40q", o.Kind)
		return
	}
	r.repeat(where, o, out)
	if o.Target != nil {
		out.Target = &connectors.Target{Operation: o.Target.Operation, With: o.Target.With}
	}
	switch out.Danger {
	case "", connectors.DangerDelete, connectors.DangerSend, connectors.DangerPay:
	default:
		r.errorf(where, finding.CodeFieldOption, "use delete, send or pay", "there is no danger %.40q", o.Danger)
	}
}

// repeat reads whether a write may be sent twice.
func (r *reader) repeat(where string, o protocol.Operation, out *connectors.Operation) {
	switch out.Repeat {
	case connectors.RepeatSafe, connectors.RepeatNever, connectors.RepeatFind:
	default:
		r.errorf(where, finding.CodeRepeat, "use safe, never or find", "the write does not say whether it may be sent twice")
	}
	if (out.Repeat == connectors.RepeatFind) != (o.Find != nil) {
		r.errorf(where, finding.CodeRepeat, "write both or neither", "repeat: find and the member find go together")
	}
	if f := o.Find; f != nil {
		out.Find = &connectors.Find{Operation: f.Operation, With: f.With, Match: f.Match, Settle: usualSettle}
		if f.Settle != "" {
			out.Find.Settle = r.duration(where+", settle", f.Settle)
		}
	}
}

// poll reads how changes are found.
func (r *reader) poll(where string, p *protocol.Poll) *connectors.Poll {
	if p == nil {
		return nil
	}
	out := &connectors.Poll{
		Strategy: connectors.Strategy(p.Strategy), Overlap: r.duration(where+", overlap", p.Overlap), PageSize: p.PageSize, Offsets: p.Offsets, By: p.By,
	}
	if w := p.Window; w != nil {
		out.Window = &connectors.Window{Back: r.duration(where+", window", w.Back), Ahead: r.duration(where+", window", w.Ahead)}
		if out.Window.Back+out.Window.Ahead <= 0 {
			r.errorf(where, finding.CodePoll, "write back: 24h", "the window has no length")
		}
	}
	if p.Parents != nil {
		out.Parents = &connectors.Parents{Operation: p.Parents.Operation, Input: p.Parents.Input}
	}
	if p.Confirm != nil {
		out.Confirm = &connectors.Confirm{Operation: p.Confirm.Operation, Input: p.Confirm.Input}
	}
	r.strategy(where, out)
	return out
}

// strategies are those that a list can have.
func strategies() []connectors.Strategy {
	return []connectors.Strategy{connectors.Keyset, connectors.Newest, connectors.Snapshot, connectors.FanOut}
}

// strategy reports what a strategy lacks, or has for nothing.
func (r *reader) strategy(where string, p *connectors.Poll) {
	if !slices.Contains(strategies(), p.Strategy) {
		r.errorf(where, finding.CodePoll, "use keyset, newest, snapshot or fan_out", "there is no strategy %.40q", p.Strategy)
		return
	}
	if p.PageSize < 0 {
		r.errorf(where, finding.CodePoll, "", "a page of %d records is too small", p.PageSize)
	}
	if (p.Strategy == connectors.FanOut) != (p.Parents != nil) {
		r.errorf(where, finding.CodePoll, "", "parents go with fan_out, and fan_out with parents")
	}
	timed := p.Strategy == connectors.Keyset || p.Strategy == connectors.Newest
	switch {
	case p.Overlap != 0 && !timed:
		r.errorf(where, finding.CodePoll, "leave it out", "only lists that are walked by time have an overlap")
	case p.Window != nil && timed:
		r.errorf(where, finding.CodePoll, "leave it out, or use snapshot", "a list that is walked by time has no window")
	case p.Window != nil && p.By == "":
		r.errorf(where, finding.CodePoll, `write by: "starts_at"`, "a window needs the field whose time lies in it")
	case p.By != "" && p.Window == nil && p.Strategy != connectors.Newest:
		r.errorf(where, finding.CodePoll, "leave it out", "only lists of the strategy newest and those with a window have a field to go by")
	}
}

// check compares the parts with each other, once all are read.
func (r *reader) check(p protocol.Description) {
	for _, o := range r.d.Operations {
		r.inside("operation "+o.Key, func(into *diag.List) { lists.CheckPoll(r.list(o), into) })
	}
	for _, o := range r.d.Operations {
		r.inside("operation "+o.Key, func(into *diag.List) {
			lists.CheckOthers(r.list(o), func(key string, at diag.Place) (lists.Operation, bool) {
				other := r.need(key, into)
				if other == nil {
					return lists.Operation{}, false
				}
				return r.list(other), true
			}, into)
			r.find(o, into)
			r.target(o, into)
		})
	}
	for _, l := range p.Limits {
		for _, key := range l.Operations {
			r.inside("limit "+l.Name, func(into *diag.List) { r.need(key, into) })
		}
	}
}

// list is what the checks of manifests look at.
func (r *reader) list(o *connectors.Operation) lists.Operation {
	return lists.Operation{Spec: o, Poll: &lists.Poll{}, Unclear: r.unclear[o.Key], Place: func(...string) diag.Place { return r.at }}
}

// need returns an operation, and reports a key that is none.
func (r *reader) need(key string, into *diag.List) *connectors.Operation {
	o, ok := r.d.Operation(key)
	if !ok {
		var keys []string
		for _, o := range r.d.Operations {
			keys = append(keys, o.Key)
		}
		finding.Unknown(into, r.at, "operation", key, keys)
	}
	return o
}

// find looks at the lookup of a write: it is a list that can be read with what the write
// was given, and shows what is compared.
func (r *reader) find(o *connectors.Operation, into *diag.List) {
	if o.Find == nil {
		return
	}
	finding.Input(into, o, o.Find.Match, r.at)
	read := r.read(o, o.Find.Operation, o.Find.With, into)
	if read == nil || r.unclear[read.Key] {
		return
	}
	if read.Answer == nil {
		into.Errorf(r.at, finding.CodeRepeat, "name a read with an object", "%s does not return records to look at", read.Key)
	} else if _, ok := read.Answer.Field(o.Find.Match); !ok {
		finding.Unknown(into, r.at, "field of "+read.Answer.Key, o.Find.Match, finding.Names(read.Answer.Fields))
	}
}

// target looks at the read that shows what a write is about to change.
func (r *reader) target(o *connectors.Operation, into *diag.List) {
	if o.Target == nil {
		return
	}
	read := r.read(o, o.Target.Operation, o.Target.With, into)
	if read != nil && !r.unclear[read.Key] && (read.Answer == nil || read.List) {
		into.Errorf(r.at, finding.CodeTarget, "name a read of one record", "%s does not read a single record", read.Key)
	}
}

// read looks at a read that is given inputs of a write, and returns it.
func (r *reader) read(o *connectors.Operation, key string, with map[string]string, into *diag.List) *connectors.Operation {
	read := r.need(key, into)
	for _, name := range finding.Keys(with) {
		finding.Input(into, o, with[name], r.at)
		if read != nil {
			finding.Input(into, read, name, r.at)
		}
	}
	if read == nil {
		return nil
	}
	if read.Kind != connectors.Read {
		into.Errorf(r.at, finding.CodeRepeat, "name a read", "%s is no read", read.Key)
		return nil
	}
	for i := range read.Inputs {
		if in := &read.Inputs[i]; with[in.Name] == "" && finding.Unfilled(in) {
			into.Errorf(r.at, finding.CodeRepeat, "add it under with", "%s needs %q", read.Key, in.Name)
		}
	}
	return read
}

package conformance

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/schema"
)

// described looks at what the operation says of itself.
func (t *trial) described(context.Context) error {
	var bad complaints
	op := t.op
	if op.Key == "" || op.Title == "" || op.Connector != t.description.Key {
		bad.add("it is %q of %q with the title %q", op.Key, op.Connector, op.Title)
	}
	known := []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}
	if !t.description.Program && !slices.Contains(known, op.Method) || op.Method == "" || !strings.HasPrefix(op.Path, "/") {
		bad.add("its request is %q %q", op.Method, op.Path)
	}
	t.describedInputs(&bad)
	t.describedParts(&bad)
	t.describedAnswer(&bad)
	t.describedPoll(&bad)
	t.describedRepeat(&bad)
	return bad.err()
}

// describedInputs looks at the inputs: each has a place and a type, and what fills it by
// itself is there and fits.
func (t *trial) describedInputs(bad *complaints) {
	seen := map[string]bool{}
	holes := t.op.Path
	for _, in := range t.op.Inputs {
		if in.Name == "" || seen[in.Name] {
			bad.add("the input %q has no name of its own", in.Name)
		}
		seen[in.Name] = true
		if !t.placed(in) || !slices.Contains(schema.Types(), in.Type) {
			bad.add("the input %q goes to %q as %q", in.Name, in.In, in.Type)
		}
		if in.In == "path" {
			holes = t.filled(bad, holes, in.Name)
		}
		if in.Default != nil && in.Accepts(in.Default) != nil {
			bad.add("the input %q does not accept its default", in.Name)
		}
		if in.Setting != "" && !slices.ContainsFunc(t.description.Settings, func(f schema.Field) bool { return f.Name == in.Setting }) {
			bad.add("the input %q comes from the setting %q, which there is not", in.Name, in.Setting)
		}
	}
	if strings.ContainsAny(holes, "{}") && t.op.Composed == nil { // a part of it fills them
		bad.add("nothing fills the path %q", holes)
	}
}

// filled fills the hole of an input in a path. In an operation that is made of others the
// input of a part may have another name.
func (t *trial) filled(bad *complaints, path, input string) string {
	out := strings.ReplaceAll(path, "{"+input+"}", "x")
	if out == path && t.op.Composed == nil {
		bad.add("the path has no place for the input %q", input)
	}
	return out
}

// placed reports whether an input goes somewhere; one that is only compared need not.
func (t *trial) placed(in connectors.Input) bool {
	return slices.Contains([]string{"path", "query", "header", "body"}, in.In) || in.Shapes || in.In == "" && t.op.Composed != nil
}

// describedParts looks at what an operation is made of.
func (t *trial) describedParts(bad *complaints) {
	c := t.op.Composed
	if c == nil {
		return
	}
	if read, err := t.operation(c.Read); err != nil || read.Kind != connectors.Read {
		bad.add("it reads with %q, which is no read", c.Read)
	}
	for _, key := range []string{c.Found, c.Absent} {
		if write, err := t.operation(key); key != "" && (err != nil || write.Kind != connectors.Write || write.Composed != nil) {
			bad.add("it writes with %q, which is no write by itself", key)
		}
	}
	if (c.Found != "") != (t.op.Kind == connectors.Write) {
		bad.add("it is a %s that writes with %q", t.op.Kind, c.Found)
	}
}

// describedAnswer looks at the answer: a read has one, or says in a note why not.
func (t *trial) describedAnswer(bad *complaints) {
	a := t.op.Answer
	if a == nil {
		if t.op.Kind == connectors.Read && len(t.op.Notes) == 0 {
			bad.add("it reads something, and neither describes it nor notes why not")
		}
		return
	}
	for _, name := range []string{a.ID, a.Created, a.Updated} {
		if _, ok := a.Field(name); name != "" && !ok && !a.Open {
			bad.add("its object %q has no field %q", a.Key, name)
		}
	}
	if len(a.Fields) == 0 && !a.Open {
		bad.add("its object %q has no fields", a.Key)
	}
}

// describedPoll looks at what its strategy needs.
func (t *trial) describedPoll(bad *complaints) {
	p := t.op.Poll
	if p == nil {
		return
	}
	if t.op.Kind != connectors.Read || t.op.Answer == nil {
		bad.add("it can be polled without being a read that describes its records")
		return
	}
	t.describedStrategy(bad, p)
	if p.Window != nil && p.Window.Back+p.Window.Ahead <= 0 {
		bad.add("its window is empty")
	}
	if p.Confirm == nil {
		return
	}
	read, err := t.operation(p.Confirm.Operation)
	if err != nil || read.Kind != connectors.Read || read.List || !has(read, p.Confirm.Input) {
		bad.add("nothing confirms by %s(%s)", p.Confirm.Operation, p.Confirm.Input)
	}
}

func (t *trial) describedStrategy(bad *complaints, p *connectors.Poll) {
	switch p.Strategy {
	case connectors.Keyset:
		if t.op.Answer.Updated == "" || !t.op.List {
			bad.add("keyset needs a list whose records have an updated time")
		}
	case connectors.Newest:
		if p.By == "" || !t.op.List {
			bad.add("newest needs a list and the time by which it is sorted")
		}
	case connectors.FanOut:
		t.describedParents(bad, p.Parents)
	case connectors.Snapshot:
	default:
		bad.add("there is no strategy %q", p.Strategy)
	}
}

func (t *trial) describedParents(bad *complaints, p *connectors.Parents) {
	if p == nil {
		bad.add("fan_out needs parents")
		return
	}
	list, err := t.operation(p.Operation)
	if err != nil || !list.List || list.Poll == nil || list.Poll.Strategy == connectors.FanOut || !has(t.op, p.Input) {
		bad.add("its parents are no list that can be polled: %s(%s)", p.Operation, p.Input)
	}
}

// describedRepeat looks at the rule of repetition and what it points at.
func (t *trial) describedRepeat(bad *complaints) {
	op := t.op
	switch {
	case op.Kind == connectors.Read && (op.Repeat != "" || op.Danger != "" || op.Idempotency != nil):
		bad.add("it is a read with the rules of a write")
	case op.Kind == connectors.Read:
	case op.Kind != connectors.Write:
		bad.add("its kind is %q", op.Kind)
	case !slices.Contains([]connectors.Repeat{connectors.RepeatSafe, connectors.RepeatFind, connectors.RepeatNever}, op.Repeat):
		bad.add("it does not say whether it may be sent twice")
	case (op.Repeat == connectors.RepeatFind) != (op.Find != nil):
		bad.add("its rule is %q, and its lookup is %v", op.Repeat, op.Find)
	}
	if op.Find != nil {
		t.describedLink(bad, op.Find.Operation, op.Find.With)
		if !has(op, op.Find.Match) {
			bad.add("its lookup compares the input %q, which there is not", op.Find.Match)
		}
	}
	if op.Target != nil {
		t.describedLink(bad, op.Target.Operation, op.Target.With)
	}
	if k := op.Idempotency; k != nil && (k.Input == "") == (k.Header == "") {
		bad.add("its key goes to %q and %q, want one of them", k.Input, k.Header)
	}
}

// describedLink looks at a read that is given inputs of the write.
func (t *trial) describedLink(bad *complaints, key string, with map[string]string) {
	read, err := t.operation(key)
	if err != nil || read.Kind != connectors.Read {
		bad.add("%q is no read of the connector", key)
		return
	}
	for to, from := range with {
		if !has(read, to) || !has(t.op, from) {
			bad.add("%s(%s) is given %q", key, to, from)
		}
	}
}

// has reports whether an operation has an input.
func has(op *connectors.Operation, input string) bool {
	return slices.ContainsFunc(op.Inputs, func(in connectors.Input) bool { return in.Name == input })
}

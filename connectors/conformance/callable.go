package conformance

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"strings"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/schema"
)

// callable calls the operation, looks at the answer, and lets the same answer come again
// with members that nobody described. A read is called with each word too that one of its
// inputs may be.
func (t *trial) callable(ctx context.Context) error {
	if err := t.allowed(); err != nil {
		return err
	}
	in, err := t.inputs(ctx)
	if err != nil {
		return err
	}
	a, err := t.real.Call(ctx, t.op, in)
	if err != nil {
		return err
	}
	var bad complaints
	t.fits(&bad, a.Value)
	if _, answer := t.line.last(); answer != nil && t.op.Composed == nil { // its parts are tried by themselves
		t.undescribed(ctx, &bad, in, answer, a.Value)
	}
	if t.op.Kind == connectors.Read {
		t.words(ctx, &bad, in)
	}
	return bad.err()
}

// fits looks whether a value is what the operation describes.
func (t *trial) fits(bad *complaints, value any) {
	if t.op.Answer == nil {
		return
	}
	if !t.op.List {
		if object, ok := value.(map[string]any); ok {
			fitsObject(bad, t.op.Answer, object)
		} else if value != nil || t.op.Poll == nil && t.op.Composed == nil {
			bad.differ(Failure{
				Tried: "call it with the inputs that it needs", Came: fmt.Sprintf("an answer that is %T", value), Wanted: "the object " + t.op.Answer.Key,
				Change: "look at answer: value; or give inputs to which something is found",
			})
		}
		return
	}
	list, ok := value.([]any)
	if !ok {
		bad.add("the answer is %T, want a list", value)
	}
	for _, e := range list {
		object, ok := e.(map[string]any)
		if !ok {
			bad.add("the list has %T, want the object %q", e, t.op.Answer.Key)
			continue
		}
		fitsObject(bad, t.op.Answer, object)
	}
}

// fitsObject looks at each described field: it is there, and of its type where the
// service gave it.
func fitsObject(bad *complaints, o *schema.Object, object map[string]any) {
	for _, f := range o.Fields {
		v, ok := object[f.Name]
		if !ok {
			bad.add("the answer has no %s.%s", o.Key, f.Name)
			continue
		}
		if v == nil {
			continue
		}
		// Members of members are the service's own affair: it may leave some out.
		if err := (schema.Field{Type: f.Type, Options: f.Options}).Accepts(v); err != nil {
			bad.differ(Failure{Tried: "read " + o.Key + "." + f.Name, Came: err.Error(), Change: "write the type that the service gives at the field " + f.Name + " of " + o.Key})
		}
	}
}

// strange is the member that nobody described.
const strange = "polluxUndescribed"

// undescribed lets an answer come again with one member more in each of its objects.
func (t *trial) undescribed(ctx context.Context, bad *complaints, in map[string]any, answer *canned, want any) {
	body, err := connectors.Decode(answer.body)
	if err != nil {
		return // no JSON: a file, a text or nothing
	}
	more, err := json.Marshal(embroidered(body))
	if err != nil {
		return // what came from JSON can be written as JSON
	}
	t.fake.instead(func() (*canned, error) { return &canned{status: answer.status, header: answer.header, body: more}, nil })
	a, err := t.struck.Call(ctx, t.op, in)
	if err != nil {
		bad.differ(Failure{Tried: "let the answer come with members that are not described", Came: err.Error(), Wanted: "the same records"})
		return
	}
	if got, want := text(plain(a.Value)), text(plain(want)); got != want {
		bad.add("with members that are not described the answer is %.200s, want %.200s", got, want)
	}
}

// embroidered returns a value with a strange member in each of its objects.
func embroidered(v any) any {
	switch x := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(x)+1)
		for name, e := range x {
			out[name] = embroidered(e)
		}
		out[strange] = map[string]any{"a": []any{1, nil}}
		return out
	case []any:
		out := make([]any, len(x))
		for i, e := range x {
			out[i] = embroidered(e)
		}
		return out
	}
	return v
}

// plain returns a value without the strange members, which open objects keep.
func plain(v any) any {
	switch x := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(x))
		for name, e := range x {
			if name != strange {
				out[name] = plain(e)
			}
		}
		return out
	case []any:
		out := make([]any, len(x))
		for i, e := range x {
			out[i] = plain(e)
		}
		return out
	}
	return v
}

// text writes a value for a comparison.
func text(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(b)
}

// words calls a read with each word that an input may be.
func (t *trial) words(ctx context.Context, bad *complaints, in map[string]any) {
	for _, input := range t.op.Inputs {
		if _, set := in[input.Name]; set || input.Paging || input.In == "path" {
			continue
		}
		for _, word := range input.Options {
			with := maps.Clone(in)
			with[input.Name] = word
			if _, err := t.real.Call(ctx, t.op, with); err != nil {
				bad.add("with %s = %s: %v", input.Name, word, strings.TrimPrefix(err.Error(), t.op.Name()+": "))
			}
		}
	}
}

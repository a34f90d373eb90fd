package trial

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/conformance"
	"github.com/pollux-automation/pollux/connectors/schema"
)

// finding is an id that was looked for.
type finding struct {
	id  string
	err error
}

// inputs are those that a call needs and that the suite cannot make up: given by hand, ids
// out of lists, and texts for what a write leaves behind.
func (t *trial) inputs(ctx context.Context, op *connectors.Operation) (map[string]any, error) {
	out := map[string]any{}
	for _, in := range op.Inputs {
		v, err := t.input(ctx, op, in)
		if err != nil {
			return nil, err
		}
		if v != nil {
			out[in.Name] = v
		}
	}
	if op.Kind == connectors.Write {
		t.leave(op, out)
	}
	return out, nil
}

// input is the value of one input; nil where none is needed, or where it can be made up.
func (t *trial) input(ctx context.Context, op *connectors.Operation, in connectors.Input) (any, error) {
	if text, given := t.given(op, in.Name); given {
		return t.Parse(op, in.Name, text)
	}
	if in.Setting != "" && in.Required && t.account.Settings[in.Setting] == nil {
		return nil, conformance.Skip("the account has no setting " + in.Setting)
	}
	if !in.Required && in.In != "path" || in.Default != nil || in.Setting != "" || in.Paging || len(in.Options) > 0 {
		return nil, nil //nolint:nilnil // none is needed
	}
	return t.id(ctx, op, in)
}

// id is the id of a record for an input; nil where the input needs none.
func (t *trial) id(ctx context.Context, op *connectors.Operation, in connectors.Input) (any, error) {
	list := t.listFor(op, in.Name)
	switch {
	case list == nil && in.In != "path":
		return nil, nil //nolint:nilnil // it is made up
	case op.Kind == connectors.Write:
		return nil, conformance.Skip(fmt.Sprintf("it changes something: name what with --with %s=VALUE", in.Name))
	case list == nil:
		return nil, conformance.Skip(fmt.Sprintf("no list tells one: give --with %s=VALUE", in.Name))
	}
	f := t.find(ctx, list)
	if f.err != nil {
		return nil, conformance.Skip(fmt.Sprintf("%v: give --with %s=VALUE", f.err, in.Name))
	}
	return typed(in.Field, f.id), nil
}

// leave fills the texts by which a person recognises what a write has left behind, each
// time another one. A write that needs nothing is given one text all the same: it would
// change nothing.
func (t *trial) leave(op *connectors.Operation, out map[string]any) {
	t.made[op.Key]++
	text := fmt.Sprintf("%s-%d", t.key[:min(len(t.key), len("pollux-")+6)], t.made[op.Key])
	spare, needs := "", false
	for _, in := range op.Inputs {
		_, filled := out[in.Name]
		needs = needs || in.In == "body" && (filled || in.Required)
		if filled || !takesText(in) {
			continue
		}
		if in.Required {
			out[in.Name] = looking(in.Field, text)
		} else if spare == "" {
			spare = in.Name
		}
	}
	if !needs && spare != "" {
		out[spare] = text
	}
}

// takesText reports an input of a body that takes any text, and that nothing else fills.
func takesText(in connectors.Input) bool {
	free := in.Type == schema.String && in.In == "body" && len(in.Options) == 0
	return free && !in.Paging && !in.File && in.Setting == "" && in.Default == nil
}

// looking is a text that looks like what a field takes.
func looking(f schema.Field, text string) string {
	if strings.Contains(strings.ToLower(f.Name), "mail") || f.Normal == schema.NormalEmail {
		return text + "@example.com"
	}
	return text
}

// given returns what was given by hand for an input.
func (t *trial) given(op *connectors.Operation, input string) (text string, ok bool) {
	if text, ok = t.Inputs[op.Key+":"+input]; ok {
		return text, true
	}
	text, ok = t.Inputs[input]
	return text, ok
}

// typed is an id as an input takes it.
func typed(f schema.Field, id string) any {
	if f.Type == schema.Integer || f.Type == schema.Number {
		if v, err := connectors.Decode([]byte(id)); err == nil {
			return v
		}
	}
	return id
}

// listFor returns the list whose records an input takes the id of: what the connector says,
// else what the name of the input does; nil for none.
func (t *trial) listFor(op *connectors.Operation, input string) *connectors.Operation {
	if p := op.Poll; p != nil && p.Parents != nil && p.Parents.Input == input {
		list, _ := t.description.Operation(p.Parents.Operation)
		return list
	}
	for _, list := range t.description.Operations {
		if p := list.Poll; p != nil && p.Confirm != nil && p.Confirm.Operation == op.Key && p.Confirm.Input == input {
			return list
		}
	}
	at := slices.IndexFunc(t.description.Operations, func(list *connectors.Operation) bool {
		return t.tells(list) && names(op, input, list.Answer)
	})
	if at < 0 {
		return nil
	}
	return t.description.Operations[at]
}

// tells reports a list of records with ids that can be read without ids of others.
func (t *trial) tells(list *connectors.Operation) bool {
	return list.List && list.Kind == connectors.Read && list.Answer != nil && list.Answer.ID != "" && t.alone(list)
}

// names reports whether the name of an input means the id of an object: ticketId, ticket_id
// or ticket, and id for the object of the operation itself.
func names(op *connectors.Operation, input string, object *schema.Object) bool {
	key := strings.ToLower(strings.ReplaceAll(object.Key, "_", ""))
	switch strings.ToLower(strings.ReplaceAll(input, "_", "")) {
	case key, key + "id":
		return true
	case "id", strings.ToLower(strings.ReplaceAll(object.ID, "_", "")):
		return strings.HasPrefix(op.Key, object.Key+".")
	}
	return false
}

// alone reports a list that can be read without ids of other records.
func (t *trial) alone(list *connectors.Operation) bool {
	return !slices.ContainsFunc(list.Inputs, func(in connectors.Input) bool {
		_, given := t.given(list, in.Name)
		return in.Required && in.Default == nil && in.Setting == "" && !in.Paging && !given
	})
}

// find returns the id of the first record of a list. It is looked for once.
func (t *trial) find(ctx context.Context, list *connectors.Operation) finding {
	if f, known := t.found[list.Key]; known {
		return f
	}
	inputs, err := t.inputs(ctx, list)
	if err != nil {
		return finding{err: err}
	}
	f := finding{}
	page, err := t.session.Page(ctx, list, connectors.Query{Inputs: inputs})
	switch {
	case err != nil:
		f.err = fmt.Errorf("%s cannot be read: %w", list.Key, err)
	case len(page.Records) == 0:
		f.err = fmt.Errorf("%s is empty", list.Key)
	default:
		f.id = page.Records[0].ID
	}
	if ctx.Err() == nil {
		t.found[list.Key] = f
	}
	return f
}

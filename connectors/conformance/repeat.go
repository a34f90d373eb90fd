package conformance

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pollux-automation/pollux/connectors"
)

// repeat sends a write a second time, or looks it up, as its rule says.
func (t *trial) repeat(ctx context.Context) error {
	if err := t.allowed(); err != nil {
		return err
	}
	switch t.op.Repeat {
	case connectors.RepeatSafe:
		return t.twice(ctx)
	case connectors.RepeatFind:
		return t.found(ctx)
	case connectors.RepeatNever:
		return skip("the operation is never sent twice")
	}
	return skip("the operation changes nothing")
}

// twice sends a write two times. The reads show one effect after the first, and the same
// after the second. A service may refuse to do again what is done.
func (t *trial) twice(ctx context.Context) error {
	in, err := t.inputs(ctx)
	if err != nil {
		return err
	}
	readings := t.readings(in)
	if len(readings) == 0 {
		return skip("no read shows what the operation does")
	}
	before, err := t.seen(ctx, readings)
	if err != nil {
		return err
	}
	if _, err := t.real.Call(ctx, t.op, in); err != nil {
		return err
	}
	once, err := t.seen(ctx, readings)
	if err != nil {
		return err
	}
	if once == before && t.world.Reused {
		return skip("what it changes was changed already, so that nothing tells once from twice")
	}
	if once == before {
		return fmt.Errorf("%s shows nothing of it: %.300s", readings[0].Operation, once)
	}
	if _, err := t.real.Call(ctx, t.op, in); err != nil && !refusedAsDone(err) {
		return fmt.Errorf("the second time: %w", err)
	}
	again, err := t.seen(ctx, readings)
	if err != nil {
		return err
	}
	if again != once {
		return fmt.Errorf("the second time has another effect: %.300s, then %.300s", once, again)
	}
	return nil
}

// refusedAsDone reports errors after which nothing was done.
func refusedAsDone(err error) bool {
	return slices.Contains([]connectors.Kind{connectors.Invalid, connectors.NotFound, connectors.Conflict}, connectors.KindOf(err))
}

// readings are those that show what a call does: its target, and what the world names.
func (t *trial) readings(in map[string]any) []Reading {
	var list []Reading
	if target := t.op.Target; target != nil {
		r := Reading{Operation: target.Operation, Inputs: map[string]any{}}
		for to, from := range target.With {
			r.Inputs[to] = in[from]
		}
		list = append(list, r)
	}
	if t.world.Shows != nil {
		list = append(list, t.world.Shows(t.op, in)...)
	}
	return list
}

// seen writes what readings answer for a comparison: fields that change by themselves do
// not count, and what is not found is not there.
func (t *trial) seen(ctx context.Context, readings []Reading) (string, error) {
	if err := t.world.pass(ctx, 0); err != nil {
		return "", err
	}
	var parts []string
	for _, r := range readings {
		op, err := t.operation(r.Operation)
		if err != nil {
			return "", err
		}
		a, err := t.real.Call(ctx, op, r.Inputs)
		switch {
		case err != nil && (connectors.KindOf(err) == connectors.NotFound || slices.Contains(t.world.Unknown, connectors.KindOf(err))):
			parts = append(parts, "nothing")
		case err != nil:
			return "", fmt.Errorf("look at what it did: %w", err)
		default:
			parts = append(parts, text(normal(op, a.Value)))
		}
	}
	return strings.Join(parts, "\n"), nil
}

// normal returns what counts of an answer.
func normal(op *connectors.Operation, v any) any {
	switch x := v.(type) {
	case map[string]any:
		if op.Answer != nil {
			return op.Answer.Normalize(x)
		}
	case []any:
		out := make([]any, len(x))
		for i, e := range x {
			out[i] = normal(op, e)
		}
		return out
	}
	return v
}

// found carries out a write and looks for it as the engine does when an answer is lost.
func (t *trial) found(ctx context.Context) error {
	in, err := t.inputs(ctx)
	if err != nil {
		return err
	}
	find := t.op.Find
	sent, _ := in[find.Match].(string)
	if sent == "" {
		return fmt.Errorf("the world gives no %s, by which the write is looked up", find.Match)
	}
	before, err := t.matches(ctx, in, sent)
	if err != nil {
		return err
	}
	if _, err := t.real.Call(ctx, t.op, in); err != nil {
		return err
	}
	if err := t.world.pass(ctx, find.Settle); err != nil {
		return err
	}
	after, err := t.matches(ctx, in, sent)
	if err != nil {
		return err
	}
	if after != before+1 {
		return fmt.Errorf("%s has %d records with the %s of the write, and %d before, want one more", find.Operation, after, find.Match, before)
	}
	return nil
}

// matches counts the records that a lookup takes for the write.
func (t *trial) matches(ctx context.Context, in map[string]any, want string) (int, error) {
	op, err := t.operation(t.op.Find.Operation)
	if err != nil {
		return 0, err
	}
	if op.Answer == nil {
		return 0, errors.New("the lookup describes no records")
	}
	inputs := map[string]any{}
	for to, from := range t.op.Find.With {
		inputs[to] = in[from]
	}
	n, position := 0, ""
	for range maxPages {
		page, err := t.real.Page(ctx, op, connectors.Query{Inputs: inputs, Position: position})
		if err != nil {
			return 0, fmt.Errorf("look it up: %w", err)
		}
		for _, r := range page.Records {
			fields, err := op.Answer.Decode(r.Raw)
			if err != nil {
				return 0, fmt.Errorf("look it up: %w", err)
			}
			if got, _ := fields[t.op.Find.Match].(string); strings.Contains(got, want) {
				n++
			}
		}
		if page.Next == "" {
			return n, nil
		}
		position = page.Next
	}
	return 0, fmt.Errorf("%s has no end", op.Key)
}

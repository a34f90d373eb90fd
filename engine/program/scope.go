package program

import (
	"context"
	"fmt"
	"slices"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/engine/names"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/engine/watch"
	"github.com/pollux-automation/pollux/internal/mapping"
	"github.com/pollux-automation/pollux/triggers"
)

// Scope builds what the expressions of a run see, from its stored event.
func (p *Program) Scope(run *store.Run) (*mapping.Scope, error) {
	c := triggers.Change{
		Kind: triggers.Kind(run.Kind), Record: run.Record, Revision: run.Revision,
		BeforeKnown: run.Event.BeforeKnown, Fields: run.Event.Fields,
		CreatedAt: run.Event.CreatedAt, UpdatedAt: run.Event.UpdatedAt, Parent: run.Event.Parent,
	}
	var err error
	if c.After, err = p.Source.Answer.Decode(run.Event.Record); err != nil {
		return nil, fmt.Errorf("stored record: %w", err)
	}
	if len(run.Event.Before) > 0 {
		if c.Before, err = p.Source.Answer.Decode(run.Event.Before); err != nil {
			return nil, fmt.Errorf("stored before: %w", err)
		}
	}
	return watch.NewScope(p.Recipe, run.Account, c, run.QueuedAt), nil
}

// Reads reports whether expressions of the recipe read by names that users have given.
func (p *Program) Reads() bool {
	return slices.ContainsFunc(p.Recipe.Named, func(u mapping.Named) bool { return !u.Write })
}

// Names returns those names; nil where there are none. They are asked for where nobody
// knows them yet. The error is a [*connectors.Error].
func (p *Program) Names(ctx context.Context) (mapping.Namer, error) {
	return names.Gather(connectors.For(ctx, p.Recipe.ID), p.Recipe.Named, p.session)
}

// session is the account's session of a connection; nil for one that is not there.
func (p *Program) session(connection string) connectors.Session {
	if a := p.accounts[connection]; a != nil {
		return a.Session
	}
	return nil
}

// Compare notes in an event which fields of the record differ from how it was before; none
// where that is not known.
func (p *Program) Compare(e *store.Event) {
	before, errBefore := decode(p, e.Before)
	after, errAfter := decode(p, e.Record)
	e.Fields = nil
	if errBefore == nil && errAfter == nil && e.BeforeKnown && before != nil {
		e.Fields = p.Source.Answer.Changed(before, after)
	}
}

// decode reads a stored version of a record; nil for none.
func decode(p *Program, raw []byte) (map[string]any, error) {
	if len(raw) == 0 {
		return nil, nil
	}
	return p.Source.Answer.Decode(raw)
}

package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/engine/poll"
	"github.com/pollux-automation/pollux/engine/program"
	"github.com/pollux-automation/pollux/engine/sample"
	"github.com/pollux-automation/pollux/engine/store"
)

// ErrNoRecord is returned by Current for a record that its service does not have any more.
var ErrNoRecord = errors.New("the record is not at its service any more")

// Current returns the event of a run with its record as the service shows it now, with
// the times that go with it. It sends reads only: the one that confirms deletions where it
// shows the same kind of record, or else the list. The error is [ErrNoRecord], or that of a
// read.
func (e *Engine) Current(ctx context.Context, run *store.Run) (store.Event, error) {
	event := run.Event
	p, err := e.program(ctx, program.Key{Recipe: run.Recipe, Version: run.Version, Account: run.Account})
	if err != nil {
		return event, err
	}
	f, err := poll.New(p.Account, p.Recipe.Trigger.Operation, p.Recipe.Trigger.With)
	if err != nil {
		return event, err
	}
	r, err := current(ctx, f, run)
	if err != nil {
		return event, fmt.Errorf("record %s of %s: %w", run.Record, run.Account, err)
	}
	if event.Forgotten {
		event.Before, event.BeforeKnown, event.Forgotten = nil, false, false
	}
	event.Record, event.CreatedAt, event.UpdatedAt = r.Raw, r.Created, r.Updated
	p.Compare(&event)
	return event, nil
}

// current reads the record of a run.
func current(ctx context.Context, f *poll.Feed, run *store.Run) (connectors.Record, error) {
	if c := f.Op.Poll.Confirm; c != nil {
		op, err := f.Account.Operation(c.Operation)
		if err != nil {
			return connectors.Record{}, err
		}
		inputs := poll.Inputs(op, f.Account, map[string]any{c.Input: run.Record})
		page, err := f.Account.Session.Page(ctx, op, connectors.Query{Inputs: inputs})
		switch {
		case err != nil && connectors.KindOf(err) != connectors.NotFound:
			return connectors.Record{}, err
		case err != nil || len(page.Records) == 0:
			return connectors.Record{}, ErrNoRecord
		case op.Answer != nil && f.Op.Answer != nil && op.Answer.Key == f.Op.Answer.Key:
			return page.Records[0], nil
		}
	}
	q := connectors.Query{Inputs: maps.Clone(f.Inputs)}
	if parents := f.Op.Poll.Parents; parents != nil && run.Event.Parent != "" {
		q.Inputs[parents.Input] = run.Event.Parent
	}
	found, err := sample.Find(ctx, f, q, sample.Options{Record: run.Record})
	if err != nil {
		return connectors.Record{}, err
	}
	if len(found) == 0 {
		return connectors.Record{}, ErrNoRecord
	}
	return found[0], nil
}

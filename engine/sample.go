package engine

import (
	"context"
	"fmt"
	"time"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/engine/poll"
	"github.com/pollux-automation/pollux/recipes"
)

// SampleOptions say which records are wanted.
type SampleOptions struct {
	// Last is how many records that changed last.
	Last int
	// Record is the id of the one record that is wanted instead; empty for none.
	Record string
}

// SampleRecord is a record as its source shows it now.
type SampleRecord struct {
	ID     string
	Fields map[string]any
}

// Sample fetches records of a recipe's source. It sends reads only. Lists that
// can be asked from a time on are asked for ever longer times until enough is
// found; others are read whole.
func Sample(ctx context.Context, o Options, r *recipes.Recipe, s SampleOptions) ([]SampleRecord, error) {
	e, err := New(o)
	if err != nil {
		return nil, err
	}
	f, err := e.plan().newFeed(r)
	if err != nil {
		return nil, err
	}
	if s.Record != "" || f.Op.Poll.Strategy != connectors.Keyset {
		return sample(ctx, f, time.Time{}, s)
	}
	now := time.Now()
	for _, back := range []time.Duration{time.Hour, 24 * time.Hour, 30 * 24 * time.Hour} {
		found, err := sample(ctx, f, now.Add(-back), s)
		if err != nil || len(found) >= s.Last {
			return found, err
		}
	}
	return sample(ctx, f, time.Time{}, s)
}

// sample reads the list from a time on and keeps what is wanted.
func sample(ctx context.Context, f *poll.Feed, since time.Time, s SampleOptions) ([]SampleRecord, error) {
	var kept []connectors.Record
	position := ""
	for range poll.MaxPages {
		page, err := f.Account.Session.Page(ctx, f.Op, connectors.Query{
			Inputs: f.Inputs, Since: since, Position: position, Size: f.Op.Poll.PageSize,
		})
		if err != nil {
			return nil, err
		}
		for _, r := range page.Records {
			if s.Record == "" || r.ID == s.Record {
				kept = append(kept, r)
			}
		}
		if s.Record == "" && len(kept) > s.Last {
			kept = kept[len(kept)-s.Last:]
		}
		if page.Next == "" || page.Next == position || s.Record != "" && len(kept) > 0 {
			return decoded(f.Op, kept)
		}
		position = page.Next
	}
	return nil, fmt.Errorf("%s: no end after %d pages", f.Op.Name(), poll.MaxPages)
}

func decoded(op *connectors.Operation, records []connectors.Record) ([]SampleRecord, error) {
	out := make([]SampleRecord, len(records))
	for i, r := range records {
		fields, err := op.Answer.Decode(r.Raw)
		if err != nil {
			return nil, fmt.Errorf("record %s: %w", r.ID, err)
		}
		out[i] = SampleRecord{ID: r.ID, Fields: fields}
	}
	return out, nil
}

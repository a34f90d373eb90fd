// Package sample fetches records of a recipe's source, for people who want to see what the
// recipe would do with them.
package sample

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/engine/poll"
	"github.com/pollux-automation/pollux/recipes"
)

// Options say which records are wanted.
type Options struct {
	// Last is how many records that changed last.
	Last int
	// Record is the id of the one record that is wanted instead; empty for none.
	Record string
	// Account is the account whose records are wanted, of a recipe that watches several;
	// empty means the first one.
	Account string
}

// Record is a record as its source shows it now.
type Record struct {
	ID     string
	Fields map[string]any
}

// Fetch fetches records of a recipe's source. It sends reads only. Lists that
// can be asked from a time on are asked for ever longer times until enough is
// found; others are read whole.
func Fetch(ctx context.Context, accounts []*poll.Account, r *recipes.Recipe, s Options) ([]Record, error) {
	a, err := Account(accounts, r, s.Account)
	if err != nil {
		return nil, err
	}
	f, err := poll.New(a, r.Trigger.Operation, r.Trigger.With)
	if err != nil {
		return nil, err
	}
	sample := func(since time.Time) ([]Record, error) {
		kept, err := Find(ctx, f, connectors.Query{Inputs: f.Inputs, Since: since}, s)
		if err != nil {
			return nil, err
		}
		return decoded(f.Op, kept)
	}
	if s.Record != "" || f.Op.Poll.Strategy != connectors.Keyset {
		return sample(time.Time{})
	}
	now := time.Now()
	for _, back := range []time.Duration{time.Hour, 24 * time.Hour, 30 * 24 * time.Hour} {
		found, err := sample(now.Add(-back))
		if err != nil || len(found) >= s.Last {
			return found, err
		}
	}
	return sample(time.Time{})
}

// ErrNoAccount is returned for a recipe none of whose accounts is there.
var ErrNoAccount = errors.New("there is no such account")

// Account returns one of the accounts that a recipe watches: the one of a name, or the
// first one.
func Account(all []*poll.Account, r *recipes.Recipe, name string) (*poll.Account, error) {
	source := r.Source()
	for _, a := range all {
		if source.Matches(a.Name) && a.Connector.Describe().Key == source.Connector && (name == "" || name == a.Name) {
			return a, nil
		}
	}
	if name == "" {
		name = source.Account
	}
	return nil, fmt.Errorf("recipe %s watches %s: %w", r.ID, name, ErrNoAccount)
}

// Find reads a list and keeps what is wanted.
func Find(ctx context.Context, f *poll.Feed, q connectors.Query, s Options) (kept []connectors.Record, err error) {
	q.Size = f.Op.Poll.PageSize
	for range poll.MaxPages {
		page, err := f.Account.Session.Page(ctx, f.Op, q)
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
		if page.Next == "" || page.Next == q.Position || s.Record != "" && len(kept) > 0 {
			return kept, nil
		}
		q.Position = page.Next
	}
	return nil, fmt.Errorf("%s: no end after %d pages", f.Op.Name(), poll.MaxPages)
}

func decoded(op *connectors.Operation, records []connectors.Record) ([]Record, error) {
	out := make([]Record, len(records))
	for i, r := range records {
		fields, err := op.Answer.Decode(r.Raw)
		if err != nil {
			return nil, fmt.Errorf("record %s: %w", r.ID, err)
		}
		out[i] = Record{ID: r.ID, Fields: fields}
	}
	return out, nil
}

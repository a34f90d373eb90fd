package engine

import (
	"context"
	"fmt"
	"time"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/engine/poll"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/triggers"
)

// Preview is what a poll would find.
type Preview struct {
	// Rows is how many the list showed, which are new, changed or known.
	Rows, New, Changed, Known int
	// First are the first ones that are not known.
	First []PreviewRow
}

// PreviewRow is a record of a preview. What is "new" or "changed".
type PreviewRow struct {
	ID   string `json:"id"`
	What string `json:"what"`
}

// previewRows is how many records a preview names.
const previewRows = 20

// Preview tells what a feed would find if it were rewound to a time, zero for the start
// of its list. It sends the requests of that walk and stores nothing. The errors are those
// of [Rewind], of the source, and [store.ErrNotFound] for a feed that is not one of
// [Engine.Feeds].
func (e *Engine) Preview(ctx context.Context, id store.FeedID, to time.Time) (Preview, error) {
	var found Preview
	f, err := e.feed(id)
	if err != nil {
		return found, err
	}
	stored, err := e.store.LoadFeed(ctx, id)
	if err != nil {
		return found, err
	}
	state, err := rewound(stored, to)
	if err != nil {
		return found, err
	}
	side, options := to.IsZero(), f.Options()
	options.Bodies = false // else every row would be written
	begin := f.Strategy.Begin
	if side {
		begin = f.Strategy.BeginSide
	}
	state, _ = begin(state, options, time.Now()) // there is a watermark, so both begin
	seen := map[string]triggers.Entry{}
	for range poll.MaxPages {
		walk := state.Walk
		if side {
			walk = state.Side
		}
		page, err := f.Fetch(ctx, walk)
		if err != nil {
			return found, err
		}
		known, err := e.known(ctx, id, page, seen)
		if err != nil {
			return found, err
		}
		delta, err := f.Strategy.Detect(triggers.Input{
			State: state, Page: page, Side: side, Known: known, Shape: f.Op.Answer, Options: options, Now: time.Now(),
		})
		if err != nil {
			return found, err
		}
		found.add(len(page.Records), delta.Changes)
		for id, entry := range delta.Seen {
			entry.Body = nil
			seen[id] = entry
		}
		if state = delta.State; delta.Done {
			return found, nil
		}
	}
	return found, fmt.Errorf("%w: no end after %d pages", triggers.ErrWalk, poll.MaxPages)
}

// known returns what a feed knows of the records of a page, what earlier pages have
// shown included.
func (e *Engine) known(ctx context.Context, id store.FeedID, page connectors.Page, seen map[string]triggers.Entry) (map[string]triggers.Entry, error) {
	ids := make([]string, len(page.Records))
	for i, r := range page.Records {
		ids[i] = r.ID
	}
	known, err := e.store.Entries(ctx, id, ids)
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		if entry, ok := seen[id]; ok {
			known[id] = entry
		}
	}
	return known, nil
}

// add counts a page.
func (p *Preview) add(rows int, changes []triggers.Change) {
	p.Rows += rows
	p.Known += rows - len(changes)
	for _, c := range changes {
		row := PreviewRow{ID: c.Record, What: "changed"}
		if c.Kind == triggers.Created {
			row.What = "new"
			p.New++
		} else {
			p.Changed++
		}
		if len(p.First) < previewRows {
			p.First = append(p.First, row)
		}
	}
}

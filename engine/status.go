package engine

import "context"

// Status is what an engine is doing, in numbers since it was made.
type Status struct {
	// Known is true when every feed has read its list whole once.
	Known   bool
	Feeds   int
	Polls   int64
	Records int64
	Changes int64
	Runs    RunCounts
}

// Status says what the engine is doing. It may be called at any time.
func (e *Engine) Status(ctx context.Context) Status {
	s := Status{
		Feeds: len(e.plan().feeds), Polls: e.tally.polls.Load(), Records: e.tally.records.Load(),
		Changes: e.tally.changes.Load(), Runs: e.counts(ctx), Known: true,
	}
	for id := range e.plan().feeds {
		f, err := e.store.LoadFeed(ctx, id)
		if err != nil || !f.State.Baseline {
			s.Known = false
		}
	}
	return s
}

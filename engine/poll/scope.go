package poll

import (
	"context"
	"fmt"

	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/internal/mapping"
	"github.com/pollux-automation/pollux/recipes"
	"github.com/pollux-automation/pollux/triggers"
)

// ScopeEdit is what an edit of a recipe's scope means for the records that are known.
type ScopeEdit struct {
	Records int // of which the last version is known
	Enter   int // in the new scope alone
	Leave   int // in the old scope alone
	Unclear int // one of the scopes cannot be evaluated
}

// CompareScopes tells how many of the records that a feed knows would enter or leave by
// an edit of a recipe. Nobody is told of them: an edited scope starts afresh. Only
// records whose body is kept can be judged.
func (p *Poller) CompareScopes(ctx context.Context, f *Feed, old, edited *recipes.Recipe, account string) (ScopeEdit, error) {
	var e ScopeEdit
	for after := ""; ; {
		list, last, err := p.Store.ScanEntries(ctx, f.ID, "", after, sweepStep)
		if err != nil {
			return e, err
		}
		for _, s := range list {
			if err := e.add(f, s, old, edited, account); err != nil {
				return e, err
			}
		}
		if last == "" {
			return e, nil
		}
		after = last
	}
}

// add judges one record.
func (e *ScopeEdit) add(f *Feed, s store.Seen, old, edited *recipes.Recipe, account string) error {
	if s.Entry.Deleted || s.Entry.Body == nil {
		return nil
	}
	_, id := triggers.SplitKey(s.ID)
	fields, err := f.Op.Answer.Decode(s.Entry.Body)
	if err != nil {
		return fmt.Errorf("last known body of record %s: %w", id, err)
	}
	e.Records++
	was, errWas := inScope(old, fields, account)
	is, errIs := inScope(edited, fields, account)
	switch {
	case errWas != nil || errIs != nil:
		e.Unclear++
	case is && !was:
		e.Enter++
	case was && !is:
		e.Leave++
	}
	return nil
}

// inScope reports whether a record is in a recipe's scope; without one all are.
func inScope(r *recipes.Recipe, fields map[string]any, account string) (bool, error) {
	if r.Scope == nil {
		return true, nil
	}
	return r.Scope.Match(&mapping.Scope{Record: fields, Vars: r.Vars, Account: account})
}

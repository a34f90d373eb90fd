package edits

import (
	"context"
	"fmt"
	"slices"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/engine/names"
	"github.com/pollux-automation/pollux/engine/poll"
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

// scanStep is how many entries, or runs, are read at once.
const scanStep = 1000

// bodies goes through the records that a feed knows, as far as their last version is kept.
func bodies(ctx context.Context, s store.Feeds, f *poll.Feed, do func(store.Seen, map[string]any)) error {
	for after := ""; ; {
		list, last, err := s.ScanEntries(ctx, f.ID, "", after, scanStep)
		if err != nil {
			return err
		}
		for _, seen := range list {
			if seen.Entry.Deleted || seen.Entry.Body == nil {
				continue
			}
			fields, err := f.Op.Answer.Decode(seen.Entry.Body)
			if err != nil {
				_, id := triggers.SplitKey(seen.ID)
				return fmt.Errorf("last known body of record %s: %w", id, err)
			}
			do(seen, fields)
		}
		if last == "" {
			return nil
		}
		after = last
	}
}

// view is what expressions see besides a record.
type view struct {
	account string // its name
	names   mapping.Namer
}

// viewOf is the view of a feed's records that both versions of a recipe have. Nothing is
// asked for: where names are not known, what needs them is unclear.
func viewOf(f *poll.Feed, account string, old, edited *recipes.Recipe) view {
	uses := slices.Concat(old.Trigger.Named, edited.Trigger.Named)
	return view{account, names.Known(uses, func(string) connectors.Session { return f.Account.Session })}
}

// add judges one record.
func (e *ScopeEdit) add(fields map[string]any, old, edited *recipes.Recipe, v view) {
	e.Records++
	was, errWas := inScope(old, fields, v)
	is, errIs := inScope(edited, fields, v)
	switch {
	case errWas != nil || errIs != nil:
		e.Unclear++
	case is && !was:
		e.Enter++
	case was && !is:
		e.Leave++
	}
}

// inScope reports whether a record is in a recipe's scope; without one all are.
func inScope(r *recipes.Recipe, fields map[string]any, v view) (bool, error) {
	if r.Scope == nil {
		return true, nil
	}
	return r.Scope.Match(&mapping.Scope{Record: fields, Vars: r.Vars, Account: v.account, Named: v.names})
}

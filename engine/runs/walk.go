package runs

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/pollux-automation/pollux/actions"
	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/engine/program"
	"github.com/pollux-automation/pollux/engine/retry"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/internal/mapping"
	"github.com/pollux-automation/pollux/recipes"
)

// branch is a place in the tree of a recipe's steps where somebody walks: the recipe's own
// chain, or what is done for one item of an each.
type branch struct {
	*runner
	scope *mapping.Scope
	// prefix goes before the ids of steps, "fan[3]." inside the fourth item of fan.
	prefix string
	// around are the rules of the steps around, from the inside out.
	around [][]recipes.Rule
}

// endingKind says how a chain of steps came to its end for now.
type endingKind int

// The kinds of ending. Of several branches the run does what stands furthest down, unless
// one of them must first find out what became of a write.
const (
	goesOn  endingKind = iota // nothing is left to do in the chain
	givenUp                   // a step around the chain has a rule that goes on behind it
	waits                     // the run goes on at a later time
	parked                    // the run waits for a person or a new login
	stopped                   // the run ends well
	failed                    // the run ends with an error
)

// ending is how a chain of steps came to its end for now.
type ending struct {
	kind    endingKind
	failure *store.Failure // of failed and parked; of waits if it is a retry
	due     time.Time      // of waits
	reason  string         // of parked and waits
	levels  int            // of givenUp: how many chains are given up, this one included
	idle    bool           // of waits: nothing happened, and nothing must be stored
	open    bool           // of waits and parked: nobody knows what became of a write
}

// over reports whether the run is not to begin anything else.
func (e ending) over() bool {
	switch e.kind {
	case givenUp, stopped, failed:
		return true
	case goesOn, waits, parked:
	}
	return false
}

// rank says which of two endings decides: the higher one.
func (e ending) rank() int {
	rank := 2 * int(e.kind)
	switch {
	case e.open:
		rank += 2 * int(failed) // only parked stands above waits, and both above all others
	case e.kind == parked && e.reason == retry.ReasonAuth:
		rank-- // a person must not be passed over when the account works again
	}
	return rank
}

// worse returns the ending that decides what becomes of a run with two branches.
func (e ending) worse(other ending) ending {
	if e.kind == waits && other.kind == waits {
		e.idle, e.open = e.idle && other.idle, e.open || other.open
		if other.due.Before(e.due) {
			e.due, e.reason, e.failure = other.due, other.reason, other.failure
		}
		return e
	}
	if e.rank() < other.rank() || e.kind == givenUp && other.kind == givenUp && e.levels < other.levels {
		return other
	}
	return e
}

// chain carries out what is left of some steps, one after the other.
func (b *branch) chain(ctx context.Context, steps []program.Step) (ending, error) {
	for i := range steps {
		end, err := b.step(ctx, &steps[i])
		if err != nil || end.kind != goesOn {
			return end, err
		}
		if b.prefix == "" && len(b.around) == 0 {
			b.run.State.Step = i + 1
		}
	}
	return ending{}, nil
}

// step carries out one step, unless it is behind the run.
func (b *branch) step(ctx context.Context, s *program.Step) (ending, error) {
	id := b.prefix + s.ID
	saved, begun := b.saved[id]
	if begun {
		if end := b.ended(s, &saved); end.kind != goesOn {
			return end, nil
		}
		if passed(&saved) {
			return ending{}, b.know(s, &saved)
		}
	}
	began := saved.StartedAt
	if began.IsZero() {
		began = time.Now().UTC()
	}
	if s.If != nil && !decided(&saved) {
		ok, err := s.If.Match(b.scope)
		if err != nil {
			return b.broken(s, began, fmt.Errorf("if: %w", err)), nil
		}
		if !ok {
			b.note(store.Step{ID: id, Status: Skipped, StartedAt: began, FinishedAt: began})
			return ending{}, nil
		}
	}
	return b.carryOut(ctx, s, &saved, began)
}

// carryOut carries out a step whose condition holds.
func (b *branch) carryOut(ctx context.Context, s *program.Step, saved *store.Step, began time.Time) (ending, error) {
	if s.Kind == recipes.Each && len(saved.Input) > 0 {
		return b.resume(ctx, s, saved)
	}
	p, err := s.Action.Prepare(b.scope)
	if err != nil {
		return b.broken(s, began, err), nil
	}
	switch s.Kind {
	case recipes.Call:
		return b.call(ctx, s, p)
	case recipes.Wait:
		return b.wait(s, saved, p), nil
	case recipes.Each:
		return b.each(ctx, s, began, p.Items)
	case recipes.Switch:
		return b.cases(ctx, s, began, p)
	case recipes.Set, recipes.Stop:
	}
	return b.inside(s, began, p), nil
}

// ended returns how a step that is stored ended what came behind it, if it did: this
// stands, although the run has gone on for the sake of another branch.
func (b *branch) ended(s *program.Step, saved *store.Step) ending {
	switch saved.Status {
	case Succeeded:
		if s.ThenStop || s.Kind == recipes.Stop {
			return ending{kind: stopped}
		}
	case Failed:
		if saved.Error != nil {
			return b.follow(s, saved, b.judge(s, saved))
		}
		if s.ThenStop {
			return ending{kind: stopped}
		}
	case Parked:
		end := ending{kind: parked, reason: ReasonUnsure, failure: saved.Error, open: doubtful(saved.Effect)}
		if !end.open && saved.Error != nil {
			end.reason = b.judge(s, saved).Reason
		}
		if end.reason != retry.ReasonAuth { // the account says when to go on
			return end
		}
	}
	return ending{}
}

// judge judges the stored error of a step again.
func (b *branch) judge(s *program.Step, saved *store.Step) retry.Decision {
	return retry.Judge(retry.Cause(saved.Error), saved.Attempts, s.Step, b.rules(s)...)
}

// follow is what follows for others from the stored error of a step.
func (b *branch) follow(s *program.Step, saved *store.Step, d retry.Decision) ending {
	switch {
	case d.Verdict == retry.Stop, saved.Passed && s.ThenStop:
		return ending{kind: stopped}
	case saved.Passed:
		return ending{}
	case d.Verdict == retry.Continue && d.Rules > 0 && d.Rules <= len(b.around):
		return ending{kind: givenUp, levels: d.Rules}
	}
	return ending{kind: failed, failure: saved.Error}
}

// passed reports whether a step is behind the run.
func passed(s *store.Step) bool {
	return s.Status == Succeeded || s.Status == Skipped || s.Passed
}

// decided reports whether the condition of a step held when it began: it is not asked
// again.
func decided(s *store.Step) bool { return s.Effect != nil || s.Status == Waiting }

// know lets later steps see the result of a step that is behind the run.
func (b *branch) know(s *program.Step, saved *store.Step) error {
	if s.Kind == recipes.Each && saved.Status == Succeeded {
		items, err := itemsOf(saved)
		if err != nil {
			return err
		}
		return b.gather(s, len(items))
	}
	if s.Kind == recipes.Switch {
		if err := b.knowCases(s); err != nil {
			return err
		}
	}
	if len(saved.Output) == 0 {
		return nil
	}
	v, err := connectors.Decode(saved.Output)
	if err != nil {
		return fmt.Errorf("stored output of step %s: %w", saved.ID, err)
	}
	b.scope.Steps[s.ID] = v
	return nil
}

// knowCases lets later steps see the results of the steps inside a switch.
func (b *branch) knowCases(s *program.Step) error {
	for _, chain := range s.Inner {
		for i := range chain {
			if inner, ok := b.saved[b.prefix+chain[i].ID]; ok && passed(&inner) {
				if err := b.know(&chain[i], &inner); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// inside notes the result of a step that needs nobody else.
func (b *branch) inside(s *program.Step, began time.Time, p actions.Prepared) ending {
	result := store.Step{ID: b.prefix + s.ID, Status: Succeeded, StartedAt: began, FinishedAt: time.Now().UTC()}
	if p.Output != nil {
		var err error
		if result.Output, err = connectors.Encode(p.Output); err != nil {
			return b.broken(s, began, err)
		}
		b.scope.Steps[s.ID] = p.Output
	}
	b.note(result)
	if p.Stop || s.ThenStop {
		return ending{kind: stopped}
	}
	return ending{}
}

// broken acts on values of a step that do not fit; nothing was sent.
func (b *branch) broken(s *program.Step, began time.Time, cause error) ending {
	err := &connectors.Error{Kind: connectors.Invalid, Op: "step " + s.ID, Err: cause}
	result := store.Step{ID: b.prefix + s.ID, Status: Failed, Error: retry.Failure(err, b.prefix+s.ID), StartedAt: began, FinishedAt: time.Now().UTC()}
	d := retry.Judge(err, 1, s.Step, b.rules(s)...)
	if d.Verdict == retry.Later || d.Verdict == retry.Pause {
		d.Verdict = retry.Fail // the same values would be wrong again
	}
	return b.end(s, result, d)
}

// rules are those that decide about an error of a step: its own, those of the steps
// around it, the recipe's.
func (b *branch) rules(s *program.Step) [][]recipes.Rule {
	list := make([][]recipes.Rule, 0, len(b.around)+2)
	list = append(list, s.OnError)
	list = append(list, b.around...)
	return append(list, b.program.Recipe.OnError)
}

// end notes the result of a step that failed for good, and carries out what was decided
// about it.
func (b *branch) end(s *program.Step, result store.Step, d retry.Decision) ending {
	switch d.Verdict {
	case retry.Continue:
		// Rules of a step around give up all that stands before its end.
		if up := d.Rules; up > 0 && up <= len(b.around) {
			b.note(result)
			return ending{kind: givenUp, levels: up}
		}
		result.Passed = true
		b.note(result)
		if s.ThenStop {
			return ending{kind: stopped}
		}
		return ending{}
	case retry.Stop:
		result.Passed = true
		b.note(result)
		return ending{kind: stopped}
	case retry.Park, retry.Pause:
		result.Status, result.FinishedAt = Parked, time.Time{}
		b.note(result)
		return ending{kind: parked, reason: d.Reason, failure: result.Error, open: doubtful(result.Effect)}
	case retry.Fail, retry.Later:
	}
	b.note(result)
	return ending{kind: failed, failure: result.Error}
}

// ReasonWaits is why runs wait in which time is to pass.
const ReasonWaits = "waits"

// wait lets time pass. When it is over is stored when it begins.
func (b *branch) wait(s *program.Step, saved *store.Step, p actions.Prepared) ending {
	now := time.Now().UTC()
	result := *saved
	if result.Status != Waiting || result.Due.IsZero() {
		result = store.Step{ID: b.prefix + s.ID, Status: Waiting, StartedAt: now, Due: now}
		switch {
		case p.Wait > 0:
			result.Due = now.Add(p.Wait)
		case p.Until.After(now):
			result.Due = p.Until.UTC()
		}
		b.note(result)
	}
	if p.Wait > 0 && result.Due.Sub(now) > p.Wait { // the clock was set back
		result.Due = now.Add(p.Wait)
		b.note(result)
	}
	if now.Before(result.Due) {
		return ending{kind: waits, due: result.Due, reason: ReasonWaits}
	}
	result.Status, result.FinishedAt = Succeeded, now
	b.note(result)
	if s.ThenStop {
		return ending{kind: stopped}
	}
	return ending{}
}

// within is the branch inside a step.
func (b *branch) within(s *program.Step) *branch {
	inner := *b
	inner.around = append([][]recipes.Rule{s.OnError}, b.around...)
	return &inner
}

// cases carries out the case of a switch that holds.
func (b *branch) cases(ctx context.Context, s *program.Step, began time.Time, p actions.Prepared) (ending, error) {
	result := store.Step{ID: b.prefix + s.ID, Status: Waiting, StartedAt: began}
	var err error
	if result.Output, err = connectors.Encode(p.Output); err != nil {
		return ending{}, err
	}
	// The case that was taken stays the one, whatever an edited recipe would take.
	if saved, begun := b.saved[result.ID]; begun && saved.Status == Waiting && len(saved.Output) > 0 {
		var known struct{ Case int }
		if err := json.Unmarshal(saved.Output, &known); err != nil {
			return ending{}, fmt.Errorf("stored case of step %s: %w", result.ID, err)
		}
		p.Case, result = known.Case, saved
	} else {
		b.note(result)
	}
	end := ending{}
	if p.Case >= 0 && p.Case < len(s.Inner) {
		if end, err = b.within(s).chain(ctx, s.Inner[p.Case]); err != nil {
			return ending{}, err
		}
	}
	switch {
	case end.kind == givenUp && end.levels > 1:
		end.levels--
		return end, nil
	case end.kind == givenUp:
		result.Status, result.Passed = Failed, true
	case end.kind == goesOn:
		result.Status = Succeeded
	default:
		return end, nil
	}
	b.scope.Steps[s.ID] = map[string]any{"case": p.Case}
	result.FinishedAt = time.Now().UTC()
	b.note(result)
	if s.ThenStop {
		return ending{kind: stopped}, nil
	}
	return ending{}, nil
}

// list is how the items of an each are stored.
type list struct {
	Items []any `json:"items"`
}

// each begins to carry out steps for each item of a list. The list is stored first: what
// was done is known by the places of the items.
func (b *branch) each(ctx context.Context, s *program.Step, began time.Time, items []any) (ending, error) {
	text, err := connectors.Encode(list{Items: items})
	if err != nil {
		return b.broken(s, began, err), nil
	}
	result := store.Step{ID: b.prefix + s.ID, Status: Waiting, StartedAt: began, Input: text}
	b.note(result)
	if len(items) > 0 {
		b.mark()
	}
	return b.items(ctx, s, result, items)
}

// resume goes on with an each that was begun.
func (b *branch) resume(ctx context.Context, s *program.Step, saved *store.Step) (ending, error) {
	items, err := itemsOf(saved)
	if err != nil {
		return ending{}, err
	}
	return b.items(ctx, s, *saved, items)
}

// itemsOf returns the items of an each that was begun.
func itemsOf(saved *store.Step) ([]any, error) {
	v, err := connectors.Decode(saved.Input)
	if err != nil {
		return nil, fmt.Errorf("stored list of step %s: %w", saved.ID, err)
	}
	fields, _ := v.(map[string]any)
	items, _ := fields["items"].([]any)
	return items, nil
}

// items carries out the steps of an each for all its items, some at once.
func (b *branch) items(ctx context.Context, s *program.Step, result store.Step, items []any) (ending, error) {
	w := &work{branch: b, step: s, items: items}
	if n := min(max(s.Parallel, 1), len(items)); n > 1 {
		var group sync.WaitGroup
		for range n {
			group.Go(func() { w.work(ctx) })
		}
		b.outside(group.Wait)
	} else {
		w.all(ctx)
	}
	switch {
	case w.err != nil:
		return ending{}, w.err
	case w.end.kind == givenUp: // by a rule around the each
		w.end.levels--
		return w.end, nil
	case w.end.kind != goesOn:
		return w.end, nil
	}
	if err := b.gather(s, len(items)); err != nil {
		return ending{}, err
	}
	result.Status, result.FinishedAt = Succeeded, time.Now().UTC()
	result.Output = json.RawMessage(`{"count":` + strconv.Itoa(len(items)) + `}`)
	b.note(result)
	if s.ThenStop {
		return ending{kind: stopped}, nil
	}
	return ending{}, nil
}

// work hands out the items of an each. The runner's mutex guards it.
type work struct {
	*branch
	step  *program.Step
	items []any
	next  int
	end   ending
	over  bool // an item ended the run: no further one is begun
	err   error
	// places are those of the items of which something is stored, once that is asked.
	places map[int]bool
}

// work carries out items on a goroutine of its own.
func (w *work) work(ctx context.Context) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.safely(func() error { w.all(ctx); return nil }); err != nil {
		w.err = err
	}
}

// all carries out items until none is left to begin. One that waits or is parked does not
// stop the others.
func (w *work) all(ctx context.Context) {
	for w.next < len(w.items) && w.err == nil && w.more() {
		at := w.next
		w.next++
		if w.over && !w.begun(at) {
			continue
		}
		end, err := w.item(ctx, at)
		if err != nil {
			w.err = err
			return
		}
		w.over = w.over || end.over()
		w.end = w.end.worse(end)
	}
}

// more reports whether there may be another item to carry out. In order, each waits for the
// one before.
func (w *work) more() bool {
	return w.end.kind == goesOn || w.step.Parallel > 1
}

// begun reports whether something of an item was stored. Such an item is not left alone
// when another one ends the run: nobody may know what became of its write.
func (w *work) begun(at int) bool {
	if w.places == nil {
		w.places = map[int]bool{}
		prefix := w.prefix + w.step.ID + "["
		for id := range w.saved {
			if rest, inside := strings.CutPrefix(id, prefix); inside {
				place, _, _ := strings.Cut(rest, "]")
				n, _ := strconv.Atoi(place)
				w.places[n] = true
			}
		}
	}
	return w.places[at]
}

// item carries out the steps of an each for one item.
func (w *work) item(ctx context.Context, at int) (ending, error) {
	id := itemID(w.prefix+w.step.ID, at)
	if saved, ok := w.saved[id]; ok && saved.Passed {
		return ending{}, nil // it was given up
	}
	inner := w.within(w.step)
	inner.prefix = id + "."
	scope := *w.scope
	scope.Item, scope.Index, scope.Steps = w.items[at], at, make(map[string]any, len(w.scope.Steps)+len(w.step.Inner[0]))
	maps.Copy(scope.Steps, w.scope.Steps)
	inner.scope = &scope
	end, err := inner.chain(ctx, w.step.Inner[0])
	if err != nil || end.kind != givenUp || end.levels > 1 {
		return end, err
	}
	now := time.Now().UTC()
	w.note(store.Step{ID: id, Status: Failed, Passed: true, StartedAt: now, FinishedAt: now})
	return ending{}, nil
}

// itemID is the id under which an item of an each is known.
func itemID(each string, at int) string { return each + "[" + strconv.Itoa(at) + "]" }

// gather lets later steps see the results of an each.
func (b *branch) gather(s *program.Step, count int) error {
	results := make([]any, count)
	for at := range results {
		inner := branch{runner: b.runner, prefix: itemID(b.prefix+s.ID, at) + "."}
		inner.scope = &mapping.Scope{Steps: map[string]any{}}
		chain := s.Inner[0]
		for i := range chain {
			if saved, ok := b.saved[inner.prefix+chain[i].ID]; ok && passed(&saved) {
				if err := inner.know(&chain[i], &saved); err != nil {
					return err
				}
			}
		}
		results[at] = inner.scope.Steps
	}
	b.scope.Steps[s.ID] = map[string]any{"count": count, "results": results}
	return nil
}

package engine

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"time"

	"github.com/pollux-automation/pollux/actions"
	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/recipes"
	"github.com/pollux-automation/pollux/triggers"
)

// plan is what the loaded recipes ask of the engine: which feeds to poll, and who
// watches them.
type plan struct {
	feeds    map[store.FeedID]*feedPlan
	programs map[programKey]*program
	recipes  map[string]*recipes.Recipe // by id
}

// feedPlan is one source of one account with one set of inputs, with everybody
// who watches it.
type feedPlan struct {
	id       store.FeedID
	account  *Account
	op       *connectors.Operation
	inputs   map[string]any
	strategy triggers.Strategy
	options  triggers.Options
	subs     []*subscriber
	// polled is true once this engine has polled the feed, pages counts the pages
	// that were committed. Both belong to the poller of the feed.
	polled bool
	pages  int
}

// subscriber is a recipe on a feed. The record of its subscription belongs to the
// poller of the feed.
type subscriber struct {
	program *program
	record  store.Subscription
	// accepted counts the runs of the poll in progress, for hold_over.
	accepted int
}

// programKey names one version of a recipe.
type programKey struct{ recipe, version string }

// program is a recipe made ready to run.
type program struct {
	recipe  *recipes.Recipe
	account string                // the trigger's account
	source  *connectors.Operation // what the trigger polls
	steps   []step
}

// step is a step of a recipe made ready to run.
type step struct {
	*recipes.Step
	action actions.Action
}

// newPlan builds the plan for some recipes.
func (e *Engine) newPlan(list []*recipes.Recipe) (*plan, error) {
	p := &plan{feeds: map[store.FeedID]*feedPlan{}, programs: map[programKey]*program{}, recipes: map[string]*recipes.Recipe{}}
	for _, r := range list {
		prog, err := e.newProgram(r)
		if err != nil {
			return nil, fmt.Errorf("recipe %s: %w", r.ID, err)
		}
		p.programs[programKey{r.ID, r.Version}] = prog
		p.recipes[r.ID] = r
		f, err := e.newFeed(r)
		if err != nil {
			return nil, fmt.Errorf("recipe %s: %w", r.ID, err)
		}
		if known, ok := p.feeds[f.id]; ok {
			f = known
		}
		p.feeds[f.id] = f
		f.subs = append(f.subs, &subscriber{program: prog})
		f.join(r)
	}
	return p, nil
}

// newProgram makes a recipe ready to run.
func (e *Engine) newProgram(r *recipes.Recipe) (*program, error) {
	account, source, err := e.operation(r, r.Trigger.Connection, r.Trigger.Operation)
	if err != nil {
		return nil, err
	}
	p := &program{recipe: r, account: account.Name, source: source}
	for i := range r.Steps {
		s := step{Step: &r.Steps[i]}
		switch s.Kind {
		case recipes.Set:
			s.action = actions.SetValues{Values: s.With}
		case recipes.Stop:
			s.action = actions.StopRun{Reason: s.Reason}
		case recipes.Call:
			account, op, err := e.operation(r, s.Connection, s.Operation)
			if err != nil {
				return nil, fmt.Errorf("step %s: %w", s.ID, err)
			}
			s.action = actions.CallOperation{Account: account.Name, Session: account.Session, Operation: op, With: s.With}
		default:
			return nil, fmt.Errorf("step %s: unknown kind %q", s.ID, s.Kind)
		}
		p.steps = append(p.steps, s)
	}
	return p, nil
}

// operation finds what a recipe calls by a connection and an operation.
func (e *Engine) operation(r *recipes.Recipe, connection, key string) (*Account, *connectors.Operation, error) {
	account, ok := e.accounts[r.Connections[connection].Account]
	if !ok {
		return nil, nil, fmt.Errorf("account %q is not there", r.Connections[connection].Account)
	}
	op, ok := account.Connector.Describe().Operation(key)
	if !ok {
		return nil, nil, fmt.Errorf("%s has no operation %q", account.Connector.Describe().Key, key)
	}
	return account, op, nil
}

// newFeed returns the feed that a recipe's trigger watches, without subscribers.
func (e *Engine) newFeed(r *recipes.Recipe) (*feedPlan, error) {
	account, op, err := e.operation(r, r.Trigger.Connection, r.Trigger.Operation)
	if err != nil {
		return nil, err
	}
	if op.Poll == nil {
		return nil, fmt.Errorf("%s cannot be polled", op.Name())
	}
	strategy, ok := triggers.Find(op.Poll.Strategy)
	if !ok {
		return nil, fmt.Errorf("%s wants the unknown strategy %q", op.Name(), op.Poll.Strategy)
	}
	inputs := feedInputs(op, account, r.Trigger.With)
	return &feedPlan{
		id: feedID(account.Name, op.Key, inputs), account: account, op: op, inputs: inputs, strategy: strategy,
		options: triggers.Options{Overlap: op.Poll.Overlap, Reconcile: triggers.DefaultReconcile, Offsets: op.Poll.Offsets},
	}, nil
}

// join lets a recipe's wishes count for the whole feed: the longest overlap, and
// bodies as soon as one recipe needs them.
func (f *feedPlan) join(r *recipes.Recipe) {
	f.options.Overlap = max(f.options.Overlap, r.Trigger.Overlap)
	if f.options.Overlap == 0 {
		f.options.Overlap = triggers.DefaultOverlap
	}
	f.options.Bodies = f.options.Bodies || r.NeedsBodies
}

// feedInputs are a source's inputs after settings and defaults.
func feedInputs(op *connectors.Operation, account *Account, with map[string]any) map[string]any {
	inputs := map[string]any{}
	for _, in := range op.Inputs {
		if in.Paging {
			continue
		}
		if v, ok := account.Settings[in.Setting]; ok && in.Setting != "" {
			inputs[in.Name] = v
		} else if in.Default != nil {
			inputs[in.Name] = in.Default
		}
	}
	maps.Copy(inputs, with)
	return inputs
}

// feedID names a feed by what makes it one: account, operation and inputs. Not by
// base URL, version or schedule.
func feedID(account, operation string, inputs map[string]any) store.FeedID {
	id := account + "." + operation
	if len(inputs) > 0 {
		text, err := json.Marshal(inputs)
		if err != nil {
			text = fmt.Append(nil, inputs) // inputs come from YAML, which always has JSON
		}
		sum := sha256.Sum256(text)
		id += "~" + hex.EncodeToString(sum[:4])
	}
	return store.FeedID(id)
}

// next returns when the feed is due after a time: at the earliest due time of any
// of its recipes, each moved by the feed's own stable jitter.
func (f *feedPlan) next(after time.Time) time.Time {
	var due time.Time
	for _, s := range f.subs {
		at := f.dueAfter(s.program.recipe.Trigger.Schedule, after)
		if at.IsZero() {
			continue
		}
		if due.IsZero() || at.Before(due) {
			due = at
		}
	}
	return due
}

// dueAfter returns when a schedule is due, moved by the feed's jitter. An interval
// with jitter keeps its length: its times lie on a grid that the jitter moves.
func (f *feedPlan) dueAfter(s recipes.Schedule, after time.Time) time.Time {
	jitter := f.jitter(s)
	if s.Every > 0 && s.Jitter > 0 {
		return after.Add(-jitter).Truncate(s.Every).Add(s.Every + jitter)
	}
	at := s.Next(after.Add(-jitter))
	if at.IsZero() {
		return at
	}
	return at.Add(jitter)
}

// jitter spreads feeds with the same schedule. It is taken from the feed's id, so
// that it does not change with a restart.
func (f *feedPlan) jitter(s recipes.Schedule) time.Duration {
	spread := s.Jitter
	if spread <= 0 {
		return 0
	}
	sum := sha256.Sum256([]byte(f.id))
	part := uint64(sum[0])<<16 | uint64(sum[1])<<8 | uint64(sum[2])
	return time.Duration(float64(spread) * float64(part) / (1 << 24))
}

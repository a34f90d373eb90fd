package runs

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/engine/poll"
	"github.com/pollux-automation/pollux/engine/retry"
	"github.com/pollux-automation/pollux/engine/store"
)

// mostSends is how often a write that can be looked up is sent: once, and once
// again when the lookup shows that it did not arrive.
const mostSends = 2

// ReasonUnsure marks runs with an effect that nobody knows about.
const ReasonUnsure = "unsure"

// errUnsure is the error of a run that is parked because of an unsure effect.
var errUnsure = errors.New("nobody knows whether the write was carried out; look at the service, then release or drop the run")

// errDoubt is the error of a run that is parked because what was found may have been left
// by another of its writes.
var errDoubt = errors.New("there is a record that this write may have made, or another one of the same run; look at the service, then release or drop the run")

// lost handles a write whose answer was lost, or does not tell what became of it.
func (c *call) lost(ctx context.Context, cause error) (ending, error) {
	c.said = retry.Failure(cause, c.result.ID)
	c.result.Error = c.said
	c.note(c.result)
	c.mark()
	return c.settle(ctx, cause)
}

// settle finds out what became of a write that was sent and of which nobody knows.
func (c *call) settle(ctx context.Context, cause error) (ending, error) {
	if c.rule != connectors.RepeatFind || !c.marked() && !c.dated() && !c.looks() {
		return c.unsure(cause)
	}
	now, settle := time.Now(), c.request.Operation.Find.Settle
	if c.result.Effect.SentAt.After(now) { // the clock was set back
		c.result.Effect.SentAt = now.UTC()
	}
	if due := c.result.Effect.SentAt.Add(settle); now.Before(due) {
		c.result.Status, c.result.Error = Waiting, c.said
		c.note(c.result)
		return ending{kind: waits, due: due.UTC(), reason: "looks for a lost write", failure: c.said, open: true}, nil
	}
	if c.looks() && !c.marked() {
		// A record of somebody else would prove nothing, and what it holds is not what was sent.
		return c.missing(ctx, cause)
	}
	if err := c.flush(ctx); err != nil {
		return ending{}, err
	}
	c.x.at(BeforeLookup)
	var found []candidate
	var err error
	c.outside(func() { found, err = c.look(ctx) })
	if ctx.Err() != nil {
		return ending{}, ctx.Err()
	}
	if err != nil {
		return c.blind(fmt.Errorf("look for a lost write: %w", err))
	}
	ours, doubt := c.ours(found)
	switch {
	case ours != nil:
		c.result.Effect.Looked = true
		return c.confirm(connectors.Answer{Value: ours.fields})
	case doubt:
		return c.unsure(errDoubt)
	}
	return c.missing(ctx, cause)
}

// missing acts on a write of which no lookup has shown a trace. That proves that nothing
// arrived only if the text of the write holds the run's id: any other text may come back
// changed. A write that looks by itself is carried out anew without a lookup: by now its
// own read finds what a lost one has made.
func (c *call) missing(ctx context.Context, cause error) (ending, error) {
	switch {
	case !c.marked() && !c.looks():
		return c.unsure(cause)
	case c.marked() && c.said != nil && c.said.Status >= 400 && c.said.Status < 500: // the service said no, and it was one
		c.result.Effect.State, c.result.Effect.Looked = store.NotDone, true
		return c.failed(&connectors.Error{
			Kind: connectors.Invalid, Op: c.request.Operation.Name(), Status: c.said.Status, Code: c.said.Code,
			Err: errors.New("refused, and a look has shown that nothing was written: " + c.said.Message),
		})
	case c.result.Effect.Sends >= mostSends:
		return c.unsure(errUnsure)
	}
	return c.send(ctx)
}

// text is the input that must come back in what the write has made.
func (c *call) text() string {
	find := c.request.Operation.Find
	if find == nil {
		return ""
	}
	text, _ := c.request.Input[find.Match].(string)
	return text
}

// looks reports whether the write reads before it writes, so that it makes nothing twice.
func (c *call) looks() bool {
	composed := c.request.Operation.Composed
	return composed != nil && composed.Looks
}

// marked reports whether what the write makes can be told from anything else: its text
// holds the run's id.
func (c *call) marked() bool { return strings.Contains(c.text(), string(c.run.ID)) }

// dated reports whether what the write makes can be told by its text and by when it was
// made.
func (c *call) dated() bool {
	if c.text() == "" {
		return false
	}
	op, ok := c.step.Account.Connector.Describe().Operation(c.request.Operation.Find.Operation)
	return ok && op.Answer != nil && op.Answer.Created != ""
}

// candidate is a record that the write may have made.
type candidate struct {
	id, text string
	fields   map[string]any
}

// look reads the list in which the write would have left a record, and returns those that
// may be it.
func (c *call) look(ctx context.Context) ([]candidate, error) {
	find := c.request.Operation.Find
	op, ok := c.step.Account.Connector.Describe().Operation(find.Operation)
	if !ok {
		return nil, fmt.Errorf("no operation %q to look with", find.Operation)
	}
	inputs := poll.Inputs(op, c.step.Account, nil)
	for name, from := range find.With {
		inputs[name] = c.request.Input[from]
	}
	var found []candidate
	position := ""
	for range poll.MaxPages {
		page, err := c.request.Session.Page(ctx, op, connectors.Query{Inputs: inputs, Position: position})
		if err != nil {
			return nil, err
		}
		for _, r := range page.Records {
			fields, err := op.Answer.Decode(r.Raw)
			if err != nil {
				return nil, err
			}
			text, _ := fields[c.request.Operation.Find.Match].(string)
			if text = strings.TrimSpace(text); c.fits(text, r, page.Date) {
				found = append(found, candidate{id: r.ID, text: text, fields: fields})
			}
		}
		if page.Next == "" || page.Next == position {
			return found, nil
		}
		position = page.Next
	}
	return nil, fmt.Errorf("no end after %d pages", poll.MaxPages)
}

// fits reports whether the write may have made a record: its text holds the run's id, or
// it is the text that was sent and was made after the intent. date is the service's time.
func (c *call) fits(text string, r connectors.Record, date time.Time) bool {
	if c.marked() {
		return strings.Contains(text, string(c.run.ID))
	}
	sent := c.result.Effect.SentAt
	if !date.IsZero() {
		// The service's clock may differ from ours. Its Date has whole seconds, cut off.
		sent = sent.Add(time.Until(date)).Truncate(time.Second)
	}
	return text == strings.TrimSpace(c.text()) && !r.Created.IsZero() && !r.Created.Before(sent)
}

// ours returns the record that the write has made. There is a doubt when another write of
// the run may have made one that was found: another step can hold the run's id in its
// text as well, and so can the same step for another item.
func (c *call) ours(found []candidate) (ours *candidate, doubt bool) {
	if len(found) == 0 {
		return nil, false
	}
	others := c.others()
	for i := range found {
		switch c.whose(&found[i], others) {
		case isOurs:
			return &found[i], false
		case isDoubtful:
			doubt = true
		case isAnothers:
		}
	}
	return nil, doubt
}

// owner says which write of a run has made a record.
type owner int

const (
	isOurs owner = iota
	isAnothers
	isDoubtful
)

// whose finds out which write of the run has made a record.
func (c *call) whose(f *candidate, others []other) owner {
	exact, result := f.text == strings.TrimSpace(c.text()), isOurs
	for i := range others {
		o := &others[i]
		same := o.wrote(f.text)
		switch {
		case o.record == f.id && o.record != "", same && !exact:
			return isAnothers
		case o.known, exact && (!same || !c.together(o)):
		default:
			result = isDoubtful
		}
	}
	return result
}

// other is another write of the run that may have left a record.
type other struct {
	inputs map[string]any
	record string // what it has made, where that is known
	known  bool   // it has made that record and no other one
}

// wrote reports whether a text is one of those that the write sent.
func (o *other) wrote(text string) bool {
	for _, v := range o.inputs {
		if sent, ok := v.(string); ok && strings.TrimSpace(sent) == text {
			return true
		}
	}
	return false
}

// together reports whether what another write makes stands in the list in which this one
// is looked for.
func (c *call) together(o *other) bool {
	for _, from := range c.request.Operation.Find.With {
		if v, given := o.inputs[from]; given && fmt.Sprint(v) != fmt.Sprint(c.request.Input[from]) {
			return false
		}
	}
	return true
}

// others are the other writes of the run that may have left a record which fits.
func (c *call) others() (list []other) {
	op, _ := c.step.Account.Connector.Describe().Operation(c.request.Operation.Find.Operation)
	for id, s := range c.saved {
		e := s.Effect
		if id == c.result.ID || e == nil || e.State == store.NotDone || c.marked() && !bytes.Contains(s.Input, []byte(c.run.ID)) {
			continue
		}
		o := other{inputs: object(s.Input)}
		if left := object(s.Output)[op.Answer.ID]; left != nil && e.Operation == c.request.Operation.Name() {
			o.record = fmt.Sprint(left)
			o.known = e.State == store.Confirmed && (s.Attempts == 1 || e.Looked)
		}
		list = append(list, o)
	}
	return list
}

// object is a stored object; nil if it is none.
func object(text json.RawMessage) map[string]any {
	v, _ := connectors.Decode(text)
	fields, _ := v.(map[string]any)
	return fields
}

// blind acts on a lookup that failed. The recipe's rules are for the write, of which
// nothing is known yet: a lookup that cannot be repeated leaves it unsure.
func (c *call) blind(cause error) (ending, error) {
	c.result.Attempts++
	switch d := retry.Judge(cause, c.result.Attempts, c.step.Step); d.Verdict {
	case retry.Later, retry.Pause:
		end, err := c.act(cause, d)
		// What was said to the write still counts, not what was said to the lookup.
		saved := c.saved[c.result.ID]
		saved.Error = c.said
		c.note(saved)
		return end, err
	case retry.Fail, retry.Park, retry.Continue, retry.Stop:
	}
	return c.unsure(cause)
}

// unsure parks the run: a person must look.
func (c *call) unsure(cause error) (ending, error) {
	c.result.Effect.State = store.Unsure
	return c.act(cause, retry.Decision{Verdict: retry.Park, Counts: true, Reason: ReasonUnsure, Rules: -1})
}

package store

import (
	"fmt"

	"github.com/pollux-automation/pollux/triggers"
)

// maxFindings bounds the answer of a check; a damaged store can have millions.
const maxFindings = 100

// Inspection verifies the invariants of a store. A store feeds it everything it holds:
// first the subscriptions, then each feed followed by its entries, then the runs
// in the order of their sequence numbers, then what people did. An Inspection holds one bit for each record
// of one feed, whatever the size of the store.
type Inspection struct {
	lastRun       uint64
	subscriptions map[uint32]string
	feeds         map[uint32]FeedID
	feed          *Feed
	live          int
	ordinals      []uint64 // one bit for each ordinal met in the feed
	findings      []string
	more          int
	trail, entry  uint64 // numbers of the audit trail: the last one given, the last one met
}

// NewInspection begins an inspection of a store whose highest sequence number of a run is
// lastRun.
func NewInspection(lastRun uint64) *Inspection {
	return &Inspection{lastRun: lastRun, subscriptions: map[uint32]string{}, feeds: map[uint32]FeedID{}}
}

// Addf notes a broken invariant.
func (a *Inspection) Addf(format string, args ...any) {
	if len(a.findings) < maxFindings {
		a.findings = append(a.findings, fmt.Sprintf(format, args...))
		return
	}
	a.more++
}

// Subscription takes the next subscription: its number is given and its own.
func (a *Inspection) Subscription(s *Subscription) {
	name := s.Recipe + " on " + s.Account
	if other, taken := a.subscriptions[s.Number]; taken || s.Number == 0 {
		a.Addf("subscription %s has the number %d of %q", name, s.Number, other)
	}
	a.subscriptions[s.Number] = name
}

// Feed takes the next feed: it was committed, and its number is its own.
func (a *Inspection) Feed(f *Feed) {
	a.endFeed()
	if other, taken := a.feeds[f.Number]; taken || f.Number == 0 {
		a.Addf("feed %s has the number %d of %q", f.ID, f.Number, other)
	}
	if f.Revision == 0 {
		a.Addf("feed %s was never committed", f.ID)
	}
	a.feeds[f.Number] = f.ID
	a.feed, a.live, a.ordinals = f, 0, a.ordinals[:0]
}

// endFeed compares the count of the feed that ends with its state.
func (a *Inspection) endFeed() {
	if a.feed != nil && a.live != a.feed.State.Records {
		a.Addf("feed %s counts %d records and has %d", a.feed.ID, a.feed.State.Records, a.live)
	}
	a.feed = nil
}

// Entry takes an entry of the last feed: its ordinal is given and its own, it has
// a revision, and its decisions name subscriptions and runs that exist.
func (a *Inspection) Entry(id string, e *triggers.Entry) {
	if a.feed == nil {
		a.Addf("record %q belongs to no feed", id)
		return
	}
	where := fmt.Sprintf("record %q of feed %s", id, a.feed.ID)
	if !e.Deleted {
		a.live++
	}
	if e.Revision == 0 {
		a.Addf("%s has revision 0", where)
	}
	a.ordinal(where, e.Ordinal)
	for _, d := range e.Decisions {
		if _, ok := a.subscriptions[d.Subscription]; !ok {
			a.Addf("%s was decided on by subscription %d, which is unknown", where, d.Subscription)
		}
		if d.Run > a.lastRun {
			a.Addf("%s names run %d of %d", where, d.Run, a.lastRun)
		}
		if d.Run == 0 && MakesRun(d.Verdict) {
			a.Addf("%s was %s and has no run", where, d.Verdict)
		}
		if d.Revision > e.Revision {
			a.Addf("%s at revision %d was decided on at %d", where, e.Revision, d.Revision)
		}
	}
}

func (a *Inspection) ordinal(where string, n uint32) {
	if n == 0 || n > a.feed.State.Ordinals {
		a.Addf("%s has ordinal %d of %d", where, n, a.feed.State.Ordinals)
		return
	}
	word, bit := int(n/64), uint64(1)<<(n%64)
	for len(a.ordinals) <= word {
		a.ordinals = append(a.ordinals, 0)
	}
	if a.ordinals[word]&bit != 0 {
		a.Addf("%s has ordinal %d of another record", where, n)
	}
	a.ordinals[word] |= bit
}

// Inspected is a run as an inspection looks at it.
type Inspected struct {
	Run    *Run
	Steps  []Step
	Queued bool // it is in the queue
	Done   bool // it is in the history
}

// Run takes the next run: it is either in the queue or in the history, as its
// status says, the runs that it names are older, and no step of a run that ended well has
// an open effect.
func (a *Inspection) Run(r Inspected) {
	id := r.Run.ID
	switch {
	case r.Queued == r.Done:
		a.Addf("run %s: in the queue is %t, in the history is %t", id, r.Queued, r.Done)
	case r.Done != r.Run.State.Status.Final():
		a.Addf("run %s is %s, in the history is %t", id, r.Run.State.Status, r.Done)
	}
	a.older(r.Run, "the one before", r.Run.Event.Previous)
	a.older(r.Run, "the one that widened it", r.Run.State.Widened)
	for i := range r.Steps {
		e := r.Steps[i].Effect
		if r.Run.State.Status == Succeeded && e != nil && e.State == Sent {
			a.Addf("run %s succeeded with the write of step %s open", id, r.Steps[i].ID)
		}
	}
}

// older wants a run that another one names to be older than it.
func (a *Inspection) older(r *Run, what string, id RunID) {
	if id != "" && (id.Seq() == 0 || id.Seq() >= r.ID.Seq()) {
		a.Addf("run %s names %s as %s, which is none of the runs before it", r.ID, id, what)
	}
}

// Trail says which number the last entry of the audit trail has. It comes before the
// entries.
func (a *Inspection) Trail(last uint64) { a.trail, a.entry = last, 0 }

// Audit takes the next entry of the audit trail, the oldest first: no number is left out.
func (a *Inspection) Audit(e *AuditEntry) {
	if a.entry != 0 && e.Seq != a.entry+1 {
		a.Addf("audit entry %d comes after %d", e.Seq, a.entry)
	}
	if e.Seq == 0 || e.Seq > a.trail {
		a.Addf("audit entry %d has a number that was never given", e.Seq)
	}
	if err := e.Validate(); err != nil {
		a.Addf("audit entry %d: %v", e.Seq, err)
	}
	a.entry = e.Seq
}

// Switch takes a switch: its kind is known, and it has a name.
func (a *Inspection) Switch(s *Switch) {
	if err := s.Validate(); err != nil {
		a.Addf("switch of %q: %v", s.Name, err)
	}
}

// Findings ends the inspection and returns a line for each broken invariant, at most a
// hundred and one.
func (a *Inspection) Findings() []string {
	a.endFeed()
	if a.entry != 0 && a.entry != a.trail {
		a.Addf("the audit trail ends at %d, and %d entries were written", a.entry, a.trail)
	}
	if a.more > 0 {
		return append(a.findings, fmt.Sprintf("and %d more", a.more))
	}
	return a.findings
}

package parts

import (
	"context"
	"time"
)

const (
	// Every is how often the parts of an account are looked for.
	Every = 15 * time.Minute
	// soon is how long after a failure they are looked for again; it doubles with each one.
	soon = time.Minute
	// lookEvery is how often somebody looks whether it is time.
	lookEvery = 5 * time.Second
	// gap is the least time between two lists of one account that somebody else asks for.
	gap = 5 * time.Second
)

// Watch looks for the parts of accounts until ctx ends: at once, every 15 minutes, sooner
// after a failure, and when asked says the name of an account. names returns the accounts
// that have parts now; find looks for those of one.
func Watch(ctx context.Context, names func() []string, find func(context.Context, string) error, asked <-chan string) {
	turns := map[string]*turn{}
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		for _, name := range names() {
			if turns[name] == nil {
				turns[name] = &turn{}
			}
			if t := turns[name]; !time.Now().Before(t.due) {
				t.after(find(ctx, name), time.Now())
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case name := <-asked:
			if t := turns[name]; t != nil {
				t.ask()
			}
		}
	}
}

// turn is when the parts of an account are looked for next.
type turn struct {
	due, last time.Time
	failures  int
}

// after notes how a search ended.
func (t *turn) after(err error, now time.Time) {
	t.last = now
	if err == nil {
		t.failures, t.due = 0, now.Add(Every)
		return
	}
	t.due = now.Add(min(Every, soon<<min(t.failures, 10)))
	t.failures++
}

// ask brings the next search forward.
func (t *turn) ask() {
	if next := t.last.Add(gap); next.Before(t.due) {
		t.due = next
	}
}

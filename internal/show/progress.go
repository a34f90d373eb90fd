package show

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/triggers"
)

// How often progress is looked at on a terminal, and told elsewhere.
const (
	lineEvery = time.Second
	noteEvery = 10 * time.Second
)

// Baselines shows how far the first walks over the lists have come.
type Baselines struct {
	// Line is where a terminal shows it; nil elsewhere, where Note is called from time to
	// time for every list that is being learnt, with the number of rows so far.
	Line *Line
	Note func(f store.Feed, rows int, text string)
	// Known also names the lists that were learnt before.
	Known bool

	// learning and done are the feeds that were seen in their first walk, and after it.
	learning, done map[store.FeedID]bool
}

// Watch shows progress until ctx ends or the feeds cannot be read. It leaves no line
// behind that is not true any more.
func (b *Baselines) Watch(ctx context.Context, s store.Feeds) {
	every := noteEvery
	if b.Line != nil {
		every = lineEvery
		defer b.Line.Set("")
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		feeds, err := s.ListFeeds(ctx)
		if err != nil {
			return
		}
		b.look(feeds)
	}
}

// look shows the feeds as they are.
func (b *Baselines) look(feeds []store.Feed) {
	if b.done == nil {
		b.learning, b.done = map[store.FeedID]bool{}, map[store.FeedID]bool{}
	}
	var now []string
	for _, f := range feeds {
		switch {
		case b.done[f.ID]:
		case f.State.Baseline:
			b.done[f.ID] = true
			if b.Line != nil && (b.Known || b.learning[f.ID]) {
				fmt.Fprintln(b.Line, baselineLine(f))
			}
		case b.Line != nil:
			b.learning[f.ID] = true
			now = append(now, baselineLine(f))
		case firstWalk(f) != nil:
			b.Note(f, firstWalk(f).Rows, baselineLine(f))
		}
	}
	if b.Line == nil {
		return
	}
	text := strings.Join(now[:min(1, len(now))], "")
	if len(now) > 1 {
		text += fmt.Sprintf(" (and %s)", Plural(len(now)-1, "more list"))
	}
	b.Line.Set(text)
}

// firstWalk is the walk in which a feed learns its list; nil before its first page.
func firstWalk(f store.Feed) *triggers.Walk {
	if f.State.Side != nil {
		return f.State.Side
	}
	if w := f.State.Walk; w != nil && w.Full {
		return w
	}
	return nil
}

// baselineLine says how far the first walk over a feed's list has come. The time of day
// is that of this machine.
func baselineLine(f store.Feed) string {
	name := f.Account + "." + f.Operation
	if f.State.Baseline {
		return fmt.Sprintf("%s: knows %s and watches for changes", name, Plural(f.State.Records, "record"))
	}
	walk := firstWalk(f)
	if walk == nil {
		return name + ": waiting for the first poll"
	}
	line := fmt.Sprintf("%s: baseline %s", name, Thousands(int64(walk.Rows)))
	if walk.Total > 0 && f.Strategy != string(connectors.FanOut) { // there it is that of one parent
		line += " of about " + Thousands(int64(walk.Total))
	}
	if f.State.Watermark.IsZero() {
		return line + "; changes after its end will run"
	}
	return line + "; changes after " + walk.BeganAt.Local().Format("15:04") + " will run"
}

package show

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/pollux-automation/pollux/engine/store"
)

// WatchBaselines prints, on a terminal, one line per feed when it begins to learn
// a list, on the way, and when it knows it. Elsewhere it returns at once. It ends
// with ctx, or when the feeds cannot be read.
func WatchBaselines(ctx context.Context, w io.Writer, s store.Feeds) {
	if !IsTerminal(w) {
		return
	}
	done := map[store.FeedID]bool{}
	tick := time.NewTicker(time.Second)
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
		for _, f := range feeds {
			if done[f.ID] {
				continue
			}
			fmt.Fprintf(w, "\r\x1b[K%s", baselineLine(f))
			if f.State.Baseline {
				done[f.ID] = true
				fmt.Fprintln(w)
			}
		}
	}
}

// baselineLine says how far the first walk over a feed's list has come. The time
// of day is that of this machine.
func baselineLine(f store.Feed) string {
	name := f.Account + "." + f.Operation
	if f.State.Baseline {
		return fmt.Sprintf("%s: knows %s records and watches for changes", name, Thousands(int64(f.State.Records)))
	}
	walk := f.State.Walk
	if walk == nil {
		return name + ": waiting for the first poll"
	}
	line := fmt.Sprintf("%s: baseline %s", name, Thousands(int64(walk.Rows)))
	if walk.Total > 0 {
		line += " of about " + Thousands(int64(walk.Total))
	}
	return line + "; changes after " + walk.BeganAt.Local().Format("15:04") + " will run"
}

package console

import (
	"context"
	"fmt"

	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/internal/show"
)

// Progress does something while stderr shows how far the first walks over the lists of a
// store have come: on a terminal in one line below everything else, elsewhere by note,
// from time to time. A nil note writes lines. known also names the lists that were learnt
// before. What do builds upon stderr, such as a log, it must build itself.
func (a *Console) Progress(ctx context.Context, s store.Feeds, known bool, note func(store.Feed, int, string), do func() error) error {
	b := show.Baselines{Known: known, Note: note}
	if note == nil {
		b.Note = func(_ store.Feed, _ int, text string) { fmt.Fprintln(a.Stderr, show.Clean(text)) }
	}
	if line, ok := show.NewLine(a.Stderr); ok {
		plain := a.Stderr
		a.Stderr, b.Line = line, line
		defer func() { a.Stderr = plain }()
	}
	// The watcher must end before the store closes, however the work ends.
	watch, stop := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		b.Watch(watch, s)
	}()
	defer func() {
		stop()
		<-ended
	}()
	return do()
}

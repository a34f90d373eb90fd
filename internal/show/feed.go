package show

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/pollux-automation/pollux/engine"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/triggers"
)

// FeedDetail is a feed with all that is told of a single one.
type FeedDetail struct {
	Feed     store.Feed
	Watchers []WatcherView
	// FanOut is nil for lists without parents.
	FanOut *engine.FanOut
	// Now is the moment from which times are told.
	Now time.Time
}

// FeedDetailView is a feed in full, as --json prints it.
type FeedDetailView struct {
	FeedView

	// Walk is the one in progress, SideWalk the one over the whole list that goes on
	// beside it; nil for none.
	Walk     *WalkView `json:"walk"`
	SideWalk *WalkView `json:"side_walk"`
	Late     LateView  `json:"late"`
	// Gap is true when the whole list must be read because something may have been
	// passed over.
	Gap    bool             `json:"gap"`
	Window *triggers.Window `json:"window"`
	FanOut *FanOutView      `json:"fan_out"`
	// State is the strategy's own: cursor, walk, counters. Its keys may change with
	// the version.
	State    any           `json:"state"`
	Watchers []WatcherView `json:"watchers"`
}

// WalkView is a walk in progress as --json prints it. Total is what the service says
// there are; nil when it does not.
type WalkView struct {
	Number  uint32  `json:"number"`
	Whole   bool    `json:"whole"`
	Rows    int     `json:"rows"`
	Total   *int    `json:"total"`
	BeganAt *string `json:"began_at"`
}

// LateView says how late changes showed up, as --json prints it.
type LateView struct {
	Changes int         `json:"changes"`
	MostMS  int64       `json:"most_ms"`
	Counts  []LateCount `json:"counts"`
}

// LateCount is how many changes were late by up to a time, and by more than that of the
// count before; UpToMS is nil for the last, which has no bound.
type LateCount struct {
	UpToMS  *int64 `json:"up_to_ms"`
	Changes int    `json:"changes"`
}

// FanOutView tells of the rounds over parents, as --json prints it.
type FanOutView struct {
	// From is the feed that the parents come from; nil where the recipes name them.
	From      *string    `json:"parents_from"`
	Parents   int        `json:"parents"`
	LastRound *RoundView `json:"last_round"`
	// Forecast is what the next rounds take and cost.
	Forecast ForecastView `json:"forecast"`
}

// RoundView is a round that has ended, as --json prints it.
type RoundView struct {
	Parents  int     `json:"parents"`
	Requests int     `json:"requests"`
	TookMS   int64   `json:"took_ms"`
	EndedAt  *string `json:"ended_at"`
}

// ForecastView is a forecast as --json prints it.
type ForecastView struct {
	Requests int   `json:"requests"`
	RoundMS  int64 `json:"round_ms"`
	PerDay   int   `json:"requests_per_day"`
}

// View returns the view of the feed.
func (d *FeedDetail) View() FeedDetailView {
	s := d.Feed.State
	return FeedDetailView{
		FeedView: Feed(d.Feed, d.Now), Walk: walkView(s.Walk), SideWalk: walkView(s.Side), Late: lateView(s.Late),
		Gap: s.Gap != 0, Window: s.Window, FanOut: d.fanOut(), State: s, Watchers: d.Watchers,
	}
}

// walkView returns the view of a walk; nil for none.
func walkView(w *triggers.Walk) *WalkView {
	if w == nil {
		return nil
	}
	v := &WalkView{Number: w.Number, Whole: w.Full, Rows: w.Rows, BeganAt: Optional(w.BeganAt)}
	if w.Total >= 0 {
		v.Total = &w.Total
	}
	return v
}

// lateView returns the view of a statistic, the counts of nothing included.
func lateView(l triggers.Late) LateView {
	v := LateView{Changes: l.Total(), MostMS: l.Most.Milliseconds(), Counts: make([]LateCount, len(l.Counts))}
	bounds := triggers.LateBounds()
	for i, n := range l.Counts {
		v.Counts[i].Changes = n
		if i < len(bounds) {
			ms := bounds[i].Milliseconds()
			v.Counts[i].UpToMS = &ms
		}
	}
	return v
}

// fanOut returns the view of the rounds; nil for lists without parents.
func (d *FeedDetail) fanOut() *FanOutView {
	if d.FanOut == nil {
		return nil
	}
	f := d.FanOut.Forecast
	v := &FanOutView{
		From: Word(string(d.FanOut.From)), Parents: f.Parents,
		Forecast: ForecastView{Requests: f.Requests, RoundMS: f.Round.Milliseconds(), PerDay: f.PerDay},
	}
	if r := d.Feed.State.Round; r != nil {
		v.LastRound = &RoundView{Parents: r.Parents, Requests: r.Requests, TookMS: r.Took.Milliseconds(), EndedAt: Optional(r.EndedAt)}
	}
	return v
}

// Print prints the feed for people: what is not there takes no line.
func (d *FeedDetail) Print(w io.Writer) {
	f := d.Feed
	fmt.Fprintf(w, "feed %s: %s\n", f.ID, feedStatus(f))
	line := func(name, format string, args ...any) {
		fmt.Fprintf(w, "  %-10s %s\n", name, fmt.Sprintf(format, args...))
	}
	line("reads", "%s of account %s, strategy %s", f.Operation, f.Account, f.Strategy)
	line("inputs", "%s", Clean(string(f.Inputs)))
	line("records", "%s known", Thousands(int64(f.State.Records)))
	line("last poll", "%s, next %s", Ago(f.LastPollAt, d.Now), Ago(f.NextPollAt, d.Now))
	d.printCursor(line)
	if d.FanOut != nil {
		d.printRounds(line)
	}
	if r := refused(f); r != nil {
		line("refused", "%s, as of %s; no deletion was believed", r.numbers(), Stamp(f.State.Refused.At))
		line("", "%s", r.Advice)
	}
	if f.Error != nil {
		line("error", "%s (%d in a row)", Clean(f.Error.Message), f.Failures)
	}
	for _, s := range d.Watchers {
		fmt.Fprintf(w, "  watched by %s: %d accepted, %d not wanted\n", s.Recipe, s.Accepted, s.Rejected)
	}
}

// printCursor prints where the feed stands in its list.
func (d *FeedDetail) printCursor(line func(name, format string, args ...any)) {
	s := d.Feed.State
	if !s.Watermark.IsZero() {
		line("watermark", "%s", Stamp(s.Watermark))
	}
	if s.Window != nil {
		line("window", "%s to %s", Stamp(s.Window.From), Stamp(s.Window.To))
	}
	if s.Walk != nil {
		line("walk", "number %d, %s", s.Walk.Number, progress(s.Walk))
	}
	switch {
	case s.Side != nil:
		line("whole list", "being read: %s, since %s", progress(s.Side), Ago(s.Side.BeganAt, d.Now))
	case !s.FullAt.IsZero():
		line("whole list", "read %s", Ago(s.FullAt, d.Now))
	}
	if s.Gap != 0 {
		line("gap", "something may have been passed over: the whole list is read with the next poll")
	}
	if s.Late.Total() > 0 {
		line("late", "%s", lateText(s.Late))
	}
	if s.Stale > 0 {
		line("stale", "%d rows were older than what was known", s.Stale)
	}
}

// progress says how far a walk has come.
func progress(w *triggers.Walk) string {
	text := Plural(w.Rows, "row")
	if w.Total > 0 {
		text = Thousands(int64(w.Rows)) + " of about " + Plural(w.Total, "row")
	}
	return text + " so far"
}

// lateText says in words how late changes showed up.
func lateText(l triggers.Late) string {
	var parts []string
	bounds := triggers.LateBounds()
	for i, n := range l.Counts {
		switch {
		case n == 0:
		case i < len(bounds):
			parts = append(parts, fmt.Sprintf("%s by up to %s", Thousands(int64(n)), span(bounds[i])))
		default:
			parts = append(parts, fmt.Sprintf("%s by more than %s", Thousands(int64(n)), span(bounds[i-1])))
		}
	}
	return fmt.Sprintf("%s showed up late: %s; the latest by %s", Plural(l.Total(), "change"), strings.Join(parts, ", "), span(l.Most))
}

// printRounds prints what rounds over the parents took, and what they will.
func (d *FeedDetail) printRounds(line func(name, format string, args ...any)) {
	f := d.FanOut.Forecast
	from := "named by the recipes"
	if d.FanOut.From != "" {
		from = "from " + string(d.FanOut.From)
	}
	line("parents", "%s, %s", Thousands(int64(f.Parents)), from)
	if r := d.Feed.State.Round; r != nil {
		line("last round", "%s of %s in %s with %s, ended %s", Plural(r.Parents, "parent"), Thousands(int64(r.Of)), span(r.Took), Plural(r.Requests, "request"), Ago(r.EndedAt, d.Now))
	}
	line("forecast", "a round takes %s and %s; at most %s a day", span(f.Round), Plural(f.Requests, "request"), Plural(f.PerDay, "request"))
}

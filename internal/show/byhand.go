package show

import (
	"fmt"
	"io"
	"time"

	"github.com/pollux-automation/pollux/engine"
	"github.com/pollux-automation/pollux/engine/store"
)

// PrintPoll prints for people what the poll of one feed has found, and when the runs that
// it made are carried out.
func PrintPoll(w io.Writer, r engine.PollReport, when string) {
	fmt.Fprintf(w, "%s: %s read, %s found, %s, %s\n", r.Feed, Plural(int(r.Records), "record"), Plural(int(r.Changes), "change"),
		Plural(int(r.Requests), "request"), time.Duration(r.DurationMS)*time.Millisecond)
	line := Plural(int(r.Queued), "run") + " queued"
	if r.Held > 0 {
		line += fmt.Sprintf(", %s held", Thousands(r.Held))
	}
	if r.Parked > 0 {
		line += fmt.Sprintf(", %s parked", Thousands(r.Parked))
	}
	if r.Queued > 0 {
		line += "; carried out " + when
	}
	fmt.Fprintln(w, line)
}

// RefusedLine says in one line that a feed is refused, and what to do.
func RefusedLine(f store.Feed) string {
	v := refused(f)
	return fmt.Sprintf("%s: %s, so no deletion was believed; %s", f.ID, v.numbers(), v.Advice)
}

// AcceptedView is a feed whose missing records were accepted as gone, as --json prints
// it.
type AcceptedView struct {
	ID      store.FeedID `json:"id"`
	Missing int          `json:"missing"`
	Records int          `json:"records"`
}

// Accepted returns the view of a feed that is refused and was accepted.
func Accepted(f store.Feed) AcceptedView {
	return AcceptedView{ID: f.ID, Missing: f.State.Refused.Missing, Records: f.State.Refused.Records}
}

// PrintAccepted says for people what will become of the records that are missing.
func PrintAccepted(w io.Writer, f store.Feed) {
	fmt.Fprintf(w, "%s: accepted. What the next walk over the list does not show is gone; last time %s.\nThe walk is due now: pollux run, or pollux feeds poll %s\n",
		f.ID, refused(f).numbers(), f.ID)
}

// RewoundView is a feed that was rewound, as --json prints it.
type RewoundView struct {
	ID store.FeedID `json:"id"`
	// Whole is true when the whole list is read again; then the watermark stays.
	Whole     bool    `json:"whole"`
	Watermark *string `json:"watermark"`
	Was       *string `json:"was"`
}

// Rewound returns the view of a feed before and after it was rewound.
func Rewound(before, after store.Feed, whole bool) RewoundView {
	return RewoundView{ID: after.ID, Whole: whole, Watermark: Optional(after.State.Watermark), Was: Optional(before.State.Watermark)}
}

// PrintRewound says for people what was done.
func PrintRewound(w io.Writer, v RewoundView) {
	if v.Whole {
		fmt.Fprintf(w, "%s: the whole list is read again with the next poll\n", v.ID)
	} else {
		fmt.Fprintf(w, "%s: rewound from %s to %s\n", v.ID, *v.Was, *v.Watermark)
	}
	fmt.Fprintf(w, "It is due now: pollux run, or pollux feeds poll %s\n", v.ID)
}

// PreviewView is what a feed would find if it were rewound, as --json prints it.
type PreviewView struct {
	ID      store.FeedID `json:"id"`
	Rows    int          `json:"rows"`
	New     int          `json:"new"`
	Changed int          `json:"changed"`
	Known   int          `json:"known"`
	// First are the first ones that are new or changed.
	First []engine.PreviewRow `json:"first"`
}

// Preview returns the view of a preview.
func Preview(id store.FeedID, p engine.Preview) PreviewView {
	return PreviewView{ID: id, Rows: p.Rows, New: p.New, Changed: p.Changed, Known: p.Known, First: append([]engine.PreviewRow{}, p.First...)}
}

// PrintPreview prints for people what a feed would find.
func PrintPreview(w io.Writer, v PreviewView) {
	fmt.Fprintf(w, "%s: %s, of which %s new, %s changed, %s known; nothing was stored\n", v.ID, Plural(v.Rows, "row"),
		Thousands(int64(v.New)), Thousands(int64(v.Changed)), Thousands(int64(v.Known)))
	for _, r := range v.First {
		fmt.Fprintf(w, "  %-8s %s\n", r.What, Clean(r.ID))
	}
	if rest := v.New + v.Changed - len(v.First); rest > 0 {
		fmt.Fprintf(w, "  and %s more\n", Thousands(int64(rest)))
	}
}

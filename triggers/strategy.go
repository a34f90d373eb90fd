package triggers

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pollux-automation/pollux/connectors"
)

// DefaultOverlap is how late a record may show up when neither the manifest nor a
// recipe says otherwise.
const DefaultOverlap = 2 * time.Minute

// DefaultReconcile is how often a list that is normally read from a watermark is
// read whole, to find what came later than the overlap.
const DefaultReconcile = 24 * time.Hour

// Strategy is a way of finding changes. Its methods are pure.
type Strategy interface {
	// Name is the name that manifests use.
	Name() connectors.Strategy
	// Begin returns the state with a walk in progress: the one that was
	// interrupted, or a new one. now is our own time. ok is false when nobody knows
	// yet from where on to look: the first page of the walk beside it must tell.
	Begin(s State, o Options, now time.Time) (next State, ok bool)
	// BeginSide returns the state with a walk over the whole list in progress, which
	// goes on beside the others, page by page, and delays none of them. ok is false
	// when none is due.
	BeginSide(s State, o Options, now time.Time) (next State, ok bool)
	// More reports whether the pages of a walk so far can only be judged together
	// with the next one. The error wraps ErrWalk.
	More(w *Walk, pages []connectors.Page) (bool, error)
	// Detect compares the next page of a walk with what is known. The state of the
	// answer has no such walk when the page was the last one. After an error nothing
	// of the page may be kept; the walk can be tried again.
	Detect(in Input) (Delta, error)
}

// Options are what the recipes on a feed ask of its polls.
type Options struct {
	// Overlap is how far before the watermark a poll begins.
	Overlap time.Duration
	// Reconcile is the time between walks over the whole list; 0 means never.
	Reconcile time.Duration
	// Bodies makes seen entries hold the record's last version.
	Bodies bool
	// Whole asks for a walk over the whole list, because a recipe wants what was
	// there before it joined. A walk in progress is ended first.
	Whole bool
	// Window is the window of a list that has one, from now.
	Window *connectors.Window
	// Offsets is true for lists that page by counting rows: an interrupted walk
	// is worth nothing after a while.
	Offsets bool
}

// Input is what a strategy needs to judge one page.
type Input struct {
	State State
	Page  connectors.Page
	// Side is true for a page of the walk over the whole list.
	Side bool
	// Parent is the id of the parent whose records the page shows; empty for lists
	// without parents.
	Parent string
	// Known are the seen entries of the page's records, by [Key].
	Known   map[string]Entry
	Shape   Shape
	Options Options
	// Now is our own time; it only stands in for a service that sends no Date.
	Now time.Time
}

// Shape tells how records of a feed are read and compared. The schema of a
// record is one.
type Shape interface {
	// Decode turns a record into its fields.
	Decode(raw []byte) (map[string]any, error)
	// Normalize returns the fields that count, in the form that is compared.
	Normalize(fields map[string]any) map[string]any
	// AppendComparable appends a text that is equal for two records just when
	// their normalised fields are.
	AppendComparable(b []byte, fields map[string]any) []byte
	// Changed returns the names of the fields that differ in what counts, sorted, and
	// of the parts below them where those have names.
	Changed(before, after map[string]any) []string
	// Rule names the way in which these work.
	Rule() uint32
}

// Key is the name under which a record's entry is kept: its id, behind the parent's
// in lists that have parents.
func Key(parent, id string) string {
	if parent == "" {
		return id
	}
	return ParentKeys(parent) + id
}

// ParentKeys is what the keys of all records of a parent begin with.
func ParentKeys(parent string) string { return parent + "\x1f" }

// SplitKey takes a [Key] apart. A key without parent has an empty one.
func SplitKey(key string) (parent, id string) {
	if p, rest, ok := strings.Cut(key, "\x1f"); ok {
		return p, rest
	}
	return "", key
}

// Delta is what one page changes.
type Delta struct {
	State State
	// Seen are the entries to write, by [Key].
	Seen map[string]Entry
	// Changes are in the order of the page.
	Changes []Change
	// Done is true when the walk has ended.
	Done bool
}

// ErrWalk is wrapped by every error that says the list itself cannot be trusted:
// a page that repeats itself, a row out of order or range, a row without a time.
var ErrWalk = errors.New("the list cannot be trusted")

// walkErrorf returns an error that wraps ErrWalk.
func walkErrorf(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrWalk, fmt.Sprintf(format, args...))
}

// Find returns the strategy with that name.
func Find(name connectors.Strategy) (Strategy, bool) {
	for _, s := range Strategies() {
		if s.Name() == name {
			return s, true
		}
	}
	return nil, false
}

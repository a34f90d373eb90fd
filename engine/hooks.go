package engine

import "github.com/pollux-automation/pollux/engine/runs"

// Point is a place in the life of an event at which a crash would be most
// interesting.
type Point = runs.Point

// The points, in the order in which an event passes them.
const (
	PageFetched   Point = "page-fetched"  // a page is in memory, nothing is stored
	BeforeCommit  Point = "before-commit" // changes are accepted, nothing is stored
	AfterCommit   Point = "after-commit"  // cursor and runs are stored, nobody was woken
	RunClaimed          = runs.Claimed
	BeforeIntent        = runs.BeforeIntent
	AfterIntent         = runs.AfterIntent
	AfterCall           = runs.AfterCall
	AfterOutcome        = runs.AfterOutcome
	BeforeLookup        = runs.BeforeLookup
	AfterFinished       = runs.AfterFinished
)

// Points lists all points.
func Points() []Point {
	return []Point{
		PageFetched, BeforeCommit, AfterCommit, RunClaimed, BeforeIntent,
		AfterIntent, AfterCall, AfterOutcome, BeforeLookup, AfterFinished,
	}
}

// Hooks let tests watch a running engine. The zero value does nothing.
type Hooks struct {
	// At is called at every point, on the goroutine that passes it.
	At func(Point)
}

func (h Hooks) at(p Point) {
	if h.At != nil {
		h.At(p)
	}
}

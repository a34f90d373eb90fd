package engine

// Point is a place in the life of an event at which a crash would be most
// interesting.
type Point string

// The points, in the order in which an event passes them.
const (
	PageFetched   Point = "page-fetched"   // a page is in memory, nothing is stored
	BeforeCommit  Point = "before-commit"  // changes are accepted, nothing is stored
	AfterCommit   Point = "after-commit"   // cursor and runs are stored, nobody was woken
	RunClaimed    Point = "run-claimed"    // a run was handed out, nothing happened
	BeforeIntent  Point = "before-intent"  // an effect is about to be noted as sent
	AfterIntent   Point = "after-intent"   // the effect is noted, nothing was sent
	AfterCall     Point = "after-call"     // the service answered, nothing is stored
	AfterOutcome  Point = "after-outcome"  // the outcome is stored
	BeforeLookup  Point = "before-lookup"  // a lost effect is about to be looked up
	AfterFinished Point = "after-finished" // the run is over and stored
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

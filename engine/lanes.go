package engine

import (
	"container/heap"
	"slices"
	"time"

	"github.com/pollux-automation/pollux/engine/store"
)

// laneState says what a lane is doing.
type laneState int

const (
	laneReady   laneState = iota // its first run can start
	laneRunning                  // its first run is being executed
	laneWaiting                  // its first run goes on at a later time
	laneBlocked                  // its first run is parked or held
)

// lane is the order of one record's runs: only the first may be executed. All
// fields belong to the dispatcher's goroutine.
type lane struct {
	key     string
	backlog *backlog
	state   laneState
	runs    []store.RunID // in order; the first is the head
	due     time.Time     // of a waiting head
	asleep  bool          // the head waits for long: its runs are not in hand
	index   int           // in the heap of waits
	// recall is true when parked runs were let go on while the head was being
	// executed: should it have been parked meanwhile, it missed that.
	recall bool
}

// behind returns the runs that wait behind the head.
func (l *lane) behind() []store.RunID {
	if len(l.runs) < 2 {
		return nil
	}
	return slices.Clone(l.runs[1:])
}

// backlog is the part of a recipe's runs that is in memory. All fields belong to
// the dispatcher's goroutine.
type backlog struct {
	recipe  string
	workers int
	// inHand counts the runs of the recipe's lanes that are in memory and can
	// still be executed, busy those that hold a worker now.
	inHand int
	busy   int
	// ready are the lanes whose head can start, in the order in which they
	// became ready.
	ready  []*lane
	inLine bool // the recipe stands in the line for a turn
	// left is set when runs of the recipe were left in the store because enough
	// are in hand: everything after it is not in memory.
	left *store.RunID
}

// hungry reports whether runs that were left in the store fit into memory now.
func (b *backlog) hungry() bool { return b.left != nil && b.inHand <= inHandMost/2 }

// waitHeap orders lanes by the due time of their heads.
type waitHeap []*lane

func (h waitHeap) Len() int           { return len(h) }
func (h waitHeap) Less(i, j int) bool { return h[i].due.Before(h[j].due) }
func (h waitHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

// Push adds a lane; it is for package heap.
func (h *waitHeap) Push(x any) {
	l := x.(*lane) //nolint:forcetypeassert // only the dispatcher pushes
	l.index = len(*h)
	*h = append(*h, l)
}

// Pop removes the last lane; it is for package heap.
func (h *waitHeap) Pop() any {
	old := *h
	last := old[len(old)-1]
	*h = old[:len(old)-1]
	return last
}

// wait lets a lane wait until its head is due. One that is asleep leaves the hands of its
// recipe to others.
func (h *waitHeap) wait(l *lane, due time.Time, asleep bool) {
	l.state, l.due, l.asleep = laneWaiting, due, asleep
	if asleep {
		l.backlog.inHand -= len(l.runs)
	}
	heap.Push(h, l)
}

// wake returns the lanes whose heads are due.
func (h *waitHeap) wake(now time.Time) []*lane {
	var due []*lane
	for len(*h) > 0 && !(*h)[0].due.After(now) {
		l, _ := heap.Pop(h).(*lane)
		if l.asleep {
			l.asleep = false
			l.backlog.inHand += len(l.runs)
		}
		due = append(due, l)
	}
	return due
}

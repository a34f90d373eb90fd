package triggers

import (
	"time"

	"github.com/pollux-automation/pollux/connectors"
)

// stateVersion is written into every stored state.
const stateVersion = 1

// State is a feed's cursor: where the next poll begins and how far the current
// walks have come. It is a plain value; strategies return a new one with every page
// and the engine stores it in the commit of that page.
type State struct {
	Version int `json:"v"`
	// Baseline is true once a walk over the whole list has ended.
	Baseline bool `json:"baseline"`
	// Bodies is true when every seen entry of the feed holds its body.
	Bodies bool `json:"bodies,omitempty"`
	// Watermark is the newest time that a completed walk has seen, never later than
	// the service's own clock. Only keyset and newest use it.
	Watermark time.Time `json:"watermark,omitzero"`
	// MovedAt is the service's time at the start of the walk that last moved the
	// watermark.
	MovedAt time.Time `json:"moved_at,omitzero"`
	// Settled is true once a completed walk began at least the overlap after
	// MovedAt: what is late inside the overlap has been seen.
	Settled bool `json:"settled,omitempty"`
	// SeenAt is the service's time at the start of the last complete walk from the
	// watermark.
	SeenAt time.Time `json:"seen_at,omitzero"`
	// Gap is the number of the last walk from the top that was too long to reach known
	// ground, 0 for none: a later walk must read the whole list.
	Gap uint32 `json:"gap_since,omitempty"`
	// FullAt is when the last completed walk over the whole list began.
	FullAt time.Time `json:"full_at,omitzero"`
	// Walks is the number of the latest walk, from 1.
	Walks uint32 `json:"walks"`
	// Ordinals is the highest ordinal given to a record.
	Ordinals uint32 `json:"ordinals"`
	// Records is how many records of the feed are known and not deleted.
	Records int `json:"records"`
	// Stale counts rows that were older than what was known already.
	Stale int `json:"stale,omitempty"`
	// Relearnt counts records that a new fingerprint rule made incomparable and
	// that were learnt without a change.
	Relearnt int `json:"relearnt,omitempty"`
	// Late says how late changes showed up.
	Late Late `json:"late,omitzero"`
	// Window is the one that the last complete walk asked for; nil for lists
	// without one.
	Window *Window `json:"window,omitempty"`
	// Refused is set while too many records are missing to believe it.
	Refused *Refusal `json:"refused,omitempty"`
	// Accepted is true when a person has said that what is missing is gone. The
	// next complete walk over the whole list uses it up.
	Accepted bool `json:"accepted,omitempty"`
	// Parents is the highest ordinal that a parent had when the first round over listed
	// parents began, which Listed notes; Round is what the last complete one took. Only
	// fan-out uses them.
	Parents uint32 `json:"parents,omitempty"`
	Listed  bool   `json:"listed,omitempty"`
	Round   *Round `json:"round,omitempty"`
	// Walk is the walk in progress, Side the one over the whole list that goes on
	// beside it; nil between walks.
	Walk *Walk `json:"walk,omitempty"`
	Side *Walk `json:"side,omitempty"`
}

// Window is the piece of time that a walk asked for, bounds included.
type Window struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// Contains reports whether a time lies in the window.
func (w *Window) Contains(t time.Time) bool { return !t.Before(w.From) && !t.After(w.To) }

// Refusal says why deletions were not believed.
type Refusal struct {
	At      time.Time `json:"at"`
	Missing int       `json:"missing"`
	Records int       `json:"records"`
}

// Round is what a visit to all parents took.
type Round struct {
	// Parents is how many were visited, Of how many there were: recipes may watch some
	// of them only.
	Parents  int           `json:"parents"`
	Of       int           `json:"of"`
	Requests int           `json:"requests"`
	Took     time.Duration `json:"took"`
	EndedAt  time.Time     `json:"ended_at"`
}

// Walk is one visit to a list, from its first page to its last.
type Walk struct {
	Number uint32 `json:"n"`
	// Full is true for a walk over the whole list.
	Full bool `json:"full,omitempty"`
	// Since is the time from which on rows count; zero in a full walk.
	Since time.Time `json:"since,omitzero"`
	// Window is the window that is asked for; nil for lists without one.
	Window *Window `json:"window,omitempty"`
	// Position is where the next page begins; empty for the first.
	Position string `json:"position,omitempty"`
	// Parent is the last parent of the round that was read; only fan-out uses it.
	Parent string `json:"parent,omitempty"`
	// Visited counts the parents that the round has visited.
	Visited int `json:"visited,omitempty"`
	// Missing counts the records that the round has missed so far, Requests the
	// pages that it has read.
	Missing  int `json:"missing,omitempty"`
	Requests int `json:"requests,omitempty"`
	// Ordinals is the highest ordinal of a record at the start: a record with a
	// higher one can be missing without being gone.
	Ordinals uint32 `json:"ordinals,omitempty"`
	// Bodies is true when every page so far was read with bodies wanted.
	Bodies bool `json:"bodies,omitempty"`
	// BeganAt is our own time at the start, Date the service's. ReadAt is our own
	// time of the last page.
	BeganAt time.Time `json:"began_at"`
	ReadAt  time.Time `json:"read_at,omitzero"`
	Date    time.Time `json:"date,omitzero"`
	// Newest is the newest time seen in the walk.
	Newest time.Time `json:"newest,omitzero"`
	// Last is the time of the last row, to check the order by.
	Last time.Time `json:"last,omitzero"`
	// Page is a hash over the last page, to notice a repeated one.
	Page connectors.Hash `json:"page"`
	// Rows counts the rows read, Total is what the service says there are, -1
	// when it does not.
	Rows  int `json:"rows"`
	Total int `json:"total"`
	// Resumed is true when the walk went on after a restart or an error. What it
	// does not show is no proof of a deletion.
	Resumed bool `json:"resumed,omitempty"`
}

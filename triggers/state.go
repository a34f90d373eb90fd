package triggers

import (
	"time"

	"github.com/pollux-automation/pollux/connectors"
)

// stateVersion is written into every stored state.
const stateVersion = 1

// State is a feed's cursor: where the next poll begins and how far the current
// walk has come. It is a plain value; strategies return a new one with every page
// and the engine stores it in the commit of that page.
type State struct {
	Version int `json:"v"`
	// Baseline is true once a walk over the whole list has ended.
	Baseline bool `json:"baseline"`
	// Bodies is true when every seen entry of the feed holds its body.
	Bodies bool `json:"bodies,omitempty"`
	// Watermark is the newest updated time that a completed walk has seen, never
	// later than the service's own clock. Only keyset uses it.
	Watermark time.Time `json:"watermark,omitzero"`
	// MovedAt is the service's time at the start of the walk that last moved the
	// watermark.
	MovedAt time.Time `json:"moved_at,omitzero"`
	// Settled is true once a completed walk began at least the overlap after
	// MovedAt: what is late inside the overlap has been seen.
	Settled bool `json:"settled,omitempty"`
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
	// Walk is the walk in progress; nil between walks.
	Walk *Walk `json:"walk,omitempty"`
}

// Walk is one visit to a list, from its first page to its last.
type Walk struct {
	Number uint32 `json:"n"`
	// Full is true for a walk over the whole list.
	Full bool `json:"full,omitempty"`
	// Since is the lower bound that was asked for; zero in a full walk.
	Since time.Time `json:"since,omitzero"`
	// Position is where the next page begins; empty for the first.
	Position string `json:"position,omitempty"`
	// Bodies is true when every page so far was read with bodies wanted.
	Bodies bool `json:"bodies,omitempty"`
	// BeganAt is our own time at the start, Date the service's. ReadAt is our own
	// time of the last page.
	BeganAt time.Time `json:"began_at"`
	ReadAt  time.Time `json:"read_at,omitzero"`
	Date    time.Time `json:"date,omitzero"`
	// Newest is the newest updated time seen in the walk.
	Newest time.Time `json:"newest,omitzero"`
	// Last is the updated time of the last row, to check the order by.
	Last time.Time `json:"last,omitzero"`
	// Page is a hash over the last page, to notice a repeated one.
	Page connectors.Hash `json:"page"`
	// Rows counts the rows read, Total is what the service says there are, -1
	// when it does not.
	Rows  int `json:"rows"`
	Total int `json:"total"`
	// Resumed is true when the walk went on after a restart or an error.
	Resumed bool `json:"resumed,omitempty"`
}

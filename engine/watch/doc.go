// Package watch knows who watches a feed and what they decide.
//
// A [Subscriber] is a recipe's place on a feed: from when on it wants changes, and what
// it has seen so far. An [Acceptance] asks every subscriber about every change of a page:
// start, parent, scope, kinds, watched fields, filter. Each answer is kept with the record,
// each yes becomes a run. All of it is pure code: fetching, comparing and storing belong
// to package engine/poll.
package watch

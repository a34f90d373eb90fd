// Package tables has the layout of a state file: its buckets, their keys, the forms of
// values that are not rows of runs, and how a file of an older version is brought up to
// date. [Reader] puts together what is spread over several buckets.
package tables

import (
	"encoding/binary"
)

// The buckets. There are few and they are flat, because a bucket costs pages.
//
//nolint:gochecknoglobals // a table
var (
	// Meta and the following are the names of the buckets, with key and value.
	Meta          = []byte("meta")     // name -> text: magic, version, instance
	Feeds         = []byte("feeds")    // feed id -> Feed; its sequence numbers feeds
	Seen          = []byte("seen")     // feed number, record id -> entry
	Parents       = []byte("parents")  // feed number, parent -> version, of parents that were visited
	Due           = []byte("due")      // feed number, parent -> version, of parents that changed
	Subscriptions = []byte("subs")     // recipe, 0, account -> Subscription; its sequence numbers them
	Runs          = []byte("runs")     // seq -> Run without its state; its sequence numbers runs
	Queue         = []byte("queue")    // seq -> state of an unfinished run
	Done          = []byte("done")     // seq -> state of a finished run
	Steps         = []byte("steps")    // seq, step id -> place and Step
	Recipes       = []byte("recipes")  // recipe, 0, version -> text
	Audit         = []byte("audit")    // seq -> AuditEntry; its sequence numbers them
	Switches      = []byte("switches") // kind, 0, name -> Switch
	Budgets       = []byte("budgets")  // account or host -> version and JSON
	Secrets       = []byte("secrets")  // name -> sealed
)

// All returns every bucket of the current version.
func All() [][]byte {
	return [][]byte{
		Meta, Feeds, Seen, Parents, Due, Subscriptions,
		Runs, Queue, Done, Steps, Recipes, Audit, Switches, Budgets, Secrets,
	}
}

// The keys of the bucket meta.
//
//nolint:gochecknoglobals // a table
var (
	// MetaMagic and the following are the keys of the bucket [Meta].
	MetaMagic    = []byte("magic")
	MetaVersion  = []byte("version")
	MetaInstance = []byte("instance")
	MetaPruning  = []byte("pruning") // version and JSON of Pruning; absent at first
	MetaKeys     = []byte("keys")    // ids of keys that values may be sealed with; absent at first
)

// magic tells a state file from any other bbolt file.
const magic = "pollux state"

// SeenKey is the key of a record's entry; with an empty id it is the prefix of all
// entries of the feed. Numbers are big-endian in all keys, so that keys sort as they
// count.
func SeenKey(feed uint32, id string) []byte {
	b := make([]byte, 0, 4+len(id))
	b = binary.BigEndian.AppendUint32(b, feed)
	return append(b, id...)
}

// SeqKey is the key of a run.
func SeqKey(seq uint64) []byte {
	return binary.BigEndian.AppendUint64(make([]byte, 0, 8), seq)
}

// SeqOf reads the run out of a key; 0 means that it is none.
func SeqOf(key []byte) uint64 {
	if len(key) < 8 {
		return 0
	}
	return binary.BigEndian.Uint64(key)
}

// StepKey is the key of a step. With an empty id it is the prefix of all steps of the
// run.
func StepKey(seq uint64, id string) []byte {
	b := make([]byte, 0, 8+len(id))
	b = binary.BigEndian.AppendUint64(b, seq)
	return append(b, id...)
}

// PairKey joins two names, the first of which has no byte 0. The byte between them
// keeps the pairs (a, bc) and (ab, c) apart.
func PairKey(first, second string) []byte {
	b := make([]byte, 0, len(first)+1+len(second))
	b = append(b, first...)
	b = append(b, 0)
	return append(b, second...)
}

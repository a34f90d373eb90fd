package boltstore

import (
	"encoding/binary"
)

// The buckets. There are few and they are flat, because a bucket costs pages.
//
//nolint:gochecknoglobals // a table
var (
	bucketMeta          = []byte("meta")    // name -> text: magic, version, instance
	bucketFeeds         = []byte("feeds")   // feed id -> Feed; its sequence numbers feeds
	bucketSeen          = []byte("seen")    // feed number, record id -> entry
	bucketParents       = []byte("parents") // feed number, parent -> version, of parents that were visited
	bucketDue           = []byte("due")     // feed number, parent -> version, of parents that changed
	bucketSubscriptions = []byte("subs")    // recipe, 0, account -> Subscription; its sequence numbers them
	bucketRuns          = []byte("runs")    // seq -> Run without its state; its sequence numbers runs
	bucketQueue         = []byte("queue")   // seq -> state of an unfinished run
	bucketDone          = []byte("done")    // seq -> state of a finished run
	bucketSteps         = []byte("steps")   // seq, step id -> place and Step
	bucketRecipes       = []byte("recipes") // recipe, 0, version -> text
)

// allBuckets returns every bucket of the current version.
func allBuckets() [][]byte {
	return [][]byte{
		bucketMeta, bucketFeeds, bucketSeen, bucketParents, bucketDue, bucketSubscriptions,
		bucketRuns, bucketQueue, bucketDone, bucketSteps, bucketRecipes,
	}
}

// The keys of the bucket meta.
//
//nolint:gochecknoglobals // a table
var (
	metaMagic    = []byte("magic")
	metaVersion  = []byte("version")
	metaInstance = []byte("instance")
	metaPruning  = []byte("pruning") // version and JSON of Pruning; absent at first
)

// magic tells a state file from any other bbolt file.
const magic = "pollux state"

// seenKey is the key of a record's entry; with an empty id it is the prefix of all
// entries of the feed. Numbers are big-endian in all keys, so that keys sort as they
// count.
func seenKey(feed uint32, id string) []byte {
	b := make([]byte, 0, 4+len(id))
	b = binary.BigEndian.AppendUint32(b, feed)
	return append(b, id...)
}

// seqKey is the key of a run.
func seqKey(seq uint64) []byte {
	return binary.BigEndian.AppendUint64(make([]byte, 0, 8), seq)
}

// seqOf reads the run out of a key; 0 means that it is none.
func seqOf(key []byte) uint64 {
	if len(key) < 8 {
		return 0
	}
	return binary.BigEndian.Uint64(key)
}

// stepKey is the key of a step. With an empty id it is the prefix of all steps of the
// run.
func stepKey(seq uint64, id string) []byte {
	b := make([]byte, 0, 8+len(id))
	b = binary.BigEndian.AppendUint64(b, seq)
	return append(b, id...)
}

// pairKey joins two names, the first of which has no byte 0. The byte between them
// keeps the pairs (a, bc) and (ab, c) apart.
func pairKey(first, second string) []byte {
	b := make([]byte, 0, len(first)+1+len(second))
	b = append(b, first...)
	b = append(b, 0)
	return append(b, second...)
}

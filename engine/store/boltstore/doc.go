// Package boltstore is the [store.Store] that keeps everything in one file. It
// alone knows bbolt.
//
// [Open] takes the file for this process; a second process gets
// [store.ErrInUse]. Writes of several callers that wait at the same time share one
// commit and one sync of the disk: each write checks its guard, those whose guard
// holds are written together, and every caller gets its own answer. There is no
// timer and no goroutine: the first caller that finds the file free commits for
// all that wait. Readers never wait for writers.
//
// Values are copied in and out; what a damaged file makes bbolt panic about comes
// back as [store.ErrDamaged]. A full disk refuses a write with [store.ErrFull] and
// changes nothing; later writes work again. After any other failed commit nobody
// knows what the disk holds: the store then refuses every call, and [Store.Fatal]
// tells.
//
// The layout is in package tables, the forms of the values there and in package rows.
package boltstore

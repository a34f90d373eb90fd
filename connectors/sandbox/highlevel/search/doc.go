// Package search simulates the index of HighLevel's contact searches: an order by each of
// the two times, the grammar of filters, and the lag with which a search sees a write.
// The caller guards an [Index] with the lock of the location that it belongs to.
package search

// Package search simulates the index of HighLevel's searches for contacts and for
// opportunities: an order by each of their times, the grammar of filters, and the lag with
// which a search sees a write. The caller guards an [Index] with the lock of the location
// that it belongs to.
package search

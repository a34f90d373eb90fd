// Package poll takes changes from a source to the queue: it fetches pages, lets the
// feed's strategy find what changed, asks every recipe on the feed, and stores cursor,
// seen entries and queued runs in one commit.
//
// A [Feed] is one source of one account with one set of inputs. [Poller.Poll] visits a feed: first the walk from the watermark
// on, then, until the feed is due again, the walk over the whole list that goes on beside
// it (poller.go). What a complete walk over the whole list does not show is judged in
// sweep.go; lists that must be asked for once for every record of another list are read
// in rounds (round.go), whose cost is told beforehand (forecast.go). How recipes join a feed stands in subscribe.go; what they say of a
// change belongs to package engine/watch.
//
// The package promises that a cursor moves only in the commit that stores what it moved
// past, and that one change makes one run of each recipe. When feeds are polled, and what
// becomes of the runs, belongs to package engine.
package poll

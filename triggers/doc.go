// Package triggers finds out what changed.
//
// A [Strategy] compares one page of a list with what is known: the feed's
// [State] and the seen [Entry] of each record on the page. The outcome is a
// [Delta]: the next state, the entries to write and the [Change] list. All of it
// is pure code: no clock, no network, no store. That makes it possible to prove
// the laws in triggertest: whatever the page split, the order of arrival and the
// moment of a crash, every change is found once and in order.
//
// [Keyset] is for lists that sort and filter by the time of the last update, [Newest]
// for those sorted newest first, [Snapshot] for lists that must be read whole, [FanOut]
// for lists that hang on the records of another one. Beside the walk from its watermark a
// feed can have one over the whole list. What such a walk did not show is judged by a
// [Sweep], from what its [Presence] has noted.
//
// What a change leads to is not decided here: subscriptions, filters and runs
// belong to the engine, storing belongs to engine/store.
package triggers

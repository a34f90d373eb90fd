// Package engine is the running program: it polls, decides, commits, and carries
// out runs.
//
// [New] builds an [Engine] from a store, accounts and checked recipes; [Engine.Run]
// serves until it is stopped, [Engine.Once] visits every feed once. Inside, a
// change travels one way. The scheduler (schedule.go) knows when a feed is due. A
// poll (poller.go) fetches page after page through the account's session and lets
// the strategy of package triggers compare each with what is known; every recipe
// that watches the feed decides about each change (accept.go); one commit stores
// the cursor, the seen records and the queued runs together. The dispatcher
// (dispatch.go, intake.go, lanes.go) hands out runs: in order within a lane, in parallel across
// lanes. The runner (runner.go) carries out the steps, and around every outside
// write keeps the ledger (effect.go). What follows from an error is decided in
// retry.go and nowhere else.
//
// What a person does by hand has files of its own: [Engine.PollFeed] (byhand.go),
// [Rewind] and [Accept] (rewind.go), [Engine.Preview] (preview.go), [Release] (release.go).
//
// The engine promises that a stored change is never lost, that one change makes
// one run of each recipe, that the runs of a lane neither overlap nor swap, and
// that an outside write is repeated only when its operation says that this is
// safe or a lookup has shown that it did not arrive.
package engine

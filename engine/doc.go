// Package engine is the running program: it polls, decides, commits, and carries
// out runs.
//
// [New] builds an [Engine] from a store, accounts and checked recipes; [Engine.Run]
// serves until it is stopped, [Engine.Once] visits every feed once. Inside, a change
// travels one way. The scheduler (schedule.go) knows when a feed is due. A poll (package
// poll) fetches page after page through the account's session and lets the strategy of
// package triggers compare each with what is known; every recipe that watches the feed
// decides about each change (package watch); one commit stores the cursor, the seen
// records and the queued runs together. The dispatcher (dispatch.go, intake.go,
// lanes.go) hands out runs: in order within a lane, in parallel across lanes. Package
// runs carries out the steps of a program (package program), and keeps the ledger around
// every outside write. What follows from an error is decided in package retry and
// nowhere else.
//
// Beside that, the engine takes wishes while it serves (wishes.go): other recipes
// ([Engine.Reload], compared by package edits), a feed for oneself, stored runs to be
// changed (package desk says how), what rests ([Engine.Switch]), hints ([Engine.Hint]). It tends budgets and the
// disk (tend.go), forgets what is old (package prune), and tells an [Observer] what it does.
//
// What a person does by hand has files of its own: [Engine.PollFeed] and [Engine.Carry]
// (byhand.go), [Rewind] and [Accept] (rewind.go), [Engine.Preview] (preview.go). A dry
// engine is one whose accounts come from package dry.
//
// The engine promises that a stored change is never lost, that one change makes
// one run of each recipe, that the runs of a lane neither overlap nor swap, and
// that an outside write is repeated only when its operation says that this is
// safe or a lookup has shown that it did not arrive.
package engine

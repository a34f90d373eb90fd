// Package pollux is the map of the house; it holds no code.
//
// Pollux watches services that can only be asked, finds what changed, and runs
// recipes on each change. A record travels one way: the engine's scheduler marks a
// feed as due, the poller fetches a page through a connector, a strategy of
// package triggers compares it with what is known, recipes decide which changes
// they want, and one commit of the store writes the cursor together with the
// queued runs. Then the dispatcher hands out the runs, in order within a lane, and
// the runner carries out their steps, writing each outside effect into a ledger.
//
// Read the packages in this order and they tell the story: connectors, triggers,
// actions, recipes, engine, engine/store. The file docs/architecture.md has the
// table of who may import whom, and architecture_test.go holds it.
package pollux

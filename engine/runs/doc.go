// Package runs carries out runs: it walks through the steps of a recipe for one event.
//
// A [program.Program] is a version of a recipe made ready to run. [Executor.Execute] takes a run
// from the store, goes on at the first step that was not saved, and returns the state in
// which the run came to rest. Every write outside goes through the ledger of effects:
// one that is not safe to repeat is noted as sent before the request, and its outcome,
// the step's result and the run's next state share one commit.
//
// Which run is carried out when is not decided here, and what follows from an error is
// decided in package retry.
package runs

// Package web serves what Pollux tells over HTTP: whether it is healthy, whether it is
// ready, and its numbers for Prometheus. What services announce is taken by package hooks.
//
// A [Server] answers /healthz, /readyz and /metrics on a [Listen]er, which is always one
// of the loopback interface: there is no password yet. [Metrics] are counted from the
// moment that the engine is made: hand [Metrics.Observer] to it, and [Metrics.Committed]
// to the store.
//
// The package sees the program only through engine and engine/store; what accounts have
// sent and may send it gets from a function. Labels are names that a user wrote or words
// of ours, never ids of records or addresses. What belongs to a recipe or an account
// that is not loaded any more is no longer shown.
package web

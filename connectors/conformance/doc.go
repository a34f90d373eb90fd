// Package conformance checks that a connector keeps its word.
//
// [Run] takes a [connectors.Connector] and a [World] (an account at some service, and
// what is there) and tries every operation: is it described, can it be called, does it
// refuse what is wrong before anything is sent, does its list end, what do its errors
// become, may a write really be sent twice. The answer is a [Report]: for each operation
// a [Result] for each [Check]. It is plain data, so that a test and a command can show it.
//
// Faults are put in the place of the service by a transport of the suite's own, so a
// service need not be able to misbehave. A check that cannot be made is skipped, and the
// result says why; nothing passes that was not tried. The suite changes something at the
// service only where the world allows it.
package conformance

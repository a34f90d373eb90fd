// Package recorded keeps what a service was asked and what it answered, so that a connector
// can be tried again without the service.
//
// A [Recorder] stands between the conformance suite and a service and remembers what
// passes. [Recorder.Recording] makes a [Recording] of it that can be read, reviewed and
// committed: no credential is in it, and the values of personal fields are made-up ones. A
// [Player] answers in the place of the service, always the same, and says which request it
// has no answer for. docs/writing-a-connector.md describes the file.
package recorded

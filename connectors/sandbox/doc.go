// Package sandbox simulates the services that Pollux talks to, for the demo, for
// tests and for people who try a recipe.
//
// A [Sandbox] holds one simulated HighLevel location and one Stibee workspace.
// Each is an http.Handler ([Sandbox.HighLevel], [Sandbox.Stibee]) that keeps state
// and is as strict as the service is known to be: credentials, required headers,
// unknown body fields, the search grammar, page sizes, rate limits and their
// headers. A search sees a write only after the index lag, as at HighLevel.
// [Sandbox.Handler] serves both, and a control interface for other processes, below
// one address; [Sandbox.Serve] does so on the loopback interface.
//
// Services misbehave, so the sandbox can: see [Fault]. What was written is kept
// in a log ([Sandbox.Writes]), in order, so that a test can tell whether something
// was lost, doubled or swapped.
//
// Everything that is drawn by chance comes from one seed. Time is taken from package
// time, so a sandbox runs in the fake time of testing/synctest. All methods are
// safe for concurrent use. The facts were read in the public documentation of the
// services in 2026-09; comments mark what is a guess. There are no real people
// in the data: names are put together by chance and addresses end in example.com.
package sandbox

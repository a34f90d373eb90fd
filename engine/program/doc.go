// Package program makes recipes ready to run.
//
// A [Bench] with the accounts compiles a recipe into a [Program]: its steps with the
// operations and sessions that they call. A Program also reads stored events, with the
// shapes of the records that its trigger polls.
package program

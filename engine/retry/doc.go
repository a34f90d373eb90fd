// Package retry decides what follows from an error: of a step ([Judge]) and of a
// poll ([Poll]).
//
// The kind of a connectors.Error decides, and for steps the rules of the recipe on
// top. Retries are the engine's alone: exponential with full jitter and a ceiling, and
// what the service asks for (Retry-After) wins. Waiting for a budget is no failure and
// counts no attempt. Everything here is pure, but for the jitter
// and [Health], which remembers the accounts that rest.
package retry

// Package actions holds the kinds of step that a recipe can have.
//
// An [Action] is a step made ready to run. [Action.Prepare] evaluates its mapping
// and says what is to be done: a value that needs nobody else, a [Call] to an outside
// service, which of the steps inside a step come next, or how long to wait. It touches
// nothing; when a call is made, how often, and
// what is written down before and after is decided by the engine's runner alone.
package actions

// Package told is how runs, and what is known of a record, look: for people and for scripts.
//
// A run goes through a [show.Mask], which hides what its recipe wants hidden. [Run] and
// [RunSteps] are what scripts get, [PrintRun] is for people; [Explain] tells everything
// that is known of one record, the oldest first.
package told

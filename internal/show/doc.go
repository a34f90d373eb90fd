// Package show is how things look: what the commands print of runs, feeds,
// connectors and reports, for people and for scripts.
//
// Types named View have the keys that scripts rely on; [JSON] writes them, one
// object a line. Functions that print for people take a writer and clean whatever
// comes from a service of control characters, which could write over a terminal.
// [Mask] hides what a recipe wants hidden, in both.
//
// Errors of writing are those of the writer. A reader who closes the pipe does not
// want the rest, so text for people drops them.
package show

// Package starter writes the first files of a connector out of what was guessed of its
// service: pure text, which people read and edit. Every guess stands beside what it led to.
//
// What [Files] returns is read without findings by connectors/manifest; [Account] and
// [Recipe] are proposals for the project.
package starter

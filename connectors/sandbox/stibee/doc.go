// Package stibee simulates one workspace of Stibee, version 2 of its interface:
// lists, subscribers and groups. It is as strict as the service is known to be,
// from its public documentation, read in 2026-09; comments mark what is a guess.
package stibee

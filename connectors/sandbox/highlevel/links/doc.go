// Package links is which kinds of records of a simulated location belong together (associations),
// and which records do (relations).
package links

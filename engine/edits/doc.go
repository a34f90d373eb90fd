// Package edits says what it means to load recipes in the place of those that the store
// remembers: which are new, edited or gone, from where on each counts changes, and what an
// edited scope means for the records that are known.
//
// A [Comparison] changes nothing. [Comparison.Edits] is what a reload reports,
// [Comparison.Foresee] what somebody wants to know before.
package edits

// Package derive turns the facts of an OpenAPI document into a draft of a connector.
//
// Everything here is pure: the same facts make the same draft, byte for byte, in whatever
// order the document says them. What the document does not say and names only suggest is
// a guess, and every guess is told of in the draft, as a comment where it stands or as a
// note of the operation. Where even a guess would be wrong too often nothing is said:
// a list without a strategy can be given one by hand, a wrong strategy loses changes.
//
// The parts: derive itself turns what concerns all operations (service.go), gives each its
// key (keys.go) and finds the records in answers (answer.go); package requests turns
// parameters and bodies into inputs, fields makes the fields of both, walks finds out how a
// list can be read page by page and watched, wording is about names, and draft is what comes
// out.
package derive

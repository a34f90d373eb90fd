// Package derive turns the facts of an OpenAPI document into a draft of a connector.
//
// Everything here is pure: the same facts make the same draft, byte for byte, in whatever
// order the document says them. What the document does not say and names only suggest is
// a guess, and every guess is told of in the draft, as a comment where it stands or as a
// note of the operation. Where even a guess would be wrong too often nothing is said:
// a list without a strategy can be given one by hand, a wrong strategy loses changes.
//
// The files: words.go is about names, keys.go gives operations theirs, inputs.go, body.go
// and answer.go turn requests and answers, paging.go and poll.go find out how a list can be
// walked and watched, service.go turns what concerns all operations.
package derive

// Package openapi reads OpenAPI 3 documents to plain facts.
//
// [Read] returns what a document says of its service: addresses, ways to sign in, and
// each operation with its parameters, body and answer, references replaced by what they
// stand for. Documents are often wrong in places, so nothing is validated: what cannot be
// read is told of in notes, and the rest is read. A reference to nothing and one that
// leads back into itself become objects of which nothing is known.
//
// A library reads the documents. As it takes all of one or nothing, a document is first
// repaired: what is of another type than stands there is taken away, and references that
// lead nowhere are marked.
//
// A document is another's text. It is read within bounds, it reaches no network and no
// file outside the folder that it stands in, and the facts do not depend on the order in
// which it says them.
package openapi

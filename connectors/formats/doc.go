// Package formats turns answers that are no JSON into the JSON that says the same, so that
// all that reads answers reads one thing.
//
// A [Format] is what a manifest says of an answer, an [Answer] what it expects to find in
// it. [Format.JSON] is pure: it touches nothing but the bytes that it is given, and is
// bounded in depth, columns, elements and in the size of what it makes. What cannot be read
// is an error that tells the line; nothing is guessed, and nothing left out.
package formats

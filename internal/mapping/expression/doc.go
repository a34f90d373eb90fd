// Package expression compiles and evaluates the expressions of recipes; with
// its operators it is the only user of the expression library.
//
// [NewNames] lists what an expression may refer to, typed by record schemas
// (package shapes). [Names.Compile] checks a [Fragment] of a file and gives a [Program],
// which [Program.Value] evaluates with a [Scope].
//
// Compiling has two passes. The first, with types, finds mistakes: rules.go has
// what recipes may not write, explain.go turns the library's messages into ours.
// The second has no types and replaces the library's operators (rewrite.go) by our
// own (package operators, loops.go), because the library takes types so seriously
// that a nil in a text field would be an error, and because it bounds neither texts
// nor time.
package expression

// Package functions holds the functions that expressions can call, and what values
// are in expressions.
//
// [Table] lists the functions in the order of the documentation; each entry has its
// description with a tested example. To add a function, add an entry in text.go,
// contact.go, times.go or lists.go: the compiler, the documentation and the tests
// read the table. [Listed] and [Present] say what counts as changed, [Pattern] which
// patterns can be matched.
//
// Every function is safe for concurrent use and gives nil for nil. It checks the
// types of its arguments, because the compiler lets pass what it does not know, and
// it keeps to the bounds of [MaxText] and [MaxValues], because recipes must not be
// able to end the process. Errors are sentences for people.
//
// The package knows nothing of the library that compiles expressions.
package functions

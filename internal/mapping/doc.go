// Package mapping compiles and evaluates what recipes say about values: filters,
// expressions, and the trees from which the inputs of operations are made.
//
// [NewNames] lists what an expression may refer to, with types taken from record
// schemas. [Names.Filter], [Names.Expression] and [Names.Mapping] compile a
// [Source] against those names and report what is wrong at its exact place: a
// misspelt field, a comparison of text with a number, a required input that is
// missing. The compiled forms are evaluated with a [Scope]; they are immutable and
// safe for concurrent use.
//
// # Values
//
// Expressions see text, whole and other numbers, true and false, times, lists,
// objects and nil. Every field of a schema exists and may be nil. "not", "and" and
// "or" take nil for false, a comparison of order with nil is false, a member of nil
// is nil, and the text functions return nil for nil. In a [Mapping], nil leaves an
// input out, at any depth; only "=clear" sends null.
//
// # Bounds
//
// An expression has at most 4 KiB and 500 parts. Texts that it makes are bounded by
// 256 KiB, lists and objects by 100,000 values, loops by 100,000 rounds and a
// second. Past a bound the evaluation ends with an error; no expression can end the
// process. Methods of values cannot be called, and patterns of "matches" must be
// constants of moderate size.
//
// The package is the only user of the expression library, whose words and Go type
// names never reach a finding.
package mapping

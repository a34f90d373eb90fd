// Package values reads single values of a recipe file: expressions, durations between
// bounds, mappings whose keys may belong to a later version of the language.
//
// [Of], [Expression] and [Condition] bring a value to package mapping. [Mapping] and
// [Duration] report what is wrong with it, at its place. [Cut], [Short] and [Known]
// word messages.
package values

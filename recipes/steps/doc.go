// Package steps reads what a recipe does: its chain of steps, and what follows from
// their errors.
//
// [Read] checks each [Step] against what the recipe may name and compiles its
// expressions; [Rules] reads the rules of on_error, which a recipe has too. Everything
// that is wrong is reported with its place, in one pass.
package steps

// Package shapes tells what is known of values when a recipe is loaded: of records, of
// answers, of constants. Expressions are compiled against them.
package shapes

// Package recipes turns YAML files into checked recipes.
//
// [Load] reads a folder and [Parse] one file. Both report everything that is wrong
// with its place, in one pass, and give a [Recipe] only for a file without errors:
// every name in it has been checked against a [Catalog], every expression has been
// compiled against the record's schema, every schedule has a next time. A recipe is
// immutable and safe for concurrent use.
//
// The parts in order of the file: [Connection], [Trigger] with [Schedule], [Start],
// [Deletes] and [Parents], the scope and the filter, [Order], [Step] with [Case],
// [Pause], [Retry] and [Rule], [Keep], and the recipe's own [Test] cases, which the
// engine carries out and package cases compares.
//
// [JSONSchema] describes the language for editors; docs/recipes.md does so for
// people. What a recipe may name is read by package catalog, its steps by package
// steps, its schedule by package schedule. Words of the language that belong to later versions are recognised and
// answered with a finding that says so.
//
// The package knows neither connectors nor the engine: what exists is told by the
// Catalog, and nothing here runs anything.
package recipes

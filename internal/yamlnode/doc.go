// Package yamlnode reads YAML files that people write, strictly and with places.
//
// [Parse] turns a file into a tree of [Node] and reports what no file may hold:
// more than one document, tags, merge keys, duplicate keys, numbers that mean
// something else than they seem to, aliases that expand without end. What it
// returns is safe to walk: the depth, the number of values and the size are
// bounded, aliases are already replaced by what they stand for.
//
// A caller reads the tree with typed accessors ([Node.Text], [Node.Duration],
// [Node.Mapping] and so on), each of which reports a value of the wrong type at
// its place and goes on, so that one pass finds everything. All accessors accept
// a nil node, which stands for a key that is not there: they return the zero
// value and false, and report nothing.
//
// The package is the only user of the YAML library, and none of its words or
// type names reach a finding.
package yamlnode

// Package schema describes the values that pass through Pollux: the fields of
// a service's records and the inputs of its operations.
//
// A [Field] says what one value is: its type, whether it must be given, whether
// it is secret or personal, how it is normalised before it is compared. An
// [Object] is a kind of record (contact, task, note) with its fields and the
// names of those that tell its identity and its times.
//
// Everything that reads records goes through an Object: [Object.Decode] turns
// what a service sent into values with predictable types, [Object.Normalize]
// makes equal what the service treats as equal, [Object.Rule] names that rule so
// that a stored fingerprint can tell under which rule it was taken.
//
// The package knows nothing of connectors, recipes or files; it is the ground
// floor of the house.
package schema

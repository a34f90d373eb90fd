// Package manifest reads connectors that are written as data.
//
// A connector is a folder: connector.yaml says what the service is (address,
// sign-in, budget, what its errors look like), every other *.yaml file holds some
// of its objects and operations. [Read] turns such a folder into a [Manifest] and
// reports everything that is wrong with it, at its place; [ReadAll] does so for
// all folders beside each other. The connectors that Pollux ships and those that
// a user writes go through the same two functions.
//
// What comes back is complete and consistent: every name that one part says of
// another is known, every hole of a path is filled by an input, every list that
// can be polled says how. The package httpapi carries it out; nothing here talks
// to a service.
//
// The format is explained in docs/writing-a-connector.md and described for
// editors by [Schema].
package manifest

// Package trial runs the conformance suite for people who write connectors: at an account
// of theirs, with answers that were recorded, or without any service.
//
// [Run] makes the [conformance.World] that fits: it finds ids in lists where operations need
// some, keeps back what could harm an account (writes, deletions and payments, requests
// that the service would have to refuse) unless it was asked for, and records what passes.
package trial

// Package described reads what a plugin says about itself.
//
// [Read] turns a [protocol.Description] into a [connectors.Description] and reports
// everything that is wrong with it, by the rules and with the codes of manifests. What
// comes back is consistent: every name that one part says of another is known, every list
// that can be polled says how.
package described

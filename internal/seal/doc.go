// Package seal encrypts values at rest: AES-256-GCM with a random nonce, bound to the
// place that the value belongs to.
//
// A [Keyring] comes from a key file: one key a line, the first seals, all open. A sealed
// value begins with the version of its form and the id of its key, so that several keys
// can be in use while one is replaced. [Create], [AddKey] and [KeepCurrent] write key
// files; each leaves a whole file behind, whenever the process dies.
package seal

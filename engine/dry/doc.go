// Package dry keeps an engine from writing anything outside.
//
// [Accounts] wraps the sessions of accounts, below everything that makes calls: whichever
// way the engine comes to a write, it is told of and answered with a made-up value, and
// never sent.
package dry

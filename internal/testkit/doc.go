// Package testkit has what tests of several packages need: HTTP without a network.
//
// A [Transport] carries requests to a handler in memory, so that code under test
// can run in a testing/synctest bubble, where a real socket would keep fake time
// from moving. Only tests import this package.
package testkit

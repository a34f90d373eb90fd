// Package storetest holds every [store.Store] to the same behaviour.
//
// [Run] is the suite: small named tests of the contract. [Compare] applies random
// operations to a store and to memstore and wants the same answers. After each
// test the store's own Check must find nothing. Only tests import this package.
package storetest

// Package memstore is a [store.Store] in memory.
//
// It is for tests of recipes, for dry runs, and the plain model that storetest
// holds the store on disk against. It promises everything that the contract
// promises but one thing: it does not survive its process. A Store is safe for
// concurrent use and keeps no reference to what it is given or gives away.
package memstore

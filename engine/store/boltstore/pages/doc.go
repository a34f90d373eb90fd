// Package pages verifies the tree of pages of a bbolt file without bbolt.
//
// bbolt trusts its file: a damaged page makes it panic, in one place in a goroutine
// of its own, which ends the process. This package reads the pages from the file,
// not from mapped memory, and believes nothing, so that no damage can hurt it.
package pages

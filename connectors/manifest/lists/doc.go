// Package lists reads and checks how the list of an operation is read page by page,
// and how changes in it are found.
//
// [Paging] and [Poll] are what package httpapi needs to ask for a page; what everybody
// may see of it goes into [connectors.Poll].
package lists

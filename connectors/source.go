package connectors

import "time"

// Query asks for one page of a list.
type Query struct {
	// Inputs are the operation's inputs, defaults and settings already filled.
	Inputs map[string]any
	// Since is the lower bound of the updated time, inclusive; zero means all.
	// Only operations with the keyset strategy obey it.
	Since time.Time
	// From and To are the bounds of the window; zero for lists without one.
	From, To time.Time
	// Position is where the page begins: empty for the first page, else the Next
	// of the page before. It is opaque and can be stored.
	Position string
	// Size is how many records are wanted; 0 means the operation's own size.
	Size int
}

// Page is a part of a list.
type Page struct {
	Records []Record
	// Next is the position of the following page; empty at the end of the list.
	Next string
	// Date is the service's own time of the answer, with the precision of the
	// header Date; zero when it did not say.
	Date time.Time
	// Total is how many records the whole list has; -1 when unknown.
	Total int
	// First and Last are the times by which a list is sorted, of the first and the last row
	// as they came, where the connector has made other records of them, perhaps none. Zero
	// for all other lists.
	First, Last time.Time
}

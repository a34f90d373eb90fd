package wire

import "slices"

// Table holds the rows of one kind by their ids, in the order in which they came. A row
// that changes is replaced by a new one and never written to, because an answer on its way
// may hold the former one. The zero value is empty and ready.
type Table[T any] struct {
	rows  map[string]T
	order []string
}

// Get returns the row with an id.
func (t *Table[T]) Get(id string) (row T, ok bool) {
	row, ok = t.rows[id]
	return row, ok
}

// Put adds a row, or replaces the one with the same id in its place.
func (t *Table[T]) Put(id string, row T) {
	if t.rows == nil {
		t.rows = map[string]T{}
	}
	if _, there := t.rows[id]; !there {
		t.order = append(t.order, id)
	}
	t.rows[id] = row
}

// Delete takes a row away and reports whether it was there.
func (t *Table[T]) Delete(id string) bool {
	if _, there := t.rows[id]; !there {
		return false
	}
	delete(t.rows, id)
	t.order = slices.DeleteFunc(t.order, func(other string) bool { return other == id })
	return true
}

// Where returns the rows that a condition lets pass, oldest first; never nil.
func (t *Table[T]) Where(wanted func(T) bool) []T {
	list := make([]T, 0, len(t.order))
	for _, id := range t.order {
		if row := t.rows[id]; wanted(row) {
			list = append(list, row)
		}
	}
	return list
}

// All returns all rows, oldest first; never nil.
func (t *Table[T]) All() []T { return t.Where(func(T) bool { return true }) }

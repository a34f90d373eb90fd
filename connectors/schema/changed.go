package schema

import (
	"reflect"
	"slices"
)

const (
	// maxChanged is how many names [Object.Changed] returns at most, besides those of
	// the fields themselves.
	maxChanged = 200
	// maxLevels is how many parts a name has at most.
	maxLevels = 5
)

// Changed returns the names of the fields that differ in what counts, sorted. For
// objects, and arrays that are compared by key, the names of the members that differ
// come along ("dndSettings.Email.status", "customFields.abc"); what lies more than five
// levels deep is told by its parent alone. Every field that differs is named; of
// members there are no more than make 200 names in all.
func (o *Object) Changed(before, after map[string]any) []string {
	a, b := o.Normalize(before), o.Normalize(after)
	fields := differing(a, b)
	names := slices.Clone(fields)
	for _, name := range fields {
		names = appendMembers(names, name, 1, a[name], b[name])
	}
	slices.Sort(names)
	return names
}

// appendMembers appends the names of the members that differ in two values of one
// name, which has so many parts.
func appendMembers(names []string, name string, parts int, before, after any) []string {
	a, isMap := before.(map[string]any)
	b, isMapToo := after.(map[string]any)
	if !isMap && !isMapToo || parts == maxLevels {
		return names
	}
	for _, member := range differing(a, b) {
		if len(names) >= maxChanged {
			break
		}
		if member == "" { // what has no key
			continue
		}
		names = append(names, name+"."+member)
		names = appendMembers(names, name+"."+member, parts+1, a[member], b[member])
	}
	return names
}

// differing returns the names whose values differ, sorted.
func differing(a, b map[string]any) []string {
	var names []string
	for name, v := range a {
		if other, ok := b[name]; !ok || !equal(v, other) {
			names = append(names, name)
		}
	}
	for name := range b {
		if _, ok := a[name]; !ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// equal compares two decoded values, those without parts at once.
func equal(a, b any) bool {
	switch a.(type) {
	case string, int, bool, float64:
		switch b.(type) {
		case string, int, bool, float64:
			return a == b
		}
		return false
	}
	return reflect.DeepEqual(a, b)
}

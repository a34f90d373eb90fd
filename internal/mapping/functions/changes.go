package functions

import (
	"slices"
	"strings"
)

// Listed reports whether a field, or a path below one such as "address.city", is among
// those that changed. A field counts as changed with anything below it. What stands
// below a field counts if the field is listed alone; where paths below it are listed
// too, they tell what changed in it.
func Listed(changed []string, field string) bool {
	return slices.ContainsFunc(changed, func(c string) bool {
		return c == field || below(c, field) ||
			below(field, c) && !slices.ContainsFunc(changed, func(other string) bool { return below(other, c) })
	})
}

// below reports whether a path leads to something inside another.
func below(path, outer string) bool {
	return len(path) > len(outer) && path[len(outer)] == '.' && strings.HasPrefix(path, outer)
}

// Present reports whether a record has a value at a path. Of a list whose elements have
// names it is known only whether there is one.
func Present(record map[string]any, path string) bool {
	for {
		if record[path] != nil {
			return true
		}
		name, rest, deeper := strings.Cut(path, ".")
		if !deeper {
			return false
		}
		switch v := record[name].(type) {
		case map[string]any:
			record, path = v, rest
		case []any:
			return true
		default:
			return false
		}
	}
}

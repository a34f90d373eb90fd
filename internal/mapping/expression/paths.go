package expression

import (
	"slices"
	"strings"

	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/mapping/functions"
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

// present reports whether a record has a value at a path. Of a list whose elements have
// names it is known only whether there is one.
func present(record map[string]any, path string) bool {
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

// Path reports a path of the record that leads nowhere, as far as the schema knows.
func (n *Names) Path(path string, at diag.Place, into *diag.List) {
	if p := n.shapes[nameRecord].path(path); p != nil {
		add := into.Errorf
		if p.warn {
			add = into.Warnf
		}
		add(at, p.code, p.suggestion, "%s", p.message)
	}
}

// path follows a path from a record and returns what is wrong with it; nil where that is
// nothing, or cannot be known. In an open object a near miss is worth a warning.
func (s *Shape) path(path string) *problem {
	p, whole := &problem{code: CodeUnknownField}, path
	if slices.Contains(strings.Split(path, "."), "") {
		p.message, p.suggestion = functions.Quote(path)+" is no path of fields", "write it as in address.city"
		return p
	}
	for {
		name, rest, deeper := strings.Cut(path, ".")
		switch {
		case s.Sort == functions.Any || s.keyed || s.fields[path] != nil:
			return nil
		case s.Sort != functions.Object:
			p.suggestion = "write " + whole[:len(whole)-len(path)-1]
			p.message = string(s.Sort) + " has no fields, so there is no " + functions.Quote(name)
			return p
		case s.fields[name] == nil:
			return s.noField(p, name)
		case !deeper:
			return nil
		}
		s, path = s.fields[name], rest
	}
}

// noField completes the problem of a field that is not among those of an object; nil
// where it may exist all the same.
func (s *Shape) noField(p *problem, name string) *problem {
	p.suggestion, p.warn = diag.DidYouMean(name, s.names()), s.open
	switch {
	case !s.open:
		p.message = s.title + " has no field " + functions.Quote(name)
		if p.suggestion == "" && len(s.fields) <= 8 {
			p.suggestion = "known here: " + strings.Join(s.names(), ", ")
		}
	case p.suggestion == "":
		return nil
	default:
		p.message = s.title + " has no listed field " + functions.Quote(name)
	}
	return p
}

package expression

import (
	"slices"
	"strings"

	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/mapping/functions"
)

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

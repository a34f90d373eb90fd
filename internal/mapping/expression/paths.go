package expression

import (
	"slices"
	"strings"

	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/mapping/expression/shapes"
	"github.com/pollux-automation/pollux/internal/mapping/functions"
)

// Path reports a path of the record that leads nowhere, as far as the schema knows.
func (n *Names) Path(path string, at diag.Place, into *diag.List) {
	if p := pathProblem(n.shapes[nameRecord], path); p != nil {
		add := into.Errorf
		if p.warn {
			add = into.Warnf
		}
		add(at, p.code, p.suggestion, "%s", p.message)
	}
	if p := n.shapes[nameRecord].Path(path); p != nil {
		n.note(p, at, true)
	}
}

// pathProblem follows a path from a record and returns what is wrong with it; nil where that is
// nothing, or cannot be known. In an open object a near miss is worth a warning.
func pathProblem(s *shapes.Shape, path string) *problem {
	p, whole := &problem{code: CodeUnknownField}, path
	if slices.Contains(strings.Split(path, "."), "") {
		p.message, p.suggestion = functions.Quote(path)+" is no path of fields", "write it as in address.city"
		return p
	}
	for {
		name, rest, deeper := strings.Cut(path, ".")
		switch {
		case s.Sort == functions.Any || s.Keyed || s.Fields[path] != nil:
			return nil
		case s.Sort != functions.Object:
			p.suggestion = "write " + whole[:len(whole)-len(path)-1]
			p.message = string(s.Sort) + " has no fields, so there is no " + functions.Quote(name)
			return p
		case s.Fields[name] == nil:
			return noField(s, p, name)
		case !deeper:
			return nil
		}
		s, path = s.Fields[name], rest
	}
}

// noField completes the problem of a field that is not among those of an object; nil
// where it may exist all the same.
func noField(s *shapes.Shape, p *problem, name string) *problem {
	p.suggestion, p.warn = diag.DidYouMean(name, s.Names()), s.Open
	switch {
	case !s.Open:
		p.message = s.Title + " has no field " + functions.Quote(name)
		if p.suggestion == "" && len(s.Fields) <= 8 {
			p.suggestion = "known here: " + strings.Join(s.Names(), ", ")
		}
	case p.suggestion == "":
		return nil
	default:
		p.message = s.Title + " has no listed field " + functions.Quote(name)
	}
	return p
}

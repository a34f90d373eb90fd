package steps

import (
	"strconv"
	"time"

	"github.com/pollux-automation/pollux/internal/mapping"
	"github.com/pollux-automation/pollux/internal/yamlnode"
	"github.com/pollux-automation/pollux/recipes/catalog"
	"github.com/pollux-automation/pollux/recipes/values"
)

// The bounds of what steps may ask for. Each level of an each multiplies what a run may
// do; nobody can follow more than a few of them.
const (
	mostDepth     = 5
	mostEachDepth = 3
	mostParallel  = 16
	leastPause    = time.Second
	mostPause     = 365 * 24 * time.Hour
)

// nested reads a step with others inside, and returns the shape of its result.
func (r *reader) nested(m yamlnode.Map, s *Step, names *mapping.Names, kind string) *mapping.Shape {
	r.depth++
	defer func() { r.depth-- }()
	if r.depth > mostDepth {
		r.into.Errorf(m.Get(kind).At(), CodeNesting, "make two recipes of it, or compute a list in a set step", "steps are nested more than %d levels deep", mostDepth)
		return mapping.Anything()
	}
	if kind == "switch" {
		return r.cases(m.Get("switch"), s, names)
	}
	r.eachDepth++
	defer func() { r.eachDepth-- }()
	if r.eachDepth > mostEachDepth {
		r.into.Errorf(m.Get("each").At(), CodeNesting, "compute one list in a set step, and go through it", "more than %d each are inside each other", mostEachDepth)
		return mapping.Anything()
	}
	return r.each(m, s, names)
}

// cases reads a switch. Of its cases one is carried out, so none sees the results of
// another; what follows the switch sees those of all.
func (r *reader) cases(n *yamlnode.Node, s *Step, names *mapping.Names) *mapping.Shape {
	s.Kind = Switch
	result := mapping.MembersShape("the result of step "+s.ID, map[string]*mapping.Shape{"case": mapping.NumberShape()})
	items, ok := n.List(r.into)
	if ok && len(items) == 0 {
		r.into.Errorf(n.At(), CodeCase, "write [{if: ..., steps: [...]}]", "the switch has no cases")
	}
	first := r.next
	r.guards++
	defer func() { r.guards-- }()
	var inner []*mapping.Names
	for i, item := range items {
		in := names.Inner()
		in.HideSteps(r.all[first:r.next], "the step is in another case, so it has not run here", "compute it before the switch")
		in.SetLater(r.all[r.next:])
		c, elseCase := r.oneCase(item, in)
		if elseCase && (i == 0 || i < len(items)-1) {
			where, hint := "the last of several cases", "move it to the end"
			if i == 0 && len(items) == 1 {
				hint = "write its steps without a switch"
			}
			r.into.Errorf(item.At(), CodeCase, hint, "else must be %s", where)
		}
		s.Cases = append(s.Cases, c)
		inner = append(inner, in)
	}
	for _, in := range inner {
		names.Adopt(in)
	}
	return result
}

// oneCase reads {if: ..., steps: [...]} or {else: [...]}.
func (r *reader) oneCase(n *yamlnode.Node, names *mapping.Names) (c Case, isElse bool) {
	m, ok := n.Mapping(r.into, "if", "steps", "else")
	switch {
	case !ok:
		return c, false
	case m.Has("else") && (m.Has("if") || m.Has("steps")):
		r.into.Errorf(values.KeyAt(m, "else"), CodeCase, "make two cases of it", "a case has either if and steps, or else")
		return c, false
	case m.Has("else"):
		c.Steps = r.inner(m.Get("else"), "else", names)
		return c, true
	}
	c.If = values.Condition(m.Need(r.into, "if", "if: record.dnd, or else: [...]"), names, r.into)
	c.Steps = r.inner(m.Need(r.into, "steps", "steps: [...]"), "the case", names)
	return c, false
}

// each reads a step that is carried out for each item of a list. The results inside
// belong to an item, so what follows sees only the list of them.
func (r *reader) each(m yamlnode.Map, s *Step, names *mapping.Names) *mapping.Shape {
	s.Kind, s.Parallel = Each, 1
	s.Each = names.List(values.Expression(m.Get("each"), r.into), r.into)
	if n, ok := m.Get("parallel").Int(r.into, 1, mostParallel); ok {
		s.Parallel = n
	}
	first, inner := r.next, names.ForItems(s.Each)
	s.Steps = r.inner(m.Need(r.into, "steps", "steps: [...]"), "the each", inner)
	names.HideSteps(r.all[first:r.next], "the step runs once for each item of "+strconv.Quote(s.ID), "use steps."+s.ID+".results")
	return mapping.MembersShape("the result of step "+s.ID, map[string]*mapping.Shape{
		"count":   mapping.NumberShape(),
		"results": mapping.ListShape(inner.Results("an item of the results of " + s.ID)),
	})
}

// pause reads how long a wait lasts: a duration, or until a time.
func (r *reader) pause(n *yamlnode.Node, names *mapping.Names) Pause {
	if n.Kind() != yamlnode.Mapping {
		return Pause{For: values.Duration(n, leastPause, mostPause, r.into)}
	}
	m, _ := n.Mapping(r.into, "until")
	until := m.Need(r.into, "until", "until: =record.dueDate")
	if until == nil {
		return Pause{}
	}
	return Pause{Until: names.Time(values.Of(until), r.into)}
}

// onlyIf reads the condition of a write that is asked with the record as it is at the
// service just before.
func (r *reader) onlyIf(n *yamlnode.Node, t *catalog.Found, s *Step, names *mapping.Names) {
	if n == nil {
		return
	}
	if !t.Operation.Write {
		r.into.Errorf(n.At(), CodeMisplaced, "write if instead", "%s only reads, so there is nothing to guard", t.Name())
		return
	}
	read, ok := r.about.Connections.Target(t)
	if !ok {
		r.into.Errorf(n.At(), CodeNoTarget, "read it in a step before, and write if instead", "nothing can read what %s writes", t.Name())
		return
	}
	filled := t.Inputs().Filled
	for _, in := range read.Inputs {
		if in.Required && !filled[in.Name] && in.Default == nil && !s.With.Gives(in.Name) {
			r.into.Errorf(n.At(), CodeNoTarget, "add "+in.Name+" to with", "the target is read by %q, which the step does not give", in.Name)
		}
	}
	s.Target = read.Key
	s.OnlyIf = values.Condition(n, names.ForTarget(mapping.ObjectShape(read.Object, "the target").Of(s.Connection)), r.into)
}

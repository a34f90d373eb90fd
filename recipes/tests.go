package recipes

import (
	"github.com/pollux-automation/pollux/internal/yamlnode"
	"github.com/pollux-automation/pollux/recipes/cases"
)

// Test is a case that a recipe brings with it. The engine carries it out without
// network; its Compare judges what happened.
type Test = cases.Test

// Given is what happens in a test.
type Given = cases.Given

// TestResult is what happened in a test.
type TestResult = cases.Result

// TestCall is one call that a run made.
type TestCall = cases.Call

// tests reads the cases that the recipe brings with it.
func (p *parser) tests(n *yamlnode.Node) {
	items, ok := n.List(p.into)
	if !ok {
		return
	}
	if len(items) > maxTests {
		p.into.Errorf(n.At(), CodeTooManySteps, "split the recipe", "the recipe has %d tests, more than %d", len(items), maxTests)
		return
	}
	about := cases.About{Kind: p.kind}
	if p.trigger != nil {
		about.Object = p.trigger.Operation.Object
	}
	for s := range p.recipe.AllSteps() {
		if s.Kind == Call {
			about.Calls = append(about.Calls, cases.Step{ID: s.ID, Operation: s.Connection + "." + s.Operation, Guarded: s.OnlyIf != nil})
		}
	}
	p.recipe.Tests = cases.Read(items, about, p.into)
}

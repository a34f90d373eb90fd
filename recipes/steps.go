package recipes

import (
	"iter"

	"github.com/pollux-automation/pollux/internal/yamlnode"
	"github.com/pollux-automation/pollux/recipes/steps"
)

// Step is one entry of a recipe's chain.
type Step = steps.Step

// StepKind is what a step does.
type StepKind = steps.Kind

// The kinds of step.
const (
	Call   = steps.Call   // call an operation
	Set    = steps.Set    // compute values
	Stop   = steps.Stop   // end the run successfully
	Switch = steps.Switch // carry out the first case that holds
	Each   = steps.Each   // carry out steps for each item of a list
	Wait   = steps.Wait   // let time pass
)

// Case is one case of a switch.
type Case = steps.Case

// Pause says how long a wait lasts.
type Pause = steps.Pause

// What to do when it is unknown whether a write arrived.
const (
	UnsureSafe = steps.UnsureSafe // send it again
	UnsureFind = steps.UnsureFind // look it up
	UnsurePark = steps.UnsurePark // wait for a person
)

// Retry says how often and with what waits an attempt is repeated.
type Retry = steps.Retry

// Rule says what follows from an error. It matches when all that it names agree.
type Rule = steps.Rule

// AnyKind is the Kind of a rule that matches every error.
const AnyKind = steps.AnyKind

// The answers to an error.
const (
	DoRetry        = steps.DoRetry
	DoContinue     = steps.DoContinue
	DoStop         = steps.DoStop
	DoPark         = steps.DoPark
	DoPauseAccount = steps.DoPauseAccount
)

// AllSteps goes through the steps and those inside them, in the order of the file.
func (r *Recipe) AllSteps() iter.Seq[*Step] { return steps.All(r.Steps) }

// steps reads the chain.
func (p *parser) steps(m yamlnode.Map) {
	n := m.Need(p.into, "steps", "steps: [{id: ..., call: ..., with: {...}}]")
	p.recipe.Steps = steps.Read(n, steps.About{
		Connections: p.connections, Vars: p.recipe.Vars, Names: p.names.ForSteps(),
		Trigger: p.trigger, Kinds: p.recipe.Trigger.Kinds, Watches: p.recipe.Trigger.Watches,
		Guarded: p.recipe.Scope != nil || p.recipe.Filter != nil,
	}, p.into)
}

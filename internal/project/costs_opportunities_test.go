package project_test

import "time"

// opportunityCosts are the idle costs of opportunities and pipelines.
func opportunityCosts() []idle {
	fill := func(s *sandboxed) {
		for range 250 {
			pass(time.Second) // or the budget would be used up
			makeOpportunity(s)
		}
	}
	return []idle{
		{operation: "highlevel.opportunity.search", rule: "1", fill: fill, want: map[string]int{"opportunity.search": 1}},
		{operation: "highlevel.opportunity.search_legacy", rule: "1", fill: fill, want: map[string]int{"opportunity.search_legacy": 1}},
		{operation: "highlevel.opportunity.get", with: "opportunityId: o", rule: "1", want: map[string]int{"opportunity.get": 1}},
		{operation: "highlevel.pipeline.list", rule: "1", want: map[string]int{"pipeline.list": 1}},
	}
}

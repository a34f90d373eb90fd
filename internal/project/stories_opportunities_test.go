package project_test

// The pipeline that is in the sandbox at the start, and its stages.
const (
	pipelineID = "sandboxPipeline00001"
	firstStage = "sandboxStage00000001"
	lastStage  = "sandboxStage00000003"
)

// newOpportunity is what an opportunity of the first contact is made of.
func newOpportunity(s *sandboxed) map[string]any {
	return map[string]any{"name": "A party", "pipelineId": pipelineID, "status": "open", "contactId": contact(s), "monetaryValue": 900}
}

func makeOpportunity(s *sandboxed) string {
	s.t.Helper()
	return s.make("opportunity.create", newOpportunity(s))
}

// opportunityStories are those of opportunities and pipelines.
func opportunityStories() map[string]story {
	win := editing("opportunity.update_status", "opportunityId", map[string]any{"status": "won"})
	move := editing("opportunity.update", "opportunityId", map[string]any{"pipelineStageId": lastStage})
	remove := editing("opportunity.delete", "opportunityId", nil)
	return map[string]story{
		"highlevel.opportunity.search": life(makeOpportunity, win, remove, story{trigger: walk, confirmed: true}),
		// Sorted by creation: what changes shows where the whole list is read.
		"highlevel.opportunity.search_legacy": life(makeOpportunity, move, remove, story{trigger: walk}),
		"highlevel.opportunity.get":           single(story{with: "opportunityId: $id", before: makeOpportunity, change: win, remove: remove}),
		"highlevel.pipeline.list": life(
			func(s *sandboxed) string { s.world.SetPipeline("p2", "Suppliers", "s1"); return "p2" },
			func(s *sandboxed, id string) string { s.world.SetPipeline(id, "Suppliers", "s1", "s2"); return id },
			func(s *sandboxed, id string) string { s.world.DeletePipeline(id); return id },
			story{},
		),
	}
}

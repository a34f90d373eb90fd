package project_test

// opportunityDeeds are the writes of opportunities.
func opportunityDeeds() []deed {
	all := counted("opportunity.search", map[string]any{"limit": 500})
	var it string
	// on returns the inputs of a write on a new opportunity, which has a follower.
	on := func(in map[string]any) func(s *sandboxed) map[string]any {
		return func(s *sandboxed) map[string]any {
			it = makeOpportunity(s)
			s.call("highlevel", "opportunity.follower.add", map[string]any{"opportunityId": it, "followers": []any{"u1"}})
			return plus(map[string]any{"opportunityId": it}, in)
		}
	}
	shows := func(want map[string]any) func(s *sandboxed, _ map[string]any) string {
		return func(s *sandboxed, _ map[string]any) string {
			return s.shows("opportunity.get", map[string]any{"opportunityId": it}, want)
		}
	}
	return []deed{
		{
			operation: "opportunity.create",
			inputs: func(s *sandboxed) map[string]any {
				return plus(newOpportunity(s), map[string]any{"customFields": []any{map[string]any{"id": "f1", "field_value": "x"}}})
			},
			seen: listed("opportunity.search", map[string]any{"limit": 500}, map[string]any{
				"name": "A party", "pipelineStageId": firstStage, "monetaryValue": 900, "customFields": []any{map[string]any{"id": "f1", "fieldValue": "x"}},
			}),
			rows: all,
		},
		{
			operation: "opportunity.update",
			inputs:    on(map[string]any{"pipelineStageId": lastStage, "monetaryValue": 950}),
			seen:      shows(map[string]any{"pipelineStageId": lastStage, "monetaryValue": 950, "name": "A party"}),
			rows:      all,
		},
		{
			operation: "opportunity.update_status",
			inputs:    on(map[string]any{"status": "lost", "lostReasonId": "r1"}),
			seen:      shows(map[string]any{"status": "lost", "lostReasonId": "r1"}),
			rows:      all,
		},
		{
			operation: "opportunity.upsert",
			inputs: func(*sandboxed) map[string]any {
				return map[string]any{"pipelineId": pipelineID, "name": "A wedding", "followers": []any{"u1"}}
			},
			seen: listed("opportunity.search", map[string]any{"limit": 500}, map[string]any{"name": "A wedding", "followers": []any{"u1"}}),
			rows: all,
		},
		{
			operation: "opportunity.delete",
			inputs:    on(nil),
			seen: func(s *sandboxed, _ map[string]any) string {
				if missing := s.gone("opportunity.get", map[string]any{"opportunityId": it}); missing != "" {
					return missing
				}
				return s.absent("opportunity.search", map[string]any{"limit": 500}, "id", it)
			},
		},
		{
			operation: "opportunity.follower.add",
			inputs:    on(map[string]any{"followers": []any{"u2"}}),
			seen:      shows(map[string]any{"followers": []any{"u1", "u2"}}),
		},
		{
			operation: "opportunity.follower.remove",
			inputs:    on(map[string]any{"followers": []any{"u1"}}),
			seen:      shows(map[string]any{"followers": []any{}}),
		},
	}
}

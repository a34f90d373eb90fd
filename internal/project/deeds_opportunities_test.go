package project_test

// opportunityDeeds are the writes of opportunities.
func opportunityDeeds() []deed {
	wide := map[string]any{"limit": 500}
	all := counted("opportunity.search", wide)
	return []deed{
		{
			operation: "opportunity.create",
			inputs: func(s *sandboxed) map[string]any {
				return plus(newOpportunity(s), map[string]any{"customFields": []any{map[string]any{"id": "f1", "field_value": "x"}}})
			},
			seen: listed("opportunity.search", wide, map[string]any{
				"name": "A party", "pipelineStageId": firstStage, "monetaryValue": 900, "customFields": []any{map[string]any{"id": "f1", "fieldValue": "x"}},
			}),
			rows: all,
		},
		{
			operation: "opportunity.upsert",
			inputs: func(*sandboxed) map[string]any {
				return map[string]any{"pipelineId": pipelineID, "name": "A wedding", "followers": []any{"u1"}}
			},
			seen: listed("opportunity.search", wide, map[string]any{"name": "A wedding", "followers": []any{"u1"}}),
			rows: all,
		},
		onOpportunity("opportunity.update", map[string]any{"pipelineStageId": lastStage, "monetaryValue": 950},
			map[string]any{"pipelineStageId": lastStage, "monetaryValue": 950, "name": "A party"}),
		onOpportunity("opportunity.update_status", map[string]any{"status": "lost", "lostReasonId": "r1"}, map[string]any{"status": "lost", "lostReasonId": "r1"}),
		onOpportunity("opportunity.follower.add", map[string]any{"followers": []any{"u2"}}, map[string]any{"followers": []any{"u1", "u2"}}),
		onOpportunity("opportunity.follower.remove", map[string]any{"followers": []any{"u1"}}, map[string]any{"followers": []any{}}),
		onOpportunity("opportunity.delete", nil, nil),
	}
}

// onOpportunity is a write on a new opportunity, which has a follower; its read shows it.
// want is nil for a write that deletes.
func onOpportunity(operation string, in, want map[string]any) deed {
	var it string
	return deed{
		operation: operation,
		inputs: func(s *sandboxed) map[string]any {
			it = makeOpportunity(s)
			s.call("highlevel", "opportunity.follower.add", map[string]any{"opportunityId": it, "followers": []any{"u1"}})
			return plus(map[string]any{"opportunityId": it}, in)
		},
		seen: func(s *sandboxed, _ map[string]any) string {
			if want != nil {
				return s.shows("opportunity.get", map[string]any{"opportunityId": it}, want)
			}
			if missing := s.gone("opportunity.get", map[string]any{"opportunityId": it}); missing != "" {
				return missing
			}
			return s.absent("opportunity.search", map[string]any{"limit": 500}, "id", it)
		},
		rows: counted("opportunity.search", map[string]any{"limit": 500}),
	}
}

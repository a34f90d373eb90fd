package project_test

// setupCosts are the idle costs of what a location is set up with.
func setupCosts() []idle {
	once := func(operation string) idle {
		return idle{operation: "highlevel." + operation, rule: "1", want: map[string]int{operation: 1}}
	}
	return []idle{
		once("custom_field.list"), once("custom_value.list"), once("tag.list"), once("workflow.list"), once("campaign.list"), once("snapshot.list"), once("company.get"),
		{operation: "highlevel.location.search", rule: "N/P, with one more for the end", want: map[string]int{"location.search": 1 + 1}},
	}
}

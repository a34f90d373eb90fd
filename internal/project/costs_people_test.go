package project_test

// peopleCosts are the idle costs of users and businesses. The sandbox has one of each at the
// start.
func peopleCosts() []idle {
	const end = "N/P, with one more for the end"
	return []idle{
		{operation: "highlevel.business.list", rule: "N/P", want: map[string]int{"business.list": 1}},
		{operation: "highlevel.business.get", with: "businessId: b", rule: "1", want: map[string]int{"business.get": 1}},
		// The largest page is not documented, but the answer counts all.
		{operation: "highlevel.user.search", rule: end, want: map[string]int{"user.search": 1 + 1}},
		{operation: "highlevel.user.filter_by_email", with: "emails: sandy.box@example.com", rule: end, want: map[string]int{"user.filter_by_email": 1 + 1}},
		{operation: "highlevel.user.list_by_location", rule: "1", want: map[string]int{"user.list_by_location": 1}},
		{operation: "highlevel.user.get", with: "userId: u", rule: "1", want: map[string]int{"user.get": 1}},
	}
}

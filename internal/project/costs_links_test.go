package project_test

// linkCosts are the idle costs of associations, relations and blogs. The largest pages are
// not documented, so most lists end with an empty one.
func linkCosts() []idle {
	const twice, contacts = "N/P, with one more for the end", 250
	return []idle{
		{operation: "highlevel.association.list", rule: twice, want: map[string]int{"association.list": 1 + 1}},
		{operation: "highlevel.association.list_by_object_key", with: "objectKey: contact", rule: "1", want: map[string]int{"association.list_by_object_key": 1}},
		{operation: "highlevel.association.get", with: "associationId: a", rule: "1", want: map[string]int{"association.get": 1}},
		{operation: "highlevel.association.get_by_key", with: "keyName: friend", rule: "1", want: map[string]int{"association.get_by_key": 1}},
		{
			operation: "highlevel.relation.list_by_record", rule: "C, with one more for the contacts",
			want: map[string]int{"relation.list_by_record": contacts, "contact.search": 1},
		},
		{operation: "highlevel.blog.site.list", rule: twice, want: map[string]int{"blog.site.list": 1 + 1}},
		{operation: "highlevel.blog.author.list", rule: twice, want: map[string]int{"blog.author.list": 1 + 1}},
		{operation: "highlevel.blog.category.list", rule: twice, want: map[string]int{"blog.category.list": 1 + 1}},
		{operation: "highlevel.blog.slug_check", with: "urlSlug: hello", rule: "1", want: map[string]int{"blog.slug_check": 1}},
		{
			operation: "highlevel.blog.post.list", rule: "one for each blog, and those for the list of blogs",
			want: map[string]int{"blog.post.list": 1, "blog.site.list": 1 + 1},
		},
	}
}

package project_test

// blogDeeds are the writes of blogs.
func blogDeeds() []deed {
	posts := map[string]any{"blogId": "sandboxBlog000000001", "limit": 100, "offset": 0}
	return []deed{
		{
			operation: "blog.post.create",
			inputs:    func(*sandboxed) map[string]any { return newPost("hello", map[string]any{"tags": []any{"a"}}) },
			seen: func(s *sandboxed, answer map[string]any) string {
				return s.among("blog.post.list", posts, map[string]any{"_id": answer["_id"], "urlSlug": "hello", "status": "DRAFT"})
			},
			rows: func(s *sandboxed) int { return len(s.list("blog.post.list", posts)) },
		},
		{
			operation: "blog.post.update",
			inputs: func(s *sandboxed) map[string]any {
				return newPost("hello-again", map[string]any{"postId": post(s, "hello"), "title": "Hello again", "status": "PUBLISHED"})
			},
			seen: func(s *sandboxed, answer map[string]any) string {
				return s.among("blog.post.list", posts, map[string]any{"_id": answer["_id"], "title": "Hello again", "urlSlug": "hello-again", "status": "PUBLISHED"})
			},
			rows: func(s *sandboxed) int { return len(s.list("blog.post.list", posts)) },
		},
	}
}

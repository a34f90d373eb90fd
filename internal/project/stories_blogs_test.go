package project_test

import (
	"fmt"
	"maps"
)

// newPost are the inputs of a post with a slug on the blog that there is.
func newPost(slug string, more map[string]any) map[string]any {
	in := map[string]any{
		"blogId": "sandboxBlog000000001", "title": "Hello", "description": "The first post", "rawHTML": "<p>Hello</p>", "status": "DRAFT",
		"imageUrl": "https://example.com/a.png", "imageAltText": "A door", "categories": []any{"sandboxCategory00001"}, "author": "sandboxAuthor0000001",
		"urlSlug": slug, "publishedAt": "2027-01-01T00:00:00Z",
	}
	maps.Copy(in, more)
	return in
}

// post makes a post with a slug and returns its id.
func post(s *sandboxed, slug string) string {
	return fmt.Sprint(s.call("highlevel", "blog.post.create", newPost(slug, nil))["_id"])
}

// blogStories are those of blogs. Their sites, authors and categories are made in the web
// app.
func blogStories() map[string]story {
	var id string
	return map[string]story{
		"highlevel.blog.site.list":     keptStory("blog", "_id", map[string]any{"name": "Recipes"}, map[string]any{"name": "Kitchen"}),
		"highlevel.blog.author.list":   keptStory("blog_author", "_id", map[string]any{"name": "Bea"}, map[string]any{"name": "Bea Li"}),
		"highlevel.blog.category.list": keptStory("blog_category", "_id", map[string]any{"label": "Food"}, map[string]any{"label": "Meals"}),
		"highlevel.blog.post.list": {
			create: func(s *sandboxed, _ string) string {
				id = post(s, "hello")
				return id
			},
			change: func(s *sandboxed, _ string) string {
				s.call("highlevel", "blog.post.update", newPost("hello", map[string]any{"postId": id, "status": "PUBLISHED"}))
				return id
			},
			remove: func(s *sandboxed, _ string) string {
				s.must(s.world.DiscardThing("blog_post", id))
				return id
			},
		},
		"highlevel.blog.slug_check": {
			with:       "urlSlug: hello",
			impossible: "created: every slug has an answer; removed: and keeps it",
			change: func(s *sandboxed, _ string) string {
				post(s, "hello")
				return "hello"
			},
		},
	}
}

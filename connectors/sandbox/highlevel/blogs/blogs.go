package blogs

import (
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/pollux-automation/pollux/connectors/sandbox/highlevel/wire"
	"github.com/pollux-automation/pollux/connectors/sandbox/service"
)

// postShape is the body of the calls for posts, which an update must have whole as well
// (spec file of 2026-06-19).
//
//nolint:gochecknoglobals // tables
var (
	postShape = &service.Shape{
		Fields: map[string]service.Kind{
			"title": service.String, "locationId": service.String, "blogId": service.String, "imageUrl": service.String, "description": service.String,
			"rawHTML": service.String, "status": service.String, "imageAltText": service.String, "categories": service.List, "tags": service.List,
			"author": service.String, "urlSlug": service.String, "canonicalLink": service.String, "publishedAt": service.String,
		},
		Required: []string{
			"title", "locationId", "blogId", "imageUrl", "description", "rawHTML", "status", "imageAltText", "categories", "author", "urlSlug", "publishedAt",
		},
	}
	statuses = wire.Choices{"status": {"DRAFT", "PUBLISHED", "SCHEDULED", "ARCHIVED"}}
)

// Blogs are those of one location. The lock of its service guards them.
type Blogs struct {
	site                              *wire.Site
	sites, authors, categories, posts wire.Objects
}

// New returns the blogs of a location: one, with an author and a category. They have no
// calls that make them.
func New(site *wire.Site) *Blogs {
	b := &Blogs{site: site}
	b.sites = wire.Objects{Site: site, Name: "Blog", ID: "_id", Many: "data", Unplaced: true}
	b.authors = wire.Objects{Site: site, Name: "Author", ID: "_id", Many: "authors", Updated: "updatedAt"}
	b.categories = wire.Objects{Site: site, Name: "Category", ID: "_id", Many: "categories", Updated: "updatedAt"}
	b.posts = wire.Objects{
		Site: site, Name: "Blog post", Var: "postId", ID: "_id", Many: "blogs", New: postShape, Edit: postShape, Choices: statuses, Write: b.write,
		Updated: "updatedAt", Unplaced: true,
	}
	b.sites.Add(wire.Object{"_id": "sandboxBlog000000001", "name": "Studio news"})
	b.authors.Add(wire.Object{"_id": "sandboxAuthor0000001", "name": "Ann Lee", "canonicalLink": "https://example.com/author/ann-lee"})
	b.categories.Add(wire.Object{
		"_id": "sandboxCategory00001", "label": "News", "urlSlug": "news", "canonicalLink": "https://example.com/category/news",
	})
	return b
}

// Kinds are the kinds of things that people make in the web app, by their names.
func (b *Blogs) Kinds() map[string]*wire.Objects {
	return map[string]*wire.Objects{"blog": &b.sites, "blog_author": &b.authors, "blog_category": &b.categories, "blog_post": &b.posts}
}

// Routes are the calls for all of them.
func (b *Blogs) Routes() []service.Route {
	list := func(o *wire.Objects) func(*service.Call) service.Answer {
		return b.site.Local(func(c *service.Call) service.Answer { return o.Pages(c, o.All(), "offset", 0) })
	}
	return []service.Route{
		service.At("GET", "/blogs/posts/url-slug-exists", "blog.slug_check", b.site.Local(b.checkSlug)),
		service.At("GET", "/blogs/authors", "blog.author.list", list(&b.authors)),
		service.At("GET", "/blogs/categories", "blog.category.list", list(&b.categories)),
		service.At("GET", "/blogs/posts/all", "blog.post.list", b.site.Local(b.listPosts)),
		service.At("GET", "/blogs/site/all", "blog.site.list", b.site.Local(b.listSites)),
		service.At("POST", "/blogs/posts", "blog.post.create", b.createPost),
		service.At("PUT", "/blogs/posts/{postId}", "blog.post.update", b.updatePost),
	}
}

// write refuses a blog, an author or a category that there is not, and a slug that another
// post has; none of it is documented.
func (b *Blogs) write(former, body wire.Object) (wire.Object, service.Answer) {
	if _, err := time.Parse(time.RFC3339, service.Text(body["publishedAt"])); err != nil {
		return nil, wire.Refuse(http.StatusUnprocessableEntity, "publishedAt must be a valid ISO 8601 date string")
	}
	if _, ok := b.sites.Get(service.Text(body["blogId"])); !ok {
		return nil, b.sites.Unknown(service.Text(body["blogId"]))
	}
	if _, ok := b.authors.Get(service.Text(body["author"])); !ok {
		return nil, b.authors.Unknown(service.Text(body["author"]))
	}
	for _, id := range service.Texts(body["categories"]) {
		if _, ok := b.categories.Get(id); !ok {
			return nil, b.categories.Unknown(id)
		}
	}
	if b.taken(service.Text(body["urlSlug"]), b.posts.IDOf(former)) {
		return nil, wire.Refuse(http.StatusBadRequest, "A post with this urlSlug is already there.")
	}
	delete(body, "locationId")
	if body["tags"] == nil {
		body["tags"] = []any{}
	}
	body["archived"] = body["status"] == "ARCHIVED"
	return body, service.Answer{}
}

// taken reports whether another post has a slug.
func (b *Blogs) taken(slug, but string) bool {
	return len(b.posts.Where(func(p wire.Object) bool { return p["urlSlug"] == slug && b.posts.IDOf(p) != but })) > 0
}

func (b *Blogs) checkSlug(c *service.Call) service.Answer {
	params, refused := wire.Query(c, nil, "urlSlug")
	if refused.Status != 0 {
		return refused
	}
	return b.site.Say(http.StatusOK, wire.Object{"exists": b.taken(params.Get("urlSlug"), params.Get("postId"))})
}

// shown is a post as answers show it: without its text and without its blog (spec file of
// 2026-06-19).
func shown(post wire.Object) wire.Object {
	post = maps.Clone(post)
	delete(post, "rawHTML")
	delete(post, "blogId")
	return post
}

// listPosts shows the oldest first; the service's order is not documented.
func (b *Blogs) listPosts(c *service.Call) service.Answer {
	params, refused := wire.Query(c, statuses, "blogId")
	if refused.Status != 0 {
		return refused
	}
	rows := b.posts.Where(func(p wire.Object) bool {
		return p["blogId"] == params.Get("blogId") && (!params.Has("status") || p["status"] == params.Get("status")) &&
			service.ContainsFold(service.Text(p["title"]), params.Get("searchTerm"))
	})
	for i := range rows {
		rows[i] = shown(rows[i])
	}
	return b.posts.Pages(c, rows, "offset", 0)
}

func (b *Blogs) listSites(c *service.Call) service.Answer {
	term := c.URL.Query().Get("searchTerm")
	rows := slices.DeleteFunc(b.sites.All(), func(row wire.Object) bool { return !service.ContainsFold(service.Text(row["name"]), term) })
	return b.sites.Pages(c, rows, "skip", 0)
}

// createPost and updatePost answer under two different members.
func (b *Blogs) createPost(c *service.Call) service.Answer {
	return b.answer(b.posts.ServeNew(c), c, "data")
}

func (b *Blogs) updatePost(c *service.Call) service.Answer {
	return b.answer(b.posts.ServeEdit(c), c, "updatedBlogPost")
}

// answer shows the post that a call has written.
func (b *Blogs) answer(done service.Answer, c *service.Call, member string) service.Answer {
	if done.Status > 299 {
		return done
	}
	post, _ := b.posts.Get(c.Target)
	return b.site.Say(http.StatusOK, wire.Object{member: shown(post)})
}

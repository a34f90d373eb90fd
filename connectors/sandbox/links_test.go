package sandbox_test

import (
	"strings"
	"testing"

	"github.com/pollux-automation/pollux/connectors/sandbox"
)

func TestHighLevel_AssociationsAndRelations(t *testing.T) {
	t.Parallel()
	c := open(sandbox.Options{Contacts: 2})
	who, loc := c.Contacts()[0], `"locationId":"`+c.at.LocationID+`"`
	at := "?locationId=" + c.at.LocationID
	body := `{` + loc + `,"key":"mentor","firstObjectKey":"contact","firstObjectLabel":"Mentor","secondObjectKey":"custom_objects.course","secondObjectLabel":{"one":"Course"}}`
	id := c.hl(t, "POST", "/associations/", body).want(t, "create", 201).text1("id")
	relation := `{` + loc + `,"associationId":"` + id + `","firstRecordId":"` + who + `","secondRecordId":"course1"}`
	related := c.hl(t, "POST", "/associations/relations", relation).want(t, "relate", 201).text1("id")
	c.all(t, []asked{
		{"the same key", "POST", "/associations/", body, 400, "already"},
		{"no label", "POST", "/associations/", strings.Replace(body, `"firstObjectLabel":"Mentor",`, "", 1), 422, "firstObjectLabel"},
		{"elsewhere", "POST", "/associations/", strings.Replace(body, c.at.LocationID, "x", 1), 403, ""},
		{"list without a page", "GET", "/associations/" + at, "", 422, "limit should not be empty"},
		{"a page", "GET", "/associations/" + at + "&skip=2&limit=1", "", 200, `"key":"mentor"`},
		{"by key", "GET", "/associations/key/mentor" + at, "", 200, id},
		{"by an unknown key", "GET", "/associations/key/x" + at, "", 400, "not found"},
		{"by object", "GET", "/associations/objectKey/custom_objects.course", "", 200, id},
		{"by object elsewhere", "GET", "/associations/objectKey/contact?locationId=x", "", 403, ""},
		{"change the key", "PUT", "/associations/" + id, `{"key":"x","firstObjectLabel":"a","secondObjectLabel":"b"}`, 422, "key should not exist"},
		{"change labels", "PUT", "/associations/" + id, `{"firstObjectLabel":"Coach","secondObjectLabel":"Course"}`, 200, `"Coach"`},
		{"change the service's own", "PUT", "/associations/sandboxAssociation01", `{"firstObjectLabel":"a","secondObjectLabel":"b"}`, 400, "USER_DEFINED"},
		{"delete the service's own", "DELETE", "/associations/sandboxAssociation01", "", 400, "USER_DEFINED"},
		{"relate nobody", "POST", "/associations/relations", strings.Replace(relation, who, "nobody", 1), 400, "Contact not found"},
		{"relate by nothing", "POST", "/associations/relations", strings.Replace(relation, id, "x", 1), 400, "Association not found"},
		{"relations", "GET", "/associations/relations/course1" + at + "&skip=0&limit=10", "", 200, related},
		{"relations by association", "GET", "/associations/relations/" + who + at + "&skip=0&limit=10&associationIds=x,y", "", 200, `"relations":[]`},
		{"relations without a page", "GET", "/associations/relations/" + who + at, "", 422, "skip should not be empty"},
		{"unrelate without a location", "DELETE", "/associations/relations/" + related, "", 422, "locationId"},
		{"unrelate", "DELETE", "/associations/relations/" + related + at, "", 200, related},
		{"unrelate again", "DELETE", "/associations/relations/" + related + at, "", 400, "not found"},
		{"relate again", "POST", "/associations/relations", relation, 201, ""},
	})
	if err := c.DeleteContact(who); err != nil {
		t.Fatal(err)
	}
	c.all(t, []asked{
		{"relations of a contact that is gone", "GET", "/associations/relations/course1" + at + "&skip=0&limit=10", "", 200, `"relations":[]`},
		{"delete", "DELETE", "/associations/" + id, "", 200, `"deleted":true`},
		{"delete again", "DELETE", "/associations/" + id, "", 400, "not found"},
	})
}

func TestHighLevel_BlogsAndTheirPosts(t *testing.T) {
	t.Parallel()
	c := open(sandbox.Options{})
	at := "?locationId=" + c.at.LocationID
	body := `{"locationId":"` + c.at.LocationID + `","blogId":"sandboxBlog000000001","title":"Hello","description":"d","rawHTML":"<p>","status":"DRAFT","imageUrl":"u",` +
		`"imageAltText":"a","categories":["sandboxCategory00001"],"author":"sandboxAuthor0000001","urlSlug":"hello","publishedAt":"2027-01-01T00:00:00Z"}`
	id := c.hl(t, "POST", "/blogs/posts", body).want(t, "create", 200).text1("data", "_id")
	with := func(old, other string) string { return strings.Replace(body, old, other, 1) }
	posts := "/blogs/posts/all" + at + "&limit=10&offset=0&blogId="
	c.all(t, []asked{
		{"the same slug", "POST", "/blogs/posts", body, 400, "urlSlug"},
		{"a status", "POST", "/blogs/posts", with("DRAFT", "draft"), 422, "status must be one of"},
		{"a time", "POST", "/blogs/posts", with("2027-01-01T00:00:00Z", "soon"), 422, "publishedAt"},
		{"a blog", "POST", "/blogs/posts", with("sandboxBlog000000001", "x"), 400, "Blog not found"},
		{"an author", "POST", "/blogs/posts", with("sandboxAuthor0000001", "x"), 400, "Author not found"},
		{"a category", "POST", "/blogs/posts", with("sandboxCategory00001", "x"), 400, "Category not found"},
		{"an unknown property", "POST", "/blogs/posts", with(`"title"`, `"wordCount":1,"title"`), 422, "wordCount should not exist"},
		{"a part of an update", "PUT", "/blogs/posts/" + id, `{"title":"x"}`, 422, "rawHTML should not be empty"},
		{"an update", "PUT", "/blogs/posts/" + id, with("DRAFT", "ARCHIVED"), 200, `"updatedBlogPost"`},
		{"an unknown post", "PUT", "/blogs/posts/x", body, 400, "not found"},
		{"the slug", "GET", "/blogs/posts/url-slug-exists" + at + "&urlSlug=hello", "", 200, `"exists":true`},
		{"its own slug", "GET", "/blogs/posts/url-slug-exists" + at + "&urlSlug=hello&postId=" + id, "", 200, `"exists":false`},
		{"no slug", "GET", "/blogs/posts/url-slug-exists" + at, "", 422, "urlSlug"},
		{"posts", "GET", posts + "sandboxBlog000000001&status=ARCHIVED&searchTerm=hell", "", 200, `"archived":true`},
		{"posts with a status", "GET", posts + "sandboxBlog000000001&status=DRAFT", "", 200, `"blogs":[]`},
		{"posts of nothing", "GET", posts, "", 422, "blogId"},
		{"blogs", "GET", "/blogs/site/all" + at + "&limit=1&skip=0&searchTerm=studio", "", 200, "sandboxBlog000000001"},
		{"blogs without a page", "GET", "/blogs/site/all" + at, "", 422, "limit"},
		{"authors", "GET", "/blogs/authors" + at + "&limit=1&offset=0", "", 200, `"authors":[{`},
		{"categories", "GET", "/blogs/categories" + at + "&limit=1&offset=1", "", 200, `"categories":[]`},
	})
}

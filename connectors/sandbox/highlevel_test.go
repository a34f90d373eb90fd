package sandbox_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/connectors/sandbox"
)

// yes is a part of most answers to writes, spelled as the service spells it.
const yes = `"succeded":true` //nolint:misspell // the service's own spelling

// search asks for a page of contacts with more members in the body.
func (c *client) search(t *testing.T, limit int, more string) *reply {
	t.Helper()
	return c.hl(t, "POST", "/contacts/search", fmt.Sprintf(`{"locationId":%q,"pageLimit":%d%s}`, c.at.LocationID, limit, more))
}

func (r *reply) ids() []string {
	var out []string
	rows, _ := r.object["contacts"].([]any)
	for _, row := range rows {
		out = append(out, row.(map[string]any)["id"].(string)) //nolint:forcetypeassert // a test fails either way
	}
	return out
}

// cursor returns the searchAfter of the last row, as JSON.
func (r *reply) cursor() string {
	rows, _ := r.object["contacts"].([]any)
	if len(rows) == 0 {
		return ""
	}
	var raw struct {
		Contacts []struct{ SearchAfter json.RawMessage }
	}
	_ = json.Unmarshal([]byte(r.text), &raw)
	return string(raw.Contacts[len(raw.Contacts)-1].SearchAfter)
}

func TestHighLevel_RefusesAsTheServiceDoes(t *testing.T) {
	t.Parallel()
	c := open(sandbox.Options{Contacts: 1, HighLevelLimit: sandbox.Limit{Requests: -1}})
	id := c.Contacts()[0]
	url, good := c.at.HighLevelURL, c.highLevelHeader()
	loc := `{"locationId":"` + c.at.LocationID + `"`
	for name, tc := range map[string]struct {
		method, path, body string
		header             map[string]string
		status             int
		part               string
	}{
		"no token":              {"GET", "/contacts/" + id, "", map[string]string{"Version": "2021-07-28"}, 401, "token"},
		"wrong token":           {"GET", "/contacts/" + id, "", map[string]string{"Authorization": "Bearer x", "Version": "2021-07-28"}, 401, "token"},
		"no version":            {"GET", "/contacts/" + id, "", map[string]string{"Authorization": good["Authorization"]}, 401, "version header"},
		"wrong version":         {"GET", "/contacts/" + id, "", map[string]string{"Authorization": good["Authorization"], "Version": "1"}, 401, "version header"},
		"unknown path":          {"GET", "/nothing", "", good, 404, ""},
		"unknown contact":       {"GET", "/contacts/x", "", good, 400, "not found"},
		"wrong location":        {"POST", "/contacts/search", `{"locationId":"x","pageLimit":1}`, good, 403, "access to this location"},
		"no page limit":         {"POST", "/contacts/search", loc + `}`, good, 422, "pageLimit should not be empty"},
		"no location":           {"POST", "/contacts/search", `{"pageLimit":1}`, good, 422, "locationId should not be empty"},
		"page limit too high":   {"POST", "/contacts/search", loc + `,"pageLimit":501}`, good, 422, "pageLimit"},
		"page beyond the end":   {"POST", "/contacts/search", loc + `,"pageLimit":500,"page":21}`, good, 400, "10000"},
		"unknown search field":  {"POST", "/contacts/search", loc + `,"pageLimit":1,"size":3}`, good, 422, "property size should not exist"},
		"bare gt":               {"POST", "/contacts/search", loc + `,"pageLimit":1,"filters":[{"field":"dateUpdated","operator":"gt","value":1}]}`, good, 400, "Invalid Operator (gt) passed for field dateUpdated"},
		"unknown filter field":  {"POST", "/contacts/search", loc + `,"pageLimit":1,"filters":[{"field":"shoe","operator":"eq","value":1}]}`, good, 400, "Invalid field"},
		"range without bounds":  {"POST", "/contacts/search", loc + `,"pageLimit":1,"filters":[{"field":"dateUpdated","operator":"range","value":5}]}`, good, 400, "range"},
		"unknown group":         {"POST", "/contacts/search", loc + `,"pageLimit":1,"filters":[{"group":"XOR","filters":[]}]}`, good, 400, "Invalid group"},
		"unknown sort":          {"POST", "/contacts/search", loc + `,"pageLimit":1,"sort":[{"field":"x","direction":"asc"}]}`, good, 400, "sort"},
		"sort nowhere":          {"POST", "/contacts/search", loc + `,"pageLimit":1,"sort":[{"field":"dateAdded","direction":"up"}]}`, good, 400, "direction"},
		"half a cursor":         {"POST", "/contacts/search", loc + `,"pageLimit":1,"searchAfter":[1]}`, good, 400, "searchAfter"},
		"query too long":        {"POST", "/contacts/search", loc + `,"pageLimit":1,"query":"` + strings.Repeat("x", 76) + `"}`, good, 422, "75"},
		"broken JSON":           {"POST", "/contacts/search", `{"locationId"`, good, 400, "JSON"},
		"null body":             {"POST", "/contacts/search", `null`, good, 400, "JSON"},
		"unknown contact field": {"PUT", "/contacts/" + id, `{"firstname":"x"}`, good, 422, "property firstname should not exist"},
		"wrong type":            {"PUT", "/contacts/" + id, `{"firstName":5}`, good, 422, "firstName must be string"},
		"bad address":           {"PUT", "/contacts/" + id, `{"email":"x"}`, good, 422, "email must be an email"},
		"location on update":    {"PUT", "/contacts/" + id, loc + `}`, good, 422, "property locationId should not exist"},
		"task without due date": {"POST", "/contacts/" + id + "/tasks", `{"title":"t","completed":false}`, good, 422, "dueDate should not be empty"},
		"note without body":     {"POST", "/contacts/" + id + "/notes", `{}`, good, 422, "body should not be empty"},
		"unknown note":          {"GET", "/contacts/" + id + "/notes/x", "", good, 400, "Note not found"},
		"bulk of no type":       {"POST", "/contacts/bulk/tags/update/swap", loc + `,"contacts":["a"],"tags":["b"]}`, good, 422, "type"},
		"tasks elsewhere":       {"POST", "/locations/x/tasks/search", `{}`, good, 403, "location"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.must(t, tc.method, url+tc.path, tc.body, tc.header).wantText(t, name, tc.status, tc.part)
		})
	}
}

func TestHighLevel_ContactLifeCycle(t *testing.T) {
	t.Parallel()
	c := open(sandbox.Options{})
	loc := `"locationId":"` + c.at.LocationID + `"`
	made := c.hl(t, "POST", "/contacts/", `{`+loc+`,"name":"Ada Park","email":"Ada@Example.com","tags":["VIP"],"customFields":[{"key":"plan","field_value":"gold"},{"id":"nobody","field_value":1}]}`).want(t, "create", 201)
	id := made.text1("contact", "id")
	if made.text1("contact", "email") != "ada@example.com" || made.text1("contact", "contactName") != "Ada Park" || made.text1("traceId") == "" {
		t.Errorf("created contact: got %s", made.text)
	}
	if diff := cmp.Diff([]any{map[string]any{"id": "sandboxFieldPlan0001", "value": "gold"}}, made.member("contact", "customFields")); diff != "" {
		t.Errorf("custom fields (-want +got):\n%s", diff)
	}
	c.hl(t, "POST", "/contacts/", `{`+loc+`,"email":"ada@example.com"}`).wantText(t, "create again", 400, "duplicated")
	up := c.hl(t, "POST", "/contacts/upsert", `{`+loc+`,"email":"ada@example.com","firstName":"Adele"}`).want(t, "upsert", 200)
	if up.member("new") != false || up.text1("contact", "id") != id || up.text1("contact", "firstName") != "Adele" {
		t.Errorf("upsert of a known address: got %s", up.text)
	}
	up = c.hl(t, "POST", "/contacts/upsert", `{`+loc+`,"email":"new@example.com"}`).want(t, "upsert", 200)
	if up.member("new") != true || up.text1("contact", "id") == id {
		t.Errorf("upsert of a new address: got %s", up.text)
	}
	c.hl(t, "PUT", "/contacts/"+id, `{"dnd":true,"lastName":null}`).want(t, "update", 200)
	got := c.hl(t, "GET", "/contacts/"+id, "").want(t, "get", 200)
	if got.member("contact", "dnd") != true || got.member("contact", "lastName") != nil {
		t.Errorf("updated contact: got %s", got.text)
	}
	dup := c.hl(t, "GET", "/contacts/search/duplicate?locationId="+c.at.LocationID+"&email=ada%40example.com", "").want(t, "duplicate", 200)
	if dup.text1("contact", "id") != id {
		t.Errorf("duplicate search: got %s, want contact %s", dup.text, id)
	}
	c.hl(t, "DELETE", "/contacts/"+id, "").wantText(t, "delete", 200, yes)
	c.hl(t, "GET", "/contacts/"+id, "").want(t, "get after delete", 400)
	none := c.hl(t, "GET", "/contacts/search/duplicate?locationId="+c.at.LocationID+"&email=ada%40example.com", "").want(t, "duplicate", 200)
	if none.member("contact") != nil {
		t.Errorf("duplicate search after delete: got %s, want null", none.text)
	}
}

func TestHighLevel_TagsMoveTheUpdatedTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := open(sandbox.Options{})
		id := c.AddContact(map[string]any{"firstName": "Ann", "tags": []string{"a"}})
		updated := func() string { return c.hl(t, "GET", "/contacts/"+id, "").text1("contact", "dateUpdated") }
		first := updated()
		pass(time.Second)
		c.hl(t, "POST", "/contacts/"+id+"/tags", `{"tags":["A"]}`).wantText(t, "add a known tag", 201, `"tagsAdded":[]`)
		c.hl(t, "POST", "/contacts/"+id+"/notes", `{"body":"hello"}`).want(t, "note", 201)
		if got := updated(); got != first {
			t.Errorf("updated time after nothing changed: got %s, want %s", got, first)
		}
		c.hl(t, "POST", "/contacts/"+id+"/tags", `{"tags":["b"]}`).wantText(t, "add a tag", 201, `"tagsAdded":["b"]`)
		second := updated()
		if second <= first {
			t.Errorf("updated time after a new tag: got %s, want later than %s", second, first)
		}
		c.hl(t, "DELETE", "/contacts/"+id+"/tags", `{"tags":["a","z"]}`).wantText(t, "remove tags", 200, `"tagsRemoved":["a"]`)
		body := fmt.Sprintf(`{"locationId":%q,"contacts":[%q,"x"],"tags":["c"]}`, c.at.LocationID, id)
		c.hl(t, "POST", "/contacts/bulk/tags/update/add", body).wantText(t, "bulk", 201, `"errorCount":1`)
		if diff := cmp.Diff([]any{"b", "c"}, c.hl(t, "GET", "/contacts/"+id, "").member("contact", "tags")); diff != "" {
			t.Errorf("tags (-want +got):\n%s", diff)
		}
	})
}

func TestHighLevel_SearchWalksEveryRowOnce(t *testing.T) {
	t.Parallel()
	for _, direction := range []string{"asc", "desc"} {
		for _, field := range []string{"dateUpdated", "dateAdded"} {
			t.Run(field+" "+direction, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) { // everything at the same millisecond: ties everywhere
					c := open(sandbox.Options{Seed: 1, HighLevelLimit: sandbox.Limit{Requests: -1}})
					want := c.Make(57, 0).Created
					met := map[string]int{}
					more := fmt.Sprintf(`,"sort":[{"field":%q,"direction":%q}]`, field, direction)
					for after := ""; ; {
						r := c.search(t, 10, more+after).want(t, "search", 200)
						for _, id := range r.ids() {
							met[id]++
						}
						if r.member("total") != 57.0 {
							t.Fatalf("total: got %v, want 57", r.member("total"))
						}
						cursor := r.cursor()
						if cursor == "" {
							break
						}
						after = `,"searchAfter":` + cursor
					}
					for _, id := range want {
						if met[id] != 1 {
							t.Errorf("contact %s: got %d times, want once", id, met[id])
						}
					}
				})
			})
		}
	}
}

func TestHighLevel_SearchFiltersAndPages(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := open(sandbox.Options{HighLevelLimit: sandbox.Limit{Requests: -1}})
		var ids []string
		for i := range 6 {
			ids = append(ids, c.AddContact(map[string]any{
				"firstName": fmt.Sprint("N", i), "email": fmt.Sprintf("n%d@example.com", i), "dnd": i%2 == 0,
				"tags": []string{fmt.Sprint("t", i%3)}, "customFields": []any{map[string]any{"id": "cf", "field_value": strconv.Itoa(i)}},
			}))
			pass(time.Second)
		}
		third := time.Now().Add(-4 * time.Second).UnixMilli()
		byTime := `,"sort":[{"field":"dateUpdated","direction":"asc"}]`
		for filter, want := range map[string][]string{
			fmt.Sprintf(`{"field":"dateUpdated","operator":"range","value":{"gte":%d}}`, third):                           ids[2:],
			fmt.Sprintf(`{"field":"dateUpdated","operator":"range","value":{"gt":"%d"}}`, third):                          ids[3:],
			fmt.Sprintf(`{"field":"dateUpdated","operator":"range","value":{"gte":%d,"lt":%d}}`, third, third+1000):       ids[2:3],
			`{"field":"dateAdded","operator":"range","value":{"gt":"2000-01-01T00:00:01Z","lte":"2000-01-01T00:00:03Z"}}`: ids[2:4],
			`{"field":"email","operator":"eq","value":"N3@example.com"}`:                                                  ids[3:4],
			`{"field":"tags","operator":"contains","value":["t1"]}`:                                                       {ids[1], ids[4]},
			`{"field":"dnd","operator":"not_eq","value":true}`:                                                            {ids[1], ids[3], ids[5]},
			`{"field":"phone","operator":"exists"}`:                                                                       nil,
			`{"field":"phone","operator":"not_exists"},{"field":"firstName","operator":"not_contains","value":"N"}`:       nil,
			`{"field":"customFields.cf","operator":"eq","value":"4"}`:                                                     ids[4:5],
			`{"group":"OR","filters":[{"field":"firstName","operator":"eq","value":"N0"},{"group":"AND","filters":[
			   {"field":"dnd","operator":"eq","value":true},{"field":"tags","operator":"eq","value":"t2"}]}]}`: {ids[0], ids[2]},
		} {
			r := c.search(t, 100, byTime+`,"filters":[`+filter+`]`).want(t, filter, 200)
			if diff := cmp.Diff(want, r.ids()); diff != "" {
				t.Errorf("%s (-want +got):\n%s", filter, diff)
			}
		}
		if diff := cmp.Diff([]string{ids[3], ids[2]}, c.search(t, 2, `,"page":2`).ids()); diff != "" {
			t.Errorf("second page, newest first (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(ids[5:], c.search(t, 10, `,"query":"N5@"`).ids()); diff != "" {
			t.Errorf("query (-want +got):\n%s", diff)
		}
	})
}

func TestHighLevel_SearchLagsBehindWrites(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := open(sandbox.Options{Contacts: 1, Lag: 5 * time.Second})
		id := c.AddContact(map[string]any{"firstName": "Late"})
		c.hl(t, "GET", "/contacts/"+id, "").want(t, "direct read", 200)
		if got := len(c.search(t, 10, "").ids()); got != 1 {
			t.Errorf("rows at once: got %d, want 1", got)
		}
		pass(5 * time.Second)
		if got := len(c.search(t, 10, "").ids()); got != 2 {
			t.Errorf("rows after the lag: got %d, want 2", got)
		}
		if err := c.DeleteContact(id); err != nil {
			t.Fatal(err)
		}
		if got := len(c.search(t, 10, "").ids()); got != 2 {
			t.Errorf("rows right after a deletion: got %d, want 2", got)
		}
		pass(5 * time.Second)
		if got := len(c.search(t, 10, "").ids()); got != 1 {
			t.Errorf("rows after the deletion showed: got %d, want 1", got)
		}
	})
}

func TestHighLevel_LimitsRequests(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := open(sandbox.Options{Contacts: 1})
		for i := range 100 {
			r := c.search(t, 1, "").want(t, "search", 200)
			if got, want := r.header.Get("X-RateLimit-Remaining"), strconv.Itoa(99-i); got != want {
				t.Fatalf("remaining after %d requests: got %s, want %s", i+1, got, want)
			}
		}
		r := c.search(t, 1, "").want(t, "one too many", http.StatusTooManyRequests)
		want := map[string]string{
			"X-Ratelimit-Max": "100", "X-Ratelimit-Remaining": "0", "X-Ratelimit-Interval-Milliseconds": "10000",
			"X-Ratelimit-Limit-Daily": "200000", "X-Ratelimit-Daily-Remaining": "199900", "X-Ratelimit-Daily-Reset": "86400000",
		}
		for name, value := range want {
			if got := r.header.Get(name); got != value {
				t.Errorf("%s: got %q, want %q", name, got, value)
			}
		}
		pass(10 * time.Second)
		c.search(t, 1, "").want(t, "after the window", 200)
	})
}

func TestHighLevel_TasksNotesAndCampaigns(t *testing.T) {
	t.Parallel()
	c := open(sandbox.Options{})
	path := "/contacts/" + c.AddContact(map[string]any{"firstName": "Ann"})
	noteID := c.hl(t, "POST", path+"/notes", `{"body":"first"}`).want(t, "create a note", 201).text1("note", "id")
	c.hl(t, "PUT", path+"/notes/"+noteID, `{"body":"second","pinned":true}`).wantText(t, "update", 200, `"pinned":true`)
	c.hl(t, "GET", path+"/notes/"+noteID, "").wantText(t, "get", 200, `"body":"second"`)
	c.hl(t, "GET", path+"/notes", "").wantText(t, "list", 200, noteID)
	c.hl(t, "DELETE", path+"/notes/"+noteID, "").wantText(t, "delete", 200, yes)
	c.hl(t, "GET", path+"/notes", "").wantText(t, "list", 200, `"notes":[]`)

	due := time.Now().UTC().Format(time.RFC3339)
	taskID := c.hl(t, "POST", path+"/tasks", `{"title":"Call","dueDate":"`+due+`","completed":false}`).want(t, "create a task", 201).text1("task", "id")
	c.hl(t, "POST", path+"/tasks", `{"title":"x","dueDate":"soon","completed":false}`).wantText(t, "bad due date", 422, "dueDate")
	c.hl(t, "PUT", path+"/tasks/"+taskID, `{"title":"Call again"}`).wantText(t, "update", 200, "Call again")
	c.hl(t, "PUT", path+"/tasks/"+taskID+"/completed", `{"completed":true}`).wantText(t, "complete", 200, `"completed":true`)
	c.hl(t, "GET", path+"/tasks/"+taskID, "").wantText(t, "get", 200, `"completed":true`)
	search := "/locations/" + c.at.LocationID + "/tasks/search"
	c.hl(t, "POST", search, `{"completed":true,"query":"again"}`).wantText(t, "search", 200, taskID)
	c.hl(t, "POST", search, `{"completed":false}`).wantText(t, "search open tasks", 200, `"tasks":[]`)
	c.hl(t, "POST", search, `{"skip":1}`).wantText(t, "search past the end", 200, `"tasks":[]`)
	c.hl(t, "DELETE", path+"/tasks/"+taskID, "").want(t, "delete", 200)
	c.hl(t, "GET", path+"/tasks", "").wantText(t, "list", 200, `"tasks":[]`)

	const campaign = "/campaigns/sandboxCampaign00001"
	c.hl(t, "POST", path+campaign, "{}").want(t, "join", 201)
	c.hl(t, "DELETE", path+campaign, "").want(t, "leave", 200)
	c.hl(t, "POST", path+"/campaigns/c1", "{}").wantText(t, "join an unknown one", 400, "Campaign not found")
	c.hl(t, "DELETE", path+"/campaigns/c1", "").wantText(t, "leave an unknown one", 400, "Campaign not found")
	c.hl(t, "DELETE", path+"/campaigns/removeAll", "").want(t, "leave all", 200)
	c.hl(t, "GET", path+"/appointments", "").wantText(t, "appointments", 200, `"events":[]`)
}

func TestHighLevel_LegacyListNeedsBothCursors(t *testing.T) {
	t.Parallel()
	c := open(sandbox.Options{Contacts: 5})
	list := "/contacts/?limit=2&locationId=" + c.at.LocationID
	first := c.hl(t, "GET", list, "").want(t, "first page", 200)
	after := fmt.Sprintf("&startAfter=%.0f", first.member("meta", "startAfter"))
	again := c.hl(t, "GET", list+after, "").want(t, "with one cursor", 200)
	if diff := cmp.Diff(first.ids(), again.ids()); diff != "" {
		t.Errorf("page with one cursor (-want +got):\n%s", diff)
	}
	next := c.hl(t, "GET", list+after+"&startAfterId="+first.text1("meta", "startAfterId"), "").want(t, "with both", 200)
	if diff := cmp.Diff(first.ids(), next.ids()); diff == "" || len(next.ids()) != 2 {
		t.Errorf("page with both cursors: got %v, want two others than %v", next.ids(), first.ids())
	}
	c.hl(t, "GET", "/contacts/business/b1?locationId="+c.at.LocationID, "").wantText(t, "by business", 200, `"contacts":[]`)
}

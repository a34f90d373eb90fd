package sandbox_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/connectors/sandbox"
)

func TestStibee_RefusesAsTheServiceDoes(t *testing.T) {
	t.Parallel()
	c := open(sandbox.Options{StibeeLimit: sandbox.Limit{Requests: -1}})
	list := "/lists/" + c.at.ListID
	c.st(t, "POST", list+"/subscribers", `{"subscriber":{"email":"old@example.com","status":"subscribed"}}`).want(t, "add", 200)
	c.must(t, "GET", c.at.StibeeURL+list, "", nil).wantText(t, "no key", 400, "Errors.Authorization.NoToken")
	for name, tc := range map[string]struct{ method, path, body, code string }{
		"unknown list":       {"GET", "/lists/1", "", "Authorization.PermissionDenied"},
		"list of letters":    {"GET", "/lists/abc", "", "Data.InvalidRequest"},
		"bad address":        {"POST", list + "/subscribers", `{"subscriber":{"email":"x","status":"subscribed"}}`, "List.InvalidEmail"},
		"long address":       {"POST", list + "/subscribers", `{"subscriber":{"email":"` + strings.Repeat("x", 60) + `@example.com","status":"subscribed"}}`, "List.InvalidEmail"},
		"no status":          {"POST", list + "/subscribers", `{"subscriber":{"email":"a@example.com"}}`, "Data.InvalidRequest"},
		"unknown field":      {"POST", list + "/subscribers", `{"subscriber":{"email":"a@example.com","status":"subscribed","fields":{"shoe":"1"}}}`, "List.InvalidSubscriberVar"},
		"field of lists":     {"POST", list + "/subscribers", `{"subscriber":{"email":"a@example.com","status":"subscribed","fields":{"name":[]}}}`, "List.InvalidData"},
		"known address":      {"POST", list + "/subscribers", `{"subscriber":{"email":"OLD@example.com","status":"subscribed"}}`, "List.AlreadyExistEmail"},
		"broken JSON":        {"POST", list + "/subscribers", `{"sub`, "Data.InvalidRequest"},
		"no body":            {"POST", list + "/subscribers", "", "Data.InvalidRequest"},
		"update of nobody":   {"PUT", list + "/subscribers/x%40example.com", `{"fields":{}}`, "List.NotExistEmail"},
		"unsubscribe nobody": {"POST", list + "/subscribers/x%40example.com/unsubscribe", "", "List.NotExistEmail"},
		"page too large":     {"GET", list + "/subscribers?limit=1001", "", "Data.LimitExceeded"},
		"offset below 0":     {"GET", list + "/subscribers?offset=-1", "", "Data.InvalidRequest"},
		"delete nobody":      {"DELETE", list + "/subscribers", `{"subscribers":[]}`, "Data.InvalidRequest"},
		"delete too many":    {"DELETE", list + "/subscribers", `{"subscribers":["` + strings.Repeat(`a","`, 100) + `a"]}`, "List.LimitExceeded"},
		"unknown group":      {"POST", list + "/groups/1/assign", `{"subscriber":"old@example.com"}`, "List.NoSuchGroup"},
		"assign nobody":      {"POST", list + "/groups/" + c.at.VIPGroupID + "/assign", `{"subscriber":"x@example.com"}`, "List.NotExistEmail"},
		"group name taken":   {"POST", list + "/groups", `{"name":"VIP"}`, "List.AlreadyExistGroup"},
		"list without name":  {"POST", "/lists", `{"senderName":"x"}`, "Data.InvalidRequest"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.st(t, tc.method, tc.path, tc.body).wantText(t, name, 400, `"code":"stberror.Errors.`+tc.code+`"`)
		})
	}
}

func TestStibee_UpsertKeepsTheStatus(t *testing.T) {
	t.Parallel()
	c := open(sandbox.Options{})
	list := "/lists/" + c.at.ListID
	add := func(email, fields string) *reply {
		return c.st(t, "POST", list+"/subscribers", fmt.Sprintf(`{"updateEnabled":true,"subscriber":{"email":%q,"status":"subscribed","fields":{%s}}}`, email, fields))
	}
	add("ann@example.com", `"name":"Ann","phone":5`).wantText(t, "add", 200, "ok")
	c.st(t, "POST", list+"/subscribers/ann%40example.com/unsubscribe", "").want(t, "unsubscribe", 200)
	c.st(t, "POST", list+"/subscribers/ann%40example.com/unsubscribe", "").want(t, "unsubscribe again", 200)
	add("Ann@Example.com", `"name":"Anna"`).wantText(t, "update", http.StatusCreated, "ok")
	c.st(t, "PUT", list+"/subscribers/ANN%40example.com", `{"fields":{"city":"Seoul"}}`).want(t, "update fields", 200)
	c.st(t, "POST", list+"/groups/"+c.at.VIPGroupID+"/assign", `{"subscriber":"ann@example.com"}`).want(t, "assign", 200)
	want := []sandbox.Subscriber{{
		Email: "ann@example.com", Status: "unsubscribed",
		Fields: map[string]string{"name": "Anna", "phone": "5", "city": "Seoul"}, Groups: []int{2071},
	}}
	if diff := cmp.Diff(want, c.Subscribers(c.at.ListID)); diff != "" {
		t.Errorf("subscribers (-want +got):\n%s", diff)
	}
	c.st(t, "POST", list+"/groups/"+c.at.VIPGroupID+"/release", `{"subscriber":"ann@example.com"}`).want(t, "release", 200)
	c.st(t, "DELETE", list+"/subscribers", `{"subscribers":["ann@example.com","nobody@example.com"]}`).wantText(t, "delete", 200, "ok")
	if got := c.Subscribers(c.at.ListID); len(got) != 0 {
		t.Errorf("subscribers after delete: got %v, want none", got)
	}
}

func TestStibee_ListsWithItsOwnTimes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := open(sandbox.Options{})
		list := "/lists/" + c.at.ListID
		for i := range 25 {
			c.st(t, "POST", list+"/subscribers", fmt.Sprintf(`{"subscriber":{"email":"n%d@example.com","status":"subscribed"}}`, i)).want(t, "add", 200)
		}
		c.st(t, "POST", list+"/subscribers/double-optin", `{"subscriber":{"email":"wait@example.com"}}`).want(t, "double opt-in", 200)
		r := c.st(t, "GET", list+"/subscribers", "").want(t, "list", 200)
		if len(r.list) != 20 {
			t.Errorf("rows of the default page: got %d, want 20", len(r.list))
		}
		first, _ := r.list[0].(map[string]any)
		if got, want := first["createdTime"], "2000-01-01 09:00:00 +0900 KST"; got != want {
			t.Errorf("created time: got %v, want %v", got, want)
		}
		if got := len(c.st(t, "GET", list+"/subscribers?offset=20&limit=1000&statuses=subscribed,unsubscribed", "").list); got != 5 {
			t.Errorf("rows of the last page: got %d, want 5", got)
		}
		c.st(t, "GET", list+"/subscribers/count?statuses=ready", "").wantText(t, "count", 200, `{"total":1}`)
	})
}

func TestStibee_BatchSaysWhatBecameOfEachRow(t *testing.T) {
	t.Parallel()
	c := open(sandbox.Options{})
	list := "/lists/" + c.at.ListID
	c.st(t, "POST", list+"/subscribers", `{"subscriber":{"email":"old@example.com","status":"subscribed"}}`).want(t, "add", 200)
	body := `{"subscribers":[{"email":"new@example.com","status":"subscribed"},{"email":"old@example.com","status":"subscribed"},
		{"email":"","status":"subscribed"},{"email":"x","status":"subscribed"},{"email":"new@example.com","status":"subscribed"},
		{"email":"f@example.com","status":"subscribed","fields":{"shoe":"1"}},{"email":"s@example.com","status":"gone"}]`
	r := c.st(t, "POST", list+"/subscribers/batch", body+`}`).want(t, "batch", 200)
	want := map[string]any{
		"createdSubscribers": []any{"new@example.com"}, "updatedSubscribers": nil, "failAlreadyExists": []any{"old@example.com"},
		"failNoEmails": []any{""}, "failInvalidEmails": []any{"x"}, "failDuplicatedEmails": []any{"new@example.com"},
		"failInvalidFields": []any{"f@example.com"}, "failInvalidSubscriberStatus": []any{"s@example.com"},
	}
	if diff := cmp.Diff(want, r.object); diff != "" {
		t.Errorf("batch (-want +got):\n%s", diff)
	}
	c.st(t, "POST", list+"/subscribers/batch", body+`,"updateEnabled":true}`).wantText(t, "batch with updates", 200, `"updatedSubscribers":["new@example.com","old@example.com"]`)
}

func TestStibee_ListsAndGroups(t *testing.T) {
	t.Parallel()
	c := open(sandbox.Options{})
	c.st(t, "GET", "/auth-check", "").want(t, "auth check", 200)
	info := `{"name":"Second","senderName":"s","companyName":"c","companyContact":"d","companyAddress":"e"}`
	id := fmt.Sprintf("%.0f", c.st(t, "POST", "/lists", info).want(t, "create a list", 200).member("id"))
	c.st(t, "PUT", "/lists/"+id, `{"name":"Third"}`).wantText(t, "update", 200, "ok")
	c.st(t, "GET", "/lists/"+id, "").wantText(t, "get", 200, `"name":"Third"`)
	c.st(t, "POST", "/lists/"+id+"/copy", "").want(t, "copy", 200)
	if got := len(c.st(t, "GET", "/lists", "").list); got != 3 {
		t.Errorf("lists: got %d, want 3", got)
	}
	groups := "/lists/" + id + "/groups"
	gid := fmt.Sprintf("%.0f", c.st(t, "POST", groups, `{"name":"A"}`).want(t, "create a group", 200).member("id"))
	c.st(t, "PUT", groups+"/"+gid, `{"name":"B"}`).want(t, "rename", 200)
	c.st(t, "GET", groups+"?sortBy=name&sortOrder=desc", "").wantText(t, "list", 200, `"name":"B"`)
	c.st(t, "DELETE", groups+"/"+gid, "").want(t, "delete the group", 200)
	c.st(t, "DELETE", "/lists/"+id, "").want(t, "delete the list", 200)
	c.st(t, "GET", "/lists/"+id, "").want(t, "get after delete", 400)
}

func TestStibee_LimitsRequests(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := open(sandbox.Options{})
		path := "/lists/" + c.at.ListID + "/subscribers"
		for range 100 {
			c.st(t, "GET", path, "").want(t, "list", 200)
		}
		c.st(t, "GET", path, "").want(t, "list once too often", http.StatusTooManyRequests)
		c.st(t, "GET", path+"/count", "").want(t, "count has its own limit", 200)
		pass(time.Minute)
		c.st(t, "GET", path, "").want(t, "list after a minute", 200)
	})
}

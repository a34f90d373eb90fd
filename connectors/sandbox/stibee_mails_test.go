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

// draft makes an e-mail to the list with a content, and returns its number.
func (c *client) draft(t *testing.T) int {
	t.Helper()
	body := fmt.Sprintf(`{"subject":"News","senderEmail":%q,"senderName":"Ann","listId":%s}`, c.at.SenderEmail, c.at.ListID)
	id, _ := c.st(t, "POST", "/emails", body).want(t, "create", 200).member("id").(float64)
	c.html(t, int(id), "<p>Hello</p>").want(t, "content", 200)
	return int(id)
}

// html writes the content of an e-mail.
func (c *client) html(t *testing.T, id int, content string) *reply {
	t.Helper()
	return c.must(t, "POST", fmt.Sprintf("%s/emails/%d/content", c.at.StibeeURL, id), content,
		map[string]string{"AccessToken": c.at.StibeeKey, "Content-Type": "text/html"})
}

// join adds subscribers to the list.
func (c *client) join(t *testing.T, emails ...string) {
	t.Helper()
	for _, email := range emails {
		c.st(t, "POST", "/lists/"+c.at.ListID+"/subscribers", fmt.Sprintf(`{"subscriber":{"email":%q,"status":"subscribed"}}`, email)).want(t, "add "+email, 200)
	}
}

// statusOf is the status of an e-mail and the time at which it was sent.
func (c *client) statusOf(t *testing.T, id int) string {
	t.Helper()
	r := c.st(t, "GET", fmt.Sprintf("/emails/%d", id), "").want(t, "get", 200)
	return fmt.Sprint(r.member("status"), " ", r.member("sentTime"))
}

func TestStibee_SendsAnEmailAndTellsWhatBecameOfIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := open(sandbox.Options{})
		c.join(t, "ann@example.com", "ben@example.com", "eve@example.com")
		c.st(t, "POST", "/lists/"+c.at.ListID+"/subscribers/eve%40example.com/unsubscribe", "").want(t, "unsubscribe", 200)
		id := c.draft(t)
		one := fmt.Sprintf("/emails/%d", id)
		if got, want := c.statusOf(t, id), "0 0001-01-01T00:00:00Z"; got != want {
			t.Errorf("a draft is %s, want %s", got, want)
		}
		c.st(t, "POST", one+"/send", "").wantText(t, "send", 200, "ok")
		if got, want := c.statusOf(t, id), "21 0001-01-01T00:00:00Z"; got != want {
			t.Errorf("on its way it is %s, want %s", got, want)
		}
		pass(time.Minute)
		if got, want := c.statusOf(t, id), "3 2000-01-01T09:00:10+09:00"; got != want {
			t.Errorf("once sent it is %s, want %s", got, want)
		}
		for _, act := range [][2]string{{"ann@example.com", "O"}, {"ann@example.com", "C"}, {"ann@example.com", "D"}, {"ben@example.com", "A"}} {
			if err := c.ActOnEmail(id, act[0], act[1], "x"); err != nil {
				t.Error(err)
			}
		}
		for _, bad := range [][2]string{{"eve@example.com", "O"}, {"ann@example.com", "P"}} {
			if err := c.ActOnEmail(id, bad[0], bad[1], ""); err == nil {
				t.Errorf("%v: got no error, want one", bad)
			}
		}
		r := c.st(t, "GET", one+"/logs?limit=1000", "").want(t, "logs", 200)
		var got []string
		items, _ := r.member("items").([]any)
		for _, item := range items {
			row, _ := item.(map[string]any)
			got = append(got, fmt.Sprint(row["subscriber"], " ", row["action"]))
		}
		want := []string{"ann@example.com P", "ben@example.com P", "ann@example.com O", "ann@example.com C", "ann@example.com D", "ben@example.com A"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("logs (-want +got):\n%s", diff)
		}
		var states []string
		for _, s := range c.Subscribers(c.at.ListID) {
			states = append(states, s.Email+" "+s.Status)
		}
		if diff := cmp.Diff([]string{"ann@example.com unsubscribed", "ben@example.com archived", "eve@example.com unsubscribed"}, states); diff != "" {
			t.Errorf("subscribers (-want +got):\n%s", diff)
		}
	})
}

func TestStibee_HoldsAnEmailToItsStatus(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := open(sandbox.Options{})
		id := c.draft(t)
		one := fmt.Sprintf("/emails/%d", id)
		refused := func(what, method, path, body, code string) {
			t.Helper()
			c.st(t, method, path, body).wantText(t, what, 400, code)
		}
		refused("send to nobody", "POST", one+"/send", "", "Email.EmptySubscriber")
		c.join(t, "ann@example.com")
		bare, _ := c.st(t, "POST", "/emails", fmt.Sprintf(`{"subject":"A","senderEmail":%q,"senderName":"B","listId":%s,"groupIds":[%s]}`,
			c.at.SenderEmail, c.at.ListID, c.at.VIPGroupID)).want(t, "create", 200).member("id").(float64)
		refused("send without a content", "POST", fmt.Sprintf("/emails/%.0f/send", bare), "", "Email.IncompleteEmail")
		c.html(t, int(bare), "<p>").want(t, "content", 200)
		refused("send to an empty group", "POST", fmt.Sprintf("/emails/%.0f/send", bare), "", "Email.EmptySubscriber")
		refused("a time that is over", "POST", one+"/reserve?reserveTime=20000101085900", "", "Data.InvalidRequest")
		refused("a time of another form", "POST", one+"/reserve?reserveTime=2000-01-01", "", "Data.InvalidRequest")
		refused("cancel a draft", "POST", one+"/cancel-reserve", "", "Email.WrongStatus")
		c.st(t, "POST", one+"/reserve?reserveTime=20000101093000", "").wantText(t, "reserve", 200, "ok") // half past midnight, UTC
		refused("reserve twice", "POST", one+"/reserve?reserveTime=20000101093000", "", "Email.WrongStatus")
		refused("change one that is reserved", "PUT", one, `{"subject":"B"}`, "Email.WrongStatus")
		c.st(t, "POST", one+"/cancel-reserve", "").wantText(t, "cancel", 200, "ok")
		c.st(t, "PUT", one, `{"subject":"B"}`).wantText(t, "change a draft", 200, "ok")
		c.st(t, "POST", one+"/reserve?reserveTime=20000101093000", "").wantText(t, "reserve again", 200, "ok")
		pass(time.Hour)
		if got, want := c.statusOf(t, id), "3 2000-01-01T09:30:10+09:00"; got != want {
			t.Errorf("after its time it is %s, want %s", got, want)
		}
		refused("send what is sent", "POST", one+"/send", "", "Email.WrongStatus")
		refused("delete what is sent", "DELETE", one, "", "Email.WrongStatus")
		twin, _ := c.st(t, "POST", one+"/copy", "").want(t, "copy", 200).member("id").(float64)
		if got, want := c.statusOf(t, int(twin)), "0 1990-01-01T00:00:00+09:00"; got != want {
			t.Errorf("a copy is %s, want %s", got, want)
		}
		c.st(t, "DELETE", fmt.Sprintf("/emails/%.0f", twin), "").wantText(t, "delete", 200, "ok")
		refused("get what is gone", "GET", fmt.Sprintf("/emails/%.0f", twin), "", "PermissionDenied")
		automatic, _ := c.st(t, "GET", "/emails", "").member("items").([]any)
		last, _ := automatic[len(automatic)-1].(map[string]any)
		refused("send an automatic one", "POST", fmt.Sprintf("/emails/%.0f/send", last["id"]), "", "Email.NotEmailTypeNomal")
	})
}

func TestStibee_EmailsRefuseWhatTheListDoesNotHave(t *testing.T) {
	t.Parallel()
	c := open(sandbox.Options{})
	id := c.draft(t)
	first := fmt.Sprintf(`"subject":"A","senderEmail":%q,"senderName":"B"`, c.at.SenderEmail)
	for name, tc := range map[string]struct{ method, path, body, code string }{
		"another's list":      {"POST", "/emails", `{` + first + `,"listId":1}`, "Authorization.PermissionDenied"},
		"an unknown group":    {"POST", "/emails", `{` + first + `,"listId":` + c.at.ListID + `,"groupIds":[1]}`, "List.NoSuchGroup"},
		"a segment":           {"POST", "/emails", `{` + first + `,"listId":` + c.at.ListID + `,"segmentIds":[1]}`, "Authorization.PermissionDenied"},
		"another's sender":    {"POST", "/emails", `{"subject":"A","senderEmail":"x@example.com","senderName":"B","listId":` + c.at.ListID + `}`, "Authorization.PermissionDenied"},
		"no subject":          {"POST", "/emails", `{"senderEmail":"x@example.com","senderName":"B","listId":1}`, "subject"},
		"groups of texts":     {"PUT", fmt.Sprintf("/emails/%d", id), `{"groupIds":["x"]}`, "groupIds"},
		"a content of JSON":   {"POST", fmt.Sprintf("/emails/%d/content", id), `{}`, "text/html"},
		"an unknown tag":      {"POST", fmt.Sprintf("/emails/%d/tags/assign?tagIds=1", id), "", "tagIds"},
		"no tag":              {"POST", fmt.Sprintf("/emails/%d/tags/release", id), "", "tagIds"},
		"large pages":         {"GET", "/emails?limit=101", "", "Data.LimitExceeded"},
		"empty pages":         {"GET", "/emails?limit=0", "", "Data.InvalidRequest"},
		"large pages of logs": {"GET", fmt.Sprintf("/emails/%d/logs?limit=1001", id), "", "Data.LimitExceeded"},
		"a free sender":       {"POST", "/lists/" + c.at.ListID + "/senders", `{"email":"ann@gmail.com"}`, "List.NotPermittedSenderDomain"},
		"a sender twice":      {"POST", "/lists/" + c.at.ListID + "/senders", `{"email":"News@example.com"}`, "Data.Duplicated"},
		"a sender of nobody":  {"DELETE", "/lists/" + c.at.ListID + "/senders/x%40example.com", "", "Authorization.PermissionDenied"},
		"a strange order":     {"GET", "/lists?sortOrder=up", "", "Data.InvalidRequest"},
		"a strange status":    {"GET", "/lists/" + c.at.ListID + "/subscribers?statuses=gone", "", "Data.InvalidRequest"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.st(t, tc.method, tc.path, tc.body).wantText(t, name, 400, tc.code)
		})
	}
}

func TestStibee_AutomaticEmailsHaveAnotherHost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := open(sandbox.Options{})
		c.join(t, "ann@example.com")
		send := func(id, body string) *reply {
			t.Helper()
			return c.must(t, "POST", strings.TrimSuffix(c.at.StibeeURL, "/v2")+"/api/v1.0/auto/"+id, body, map[string]string{"AccessToken": c.at.StibeeKey})
		}
		send(c.at.AutoID, `{"subscriber":"ann@example.com","coupon":"A1"}`).want(t, "send", 200)
		send(c.at.AutoID, `{"subscriber":"nobody@example.com"}`).want(t, "send to nobody", 200)
		send(c.at.AutoID, `{"coupon":"A1"}`).want(t, "send without an address", 400)
		send(c.at.AutoID, `{"subscriber":"ann@example.com"}`).want(t, "a fourth in a second", http.StatusTooManyRequests)
		pass(time.Second)
		send("x", `{"subscriber":"ann@example.com"}`).want(t, "an unknown e-mail", 400)
		send(c.at.AutoID, `{"subscriber":"ann@example.com","text":"`+strings.Repeat("x", 256<<10)+`"}`).wantText(t, "too long", 400, "Data.TooLongData")
		mails, _ := c.st(t, "GET", "/emails?listId="+c.at.ListID, "").member("items").([]any)
		first, _ := mails[0].(map[string]any)
		if first["type"] != 3.0 {
			t.Fatalf("got %v, want the automatic e-mail", first)
		}
		c.st(t, "GET", fmt.Sprintf("/emails/%.0f/logs", first["id"]), "").wantText(t, "logs", 200, `"total":1`)
	})
}

func TestStibee_KeepsToThePlan(t *testing.T) {
	t.Parallel()
	for plan, want := range map[string][3]int{"standard": {200, 400, 400}, "pro": {200, 200, 400}, "": {200, 200, 200}} {
		c := open(sandbox.Options{StibeePlan: plan})
		for i, path := range []string{"/lists/" + c.at.ListID + "/subscribers", "/lists/" + c.at.ListID + "/groups", "/lists"} {
			r := c.st(t, "GET", path, "").want(t, plan+" "+path, want[i])
			if r.status == 400 && !strings.HasSuffix(r.text1("code"), "Service.NeedProPlan") {
				t.Errorf("%s %s: got the code %q, want one that names the plan", plan, path, r.text1("code"))
			}
		}
	}
}

func TestControl_ActsForStibeesSubscribers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := open(sandbox.Options{})
		c.join(t, "ann@example.com")
		id := c.draft(t)
		c.st(t, "POST", fmt.Sprintf("/emails/%d/send", id), "").want(t, "send", 200)
		pass(time.Minute)
		logs := fmt.Sprintf("%s/emails/%d/logs", c.at.ControlURL, id)
		c.must(t, "POST", logs, `{"subscriber":"ann@example.com","action":"O"}`, nil).want(t, "open", 204)
		c.must(t, "POST", logs, `{"subscriber":"ann@example.com","action":"X"}`, nil).wantText(t, "a strange action", 400, "F, A, D, O and C")
		archive := c.at.ControlURL + "/subscribers/" + c.at.ListID + "/%s/archive"
		c.must(t, "POST", fmt.Sprintf(archive, "ann@example.com"), "", nil).want(t, "archive", 204)
		c.must(t, "POST", fmt.Sprintf(archive, "nobody@example.com"), "", nil).want(t, "archive nobody", 404)
		if got := c.Subscribers(c.at.ListID)[0].Status; got != "archived" {
			t.Errorf("status: got %s, want archived", got)
		}
	})
}

package sandbox_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/connectors/sandbox"
)

// rows returns the ids of the rows of an answer: of its member, or of the answer itself
// where member is empty.
func (r *reply) rows(member string) []string {
	list := r.list
	if member != "" {
		list, _ = r.object[member].([]any)
	}
	out := []string{}
	for _, e := range list {
		row, _ := e.(map[string]any)
		for _, name := range []string{"id", "_id"} {
			if id, ok := row[name].(string); ok {
				out = append(out, id)
			}
		}
	}
	return out
}

// plain is a list of HighLevel that has one row at the start, and how to make one more.
type plain struct {
	operation, list, member string
	add, body               string
	paged                   string // what asks for the second row alone; empty without pages
}

func plainLists() []plain {
	const calendar, event = "/calendars/sandboxCalendar00001", "?locationId=LOC&calendarId=sandboxCalendar00001&startTime=946684800000&endTime=949363200000"
	const user = `{"companyId":"COM","firstName":"A","lastName":"B","email":"a@example.com","password":"p","type":"account","role":"user","locationIds":["LOC"]}`
	const booking = `{"locationId":"LOC","contactId":"CON","calendarId":"sandboxCalendar00001","startTime":"2000-01-03T15:00:00Z"}`
	const room = `{"locationId":"LOC","name":"A","description":"B","quantity":1,"outOfService":0,"capacity":1,"calendarIds":[]}`
	return []plain{
		{"business.list", "/businesses/?locationId=LOC", "businesses", "/businesses/", `{"locationId":"LOC","name":"A"}`, "&skip=1&limit=1"},
		{"user.search", "/users/search?companyId=COM", "users", "/users/", user, "&skip=1&limit=1"},
		{"user.list_by_location", "/users/?locationId=LOC", "users", "/users/", user, ""},
		{"calendar.list", "/calendars/?locationId=LOC", "calendars", "/calendars/", `{"locationId":"LOC","name":"A"}`, ""},
		{"calendar_group.list", "/calendars/groups?locationId=LOC", "groups", "/calendars/groups", `{"locationId":"LOC","name":"A","description":"B","slug":"c"}`, ""},
		{"calendar_notification.list", calendar + "/notifications?limit=10", "", calendar + "/notifications", `[{"receiverType":"contact","channel":"sms","notificationType":"booked"}]`, "&skip=1"},
		{"calendar_resource.list", "/calendars/resources/rooms?locationId=LOC&limit=9&skip=0", "", "/calendars/resources/rooms", room, "&skip=1"},
		{"calendar_event.list", "/calendars/events" + event, "events", "/calendars/events/appointments", booking, ""},
		{"contact.appointment.list", "/contacts/CON/appointments", "events", "/calendars/events/appointments", booking, ""},
		{"blocked_slot.list", "/calendars/blocked-slots" + event, "events", "/calendars/events/block-slots", `{"locationId":"LOC","calendarId":"sandboxCalendar00001","startTime":"2000-01-04T15:00:00Z","endTime":"2000-01-04T16:00:00Z"}`, ""},
		{"appointment_note.list", "/calendars/appointments/sandboxAppointment01/notes?limit=9&offset=0", "notes", "/calendars/appointments/sandboxAppointment01/notes", `{"body":"A"}`, ""},
		{"opportunity.search_legacy", "/opportunities/search?location_id=LOC", "opportunities", "/opportunities/", `{"locationId":"LOC","contactId":"CON","name":"A","status":"open","pipelineId":"sandboxPipeline00001"}`, ""},
	}
}

func TestHighLevel_ListsHaveOneRowAtTheStartAndShowWhatIsMade(t *testing.T) {
	t.Parallel()
	for _, p := range plainLists() {
		t.Run(p.operation, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { p.show(t) })
		})
	}
}

func (p plain) show(t *testing.T) {
	c := open(sandbox.Options{Contacts: 1})
	fill := strings.NewReplacer("LOC", c.at.LocationID, "COM", c.at.CompanyID, "CON", c.Contacts()[0])
	rows := func(more string) []string {
		t.Helper()
		path := fill.Replace(p.list)
		if strings.Contains(more, "skip=1") {
			path = strings.Replace(path, "&skip=0", "", 1)
		}
		return c.hl(t, "GET", path+more, "").want(t, p.operation, 200).rows(p.member)
	}
	first := rows("")
	if len(first) != 1 {
		t.Fatalf("at the start: got %v, want one row", first)
	}
	pass(time.Minute)
	if r := c.hl(t, "POST", p.add, fill.Replace(p.body)); r.status >= 300 {
		t.Fatalf("make one: got %d %s", r.status, r.text)
	}
	both := rows("")
	if len(both) != 2 {
		t.Fatalf("after one was made: got %v, want two rows", both)
	}
	c.suffer(t, "highlevel."+p.operation, sandbox.Half, func() {
		if got := rows(""); len(got) != 1 {
			t.Errorf("half: got %v, want one row", got)
		}
	})
	if p.paged == "" {
		return
	}
	if diff := cmp.Diff(both[1:], rows(p.paged)); diff != "" {
		t.Errorf("the second page (-want +got):\n%s", diff)
	}
	c.suffer(t, "highlevel."+p.operation, sandbox.Stuck, func() {
		if got := rows(p.paged); len(got) == 0 || got[0] != both[0] {
			t.Errorf("stuck: got %v, want the first page again, %v", got, both[:1])
		}
	})
}

// deals asks for opportunities with more members in the body.
func (c *client) deals(t *testing.T, limit int, more string) *reply {
	t.Helper()
	body := `{"locationId":%q,"query":"","limit":%d,"page":1,` +
		`"additionalDetails":{"notes":false,"tasks":false,"calendarEvents":false,"unReadConversations":false}%s}`
	if !strings.Contains(more, "searchAfter") {
		more += `,"searchAfter":[]`
	}
	return c.hl(t, "POST", "/opportunities/search", fmt.Sprintf(body, c.at.LocationID, limit, more)).want(t, "search", 201)
}

// deal makes an opportunity and returns its id.
func (c *client) deal(t *testing.T, name, status string) string {
	t.Helper()
	return c.hl(t, "POST", "/opportunities/", fmt.Sprintf(`{"locationId":%q,"contactId":%q,"name":%q,"status":%q,"pipelineId":"sandboxPipeline00001"}`,
		c.at.LocationID, c.Contacts()[0], name, status)).want(t, "create", 201).text1("opportunity", "id")
}

func TestHighLevel_OpportunitiesAreSearchedByTheirOwnWords(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := open(sandbox.Options{Contacts: 1})
		const seed = "sandboxOpportunity01"
		pass(time.Hour)
		a := c.deal(t, "Ash", "open")
		pass(time.Hour)
		b := c.deal(t, "Birch", "lost")
		pass(time.Hour)
		c.hl(t, "PUT", "/opportunities/"+a+"/status", `{"status":"won"}`).want(t, "win", 200)
		for _, tt := range []struct {
			what, more string
			want       []string
		}{
			{"newest first", "", []string{b, a, seed}},
			{"by update", `,"sort":[{"field":"date_updated","direction":"asc"}]`, []string{seed, b, a}},
			{"by change of status", `,"sort":[{"field":"last_status_change_date","direction":"desc"}]`, []string{a, b, seed}},
			{"by change of stage", `,"sort":[{"field":"last_stage_change_date","direction":"desc"}]`, []string{b, a, seed}},
			{"by status", `,"filters":[{"field":"status","operator":"eq","value":["won","lost"]}]`, []string{b, a}},
			{"by pipeline and time", `,"filters":[{"field":"pipeline_id","operator":"eq","value":"sandboxPipeline00001"},{"field":"date_added","operator":"range","value":{"gt":946690000000}}]`, []string{b}},
			{"by text", `,"query":"ASH"`, []string{a}},
		} {
			if diff := cmp.Diff(tt.want, c.deals(t, 10, tt.more).rows("opportunities")); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tt.what, diff)
			}
		}
		var all []string
		after := ""
		for range 4 {
			r := c.deals(t, 1, after)
			all = append(all, r.rows("opportunities")...)
			var raw struct {
				Opportunities []struct{ Sort json.RawMessage }
			}
			if err := json.Unmarshal([]byte(r.text), &raw); err == nil && len(raw.Opportunities) > 0 {
				after = `,"searchAfter":` + string(raw.Opportunities[0].Sort)
			}
		}
		if diff := cmp.Diff([]string{b, a, seed}, all); diff != "" {
			t.Errorf("page by page (-want +got):\n%s", diff)
		}
	})
}

func TestHighLevel_OpportunitiesShowLateInSearches(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := open(sandbox.Options{Contacts: 1, Lag: 5 * time.Second})
		id := c.deal(t, "Ash", "open")
		c.hl(t, "GET", "/opportunities/"+id, "").want(t, "a direct read", 200)
		list := "/opportunities/search?status=open&order=added_asc&location_id=" + c.at.LocationID
		both := func() [2]int {
			return [2]int{len(c.deals(t, 10, "").rows("opportunities")), len(c.hl(t, "GET", list, "").rows("opportunities"))}
		}
		if got := both(); got != [2]int{1, 1} {
			t.Errorf("at once: got %v rows in the two searches, want 1 and 1", got)
		}
		pass(6 * time.Second)
		if got := both(); got != [2]int{2, 2} {
			t.Errorf("later: got %v rows in the two searches, want 2 and 2", got)
		}
		first := c.hl(t, "GET", list+"&limit=1", "").want(t, "first page", 200)
		after := fmt.Sprintf("&limit=1&startAfter=%.0f", first.member("meta", "startAfter"))
		if diff := cmp.Diff(first.rows("opportunities"), c.hl(t, "GET", list+after, "").rows("opportunities")); diff != "" {
			t.Errorf("with one value of the cursor (-want +got):\n%s", diff)
		}
		next := c.hl(t, "GET", list+after+"&startAfterId="+first.text1("meta", "startAfterId"), "").rows("opportunities")
		if diff := cmp.Diff([]string{id}, next); diff != "" {
			t.Errorf("with both (-want +got):\n%s", diff)
		}
		if err := c.DeleteContact(c.Contacts()[0]); err != nil {
			t.Fatal(err)
		}
		c.hl(t, "GET", "/opportunities/"+id, "").wantText(t, "after its contact went", 400, "not found")
	})
}

func TestHighLevel_SlugsAreFreeUntilAGroupHasThem(t *testing.T) {
	t.Parallel()
	c := open(sandbox.Options{})
	ask := func(slug string) *reply {
		return c.hl(t, "POST", "/calendars/groups/validate-slug", fmt.Sprintf(`{"locationId":%q,"slug":%q}`, c.at.LocationID, slug))
	}
	ask("halls").wantText(t, "a new slug", 200, `"available":true`)
	c.hl(t, "POST", "/calendars/groups", fmt.Sprintf(`{"locationId":%q,"name":"A","description":"B","slug":"halls"}`, c.at.LocationID)).want(t, "create", 201)
	ask("halls").wantText(t, "a slug in use", 200, `"available":false`)
	if n := c.Written(); n != 1 {
		t.Errorf("got %d writes, want one: asking is none", n)
	}
}

func TestHighLevel_UpsertsOfOpportunitiesGoByTheirID(t *testing.T) {
	t.Parallel()
	c := open(sandbox.Options{Contacts: 1})
	upsert := func(more string) *reply {
		return c.hl(t, "POST", "/opportunities/upsert", fmt.Sprintf(`{"locationId":%q,"pipelineId":"sandboxPipeline00001"%s}`, c.at.LocationID, more))
	}
	const followers = `,"followers":["u1","u2"],"isRemoveAllFollowers":false,"followersActionType":`
	id := upsert(`,"name":"Ash"`+followers+`"add"`).want(t, "create", 200).text1("opportunity", "id")
	r := upsert(`,"status":"won","id":"`+id+`","followers":["u1"],"isRemoveAllFollowers":false,"followersActionType":"remove"`).want(t, "update", 200)
	if r.text1("opportunity", "id") != id || r.member("new") != false || r.text1("opportunity", "name") != "Ash" || r.text1("opportunity", "status") != "won" {
		t.Errorf("got %s, want the same opportunity, won, with its name", r.text)
	}
	if diff := cmp.Diff([]any{"u2"}, r.member("opportunity", "followers")); diff != "" {
		t.Errorf("followers (-want +got):\n%s", diff)
	}
}

package sandbox_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/connectors/sandbox"
)

func TestHighLevel_AppointmentsComeChangeAndGo(t *testing.T) {
	t.Parallel()
	c := open(sandbox.Options{Contacts: 2})
	who := c.AddContact(map[string]any{"firstName": "Ann"}) // the first contact has an appointment
	body := func(more string) string {
		return fmt.Sprintf(`{"locationId":%q,"contactId":%q,"calendarId":"sandboxCalendar00001","ignoreFreeSlotValidation":true,"startTime":"2026-03-01T10:00:00+01:00"%s}`, c.at.LocationID, who, more)
	}
	id := c.hl(t, "POST", "/calendars/events/appointments", body(`,"title":"Tour"`)).want(t, "create", 200).text1("id")
	c.hl(t, "POST", "/calendars/events/appointments", body(`,"appointmentStatus":"maybe"`)).wantText(t, "an unknown status", 422, "appointmentStatus")
	c.hl(t, "POST", "/calendars/events/appointments", strings.Replace(body(""), who, "nobody", 1)).wantText(t, "an unknown contact", 400, "not found")
	c.hl(t, "PUT", "/calendars/events/appointments/"+id, `{"startTime":"tomorrow"}`).wantText(t, "no time", 422, "startTime")
	c.hl(t, "PUT", "/calendars/events/appointments/"+id, `{"appointmentStatus":"cancelled"}`).want(t, "cancel", 200)
	list := "/contacts/" + who + "/appointments"
	c.hl(t, "GET", list, "").wantText(t, "a cancelled one is listed", 200, `"appointmentStatus":"cancelled"`)
	c.hl(t, "GET", "/contacts/"+c.Contacts()[1]+"/appointments", "").wantText(t, "those of another contact", 200, `"events":[]`)
	c.hl(t, "DELETE", "/calendars/events/"+id, `{}`).want(t, "delete", 201)
	c.hl(t, "GET", list, "").wantText(t, "a deleted one is not listed", 200, `"events":[]`)
	c.hl(t, "GET", "/calendars/events/appointments/"+id, "").wantText(t, "and can be read", 200, `"deleted":true`)
	if err := c.DeleteContact(who); err != nil {
		t.Fatal(err)
	}
	c.hl(t, "GET", "/calendars/events/appointments/"+id, "").wantText(t, "until the contact goes", 400, "not found")
	c.hl(t, "GET", list, "").wantText(t, "whose list goes too", 400, "not found")
}

// suffer lets all requests to an operation suffer from a fault while something is done.
func (c *client) suffer(t *testing.T, operation string, kind sandbox.FaultKind, do func()) {
	t.Helper()
	if err := c.Fail(sandbox.Fault{Operation: operation, Kind: kind}); err != nil {
		t.Fatal(err)
	}
	defer c.Heal()
	do()
}

func TestFault_ListsMisbehaveAsTold(t *testing.T) {
	t.Parallel()
	c := open(sandbox.Options{Contacts: 10})
	oldest := `,"sort":[{"field":"dateUpdated","direction":"asc"}]`
	all := c.search(t, 10, oldest).ids()
	same := func(what string, got, want []string) {
		t.Helper()
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	c.suffer(t, "highlevel.contact.search", sandbox.Half, func() {
		r := c.search(t, 10, oldest)
		same("half", r.ids(), all[:5])
		r.wantText(t, "half", 200, `"total":5`)
	})
	c.suffer(t, "highlevel.contact.search", sandbox.Stuck, func() {
		first := c.search(t, 3, oldest)
		same("stuck", c.search(t, 3, oldest+`,"searchAfter":`+first.cursor()).ids(), all[:3])
	})
	c.suffer(t, "highlevel.contact.search", sandbox.Unsorted, func() {
		if got := c.search(t, 10, oldest).ids(); got[0] != all[9] {
			t.Errorf("unsorted: got %s first, want the newest, %s", got[0], all[9])
		}
	})
	c.suffer(t, "highlevel.contact.search", sandbox.Unfiltered, func() {
		same("unfiltered", c.search(t, 10, oldest+`,"filters":[{"field":"id","operator":"eq","value":"x"}]`).ids(), all)
	})
	same("healed", c.search(t, 10, oldest).ids(), all)
}

func TestFault_ListsOfStibeeMisbehaveAsTold(t *testing.T) {
	t.Parallel()
	c := open(sandbox.Options{})
	path := "/lists/" + c.at.ListID + "/subscribers"
	for i, status := range []string{"subscribed", "unsubscribed", "subscribed"} {
		c.st(t, "POST", path, fmt.Sprintf(`{"subscriber":{"email":"n%d@example.com","status":%q}}`, i, status)).want(t, "add", 200)
	}
	rows := func(query string) int { return len(c.st(t, "GET", path+query, "").want(t, "list", 200).list) }
	for _, tt := range []struct {
		kind  sandbox.FaultKind
		query string
		want  int
	}{
		{sandbox.Half, "?limit=10", 2},
		{sandbox.Stuck, "?offset=2&limit=2", 2},
		{sandbox.Unfiltered, "?statuses=unsubscribed", 3},
	} {
		c.suffer(t, "stibee.subscriber.list", tt.kind, func() {
			if got := rows(tt.query); got != tt.want {
				t.Errorf("%s: got %d rows, want %d", tt.kind, got, tt.want)
			}
		})
	}
	if got := rows("?offset=2&limit=2"); got != 1 {
		t.Errorf("healed: got %d rows, want 1", got)
	}
}

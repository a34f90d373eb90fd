package sandbox_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/pollux-automation/pollux/connectors/sandbox"
)

// refusal is a request that HighLevel refuses. In the path and the body, LOC and COM stand
// for the ids of the location and the agency, CON for that of a contact.
type refusal struct {
	name, method, path, body string
	status                   int
	part                     string
}

// refusals are those of all parts of the location.
func refusals() []refusal {
	return slices.Concat(peopleRefusals(), calendarRefusals(), eventRefusals(), opportunityRefusals())
}

func TestHighLevel_IsAsStrictAsItsDocuments(t *testing.T) {
	t.Parallel()
	c := open(sandbox.Options{Contacts: 1, HighLevelLimit: sandbox.Limit{Requests: -1}})
	fill := strings.NewReplacer("LOC", c.at.LocationID, "COM", c.at.CompanyID, "CON", c.Contacts()[0])
	for _, tt := range refusals() {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := c.hl(t, tt.method, fill.Replace(tt.path), fill.Replace(tt.body))
			r.wantText(t, tt.method+" "+tt.path, tt.status, tt.part)
		})
	}
	if n := c.Written(); n != 0 {
		t.Errorf("got %d writes in the log, want none of what was refused", n)
	}
}

func peopleRefusals() []refusal {
	const business, user = "/businesses/sandboxBusiness00001", "/users/sandboxUser000000001"
	return []refusal{
		{"a business without a name", "POST", "/businesses/", `{"locationId":"LOC"}`, 422, "name should not be empty"},
		{"a business elsewhere", "POST", "/businesses/", `{"locationId":"x","name":"A"}`, 403, "location"},
		{"a business with more", "PUT", business, `{"colour":"red"}`, 422, "property colour should not exist"},
		{"a business with a number", "PUT", business, `{"name":1}`, 422, "name must be string"},
		{"a business's location", "PUT", business, `{"locationId":"LOC"}`, 422, "property locationId should not exist"},
		{"an unknown business", "GET", "/businesses/x", "", 400, "not found"},
		{"an unknown business again", "DELETE", "/businesses/x", "", 400, "not found"},
		{"businesses elsewhere", "GET", "/businesses/?locationId=x", "", 403, "location"},
		{"businesses of nowhere", "GET", "/businesses/", "", 422, "locationId should not be empty"},
		{"businesses by more", "GET", "/businesses/?locationId=LOC&name=A", "", 422, "property name should not exist"},
		{"too many businesses", "GET", "/businesses/?locationId=LOC&limit=101", "", 422, "limit"},
		{"contacts into an unknown business", "POST", "/contacts/bulk/business", `{"locationId":"LOC","ids":["CON"],"businessId":"x"}`, 400, "Business not found"},
		{"an unknown contact into a business", "POST", "/contacts/bulk/business", `{"locationId":"LOC","ids":["x"],"businessId":null}`, 400, "Contact not found"},
		{"contacts into no business", "POST", "/contacts/bulk/business", `{"locationId":"LOC","ids":["CON"]}`, 422, "businessId"},
		{"a user without a password", "POST", "/users/", `{"companyId":"COM","firstName":"A","lastName":"B","email":"a@example.com","type":"account","role":"user","locationIds":["LOC"]}`, 422, "password"},
		{"a user with a strange role", "PUT", user, `{"role":"king"}`, 422, "role must be one of"},
		{"a user with another address", "PUT", user, `{"email":"b@example.com"}`, 400, "Email"},
		{"a user of another agency", "PUT", user, `{"companyId":"x"}`, 403, "company"},
		{"a user's address twice", "POST", "/users/", `{"companyId":"COM","firstName":"A","lastName":"B","email":"Sandy.Box@example.com","password":"p","type":"account","role":"user","locationIds":["LOC"]}`, 400, "already"},
		{"an unknown user", "GET", "/users/x", "", 400, "not found"},
		{"users of another agency", "GET", "/users/search?companyId=x", "", 403, "company"},
		{"users of no agency", "GET", "/users/search", "", 422, "companyId"},
		{"users in a strange order", "GET", "/users/search?companyId=COM&sortDirection=up", "", 422, "sortDirection must be one of"},
		{"users by no address", "POST", "/users/search/filter-by-email", `{"companyId":"COM"}`, 422, "emails"},
		{"users elsewhere", "GET", "/users/?locationId=x", "", 403, "location"},
	}
}

func calendarRefusals() []refusal {
	const calendar, group = "/calendars/sandboxCalendar00001", "/calendars/groups/sandboxGroup00000001"
	const notice, room = calendar + "/notifications/sandboxNotification1", "/calendars/resources/rooms/sandboxResource00001"
	return []refusal{
		{"a calendar without a name", "POST", "/calendars/", `{"locationId":"LOC"}`, 422, "name should not be empty"},
		{"a calendar elsewhere", "POST", "/calendars/", `{"locationId":"x","name":"A"}`, 403, "location"},
		{"a calendar with a strange type", "POST", "/calendars/", `{"locationId":"LOC","name":"A","calendarType":"x"}`, 422, "calendarType must be one of"},
		{"a calendar's type later", "PUT", calendar, `{"calendarType":"event"}`, 422, "property calendarType should not exist"},
		{"a calendar's buffer in other units", "PUT", calendar, `{"slotBufferUnit":"hours"}`, 422, "property slotBufferUnit should not exist"},
		{"a member without a user", "PUT", calendar, `{"teamMembers":[{"priority":1}]}`, 422, "teamMembers.0.userId should not be empty"},
		{"a member of strange priority", "PUT", calendar, `{"teamMembers":[{"userId":"u","priority":0.7}]}`, 422, "teamMembers.0.priority must be one of"},
		{"a place of a strange kind", "PUT", calendar, `{"teamMembers":[{"userId":"u","locationConfigurations":[{"kind":"moon"}]}]}`, 422, "teamMembers.0.locationConfigurations.0.kind must be"},
		{"hours that are no objects", "PUT", calendar, `{"openHours":["nine"]}`, 422, "openHours.0 must be an object"},
		{"recurring by the year", "PUT", calendar, `{"recurring":{"freq":"YEARLY"}}`, 422, "recurring.freq must be"},
		{"an unknown calendar", "GET", "/calendars/x", "", 400, "not found"},
		{"calendars of nowhere", "GET", "/calendars/", "", 422, "locationId"},
		{"calendars with a strange flag", "GET", "/calendars/?locationId=LOC&showDrafted=perhaps", "", 422, "showDrafted must be boolean"},
		{"slots without an end", "GET", calendar + "/free-slots?startDate=1", "", 422, "endDate"},
		{"slots of 32 days", "GET", calendar + "/free-slots?startDate=0&endDate=2764800000", "", 400, "31 days"},
		{"slots backwards", "GET", calendar + "/free-slots?startDate=5&endDate=1", "", 422, "end"},
		{"slots nowhere", "GET", calendar + "/free-slots?startDate=1&endDate=2&timezone=Moon", "", 422, "timezone"},
		{"a group without a slug", "POST", "/calendars/groups", `{"locationId":"LOC","name":"A","description":"B"}`, 422, "slug"},
		{"a group's slug twice", "POST", "/calendars/groups", `{"locationId":"LOC","name":"A","description":"B","slug":"visits"}`, 400, "slug"},
		{"a group with a state", "PUT", group, `{"name":"A","description":"B","slug":"c","isActive":true}`, 422, "property isActive should not exist"},
		{"a state that is a text", "PUT", group + "/status", `{"isActive":"yes"}`, 422, "isActive must be boolean"},
		{"an unknown group", "DELETE", "/calendars/groups/x", "", 400, "not found"},
		{"a notification that is no list", "POST", calendar + "/notifications", `{"receiverType":"contact"}`, 400, "JSON"},
		{"a notification by pigeon", "POST", calendar + "/notifications", `[{"receiverType":"contact","channel":"pigeon","notificationType":"booked"}]`, 422, "channel must be one of"},
		{"a notification with more", "PUT", notice, `{"colour":"red"}`, 422, "property colour"},
		{"a notification of another calendar", "GET", "/calendars/x/notifications/sandboxNotification1", "", 400, "not found"},
		{"an unknown notification", "DELETE", calendar + "/notifications/x", "", 400, "not found"},
		{"resources of a strange type", "GET", "/calendars/resources/cars?locationId=LOC&limit=1&skip=0", "", 422, "resourceType"},
		{"resources without pages", "GET", "/calendars/resources/rooms?locationId=LOC", "", 422, "limit should not be empty"},
		{"a room as equipment", "GET", "/calendars/resources/equipments/sandboxResource00001", "", 400, "not found"},
		{"a room without calendars", "POST", "/calendars/resources/rooms", `{"locationId":"LOC","name":"A","description":"B","quantity":1,"outOfService":0,"capacity":1}`, 422, "calendarIds"},
		{"a room in an unknown calendar", "PUT", room, `{"calendarIds":["x"]}`, 400, "Calendar not found"},
		{"a room elsewhere", "PUT", room, `{"locationId":"x"}`, 403, "location"},
	}
}

func eventRefusals() []refusal {
	const one, notes = "/calendars/events/appointments/sandboxAppointment01", "/calendars/appointments/sandboxAppointment01/notes"
	const first = `"locationId":"LOC","contactId":"CON","startTime":"2027-03-01T10:00:00Z"`
	return []refusal{
		{"an appointment nowhere", "POST", "/calendars/events/appointments", `{` + first + `}`, 422, "calendarId"},
		{"an appointment in an unknown calendar", "POST", "/calendars/events/appointments", `{` + first + `,"calendarId":"x"}`, 400, "Calendar not found"},
		{"an appointment at night", "POST", "/calendars/events/appointments", `{` + first + `,"calendarId":"sandboxCalendar00001"}`, 400, "no longer available"},
		{"an appointment with more", "PUT", one, `{"contactId":"CON"}`, 422, "property contactId should not exist"},
		{"an appointment moved to the night", "PUT", one, `{"startTime":"2027-03-01T10:00:00Z"}`, 400, "no longer available"},
		{"a place of a strange kind", "PUT", one, `{"meetingLocationType":"moon"}`, 422, "meetingLocationType must be"},
		{"events of nobody", "GET", "/calendars/events?locationId=LOC&startTime=1&endTime=2", "", 422, "Either of"},
		{"events without a window", "GET", "/calendars/events?locationId=LOC&calendarId=c", "", 422, "startTime"},
		{"events at a strange time", "GET", "/calendars/events?locationId=LOC&calendarId=c&startTime=now&endTime=2", "", 422, "startTime must be number"},
		{"blocked slots of nobody", "GET", "/calendars/blocked-slots?locationId=LOC&startTime=1&endTime=2", "", 422, "Either of"},
		{"a block of two", "POST", "/calendars/events/block-slots", `{"locationId":"LOC","calendarId":"sandboxCalendar00001","assignedUserId":"u","startTime":"2027-03-01T10:00:00Z","endTime":"2027-03-01T11:00:00Z"}`, 422, "not both"},
		{"a block of nobody", "PUT", "/calendars/events/block-slots/sandboxBlock00000001", `{"locationId":"LOC","calendarId":""}`, 422, "Either"},
		{"a block without a location", "PUT", "/calendars/events/block-slots/sandboxBlock00000001", `{"title":"A"}`, 422, "locationId"},
		{"an unknown event", "DELETE", "/calendars/events/x", "", 400, "not found"},
		{"a deletion with a body", "DELETE", "/calendars/events/sandboxAppointment01", `{"a":1}`, 422, "property a"},
		{"too many notes", "GET", notes + "?limit=21&offset=0", "", 422, "limit"},
		{"notes without an offset", "GET", notes + "?limit=1", "", 422, "offset"},
		{"an empty note", "POST", notes, `{}`, 422, "body should not be empty"},
		{"a note on nothing", "POST", "/calendars/appointments/x/notes", `{"body":"A"}`, 400, "not found"},
		{"an unknown note", "PUT", notes + "/x", `{"body":"A"}`, 400, "not found"},
	}
}

func opportunityRefusals() []refusal {
	const one, search = "/opportunities/sandboxOpportunity01", "/opportunities/search"
	const first = `"locationId":"LOC","contactId":"CON","name":"A","status":"open"`
	const details = `"additionalDetails":{"notes":false,"tasks":false,"calendarEvents":false,"unReadConversations":false}`
	body := func(more string) string {
		return `{"locationId":"LOC","query":"","limit":10,"page":1,"searchAfter":[],` + details + more + `}`
	}
	return []refusal{
		{"an opportunity in no pipeline", "POST", "/opportunities/", `{` + first + `}`, 422, "pipelineId"},
		{"an opportunity in an unknown pipeline", "POST", "/opportunities/", `{` + first + `,"pipelineId":"x"}`, 400, "pipeline id"},
		{"an opportunity at an unknown stage", "POST", "/opportunities/", `{` + first + `,"pipelineId":"sandboxPipeline00001","pipelineStageId":"x"}`, 400, "stage"},
		{"an opportunity of nobody", "POST", "/opportunities/", `{"locationId":"LOC","contactId":"x","name":"A","status":"open","pipelineId":"sandboxPipeline00001"}`, 400, "Contact not found"},
		{"an opportunity of a strange status", "PUT", one, `{"status":"maybe"}`, 422, "status must be one of"},
		{"an opportunity of another contact", "PUT", one, `{"contactId":"CON"}`, 422, "property contactId should not exist"},
		{"a custom field with more", "PUT", one, `{"customFields":[{"id":"f","value":"x"}]}`, 422, "customFields.0.property value should not exist"},
		{"no status", "PUT", one + "/status", `{}`, 422, "status should not be empty"},
		{"an unknown opportunity", "GET", "/opportunities/x", "", 400, "not found"},
		{"an upsert without followers", "POST", "/opportunities/upsert", `{"locationId":"LOC","pipelineId":"sandboxPipeline00001"}`, 422, "followersActionType"},
		{"followers that are a text", "POST", one + "/followers", `{"followers":"u"}`, 422, "followers must be array"},
		{"followers with a strange flag", "DELETE", one + "/followers?isRemoveAllFollowers=x", `{"followers":[]}`, 422, "isRemoveAllFollowers"},
		{"a search without a query", "POST", search, `{"locationId":"LOC","limit":10,"page":1,"searchAfter":[],` + details + `}`, 422, "query"},
		{"a search without all details", "POST", search, `{"locationId":"LOC","query":"","limit":10,"page":1,"searchAfter":[],"additionalDetails":{}}`, 422, "unReadConversations"},
		{"a search elsewhere", "POST", search, strings.Replace(body(""), "LOC", "x", 1), 403, "location"},
		{"too large a page", "POST", search, strings.Replace(body(""), "10", "501", 1), 422, "limit must be from 1 to 500"},
		{"a filter on a strange field", "POST", search, body(`,"filters":[{"field":"pipelineId","operator":"eq","value":"p"}]`), 400, "Invalid field"},
		{"a filter with a bare gt", "POST", search, body(`,"filters":[{"field":"date_updated","operator":"gt","value":1}]`), 400, "Invalid Operator (gt) passed for field date_updated"},
		{"a sort by the name", "POST", search, body(`,"sort":[{"field":"name","direction":"asc"}]`), 400, "Invalid sort field"},
		{"the older search in camel case", "GET", search + "?locationId=LOC", "", 422, "property locationId should not exist"},
		{"the older search in a strange order", "GET", search + "?location_id=LOC&order=luck", "", 422, "order must be one of"},
		{"a large page of the older search", "GET", search + "?location_id=LOC&limit=101", "", 422, "limit"},
		{"pipelines elsewhere", "GET", "/opportunities/pipelines?locationId=x", "", 403, "location"},
	}
}

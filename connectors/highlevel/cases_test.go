package highlevel_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/connectors"
)

// wire is what a service was asked: method, address behind the host, version, body.
type wire struct{ line, version, body string }

// noted is a service: requests are noted, answers come in their order, the last one again
// and again.
type noted struct {
	answers []string
	asked   []wire
}

func (n *noted) RoundTrip(r *http.Request) (*http.Response, error) {
	w := wire{line: r.Method + " " + r.URL.RequestURI(), version: r.Header.Get("Version")}
	if r.Body != http.NoBody {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		w.body = string(body)
	}
	answer := n.answers[min(len(n.asked), len(n.answers)-1)]
	n.asked = append(n.asked, w)
	return says(200, answer)(r)
}

// What the versions are called here.
const (
	july  = "2021-07-28"
	april = "2021-04-15"
)

// TestPolls_ReadTheirPages follows lists to their end: what is asked for, what comes, and
// what the next request takes from it.
func TestPolls_ReadTheirPages(t *testing.T) {
	t.Parallel()
	tests := []struct {
		operation string
		inputs    map[string]any
		size      int
		answers   []string
		ids       string
		want      []wire
	}{
		{
			operation: "opportunity.search", size: 2,
			answers: []string{
				`{"opportunities":[{"id":"o1","updatedAt":"2026-01-01T00:00:00Z","sort":[1767225600000,"o1"]},{"id":"o2","updatedAt":"2026-01-02T00:00:00Z","sort":[1767312000000,"o2"]}],"total":3}`,
				`{"opportunities":[{"id":"o3","updatedAt":"2026-01-03T00:00:00Z","sort":[1767398400000,"o3"]}],"total":3}`,
			},
			ids: "o1 o2 o3",
			want: []wire{
				{"POST /opportunities/search", july, `{"additionalDetails":{"calendarEvents":false,"notes":false,"tasks":false,"unReadConversations":false},"filters":[{"field":"date_updated","operator":"range","value":{"gte":1767225600000}}],"limit":2,"locationId":"loc1","page":1,"query":"","searchAfter":[],"sort":[{"direction":"asc","field":"date_updated"}]}`},
				{"POST /opportunities/search", july, `{"additionalDetails":{"calendarEvents":false,"notes":false,"tasks":false,"unReadConversations":false},"filters":[{"field":"date_updated","operator":"range","value":{"gte":1767225600000}}],"limit":2,"locationId":"loc1","page":1,"query":"","searchAfter":[1767312000000,"o2"],"sort":[{"direction":"asc","field":"date_updated"}]}`},
			},
		},
		{
			operation: "opportunity.search_legacy", inputs: map[string]any{"contactId": "c1"}, size: 1,
			answers: []string{
				`{"opportunities":[{"id":"o2","createdAt":"2026-01-02T00:00:00Z"}],"meta":{"total":2,"startAfter":1767312000000,"startAfterId":"o2"}}`,
				`{"opportunities":[],"meta":{"total":2}}`,
			},
			ids: "o2",
			want: []wire{
				{"GET /opportunities/search?contact_id=c1&limit=1&location_id=loc1&order=added_desc", july, ""},
				{"GET /opportunities/search?contact_id=c1&limit=1&location_id=loc1&order=added_desc&startAfter=1767312000000&startAfterId=o2", july, ""},
			},
		},
		{
			operation: "conversation.search", size: 1,
			answers: []string{
				`{"conversations":[{"id":"v2","lastMessageDate":1767312000000,"sort":[1767312000000]}],"total":2}`,
				`{"conversations":[],"total":2}`,
			},
			ids: "v2",
			want: []wire{
				{"GET /conversations/search?limit=1&locationId=loc1&sort=desc&sortBy=last_message_date", april, ""},
				{"GET /conversations/search?limit=1&locationId=loc1&sort=desc&sortBy=last_message_date&startAfterDate=1767312000000", april, ""},
			},
		},
		{
			operation: "conversation.message.list", inputs: map[string]any{"conversationId": "v1"}, size: 2,
			answers: []string{ // one step deeper than documented, then as documented
				`{"messages":{"lastMessageId":"m2","nextPage":true,"messages":[{"id":"m3","dateAdded":"2026-01-03T00:00:00Z"},{"id":"m2","dateAdded":"2026-01-02T00:00:00Z"}]}}`,
				`{"lastMessageId":"m1","nextPage":false,"messages":[{"id":"m1","dateAdded":"2026-01-01T00:00:00Z"}]}`,
			},
			ids: "m3 m2 m1",
			want: []wire{
				{"GET /conversations/v1/messages?limit=2", april, ""},
				{"GET /conversations/v1/messages?lastMessageId=m2&limit=2", april, ""},
			},
		},
		{
			operation: "message.export", inputs: map[string]any{"channel": "Email"}, size: 100,
			answers: []string{
				`{"messages":[{"id":"m2","dateAdded":"2026-01-02T00:00:00Z"}],"nextCursor":"abc=","total":2}`,
				`{"messages":[{"id":"m1","dateAdded":"2026-01-01T00:00:00Z"}],"total":2}`,
			},
			ids: "m2 m1",
			want: []wire{
				{"GET /conversations/messages/export?channel=Email&limit=100&locationId=loc1&sortBy=createdAt&sortOrder=desc", april, ""},
				{"GET /conversations/messages/export?channel=Email&cursor=abc%3D&limit=100&locationId=loc1&sortBy=createdAt&sortOrder=desc", april, ""},
			},
		},
		{
			operation: "calendar_notification.list", inputs: map[string]any{"calendarId": "k1"}, size: 2,
			answers: []string{`[{"_id":"n1"},{"_id":"n2","deleted":true}]`, `[]`},
			ids:     "n1",
			want: []wire{
				{"GET /calendars/k1/notifications?limit=2&skip=0", april, ""},
				{"GET /calendars/k1/notifications?limit=2&skip=2", april, ""},
			},
		},
		{
			operation: "calendar_resource.list", inputs: map[string]any{"resourceType": "rooms"},
			answers: []string{`[{"_id":"r1","name":"Hall"}]`, `[]`},
			ids:     "r1",
			want: []wire{
				{"GET /calendars/resources/rooms?limit=100&locationId=loc1&skip=0", april, ""},
				{"GET /calendars/resources/rooms?limit=100&locationId=loc1&skip=1", april, ""},
			},
		},
		{
			operation: "appointment_note.list", inputs: map[string]any{"appointmentId": "a1"}, size: 1,
			answers: []string{`{"notes":[{"id":"n1"}],"hasMore":true}`, `{"notes":[],"hasMore":false}`},
			ids:     "n1",
			want: []wire{
				{"GET /calendars/appointments/a1/notes?limit=1&offset=0", april, ""},
				{"GET /calendars/appointments/a1/notes?limit=1&offset=1", april, ""},
			},
		},
		{
			operation: "user.search",
			answers:   []string{`{"users":[{"id":"u1"},{"id":"u2","deleted":true}],"count":2}`, `{"users":[],"count":2}`},
			ids:       "u1",
			want: []wire{
				{"GET /users/search?companyId=com1&limit=100&locationId=loc1&skip=0", july, ""},
				{"GET /users/search?companyId=com1&limit=100&locationId=loc1&skip=2", july, ""},
			},
		},
		{
			operation: "user.filter_by_email", inputs: map[string]any{"emails": "a@example.com,b@example.com"},
			answers: []string{`{"users":[{"id":"u1"}]}`, `{"users":[]}`},
			ids:     "u1",
			want: []wire{
				{"POST /users/search/filter-by-email", july, `{"companyId":"com1","emails":"a@example.com,b@example.com","limit":"100","projection":"all","skip":"0"}`},
				{"POST /users/search/filter-by-email", july, `{"companyId":"com1","emails":"a@example.com,b@example.com","limit":"100","projection":"all","skip":"1"}`},
			},
		},
		{
			operation: "business.list", size: 1,
			answers: []string{`{"businesses":[{"id":"b1"}]}`, `{"businesses":[]}`},
			ids:     "b1",
			want: []wire{
				{"GET /businesses/?limit=1&locationId=loc1&skip=0", july, ""},
				{"GET /businesses/?limit=1&locationId=loc1&skip=1", july, ""},
			},
		},
		{
			operation: "location.search",
			answers:   []string{`{"locations":[{"id":"l1"}]}`, `{"locations":[]}`},
			ids:       "l1",
			want: []wire{
				{"GET /locations/search?companyId=com1&limit=100&order=asc&skip=0", july, ""},
				{"GET /locations/search?companyId=com1&limit=100&order=asc&skip=1", july, ""},
			},
		},
		{
			operation: "association.list",
			answers:   []string{`[{"id":"x1"}]`, `{"associations":[],"traceId":"t"}`},
			ids:       "x1",
			want: []wire{
				{"GET /associations/?limit=100&locationId=loc1&skip=0", july, ""},
				{"GET /associations/?limit=100&locationId=loc1&skip=1", july, ""},
			},
		},
		{
			operation: "relation.list_by_record", inputs: map[string]any{"recordId": "c/1"},
			answers: []string{`{"relations":[{"id":"x1"}]}`, `{"relations":[]}`},
			ids:     "x1",
			want: []wire{
				{"GET /associations/relations/c%2F1?limit=100&locationId=loc1&skip=0", july, ""},
				{"GET /associations/relations/c%2F1?limit=100&locationId=loc1&skip=1", july, ""},
			},
		},
		{
			operation: "blog.post.list", inputs: map[string]any{"blogId": "g1"},
			answers: []string{`{"blogs":[{"_id":"p1","updatedAt":"2026-01-01T00:00:00Z"}]}`, `{"blogs":[]}`},
			ids:     "p1",
			want: []wire{
				{"GET /blogs/posts/all?blogId=g1&limit=100&locationId=loc1&offset=0", july, ""},
				{"GET /blogs/posts/all?blogId=g1&limit=100&locationId=loc1&offset=1", july, ""},
			},
		},
		{
			operation: "workflow.list",
			answers:   []string{`{"workflows":[{"id":"w1","createdAt":"2026-01-01T00:00:00Z","updatedAt":"2026-01-01T00:00:00Z"}]}`},
			ids:       "w1",
			want:      []wire{{"GET /workflows/?locationId=loc1", july, ""}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.operation, func(t *testing.T) {
			t.Parallel()
			n := &noted{answers: tt.answers}
			c, s := open(t, n.RoundTrip)
			q := connectors.Query{Inputs: tt.inputs, Size: tt.size, Since: time.UnixMilli(1767225600000)}
			var ids []string
			for range 5 {
				page, err := s.Page(t.Context(), operation(t, c, tt.operation), q)
				if err != nil {
					t.Fatal(err)
				}
				for _, r := range page.Records {
					ids = append(ids, r.ID)
				}
				if q.Position = page.Next; q.Position == "" {
					break
				}
			}
			if got := strings.Join(ids, " "); got != tt.ids {
				t.Errorf("records: got %q, want %q", got, tt.ids)
			}
			if diff := cmp.Diff(tt.want, n.asked, cmp.AllowUnexported(wire{})); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
		})
	}
}

// TestWindows_AskInMilliseconds covers the lists that show what lies between two times.
func TestWindows_AskInMilliseconds(t *testing.T) {
	t.Parallel()
	from, to := time.UnixMilli(1767225600000), time.UnixMilli(1769817600000)
	tests := []struct{ operation, answer, line, ids string }{
		{
			"calendar_event.list", `{"events":[{"id":"e1","startTime":"2026-01-05T10:00:00+09:00"},{"id":"e2","startTime":"2026-01-06T10:00:00+09:00","deleted":true}]}`,
			"GET /calendars/events?calendarId=k1&endTime=1769817600000&locationId=loc1&startTime=1767225600000", "e1",
		},
		{
			"blocked_slot.list", `{"events":[{"id":"b1","startTime":"2026-01-05T10:00:00+09:00"}]}`,
			"GET /calendars/blocked-slots?calendarId=k1&endTime=1769817600000&locationId=loc1&startTime=1767225600000", "b1",
		},
		{
			"calendar.free_slots", `{"2026-01-05":{"slots":["2026-01-05T10:00:00+09:00","2026-01-05T11:00:00+09:00"]},"traceId":"t"}`,
			"GET /calendars/k1/free-slots?endDate=1769817600000&startDate=1767225600000", "2026-01-05T10:00:00+09:00 2026-01-05T11:00:00+09:00",
		},
	}
	for _, tt := range tests {
		n := &noted{answers: []string{tt.answer}}
		c, s := open(t, n.RoundTrip)
		page, err := s.Page(t.Context(), operation(t, c, tt.operation), connectors.Query{Inputs: map[string]any{"calendarId": "k1"}, From: from, To: to})
		if err != nil {
			t.Errorf("%s: %v", tt.operation, err)
			continue
		}
		var ids []string
		for _, r := range page.Records {
			ids = append(ids, r.ID)
		}
		if got := strings.Join(ids, " "); got != tt.ids || n.asked[0] != (wire{tt.line, april, ""}) {
			t.Errorf("%s: %s gives %q, want %s and %q", tt.operation, n.asked[0].line, got, tt.line, tt.ids)
		}
	}
}

// TestWrites_AreThoseOfTheService writes down requests by hand, at least one a file.
func TestWrites_AreThoseOfTheService(t *testing.T) {
	t.Parallel()
	in := func(pairs ...any) map[string]any {
		m := map[string]any{}
		for i := 0; i < len(pairs); i += 2 {
			m[pairs[i].(string)] = pairs[i+1] //nolint:forcetypeassert // a test fails either way
		}
		return m
	}
	list := func(v ...any) []any { return v }
	tests := []struct {
		operation string
		inputs    map[string]any
		want      wire
	}{
		{"contact.update", in("contactId", "c1", "city", nil), wire{"PUT /contacts/c1", july, `{"city":null}`}},
		{"contact.note.create", in("contactId", "c1", "body", "x"), wire{"POST /contacts/c1/notes", july, `{"body":"x"}`}},
		{"contact.task.complete", in("contactId", "c1", "taskId", "t1"), wire{"PUT /contacts/c1/tasks/t1/completed", july, `{"completed":true}`}},
		{"contact.workflow.add", in("contactId", "c1", "workflowId", "w1"), wire{"POST /contacts/c1/workflow/w1", july, `{}`}},
		{"contact.workflow.remove", in("contactId", "c1", "workflowId", "w1"), wire{"DELETE /contacts/c1/workflow/w1", july, `{}`}},
		{"contact.follower.remove", in("contactId", "c1", "followers", list("u1")), wire{"DELETE /contacts/c1/followers", july, `{"followers":["u1"]}`}},
		{"contact.business.bulk_update", in("ids", list("c1"), "businessId", nil), wire{"POST /contacts/bulk/business", july, `{"businessId":null,"ids":["c1"],"locationId":"loc1"}`}},
		{
			"appointment.create", in("calendarId", "k1", "contactId", "c1", "startTime", "2026-01-05T10:00:00+09:00", "toNotify", false),
			wire{"POST /calendars/events/appointments", april, `{"calendarId":"k1","contactId":"c1","locationId":"loc1","startTime":"2026-01-05T10:00:00+09:00","toNotify":false}`},
		},
		{"appointment.update", in("eventId", "e1", "appointmentStatus", "noshow"), wire{"PUT /calendars/events/appointments/e1", april, `{"appointmentStatus":"noshow"}`}},
		{"calendar_event.delete", in("eventId", "e1"), wire{"DELETE /calendars/events/e1", april, `{}`}},
		{"appointment_note.delete", in("appointmentId", "a1", "noteId", "n1"), wire{"DELETE /calendars/appointments/a1/notes/n1", april, ""}},
		{"calendar_group.set_status", in("groupId", "g1", "isActive", false), wire{"PUT /calendars/groups/g1/status", april, `{"isActive":false}`}},
		{"calendar_group.validate_slug", in("slug", "x"), wire{"POST /calendars/groups/validate-slug", april, `{"locationId":"loc1","slug":"x"}`}},
		{
			"calendar_notification.create", in("calendarId", "k1", "notifications", list(in("receiverType", "contact", "channel", "email", "notificationType", "booked"))),
			wire{"POST /calendars/k1/notifications", april, `[{"channel":"email","notificationType":"booked","receiverType":"contact"}]`},
		},
		{"calendar_resource.update", in("resourceType", "rooms", "resourceId", "r1", "capacity", 3), wire{"PUT /calendars/resources/rooms/r1", april, `{"capacity":3,"locationId":"loc1"}`}},
		{"calendar.create", in("name", "Tours"), wire{"POST /calendars/", april, `{"locationId":"loc1","name":"Tours"}`}},
		{
			"opportunity.create", in("pipelineId", "p1", "contactId", "c1", "name", "Tour"),
			wire{"POST /opportunities/", july, `{"contactId":"c1","locationId":"loc1","name":"Tour","pipelineId":"p1","status":"open"}`},
		},
		{"opportunity.update_status", in("opportunityId", "o1", "status", "lost"), wire{"PUT /opportunities/o1/status", july, `{"status":"lost"}`}},
		{
			"opportunity.upsert", in("opportunityId", "o1", "pipelineId", "p1"),
			wire{"POST /opportunities/upsert", july, `{"followers":[],"followersActionType":"add","id":"o1","isRemoveAllFollowers":false,"locationId":"loc1","pipelineId":"p1"}`},
		},
		{
			"opportunity.follower.remove", in("opportunityId", "o1", "followers", list("u1"), "isRemoveAllFollowers", true),
			wire{"DELETE /opportunities/o1/followers?isRemoveAllFollowers=true", july, `{"followers":["u1"]}`},
		},
		{
			"user.create", in("firstName", "A", "lastName", "B", "email", "a@example.com", "password", "p", "type", "account", "role", "user", "locationIds", list("loc1")),
			wire{"POST /users/", july, `{"companyId":"com1","email":"a@example.com","firstName":"A","lastName":"B","locationIds":["loc1"],"password":"p","role":"user","type":"account"}`},
		},
		{"user.delete", in("userId", "u1"), wire{"DELETE /users/u1", july, ""}},
		{"conversation.update", in("conversationId", "v1", "unreadCount", 0), wire{"PUT /conversations/v1", april, `{"locationId":"loc1","unreadCount":0}`}},
		{
			"message.send", in("type", "SMS", "subType", "SMS", "contactId", "c1", "message", "hello"),
			wire{"POST /conversations/messages", april, `{"contactId":"c1","message":"hello","status":"pending","subType":"SMS","type":"SMS"}`},
		},
		{"message.update_status", in("messageId", "m1", "status", "read"), wire{"PUT /conversations/messages/m1/status", april, `{"status":"read"}`}},
		{
			"livechat.typing", in("isTyping", "true", "visitorId", "x", "conversationId", "v1"),
			wire{"POST /conversations/providers/live-chat/typing", april, `{"conversationId":"v1","isTyping":"true","locationId":"loc1","visitorId":"x"}`},
		},
		{"business.create", in("name", "Acme"), wire{"POST /businesses/", july, `{"locationId":"loc1","name":"Acme"}`}},
		{"business.delete", in("businessId", "b1"), wire{"DELETE /businesses/b1", july, ""}},
		{"location.create", in("name", "Shop"), wire{"POST /locations/", july, `{"companyId":"com1","name":"Shop"}`}},
		{"association.update", in("associationId", "x1", "firstObjectLabel", "a", "secondObjectLabel", "b"), wire{"PUT /associations/x1", july, `{"firstObjectLabel":"a","secondObjectLabel":"b"}`}},
		{"relation.delete", in("relationId", "x1"), wire{"DELETE /associations/relations/x1?locationId=loc1", july, ""}},
		{
			"blog.post.update", in("postId", "p1", "blogId", "g1", "title", "T", "description", "D", "rawHTML", "<p>", "status", "DRAFT", "imageUrl", "u",
				"imageAltText", "a", "categories", list("k"), "author", "w", "urlSlug", "s", "publishedAt", "2026-01-05T10:00:00Z"),
			wire{"PUT /blogs/posts/p1", july, `{"author":"w","blogId":"g1","categories":["k"],"description":"D","imageAltText":"a","imageUrl":"u","locationId":"loc1","publishedAt":"2026-01-05T10:00:00Z","rawHTML":"<p>","status":"DRAFT","title":"T","urlSlug":"s"}`},
		},
	}
	for _, tt := range tests {
		t.Run(tt.operation, func(t *testing.T) {
			t.Parallel()
			n := &noted{answers: []string{`{"available":true}`}}
			c, s := open(t, n.RoundTrip)
			if _, err := s.Call(t.Context(), operation(t, c, tt.operation), tt.inputs); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]wire{tt.want}, n.asked, cmp.AllowUnexported(wire{})); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
		})
	}
}

// TestAnswers_AreReadInEveryForm covers the answers that are recorded in another form than
// they are documented in, and those whose form is not known.
func TestAnswers_AreReadInEveryForm(t *testing.T) {
	t.Parallel()
	id := map[string]any{
		"eventId": "x", "messageId": "x", "emailMessageId": "x", "conversationId": "x", "associationId": "x", "name": "x",
	}
	tests := []struct {
		operation string
		answers   []string
	}{
		{"appointment.get", []string{`{"appointment":{"id":"a1"}}`, `{"event":{"id":"a1"}}`}},
		{"message.get", []string{`{"message":{"id":"a1"}}`, `{"id":"a1"}`}},
		{"email.get", []string{`{"emailMessage":{"id":"a1"}}`, `{"message":{"id":"a1"}}`, `{"id":"a1"}`}},
		{"conversation.get", []string{`{"id":"a1","lastMessageDate":{"seconds":1,"nanoseconds":0}}`, `{"conversation":{"id":"a1"}}`}},
		{"association.get", []string{`{"id":"a1"}`, `{"association":{"id":"a1"}}`}},
		{"business.create", []string{`{"success":true,"buiseness":{"id":"a1"}}`, `{"business":{"id":"a1"}}`}},
	}
	for _, tt := range tests {
		for _, answer := range tt.answers {
			c, s := open(t, says(200, answer))
			op, inputs := operation(t, c, tt.operation), map[string]any{}
			for _, in := range op.Inputs {
				if must(in) {
					inputs[in.Name] = id[in.Name]
				}
			}
			a, err := s.Call(t.Context(), op, inputs)
			record, _ := a.Value.(map[string]any)
			if err != nil || record["id"] != "a1" {
				t.Errorf("%s: %s gives %v, %v, want the record a1", tt.operation, answer, a.Value, err)
			}
		}
	}
}

// TestAppear_OnceTheyAreThere covers what is not there at first: recordings and
// transcriptions.
func TestAppear_OnceTheyAreThere(t *testing.T) {
	t.Parallel()
	q := connectors.Query{Inputs: map[string]any{"messageId": "m1"}}
	for _, key := range []string{"message.recording.get", "message.transcription.get", "message.transcription.download"} {
		for name, s := range map[string]service{
			"not found": says(404, `{"message":"Not Found"}`), "refused as not found": says(400, `{"message":"Recording not found"}`), "empty": says(200, ""),
		} {
			c, session := open(t, s)
			page, err := session.Page(t.Context(), operation(t, c, key), q)
			if err != nil || len(page.Records) != 0 {
				t.Errorf("%s, %s: %+v, %v, want no record", key, name, page, err)
			}
		}
	}
	for key, kind := range map[string]string{"message.recording.get": "audio/x-wav", "message.transcription.download": "text/plain"} {
		c, session := open(t, func(r *http.Request) (*http.Response, error) {
			resp, err := says(200, "abc")(r)
			resp.Header.Set("Content-Type", kind)
			return resp, err
		})
		page, err := session.Page(t.Context(), operation(t, c, key), q)
		if err != nil || len(page.Records) != 1 || page.Records[0].ID != "m1" {
			t.Errorf("%s: %+v, %v, want the record m1", key, page, err)
		}
	}
	for _, answer := range []string{`[{"transcript":"hello"}]`, `{"transcript":"hello"}`} {
		c, session := open(t, says(200, answer))
		page, err := session.Page(t.Context(), operation(t, c, "message.transcription.get"), q)
		if err != nil || len(page.Records) != 1 || page.Records[0].ID != "m1" || !strings.Contains(string(page.Records[0].Raw), "hello") {
			t.Errorf("%s: %+v, %v, want the record m1", answer, page, err)
		}
	}
}

// TestSlug_FlipsBetweenTwoValues covers the read of one boolean, which has no id.
func TestSlug_FlipsBetweenTwoValues(t *testing.T) {
	t.Parallel()
	for _, taken := range []string{"true", "false"} {
		c, s := open(t, says(200, `{"exists":`+taken+`,"traceId":"t"}`))
		op := operation(t, c, "blog.slug_check")
		page, err := s.Page(t.Context(), op, connectors.Query{Inputs: map[string]any{"urlSlug": "news"}})
		if err != nil || len(page.Records) != 1 || page.Records[0].ID != "news" {
			t.Fatalf("page = %+v, %v, want the record news", page, err)
		}
		fields, err := op.Answer.Decode(page.Records[0].Raw)
		if diff := cmp.Diff(map[string]any{"exists": taken == "true"}, fields); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", taken, err, diff)
		}
	}
}

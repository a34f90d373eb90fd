package sandbox_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/connectors/sandbox"
)

// talk begins a conversation with each of three contacts, a second after one another, and
// returns the ids of their messages.
func talk(t *testing.T, c *client) (messages []string) {
	t.Helper()
	for i, who := range c.Contacts()[:3] {
		pass(time.Second)
		body := fmt.Sprintf(`{"type":"SMS","subType":"SMS","contactId":%q,"status":"pending","message":"Hello %d"}`, who, i)
		messages = append(messages, c.hl(t, "POST", "/conversations/messages", body).want(t, "send", 200).text1("messageId"))
	}
	return messages
}

// idsIn are the ids of a list in an answer.
func (r *reply) idsIn(path ...string) []string {
	ids := []string{}
	list, _ := r.member(path...).([]any)
	for _, e := range list {
		row, _ := e.(map[string]any)
		ids = append(ids, fmt.Sprint(row["id"]))
	}
	return ids
}

func TestHighLevel_ConversationsAreSearched(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := open(sandbox.Options{Contacts: 3})
		talk(t, c)
		search := "/conversations/search?locationId=" + c.at.LocationID
		ids := func(query string) []string {
			return c.hl(t, "GET", search+query, "").want(t, query, 200).idsIn("conversations")
		}
		all := ids("")
		last := c.hl(t, "GET", search+"&limit=1", "").object["conversations"].([]any)[0].(map[string]any)
		cursor := fmt.Sprintf("&startAfterDate=%.0f", last["lastMessageDate"])
		for query, want := range map[string][]string{
			"&sortBy=last_message_date&sort=desc&limit=1": all[:1],
			"&limit=2" + cursor:                           all[1:],
			"&sort=asc":                                   {all[2], all[1], all[0]},
			"&status=unread":                              {"sandboxConversation1"},
			"&status=starred":                             {},
			"&query=hello%201":                            {all[1]},
			"&contactId=" + c.Contacts()[2]:               {all[0]},
			"&id=" + all[1] + "," + all[2]:                {all[1], all[2]},
			"&lastMessageDirection=inbound":               {},
			"&lastMessageAction=manual":                   all,
			"&lastMessageType=TYPE_EMAIL":                 {},
			"&assignedTo=u1":                              {},
			"&sortBy=last_manual_message_date":            all,
		} {
			if diff := cmp.Diff(want, ids(query)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", query, diff)
			}
		}
		c.all(t, []asked{
			{"nobody's", "GET", "/conversations/search", "", 422, "locationId"},
			{"elsewhere", "GET", "/conversations/search?locationId=x", "", 403, ""},
			{"a word", "GET", search + "&sort=up", "", 422, "sort must be one of"},
			{"a cursor", "GET", search + "&startAfterDate=x", "", 422, "startAfterDate"},
			{"star", "PUT", "/conversations/" + all[1], `{"locationId":"` + c.at.LocationID + `","starred":true,"unreadCount":2}`, 200, `"success":true`},
			{"fewer than none", "PUT", "/conversations/" + all[1], `{"locationId":"` + c.at.LocationID + `","unreadCount":-1}`, 422, "unreadCount"},
			{"of nobody", "PUT", "/conversations/" + all[1], `{"starred":true}`, 422, "locationId"},
			{"a second one", "POST", "/conversations/", `{"locationId":"` + c.at.LocationID + `","contactId":"` + c.Contacts()[1] + `"}`, 400, "exists"},
			{"with nobody", "POST", "/conversations/", `{"locationId":"` + c.at.LocationID + `","contactId":"x"}`, 400, "not found"},
			{"read", "GET", "/conversations/" + all[1], "", 200, `"starred":true`},
			{"its number", "GET", "/conversations/" + all[1], "", 200, `"type":1`},
			{"delete", "DELETE", "/conversations/" + all[1], "", 200, "success"},
			{"read it", "GET", "/conversations/" + all[1], "", 200, `"deleted":true`},
			{"nothing", "GET", "/conversations/x", "", 400, "not found"},
		})
		c.suffer(t, "highlevel.conversation.search", sandbox.Stuck, func() {
			if diff := cmp.Diff(all[:1], ids("&limit=1"+cursor)); diff != "" {
				t.Errorf("stuck (-want +got):\n%s", diff)
			}
		})
		c.suffer(t, "highlevel.conversation.search", sandbox.Half, func() {
			if got := ids(""); len(got) != 1 {
				t.Errorf("half: got %v, want one of two", got)
			}
		})
		c.suffer(t, "highlevel.conversation.search", sandbox.Unfiltered, func() {
			if got := ids("&status=starred"); len(got) != 2 {
				t.Errorf("unfiltered: got %v, want both", got)
			}
		})
		c.suffer(t, "highlevel.conversation.search", sandbox.Unsorted, func() {
			if diff := cmp.Diff([]string{all[2], all[0]}, ids("")); diff != "" {
				t.Errorf("unsorted (-want +got):\n%s", diff)
			}
		})
	})
}

func TestHighLevel_MessagesAreListedAndExported(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := open(sandbox.Options{Contacts: 1})
		who := c.Contacts()[0]
		want := []string{"sandboxMessage000001"}
		for i := range 24 {
			pass(time.Second)
			body := fmt.Sprintf(`{"type":"SMS","subType":"SMS","contactId":%q,"status":"pending","message":"%d"}`, who, i)
			want = append(want, c.hl(t, "POST", "/conversations/messages", body).want(t, "send", 200).text1("messageId"))
		}
		slices.Reverse(want)
		mail := c.hl(t, "POST", "/conversations/messages", `{"type":"Email","subType":"Email","contactId":"`+who+`","status":"pending","html":"<b>"}`).want(t, "mail", 200)

		list := "/conversations/sandboxConversation1/messages"
		first := c.hl(t, "GET", list+"?type=TYPE_SMS,TYPE_CALL", "").want(t, "a page", 200)
		got := first.idsIn("messages", "messages")
		if len(got) != 20 || first.member("messages", "nextPage") != true {
			t.Errorf("got %d messages, next page %v, want 20 and another", len(got), first.member("messages", "nextPage"))
		}
		rest := c.hl(t, "GET", list+"?type=TYPE_SMS&lastMessageId="+first.text1("messages", "lastMessageId"), "").want(t, "the rest", 200)
		if diff := cmp.Diff(want, append(got, rest.idsIn("messages", "messages")...)); diff != "" || rest.member("messages", "nextPage") != false {
			t.Errorf("messages (-want +got):\n%s", diff)
		}

		export := "/conversations/messages/export?locationId=" + c.at.LocationID + "&limit=10"
		got = nil
		cursor := ""
		for range 3 {
			page := c.hl(t, "GET", export+cursor, "").want(t, "export", 200)
			got = append(got, page.idsIn("messages")...)
			cursor = "&cursor=" + page.text1("nextCursor")
		}
		if diff := cmp.Diff(want, got); diff != "" || cursor != "&cursor=" {
			t.Errorf("export, then %q (-want +got):\n%s", cursor, diff)
		}
		stamp := time.Now().Add(-2500 * time.Millisecond)
		for query, want := range map[string]int{
			"&channel=Email": 1, "&channel=Call": 0, "&conversationId=x": 0, "&contactId=" + who: 10,
			fmt.Sprintf("&startDate=%d", stamp.UnixMilli()): 3, "&startDate=" + stamp.UTC().Format(time.RFC3339Nano): 3, "&endDate=1000": 0,
		} {
			if got := len(c.hl(t, "GET", export+query, "").want(t, query, 200).idsIn("messages")); got != want {
				t.Errorf("%s: got %d messages, want %d", query, got, want)
			}
		}
		pass(time.Second)
		c.hl(t, "PUT", "/conversations/messages/sandboxMessage000001/status", `{"status":"read"}`).want(t, "a change", 200)
		if got := c.hl(t, "GET", export+"&sortBy=updatedAt", "").idsIn("messages"); got[0] != "sandboxMessage000001" {
			t.Errorf("by change: got %s first, want the one that changed", got[0])
		}
		if got := c.hl(t, "GET", export+"&sortOrder=asc", "").idsIn("messages"); got[0] != "sandboxMessage000001" {
			t.Errorf("oldest first: got %s first, want the oldest", got[0])
		}
		c.suffer(t, "highlevel.message.export", sandbox.Stuck, func() {
			if got := c.hl(t, "GET", export+"&cursor=x", "").idsIn("messages"); got[0] != want[0] {
				t.Errorf("stuck: got %s first, want the first page", got[0])
			}
		})
		c.all(t, []asked{
			{"too few", "GET", strings.Replace(export, "limit=10", "limit=9", 1), "", 422, "limit"},
			{"a cursor", "GET", export + "&cursor=x", "", 400, "cursor"},
			{"a channel", "GET", export + "&channel=Fax", "", 422, "channel must be"},
			{"a time", "GET", export + "&startDate=soon", "", 422, "startDate"},
			{"a kind", "GET", list + "?type=TYPE_FAX", "", 422, "type must be"},
			{"a place", "GET", list + "?lastMessageId=x", "", 400, "not found"},
			{"e-mails have no body", "GET", "/conversations/messages/" + mail.text1("messageId"), "", 200, `"meta":{"email":{"messageIds":["` + mail.text1("emailMessageId")},
			{"but this", "GET", "/conversations/messages/email/" + mail.text1("emailMessageId"), "", 200, `"body":"<b>"`},
			{"no e-mail", "GET", "/conversations/messages/email/sandboxMessage000001", "", 400, "Email message not found"},
		})
	})
}

func TestHighLevel_MessagesComeAndGo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := open(sandbox.Options{Contacts: 1})
		who, messages, id := c.Contacts()[0], "/conversations/messages", "/conversations/messages/sandboxMessage000001"
		in := `"conversationId":"sandboxConversation1","conversationProviderId":"p1"`
		later := fmt.Sprintf(`{"type":"SMS","subType":"SMS","contactId":%q,"status":"pending","scheduledTimestamp":%d}`, who, time.Now().Add(time.Hour).Unix())
		waits := messages + "/" + c.hl(t, "POST", messages, later).wantStatus(t, "schedule", "scheduled")
		never := messages + "/" + c.hl(t, "POST", messages, later).wantStatus(t, "schedule another", "scheduled")
		c.all(t, []asked{
			{"a kind", "POST", messages, `{"type":"Fax","subType":"Fax","contactId":"` + who + `","status":"pending"}`, 422, "type must be"},
			{"a status", "POST", messages, `{"type":"SMS","subType":"SMS","contactId":"` + who + `","status":"sent"}`, 422, "status must be"},
			{"nobody", "POST", messages, `{"type":"SMS","subType":"SMS","contactId":"x","status":"pending"}`, 400, "Contact not found"},
			{"more", "POST", messages, `{"type":"SMS","subType":"SMS","contactId":"` + who + `","status":"pending","body":"x"}`, 422, "body should not exist"},
			{"inbound", "POST", messages + "/inbound", `{"type":"SMS","contactId":"` + who + `","message":"Hi",` + in + `}`, 200, `"success":true`},
			{"a mail", "POST", messages + "/inbound", `{"type":"Email","contactId":"` + who + `","html":"Hi","direction":"inbound",` + in + `}`, 200, `"emailMessageId"`},
			{"a direction", "POST", messages + "/inbound", `{"type":"SMS","contactId":"` + who + `","direction":"up",` + in + `}`, 422, "direction"},
			{"a date", "POST", messages + "/inbound", `{"type":"SMS","contactId":"` + who + `","date":"soon",` + in + `}`, 422, "date"},
			{"a call", "POST", messages + "/outbound", `{"type":"Call","call":{"to":"+1","from":"+2","status":"busy"},` + in + `}`, 200, `"success":true`},
			{"what is no call", "POST", messages + "/outbound", `{"type":"SMS",` + in + `}`, 422, "type must be"},
			{"a call with more", "POST", messages + "/outbound", `{"type":"Call","call":{"length":1},` + in + `}`, 422, "call.length should not exist"},
			{"three are unread", "GET", "/conversations/sandboxConversation1", "", 200, `"unreadCount":3`},
			{"status", "PUT", id + "/status", `{"status":"unread"}`, 422, "status must be"},
			{"an error", "PUT", id + "/status", `{"status":"failed","error":{"code":"1"}}`, 422, "error.message should not be empty"},
			{"attach", "PUT", id + "/attachments", `{"attachments":["https://example.com/a"]}`, 200, ""},
			{"attached", "GET", id, "", 200, `"attachments":["https://example.com/a"]`},
			{"cancel what was sent", "DELETE", id + "/schedule", "", 200, `"status":404`},
			{"cancel", "DELETE", never + "/schedule", "", 200, `"status":200`},
			{"it is gone", "GET", never, "", 400, "not found"},
			{"type", "POST", "/conversations/providers/live-chat/typing", `{"locationId":"` + c.at.LocationID + `","isTyping":true,"visitorId":"v","conversationId":"sandboxConversation1"}`, 422, "isTyping must be string"},
			{"no recording", "GET", id + "/locations/" + c.at.LocationID + "/recording", "", 400, "not found"},
			{"elsewhere", "GET", id + "/locations/x/recording", "", 403, ""},
			{"no message", "GET", "/conversations/locations/" + c.at.LocationID + "/messages/x/transcription", "", 400, "Message not found"},
		})
		pass(2 * time.Hour)
		c.hl(t, "GET", waits, "").wantText(t, "it was sent", 200, `"status":"sent"`)
		if err := c.DeleteContact(who); err != nil {
			t.Fatal(err)
		}
		c.hl(t, "GET", waits, "").want(t, "it goes with the contact", 400)
	})
}

// wantStatus checks the status that an answer tells of a message, and returns its id.
func (r *reply) wantStatus(t *testing.T, what, status string) string {
	t.Helper()
	if got := r.text1("status"); got != status {
		t.Errorf("%s: got status %q, want %q in %s", what, got, status, r.text)
	}
	return r.text1("messageId")
}

func TestHighLevel_CallsHaveRecordings(t *testing.T) {
	t.Parallel()
	c := open(sandbox.Options{Contacts: 1})
	for kind, fields := range map[string]map[string]any{"recording": {"sound": "RIFF\x00\xff"}, "transcription": {"text": "Hello.\nBye."}} {
		fields["id"] = "sandboxMessage000001"
		if _, err := c.KeepThing(kind, fields); err != nil {
			t.Fatal(err)
		}
	}
	sound := c.hl(t, "GET", "/conversations/messages/sandboxMessage000001/locations/"+c.at.LocationID+"/recording", "").want(t, "recording", 200)
	if got := sound.header.Get("Content-Type"); got != "audio/x-wav" || sound.text != "RIFF\x00\xff" {
		t.Errorf("got %q of %s, want the sound of audio/x-wav", sound.text, got)
	}
	path := "/conversations/locations/" + c.at.LocationID + "/messages/sandboxMessage000001/transcription"
	if got := c.hl(t, "GET", path, "").want(t, "transcription", 200).list; len(got) != 2 {
		t.Errorf("got %v, want two sentences", got)
	}
	c.hl(t, "GET", path+"/download", "").wantText(t, "download", 200, "Hello.\nBye.")
}

func TestHighLevel_TakesUploads(t *testing.T) {
	t.Parallel()
	c := open(sandbox.Options{Contacts: 1})
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	for name, value := range map[string]string{"conversationId": "sandboxConversation1", "locationId": c.at.LocationID} {
		if err := w.WriteField(name, value); err != nil {
			t.Fatal(err)
		}
	}
	file, err := w.CreateFormFile("fileAttachment", "a.png")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.Write([]byte("png")); err != nil || w.Close() != nil {
		t.Fatal(err)
	}
	header := c.highLevelHeader()
	header["Content-Type"] = w.FormDataContentType()
	var answer struct{ UploadedFiles map[string]string }
	r := c.must(t, "POST", c.at.HighLevelURL+"/conversations/messages/upload", form.String(), header).want(t, "upload", 200)
	if err := json.Unmarshal([]byte(r.text), &answer); err != nil || !strings.HasSuffix(answer.UploadedFiles["a.png"], "/a.png") {
		t.Errorf("got %s, %v, want the address of a.png", r.text, err)
	}
	c.hl(t, "POST", "/conversations/messages/upload", `{}`).want(t, "no form", 415)
}

package project_test

import (
	"fmt"
	"maps"
	"time"
)

// sms are the inputs of a message to the first contact, which waits for a month, so that
// it can be taken back.
func sms(s *sandboxed, more map[string]any) map[string]any {
	in := map[string]any{
		"type": "SMS", "subType": "SMS", "contactId": contact(s), "message": "See you soon.", "status": "pending",
		"scheduledTimestamp": time.Now().Add(30 * 24 * time.Hour).Unix(),
	}
	maps.Copy(in, more)
	return in
}

// say sends a message and returns its id.
func say(s *sandboxed) string {
	return fmt.Sprint(s.call("highlevel", "message.send", sms(s, nil))["messageId"])
}

// mail sends an e-mail and returns the id of the e-mail.
func mail(s *sandboxed) string {
	return fmt.Sprint(s.call("highlevel", "message.send", sms(s, map[string]any{"type": "Email", "subType": "Email", "html": "<p>Hello</p>", "subject": "Hello"}))["emailMessageId"])
}

// attach adds a file to a message, or to that of an e-mail.
func attach(s *sandboxed, id string) string {
	s.ask("PUT", "/conversations/messages/"+id+"/attachments", map[string]any{"attachments": []any{"https://example.com/a.png"}})
	return id
}

// unsay takes back a message that was not sent yet.
func unsay(s *sandboxed, id string) string {
	s.ask("DELETE", "/conversations/messages/"+id+"/schedule", nil)
	return id
}

// messageStory is that of a message in a list.
func messageStory(st story) story {
	var id string
	st.create = func(s *sandboxed, _ string) string {
		id = say(s)
		return id
	}
	st.change = func(s *sandboxed, _ string) string { return attach(s, id) }
	st.remove = func(s *sandboxed, _ string) string { return unsay(s, id) }
	return st
}

// converse begins a conversation with the second contact and returns its id.
func converse(s *sandboxed) string {
	made, _ := s.ask("POST", "/conversations/", map[string]any{"locationId": s.at.LocationID, "contactId": s.world.Contacts()[1]})["conversation"].(map[string]any)
	return fmt.Sprint(made["id"])
}

// partOfCall is the story of what hangs on a message and no call makes.
func partOfCall(kind, name string) story {
	put := func(text string) func(s *sandboxed, id string) string {
		return func(s *sandboxed, id string) string { return s.keep(kind, map[string]any{"id": id, name: text}) }
	}
	return story{
		with: "messageId: $id", before: say, create: put("Hello."), change: put("Hello. Who is there?"),
		remove: func(s *sandboxed, id string) string {
			s.must(s.world.DiscardThing(kind, id))
			return id
		},
	}
}

// messageStories are those of conversations and messages.
func messageStories() map[string]story {
	var conversation string
	end := func(s *sandboxed, id string) string {
		s.ask("DELETE", "/conversations/"+id, nil)
		return id
	}
	return map[string]story{
		"highlevel.conversation.search": {
			trigger: walk, confirmed: true,
			create: func(s *sandboxed, _ string) string {
				conversation = converse(s)
				return conversation
			},
			change: func(s *sandboxed, _ string) string {
				s.call("highlevel", "message.send", sms(s, map[string]any{"contactId": s.world.Contacts()[1]}))
				return conversation
			},
			remove: func(s *sandboxed, _ string) string { return end(s, conversation) },
		},
		"highlevel.conversation.get": single(story{
			with: "conversationId: $id", before: converse, remove: end,
			change: func(s *sandboxed, id string) string {
				s.call("highlevel", "conversation.update", map[string]any{"conversationId": id, "starred": true})
				return id
			},
		}),
		"highlevel.conversation.message.list": messageStory(story{}),
		"highlevel.message.export":            messageStory(story{trigger: walk}),
		"highlevel.message.get":               single(story{with: "messageId: $id", before: say, change: attach, remove: unsay}),
		"highlevel.email.get": single(story{
			with: "emailMessageId: $id", before: mail, change: attach,
			remove: func(s *sandboxed, id string) string { return unsay(s, "email/"+id)[len("email/"):] },
		}),
		"highlevel.message.recording.get":          partOfCall("recording", "sound"),
		"highlevel.message.transcription.get":      partOfCall("transcription", "text"),
		"highlevel.message.transcription.download": partOfCall("transcription", "text"),
	}
}

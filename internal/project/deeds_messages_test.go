package project_test

import (
	"fmt"
	"strings"
	"time"
)

// messageDeeds are the writes of conversations and messages.
func messageDeeds() []deed {
	const seeded = "sandboxConversation1"
	return []deed{
		{
			operation: "message.send",
			inputs: func(s *sandboxed) map[string]any {
				return sms(s, map[string]any{"scheduledTimestamp": time.Now().Add(-time.Hour).Unix(), "attachments": []any{"https://example.com/a.png"}})
			},
			seen: func(s *sandboxed, answer map[string]any) string {
				return s.shows("message.get", map[string]any{"messageId": answer["messageId"]}, map[string]any{
					"body": "See you soon.", "direction": "outbound", "status": "pending", "messageType": "TYPE_SMS", "contactId": contact(s), "conversationId": seeded,
				})
			},
			rows: func(s *sandboxed) int { return len(s.list("message.export", map[string]any{"limit": 500})) },
		},
		{
			operation: "message.update_status",
			inputs: func(s *sandboxed) map[string]any {
				return map[string]any{"messageId": say(s), "status": "failed", "error": map[string]any{"code": "1", "type": "saas", "message": "no line"}}
			},
			seen: func(s *sandboxed, answer map[string]any) string {
				return s.shows("message.get", map[string]any{"messageId": answer["messageId"]}, map[string]any{"status": "failed"})
			},
		},
		{
			operation: "message.attachment.upload",
			first:     "{id: recording, call: crm.message.recording.get, with: {messageId: sandboxMessage000001}}, ",
			inputs: func(s *sandboxed) map[string]any {
				_, err := s.world.KeepThing("recording", map[string]any{"id": "sandboxMessage000001", "sound": "RIFF"})
				s.must(err)
				return map[string]any{"conversationId": seeded, "contactId": contact(s), "fileAttachment": "=steps.recording.file"}
			},
			// Nothing reads an upload: the address is all that there is of it.
			seen: func(_ *sandboxed, answer map[string]any) string {
				files, _ := answer["uploadedFiles"].(map[string]any)
				if address, _ := files["audio.wav"].(string); len(files) != 1 || !strings.HasSuffix(address, "/audio.wav") {
					return fmt.Sprintf("got %v, want the address of audio.wav", answer)
				}
				return ""
			},
		},
		{
			operation: "conversation.update",
			inputs: func(*sandboxed) map[string]any {
				return map[string]any{"conversationId": seeded, "unreadCount": 0, "starred": true}
			},
			seen: func(s *sandboxed, _ map[string]any) string {
				return s.shows("conversation.get", map[string]any{"conversationId": seeded}, map[string]any{"unreadCount": 0, "starred": true})
			},
		},
		{
			operation: "livechat.typing",
			inputs: func(*sandboxed) map[string]any {
				return map[string]any{"conversationId": seeded, "visitorId": "v1", "isTyping": "true"}
			},
			// It shows for a moment at the visitor's, and nowhere else.
			seen: func(s *sandboxed, _ map[string]any) string {
				for _, w := range s.world.Writes(0) {
					if w.Operation == "highlevel.livechat.typing" && w.Target == seeded {
						return ""
					}
				}
				return "the service has not written it"
			},
		},
	}
}

package project_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pollux-automation/pollux/connectors/sandbox"
)

// TestRefusal_OfConversationsThatCannotBeTrusted lets the lists of conversations and of
// messages misbehave: when they are well again nothing was lost and nothing comes twice.
func TestRefusal_OfConversationsThatCannotBeTrusted(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		operation, trigger string
		kind               sandbox.FaultKind
		want               string
	}{
		{"conversation.search", walk, sandbox.Unsorted, "the service did not sort newest first"},
		{"conversation.search", walk, sandbox.Stuck, "the next page begins where this one did"},
		{"message.export", walk, sandbox.Unsorted, "the service did not sort newest first"},
		{"message.export", walk, sandbox.Stuck, "the next page begins where this one did"},
	} {
		t.Run(tt.operation+" "+string(tt.kind), func(t *testing.T) {
			t.Parallel()
			inSandbox(t, sandbox.Options{Seed: 1, Contacts: 160}, func(s *sandboxed) {
				contacts := s.world.Contacts()
				for _, who := range contacts[1:151] { // more than a page
					pass(time.Second)
					s.call("highlevel", "message.send", sms(s, map[string]any{"contactId": who}))
				}
				text := []string{watching("story", "highlevel", tt.operation, tt.trigger)}
				s.expect("the first poll", time.Minute, text)
				s.expect("a poll after it", 20*time.Minute, text)
				var want []string
				for _, who := range contacts[151:153] {
					pass(time.Minute)
					sent := s.call("highlevel", "message.send", sms(s, map[string]any{"contactId": who}))
					id := sent["conversationId"]
					if tt.operation == "message.export" {
						id = sent["messageId"]
					}
					want = append(want, fmt.Sprint("created ", id))
				}
				s.must(s.world.Fail(sandbox.Fault{Operation: "highlevel." + tt.operation, Kind: tt.kind}))
				for range 3 {
					pass(20 * time.Minute)
					report := s.poll(text...)
					if len(report.Failures) != 1 || !strings.Contains(report.Failures[0].Err.Error(), tt.want) {
						t.Errorf("failures: got %v, want one with %q", report.Failures, tt.want)
					}
				}
				early := s.news() // what the top of the list shows may be told
				s.world.Heal()
				pass(20 * time.Minute)
				s.poll(text...)
				same(t, "runs in the end", append(early, s.news()...), want)
				s.expect("at the end", 20*time.Minute, text)
			})
		})
	}
}

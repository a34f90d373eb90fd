package project_test

import (
	"strings"
	"testing"
	"time"

	"github.com/pollux-automation/pollux/connectors/sandbox"
)

// TestRefusal_OfListsThatCannotBeTrusted lets HighLevel's lists misbehave: no cursor moves,
// and when they are well again nothing was lost and nothing comes twice.
func TestRefusal_OfListsThatCannotBeTrusted(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		operation string
		kind      sandbox.FaultKind
		contacts  int
		want      string
	}{
		{"contact.search", sandbox.Unsorted, 5, "the service did not sort"},
		{"contact.search", sandbox.Unfiltered, 5, "the service ignored the filter"},
		{"contact.search", sandbox.Stuck, 600, "the next page begins where this one did"}, // more than a page
		{"contact.list_legacy", sandbox.Unsorted, 5, "the service did not sort newest first"},
		{"contact.list_legacy", sandbox.Stuck, 150, "the next page begins where this one did"},
	} {
		t.Run(tt.operation+" "+string(tt.kind), func(t *testing.T) {
			t.Parallel()
			inSandbox(t, sandbox.Options{Seed: 1, Contacts: tt.contacts}, func(s *sandboxed) {
				text := []string{watching("story", "highlevel", tt.operation, walk)}
				s.expect("the first poll", 0, text)
				before := s.feed(tt.operation).State.Watermark
				var want []string
				for _, name := range []string{"Ann", "Bea"} {
					pass(time.Minute)
					want = append(want, "created "+s.world.AddContact(map[string]any{"firstName": name}))
				}
				s.must(s.world.Fail(sandbox.Fault{Operation: "highlevel." + tt.operation, Kind: tt.kind}))
				for range 3 {
					pass(20 * time.Minute)
					report := s.poll(text...)
					if len(report.Failures) != 1 || !strings.Contains(report.Failures[0].Err.Error(), tt.want) {
						t.Errorf("failures: got %v, want one with %q", report.Failures, tt.want)
					}
				}
				s.world.Heal()
				early := s.news() // what the top of the list shows may be told
				if after := s.feed(tt.operation).State.Watermark; len(early) == 0 && !after.Equal(before) {
					t.Errorf("the cursor moved from %s to %s", before, after)
				}
				pass(20 * time.Minute)
				s.poll(text...)
				same(t, "runs in the end", append(early, s.news()...), want)
				s.expect("at the end", 20*time.Minute, text)
			})
		})
	}
}

// TestRefusal_OfHalfAList shows that lists which suddenly lack half of their rows delete
// nothing, and that they are believed again afterwards.
func TestRefusal_OfHalfAList(t *testing.T) {
	t.Parallel()
	for _, operation := range []string{"contact.search", "contact.list_legacy", "task.search"} {
		t.Run(operation, func(t *testing.T) {
			t.Parallel()
			inSandbox(t, sandbox.Options{Seed: 1, Contacts: 60}, func(s *sandboxed) {
				for range 60 {
					makePart(s, "task", newTask())
				}
				trigger := walk
				if operation == "task.search" {
					trigger = ""
				}
				text := []string{watching("story", "highlevel", operation, trigger)}
				s.expect("the first poll", 0, text)
				s.expect("a poll after it", 20*time.Minute, text)
				s.must(s.world.Fail(sandbox.Fault{Operation: "highlevel." + operation, Kind: sandbox.Half}))
				for range 4 {
					s.expect("half a list", 20*time.Minute, text)
				}
				if r := s.feed(operation).State.Refused; r == nil || r.Missing != 30 || r.Records != 60 {
					t.Errorf("refusal: got %+v, want 30 of 60", r)
				}
				s.world.Heal()
				s.expect("the whole list", 20*time.Minute, text)
				if r := s.feed(operation).State.Refused; r != nil {
					t.Errorf("refusal after the whole list: got %+v, want none", r)
				}
			})
		})
	}
}

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
	contacts := func(s *sandboxed) string { return s.world.AddContact(map[string]any{"firstName": "Ann"}) }
	for _, tt := range []distrust{
		{"contact.search", sandbox.Unsorted, 5, contacts, "the service did not sort"},
		{"contact.search", sandbox.Unfiltered, 5, contacts, "the service ignored the filter"},
		{"contact.search", sandbox.Stuck, 600, contacts, "the next page begins where this one did"}, // more than a page
		{"contact.list_legacy", sandbox.Unsorted, 5, contacts, "the service did not sort newest first"},
		{"contact.list_legacy", sandbox.Stuck, 150, contacts, "the next page begins where this one did"},
		{"opportunity.search", sandbox.Unsorted, 5, makeOpportunity, "the service did not sort"},
		{"opportunity.search", sandbox.Unfiltered, 5, makeOpportunity, "the service ignored the filter"},
		{"opportunity.search", sandbox.Stuck, 600, makeOpportunity, "the next page begins where this one did"},
		{"opportunity.search_legacy", sandbox.Unsorted, 5, makeOpportunity, "the service did not sort newest first"},
		{"opportunity.search_legacy", sandbox.Stuck, 150, makeOpportunity, "the next page begins where this one did"},
	} {
		t.Run(tt.operation+" "+string(tt.kind), func(t *testing.T) {
			t.Parallel()
			inSandbox(t, sandbox.Options{Seed: 1, Contacts: 1}, func(s *sandboxed) {
				for range tt.rows {
					tt.add(s)
					pass(time.Minute) // some are older than what a poll reads again
				}
				s.distrusts(tt)
			})
		})
	}
}

// distrust is a list that misbehaves in one way.
type distrust struct {
	operation string
	kind      sandbox.FaultKind
	rows      int // at the start
	add       func(s *sandboxed) string
	want      string // what the failure says
}

func (s *sandboxed) distrusts(d distrust) {
	text := []string{watching("story", "highlevel", d.operation, walk)}
	s.expect("the first poll", 0, text)
	before := s.feed(d.operation).State.Watermark
	var want []string
	for range 2 {
		pass(time.Minute)
		want = append(want, "created "+d.add(s))
	}
	s.must(s.world.Fail(sandbox.Fault{Operation: "highlevel." + d.operation, Kind: d.kind}))
	for range 3 {
		pass(20 * time.Minute)
		report := s.poll(text...)
		if len(report.Failures) != 1 || !strings.Contains(report.Failures[0].Err.Error(), d.want) {
			s.t.Errorf("failures: got %v, want one with %q", report.Failures, d.want)
		}
	}
	s.world.Heal()
	early := s.news() // what the top of the list shows may be told
	if after := s.feed(d.operation).State.Watermark; len(early) == 0 && !after.Equal(before) {
		s.t.Errorf("the cursor moved from %s to %s", before, after)
	}
	pass(20 * time.Minute)
	s.poll(text...)
	same(s.t, "runs in the end", append(early, s.news()...), want)
	s.expect("at the end", 20*time.Minute, text)
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

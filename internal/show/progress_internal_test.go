package show

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/triggers"
)

// began is when the walks of the tests began.
func began() time.Time { return time.Date(2026, 3, 1, 10, 31, 0, 0, time.Local) }

func TestBaselineLine_SaysWhatWillRun(t *testing.T) {
	t.Parallel()
	walk := &triggers.Walk{Full: true, Rows: 2000, Total: 14000, BeganAt: began()}
	for want, f := range map[string]store.Feed{
		"crm.contact.search: waiting for the first poll": {},
		"crm.contact.search: baseline 2,000 of about 14,000; changes after 10:31 will run": {
			State: triggers.State{Side: walk, Watermark: began(), Walk: &triggers.Walk{Rows: 1, Total: 1}},
		},
		"crm.contact.search: baseline 2,000 of about 14,000; changes after its end will run": {State: triggers.State{Walk: walk}},
		"crm.contact.search: baseline 2,000; changes after its end will run":                 {Strategy: "fan_out", State: triggers.State{Walk: walk}},
		"crm.contact.search: knows 1 record and watches for changes":                         {State: triggers.State{Baseline: true, Records: 1}},
	} {
		f.Account, f.Operation = "crm", "contact.search"
		if got := baselineLine(f); got != want {
			t.Errorf("got  %q\nwant %q", got, want)
		}
	}
}

// learning and learnt are feeds in and after their first walk.
func learning(id store.FeedID, rows int) store.Feed {
	return store.Feed{ID: id, Account: "crm", Operation: string(id), State: triggers.State{
		Side: &triggers.Walk{Full: true, Rows: rows, Total: -1, BeganAt: began()}, Watermark: began(),
	}}
}

func learnt(id store.FeedID) store.Feed {
	return store.Feed{ID: id, Account: "crm", Operation: string(id), State: triggers.State{Baseline: true, Records: 3}}
}

func TestBaselines_KeepOneLineOnATerminal(t *testing.T) {
	t.Parallel()
	for _, known := range []bool{false, true} {
		var screen bytes.Buffer
		b := &Baselines{Line: &Line{to: &screen, width: func() int { return 50 }}, Known: known}
		b.look([]store.Feed{learning("a", 1), learning("b", 5), learnt("c")})
		b.look([]store.Feed{learning("a", 1), learning("b", 6), learnt("c")}) // nothing new to show
		_, _ = b.Line.Write([]byte("a log line\n"))
		b.look([]store.Feed{learnt("a"), learning("b", 7), learnt("c")})
		b.look([]store.Feed{learnt("a"), learnt("b"), learnt("c")})
		want := []string{
			"crm.a: baseline 1; changes after 10:31 will run (…",
			"a log line\ncrm.a: baseline 1; changes after 10:31 will run (…",
			"crm.a: knows 3 records and watches for changes\ncrm.a: baseline 1; changes after 10:31 will run (…",
			"crm.b: baseline 7; changes after 10:31 will run",
			"crm.b: knows 3 records and watches for changes\ncrm.b: baseline 7; changes after 10:31 will run",
			"",
		}
		got := strings.Split(screen.String(), clearLine)
		if known {
			want[0] = "crm.c: knows 3 records and watches for changes\n" + clearLine + want[0]
		} else {
			want[0] = clearLine + want[0]
		}
		if diff := cmp.Diff(strings.Split(strings.Join(want, clearLine), clearLine), got); diff != "" {
			t.Errorf("known %v: want -, got +:\n%s", known, diff)
		}
	}
}

func TestBaselines_AreNotedElsewhere(t *testing.T) {
	t.Parallel()
	var notes []string
	b := &Baselines{Note: func(f store.Feed, rows int, text string) { notes = append(notes, fmt.Sprint(f.ID, rows, text)) }}
	b.look([]store.Feed{learning("a", 1), learnt("b"), {ID: "c"}})
	b.look([]store.Feed{learnt("a"), learnt("b"), {ID: "c"}})
	if diff := cmp.Diff([]string{"a1crm.a: baseline 1; changes after 10:31 will run"}, notes); diff != "" {
		t.Errorf("want -, got +:\n%s", diff)
	}
}

package show_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/internal/show"
)

func TestClean_LeavesNothingThatMovesTheCursor(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"Ann Müller":       "Ann Müller",
		"a\x1b[2Jb":        "a [2Jb",
		"a\r\nb\tc":        "a  b c",
		"del\x7f c1\u009b": "del  c1 ",
	} {
		if got := show.Clean(in); got != want {
			t.Errorf("Clean(%q): got %q, want %q", in, got, want)
		}
	}
}

func TestThousands_GroupsDigits(t *testing.T) {
	t.Parallel()
	for in, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", -1000: "-1,000", -999: "-999", 14000000: "14,000,000"} {
		if got := show.Thousands(in); got != want {
			t.Errorf("Thousands(%d): got %q, want %q", in, got, want)
		}
	}
}

// aRun is a run whose record has fields to hide.
func aRun() store.Run {
	return store.Run{
		ID: "abcde-00000001", Recipe: "hello", Record: "r1", Account: "acme", Kind: "created",
		QueuedAt: time.Date(2026, 3, 1, 12, 0, 0, 0, time.FixedZone("KST", 9*3600)),
		Event:    store.Event{Record: json.RawMessage(`{"email":"Ann@Example.com","first":"Ann","n":7}`)},
		State:    store.RunState{Status: store.Failed, Error: &store.Failure{Message: "ann@example.com is taken"}},
	}
}

func TestMask_HidesFieldsAndTheirValuesEverywhere(t *testing.T) {
	t.Parallel()
	r := aRun()
	mask := show.NewMask([]string{"email", "first"}, r)
	steps := []store.Step{{
		ID: "upsert", Status: "failed", Input: json.RawMessage(`{"to":"ann@example.com","first":"Ann","greeting":"Hello Ann@Example.com"}`),
		Output: json.RawMessage(`not json Ann@Example.com`),
	}}
	for name, write := range map[string]func(*bytes.Buffer) error{
		"json":   func(b *bytes.Buffer) error { return show.JSON(b, show.RunSteps(r, steps, mask)) },
		"people": func(b *bytes.Buffer) error { show.PrintRun(b, r, steps, mask); return nil },
	} {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		if got := b.String(); strings.Contains(strings.ToLower(got), "ann@example.com") || strings.Contains(got, `"Ann"`) {
			t.Errorf("%s shows what is masked:\n%s", name, got)
		}
	}
	if got, want := r.State.Error.Message, "ann@example.com is taken"; got != want {
		t.Errorf("the mask changed the run: got %q, want %q", got, want)
	}
}

func TestRun_HasWhatScriptsRelyOn(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	if err := show.JSON(&b, show.Run(aRun(), show.NewMask(nil, aRun()))); err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"id": "abcde-00000001", "recipe": "hello", "recipe_version": "", "status": "failed", "kind": "created", "account": "acme", "record": "r1",
		"queued_at": "2026-03-01T03:00:00Z", "started_at": nil, "finished_at": nil, "attempts": 0.0, "error": got["error"],
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("a run as JSON (-want +got):\n%s", diff)
	}
	if n := bytes.Count(b.Bytes(), []byte("\n")); n != 1 {
		t.Errorf("one object: got %d lines, want 1", n)
	}
}

func TestFeed_SaysHowItIs(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	polled := store.Feed{LastPollAt: now.Add(-1500 * time.Millisecond)}
	polled.State.Baseline = true
	for name, tt := range map[string]struct {
		feed   store.Feed
		status string
		lagMS  int64 // -1 for none
	}{
		"new":     {store.Feed{}, "baseline", -1},
		"polled":  {polled, "ok", 1500},
		"failing": {store.Feed{Error: &store.Failure{Message: "no"}}, "failing", -1},
	} {
		v, lag := show.Feed(tt.feed, now), int64(-1)
		if v.LagMS != nil {
			lag = *v.LagMS
		}
		if v.Status != tt.status || lag != tt.lagMS {
			t.Errorf("%s: got %s with lag %d, want %s with %d", name, v.Status, lag, tt.status, tt.lagMS)
		}
	}
}

func TestRelease_TellsWhyNot(t *testing.T) {
	t.Parallel()
	if v := show.Release("r", nil); !v.Released || v.Error != nil {
		t.Errorf("a released run: got %+v", v)
	}
	if v := show.Release("r", errors.New("no")); v.Released || v.Error == nil || *v.Error != "no" {
		t.Errorf("a run that was not released: got %+v", v)
	}
}

// TestOperation_SaysHowItIsPolled keeps the strategy a text, and adds the rest only
// where there is one.
func TestOperation_SaysHowItIsPolled(t *testing.T) {
	t.Parallel()
	tests := []struct {
		poll        *connectors.Poll
		json, table string
	}{
		{nil, `"poll":null,"repeat":null`, "GET /x\n input"},
		{&connectors.Poll{Strategy: connectors.Snapshot}, `"poll":"snapshot","repeat":null`, "poll: snapshot\n"},
		{
			&connectors.Poll{Strategy: connectors.Newest, By: "sent", Confirm: &connectors.Confirm{Operation: "a.get", Input: "id"}},
			`"poll":"newest","by":"sent","confirm":{"operation":"a.get","input":"id"},"repeat":null`, "poll: newest by sent\npoll: a.get shows whether a record is gone\n",
		},
		{
			&connectors.Poll{
				Strategy: connectors.FanOut, By: "starts", Window: &connectors.Window{Back: time.Hour, Ahead: 24 * time.Hour},
				Parents: &connectors.Parents{Operation: "room.list", Input: "roomId"},
			},
			`"poll":"fan_out","by":"starts","window":{"back":"1h0m0s","ahead":"24h0m0s"},"parents":{"operation":"room.list","input":"roomId"},"repeat":null`,
			"poll: fan_out by starts\npoll: from 1h0m0s ago to 24h0m0s ahead\npoll: for each record of room.list, whose id goes into roomId\n",
		},
	}
	for _, tt := range tests {
		o := &connectors.Operation{Connector: "x", Key: "x.list", Method: "GET", Path: "/x", Poll: tt.poll}
		got, err := json.Marshal(show.Operation(o))
		if err != nil || !strings.Contains(string(got), tt.json) {
			t.Errorf("JSON %s, %v, want %s", got, err, tt.json)
		}
		var table bytes.Buffer
		show.PrintOperation(&table, o)
		if !strings.Contains(table.String(), tt.table) {
			t.Errorf("table:\n%s\nwant %q", table.String(), tt.table)
		}
	}
}

// TestOperation_SaysWhatAWriteTakesAndChanges keeps both out where there is none.
func TestOperation_SaysWhatAWriteTakesAndChanges(t *testing.T) {
	t.Parallel()
	o := &connectors.Operation{
		Connector: "x", Key: "x.set", Repeat: connectors.RepeatSafe, Idempotency: &connectors.Idempotency{Header: "Idempotency-Key"},
		Target: &connectors.Target{Operation: "x.get", With: map[string]string{"id": "xid"}},
	}
	got, err := json.Marshal(show.Operation(o))
	want := `"repeat":"safe","idempotency":{"header":"Idempotency-Key"},"target":{"operation":"x.get","with":{"id":"xid"}},"deprecated":null`
	if err != nil || !strings.Contains(string(got), want) {
		t.Errorf("JSON %s, %v, want %s", got, err, want)
	}
	var table bytes.Buffer
	show.PrintOperation(&table, o)
	if want := "key: the id of the effect goes into Idempotency-Key\ntarget: x.get shows what it is about to change\n"; !strings.Contains(table.String(), want) {
		t.Errorf("table:\n%s\nwant %q", table.String(), want)
	}
	table.Reset()
	show.PrintDescription(&table, &connectors.Description{Breaker: &connectors.Breaker{Failures: 4, Per: time.Minute, Statuses: [][2]int{{403, 403}, {500, 599}}}})
	if want := "breaker   4 answers of 403, 500-599 per 1m0s stop all accounts of the host\n"; !strings.Contains(table.String(), want) {
		t.Errorf("description:\n%s\nwant %q", table.String(), want)
	}
}

func TestPrintRun_SaysThatThePayloadIsForgotten(t *testing.T) {
	t.Parallel()
	r := aRun()
	r.Event = store.Event{Forgotten: true}
	steps := []store.Step{{ID: "upsert", Status: "failed", Effect: &store.Effect{State: store.NotDone}}}
	for name, names := range map[string][]string{"nothing is masked": nil, "the values to mask are forgotten too": {"email"}} {
		var people, scripts bytes.Buffer
		mask := show.NewMask(names, r)
		show.PrintRun(&people, r, steps, mask)
		if err := show.JSON(&scripts, show.RunSteps(r, steps, mask)); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"forgotten", "keep.payloads", "step upsert: failed, effect failed"} {
			if !strings.Contains(people.String(), want) {
				t.Errorf("%s: got %q, want %q in it", name, people.String(), want)
			}
		}
		if !strings.Contains(scripts.String(), `"payload_forgotten":true`) {
			t.Errorf("%s: got %s", name, scripts.String())
		}
		if shown := strings.Contains(people.String()+scripts.String(), "ann@example.com"); shown != (names == nil) {
			t.Errorf("%s: the address in the error is shown: %t", name, shown)
		}
	}
}

func TestPrintCheck_SaysWhenHalfOfTheFileIsFree(t *testing.T) {
	t.Parallel()
	for free, want := range map[int64]bool{500: false, 501: true} {
		var b bytes.Buffer
		show.PrintCheck(&b, store.Stats{Path: "pollux.db", Bytes: 1000, FreeBytes: free}, nil)
		if got := strings.Contains(b.String(), "pollux backup FILE puts a copy aside and pollux compact gives them back"); got != want {
			t.Errorf("%d of 1000 bytes free: got %q", free, b.String())
		}
	}
}

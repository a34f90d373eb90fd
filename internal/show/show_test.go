package show_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/schema"
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

// TestOperation_SaysWhichInputTakesAFile keeps a reference from looking like any text.
func TestOperation_SaysWhichInputTakesAFile(t *testing.T) {
	t.Parallel()
	op := &connectors.Operation{Key: "a.b", Inputs: []connectors.Input{
		{Field: schema.Field{Name: "sound", Type: schema.String}, File: true}, {Field: schema.Field{Name: "title", Type: schema.String}},
	}}
	for i, want := range []string{"file", "string"} {
		if got := show.Operation(op).Inputs[i].Type; got != want {
			t.Errorf("type of %s = %q, want %q", op.Inputs[i].Name, got, want)
		}
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
	want := `"repeat":"safe","idempotency":{"header":"Idempotency-Key"},"target":{"operation":"x.get","with":{"id":"xid"}},"danger":null,"deprecated":null`
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

func TestCell_IsNoFormula(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"": "", "a=1": "a=1", "=1+1": "'=1+1", "+1": "'+1", "-1": "'-1", "@a": "'@a", "\tx": "'\tx"} {
		if got := show.Cell(in); got != want {
			t.Errorf("Cell(%q): got %q, want %q", in, got, want)
		}
	}
}

package triggers_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/triggers"
	"github.com/pollux-automation/pollux/triggers/triggertest"
)

// FuzzState gives every strategy a stored state and a page of any content. Whatever they
// make of it, they must not panic, and what they return must be stored and read again.
func FuzzState(f *testing.F) {
	for _, st := range triggers.Strategies() {
		s, feed := filled(st, 7)
		if _, err := feed.Step(s, true); err != nil {
			f.Fatal(err)
		}
		state, err := json.Marshal(feed.State)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(state, "r1", int64(1000), "next", false)
	}
	f.Add([]byte(`{"walk":{"n":1,"window":{}},"side":{"full":true,"resumed":true}}`), "", int64(-1), "", true)
	f.Fuzz(func(t *testing.T, stored []byte, id string, seconds int64, next string, side bool) {
		var state triggers.State
		if json.Unmarshal(stored, &state) != nil {
			return
		}
		now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
		at := time.Unix(seconds%1e10, 0).UTC()
		raw, err := json.Marshal(map[string]string{"id": id})
		if err != nil {
			t.Fatal(err)
		}
		page := connectors.Page{Next: next, Date: now, Total: -1, Records: []connectors.Record{{ID: id, Raw: raw, Updated: at, At: at}}}
		for _, st := range triggers.Strategies() {
			detect(t, st, triggers.Input{State: state, Page: page, Side: side, Shape: triggertest.Shape(), Now: now})
		}
	})
}

// detect gives a strategy a page of the walk that it begins itself.
func detect(t *testing.T, st triggers.Strategy, in triggers.Input) {
	t.Helper()
	begin := st.Begin
	if in.Side {
		begin = st.BeginSide
	}
	var ok bool
	in.State, ok = begin(in.State, triggers.Options{Overlap: time.Minute, Reconcile: time.Hour, Bodies: true}, in.Now)
	if !ok {
		return
	}
	delta, err := st.Detect(in)
	if err != nil {
		if !errors.Is(err, triggers.ErrWalk) && in.Page.Records[0].ID != "" {
			t.Logf("%s: %v", st.Name(), err)
		}
		return
	}
	text, err := json.Marshal(delta.State)
	if err != nil {
		t.Fatalf("%s: the state cannot be stored: %v", st.Name(), err)
	}
	var again triggers.State
	if err := json.Unmarshal(text, &again); err != nil {
		t.Fatalf("%s: the state cannot be read: %v", st.Name(), err)
	}
}

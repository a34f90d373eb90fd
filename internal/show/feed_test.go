package show_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/engine"
	"github.com/pollux-automation/pollux/engine/poll"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/internal/show"
	"github.com/pollux-automation/pollux/triggers"
)

// aDetail is a feed about which there is everything to say.
func aDetail() show.FeedDetail {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	return show.FeedDetail{
		Now: now,
		Feed: store.Feed{
			ID: "acme.note.list", Account: "acme", Operation: "note.list", Inputs: json.RawMessage(`{}`), Strategy: "fan_out",
			LastPollAt: now.Add(-time.Minute), NextPollAt: now.Add(time.Minute),
			State: triggers.State{
				Baseline: true, Records: 1200, Watermark: now.Add(-time.Hour), Gap: 5, Stale: 2,
				Late:    triggers.Late{Counts: [6]int{2, 0, 0, 1, 0, 1}, Most: 2 * time.Hour},
				Window:  &triggers.Window{From: now.Add(-24 * time.Hour), To: now},
				Refused: &triggers.Refusal{At: now, Missing: 700, Records: 1200},
				Walk:    &triggers.Walk{Number: 7, Rows: 100, Total: -1},
				Side:    &triggers.Walk{Number: 6, Full: true, Rows: 2000, Total: 14000, BeganAt: now.Add(-90 * time.Second)},
				Round:   &triggers.Round{Parents: 500, Of: 500, Requests: 650, Took: 130 * time.Second, EndedAt: now.Add(-time.Hour)},
			},
		},
		FanOut:   &engine.FanOut{From: "acme.item.list", Forecast: poll.Forecast{Parents: 510, Requests: 663, Round: 10 * time.Minute, PerDay: 95472}},
		Watchers: []show.WatcherView{{Recipe: "hello", Accepted: 3, Rejected: 4}},
	}
}

func TestFeedDetail_SaysWhatThereIsToSay(t *testing.T) {
	t.Parallel()
	d := aDetail()
	var b bytes.Buffer
	d.Print(&b)
	want := `feed acme.note.list: refused
  reads      note.list of account acme, strategy fan_out
  inputs     {}
  records    1,200 known
  last poll  1m0s ago, next in 1m0s
  watermark  2026-03-01T11:00:00Z
  window     2026-02-28T12:00:00Z to 2026-03-01T12:00:00Z
  walk       number 7, 100 rows so far
  whole list being read: 2,000 of about 14,000 rows so far, since 1m30s ago
  gap        something may have been passed over: the whole list is read with the next poll
  late       4 changes showed up late: 2 by up to 1s, 1 by up to 10m, 1 by more than 1h; the latest by 2h
  stale      2 rows were older than what was known
  parents    510, from acme.item.list
  last round 500 parents of 500 in 2m10s with 650 requests, ended 1h0m0s ago
  forecast   a round takes 10m and 663 requests; at most 95,472 requests a day
  refused    700 of 1,200 records are missing, as of 2026-03-01T12:00:00Z; no deletion was believed
             look at the service; if the records are really gone: pollux feeds accept acme.note.list
  watched by hello: 3 accepted, 4 not wanted
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("want -, got +:\n%s", diff)
	}
}

func TestFeedDetail_HasWhatScriptsRelyOn(t *testing.T) {
	t.Parallel()
	d := aDetail()
	var b bytes.Buffer
	if err := show.JSON(&b, d.View()); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"status":"refused"`,
		`"refused":{"at":"2026-03-01T12:00:00Z","missing":700,"records":1200,"accepted":false,"advice":"look at the service; if`,
		`"walk":{"number":7,"whole":false,"rows":100,"total":null,"began_at":null}`,
		`"side_walk":{"number":6,"whole":true,"rows":2000,"total":14000,"began_at":"2026-03-01T11:58:30Z"}`,
		`"late":{"changes":4,"most_ms":7200000,"counts":[{"up_to_ms":1000,"changes":2},`,
		`{"up_to_ms":null,"changes":1}]}`,
		`"gap":true,"window":{"from":"2026-02-28T12:00:00Z","to":"2026-03-01T12:00:00Z"}`,
		`"fan_out":{"parents_from":"acme.item.list","parents":510,"last_round":{"parents":500,"requests":650,"took_ms":130000,"ended_at":"2026-03-01T11:00:00Z"},` +
			`"forecast":{"requests":663,"round_ms":600000,"requests_per_day":95472}}`,
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("there is no %s in\n%s", want, b.String())
		}
	}
}

func TestFeedRow_SaysWhatIsRefused(t *testing.T) {
	t.Parallel()
	d := aDetail()
	row := strings.Join(show.FeedRow(d.Feed, d.Now), "|")
	if want := "acme.note.list|fan_out|refused|1,200|1m0s ago|in 1m0s|700 of 1,200 records are missing; see: pollux feeds show"; row != want {
		t.Errorf("got  %s\nwant %s", row, want)
	}
}

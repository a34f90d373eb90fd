package web_test

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/pollux-automation/pollux/engine"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/web"
)

// full is a fake with something of everything, and metrics that were told of it.
func full() (*fake, *web.Metrics) {
	f, m := newFake(), web.NewMetrics("v1.2.3")
	f.loaded.Recipes = []string{"welcome", "farewell"}
	f.loaded.Accounts["news"] = "stibee"
	f.queue = []store.QueuedRun{{ID: "a", Status: store.Queued}, {ID: "b", Status: store.Parked}, {ID: "c", Status: store.Queued}}
	f.stats = store.Stats{Bytes: 16 << 20, FreeBytes: 1 << 20, Records: 40}
	f.budgets = []web.Budget{{Account: "acme", Requests: 12, Closed: 3 * time.Second, Windows: []web.Window{{"burst", 90}, {"daily", 1000}, {"daily", 400}}}}
	o := m.Observer()
	o.Polled(engine.PollEnd{Account: "acme", Connector: "highlevel", Outcome: engine.PollOK, Took: 2 * time.Second})
	o.Polled(engine.PollEnd{Account: "news", Connector: "stibee", Outcome: "transient", Took: time.Second})
	o.Read(100, 7)
	o.Ended(engine.RunEnd{Recipe: "welcome", Loaded: true, Status: store.Succeeded, Took: 4 * time.Second})
	o.Ended(engine.RunEnd{Recipe: "welcome", Loaded: true, Status: store.Parked})
	o.Wrote(store.Confirmed)
	o.Wrote(store.Unsure)
	m.Committed(2*time.Millisecond, nil)
	m.Delivered("news", "taken")
	m.Delivered("", "refused")
	return f, m
}

func TestMetrics_ShowWhatHappenedAndWhatIs(t *testing.T) {
	t.Parallel()
	f, m := full()
	h := f.server(m).Handler()
	for _, tt := range []struct {
		prefix string
		want   []string
	}{
		{"pollux_polls_total", []string{
			`pollux_polls_total{account="acme",connector="highlevel",outcome="ok"} 1`, `pollux_polls_total{account="news",connector="stibee",outcome="transient"} 1`,
		}},
		{"pollux_poll_duration_seconds_sum", []string{`pollux_poll_duration_seconds_sum{connector="highlevel"} 2`, `pollux_poll_duration_seconds_sum{connector="stibee"} 1`}},
		{"pollux_records_read_total", []string{"pollux_records_read_total 100"}},
		{"pollux_changes_total", []string{"pollux_changes_total 7"}},
		{`pollux_runs_total{`, []string{
			`pollux_runs_total{outcome="dropped",recipe="farewell"} 0`, `pollux_runs_total{outcome="dropped",recipe="welcome"} 0`,
			`pollux_runs_total{outcome="failed",recipe="farewell"} 0`, `pollux_runs_total{outcome="failed",recipe="welcome"} 0`,
			`pollux_runs_total{outcome="parked",recipe="farewell"} 0`, `pollux_runs_total{outcome="parked",recipe="welcome"} 1`,
			`pollux_runs_total{outcome="succeeded",recipe="farewell"} 0`, `pollux_runs_total{outcome="succeeded",recipe="welcome"} 1`,
		}},
		{"pollux_run_duration_seconds_sum", []string{"pollux_run_duration_seconds_sum 4"}},
		{"pollux_run_duration_seconds_count", []string{"pollux_run_duration_seconds_count 1"}},
		{"pollux_queue_depth", []string{
			`pollux_queue_depth{status="held"} 0`, `pollux_queue_depth{status="parked"} 1`, `pollux_queue_depth{status="queued"} 2`,
			`pollux_queue_depth{status="running"} 0`, `pollux_queue_depth{status="waiting"} 0`,
		}},
		{"pollux_effects_total", []string{`pollux_effects_total{outcome="confirmed"} 1`, `pollux_effects_total{outcome="failed"} 0`, `pollux_effects_total{outcome="unsure"} 1`}},
		{"pollux_effects_open", []string{"pollux_effects_open 2"}},
		{"pollux_requests_total", []string{`pollux_requests_total{account="acme"} 12`}},
		{"pollux_budget_left", []string{`pollux_budget_left{account="acme",window="burst"} 90`, `pollux_budget_left{account="acme",window="daily"} 400`}},
		{"pollux_budget_closed_seconds", []string{`pollux_budget_closed_seconds{account="acme"} 3`}},
		{"pollux_store_commits_total", []string{`pollux_store_commits_total{outcome="ok"} 1`}},
		{"pollux_store_commit_seconds_count", []string{"pollux_store_commit_seconds_count 1"}},
		{"pollux_store_bytes", []string{"pollux_store_bytes 1.6777216e+07"}},
		{"pollux_store_free_bytes", []string{"pollux_store_free_bytes 1.048576e+06"}},
		{"pollux_records ", []string{"pollux_records 40"}},
	} {
		if diff := cmp.Diff(tt.want, series(t, h, tt.prefix)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.prefix, diff)
		}
	}
	prefixes := []string{`pollux_build_info{go_version="go1`, "go_goroutines"}
	if runtime.GOOS == "linux" { // elsewhere the system may not tell
		prefixes = append(prefixes, "process_open_fds")
	}
	for _, prefix := range prefixes {
		if len(series(t, h, prefix)) == 0 {
			t.Errorf("nothing begins with %s", prefix)
		}
	}
}

// TestMetrics_HoldToTheRules lets Prometheus' own linter read the page.
func TestMetrics_HoldToTheRules(t *testing.T) {
	t.Parallel()
	f, m := full()
	w := get(t, f.server(m).Handler(), "/metrics")
	problems, err := promlint.New(w.Body).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

// TestMetrics_ForgetWhatIsGone takes a recipe and an account away, as a reload does.
func TestMetrics_ForgetWhatIsGone(t *testing.T) {
	t.Parallel()
	f, m := full()
	h := f.server(m).Handler()
	if len(series(t, h, "pollux_polls_total")) != 2 {
		t.Fatal("there is no series of both accounts")
	}
	f.set(func() {
		f.loaded.Recipes = []string{"farewell"}
		delete(f.loaded.Accounts, "news")
	})
	page := get(t, h, "/metrics").Body.String()
	for _, gone := range []string{`"welcome"`, `"news"`, `"stibee"`} {
		if strings.Contains(page, gone) {
			t.Errorf("%s is still in a label", gone)
		}
	}
	// A run of the recipe that ends now is counted without its name.
	m.Observer().Ended(engine.RunEnd{Recipe: "welcome", Status: store.Failed, Took: time.Second})
	want := []string{`pollux_runs_total{outcome="failed",recipe="(removed)"} 1`, `pollux_runs_total{outcome="failed",recipe="farewell"} 0`}
	if diff := cmp.Diff(want, series(t, h, `pollux_runs_total{outcome="failed"`)); diff != "" {
		t.Errorf("failed runs (-want +got):\n%s", diff)
	}
}

func TestMetrics_LagIsThatOfTheFeedFurthestBehind(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f, m := newFake(), web.NewMetrics("v1")
		now := time.Now().UTC()
		f.feeds = []engine.FeedTime{
			{Account: "acme", Connector: "highlevel", Operation: "contact.search", Read: now.Add(-time.Minute)},
			{Account: "acme", Connector: "highlevel", Operation: "contact.search", Read: now.Add(-time.Hour)},
			{Account: "acme", Connector: "highlevel", Operation: "task.list"}, // never read
		}
		h := f.server(m).Handler()
		<-time.After(30 * time.Second) // fake time
		want := []string{
			`pollux_feed_lag_seconds{account="acme",connector="highlevel",operation="contact.search"} 3630`,
			`pollux_feed_lag_seconds{account="acme",connector="highlevel",operation="task.list"} 30`,
		}
		if diff := cmp.Diff(want, series(t, h, "pollux_feed_lag_seconds")); diff != "" {
			t.Errorf("lags (-want +got):\n%s", diff)
		}
	})
}

func TestMetrics_ReadTheQueueOnlyNowAndThen(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f, m := newFake(), web.NewMetrics("v1")
		for i := range 2500 { // more than are read at once
			f.queue = append(f.queue, store.QueuedRun{ID: store.RunID(fmt.Sprintf("%05d", i)), Status: store.Queued})
		}
		h := f.server(m).Handler()
		for range 10 {
			if got := series(t, h, `pollux_queue_depth{status="queued"}`); len(got) != 1 || !strings.HasSuffix(got[0], " 2500") {
				t.Fatalf("got %v, want 2500 queued runs", got)
			}
		}
		if f.walks != 1 {
			t.Errorf("ten answers in a moment walked over the queue %d times, want once", f.walks)
		}
		<-time.After(20 * time.Second) // fake time
		series(t, h, "pollux_queue_depth")
		if f.walks != 2 {
			t.Errorf("20 s later: %d walks, want 2", f.walks)
		}
	})
}

func TestMetrics_LeaveOutWhatCannotBeRead(t *testing.T) {
	t.Parallel()
	f, m := full()
	f.err = errors.New("made up")
	h := f.server(m).Handler()
	w := get(t, h, "/metrics")
	if w.Code != http.StatusOK || strings.Contains(w.Body.String(), "pollux_store_bytes") || strings.Contains(w.Body.String(), "pollux_queue_depth") {
		t.Errorf("got %d, want 200 without the numbers of the store", w.Code)
	}
	if !strings.Contains(w.Body.String(), "pollux_changes_total 7") {
		t.Error("what was counted is not there")
	}
}

// TestMetrics_AreInTheDocuments holds the table of docs/operations.md to the metrics.
func TestMetrics_AreInTheDocuments(t *testing.T) {
	t.Parallel()
	f, m := full()
	f.feeds = []engine.FeedTime{{Account: "acme", Connector: "highlevel", Operation: "contact.search"}}
	text := operations(t)
	for _, line := range series(t, f.server(m).Handler(), "# TYPE pollux_") {
		name := strings.Fields(line)[2]
		if !strings.Contains(text, "`"+name) {
			t.Errorf("docs/operations.md does not tell of %s", name)
		}
	}
	there := strings.Join(series(t, f.server(m).Handler(), "# TYPE "), "\n")
	for _, m := range regexp.MustCompile("(?m)^\\| `(pollux_[a-z_]+)").FindAllStringSubmatch(text, -1) {
		if !strings.Contains(there, "# TYPE "+m[1]+" ") {
			t.Errorf("docs/operations.md tells of %s, which there is not", m[1])
		}
	}
}

package engine_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/engine"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/engine/store/boltstore"
	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/recipes"
	"github.com/pollux-automation/pollux/triggers"
)

// sink is a service that answers every letter at once and remembers only the number of the
// last one to each address.
type sink struct {
	*service

	all  int // letters that are to come
	full chan struct{}

	mu    sync.Mutex // guards what follows
	last  map[string]int
	got   int
	wrong []string // letters out of order, or twice
	heap  uint64   // the most that was in use
}

func (s *sink) Open(connectors.Account) (connectors.Session, error) { return s, nil }

// Call takes a letter. Its text is a number, which is one more than that of the last one.
func (s *sink) Call(_ context.Context, _ *connectors.Operation, in map[string]any) (connectors.Answer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	to := fmt.Sprint(in["to"])
	if n, err := strconv.Atoi(fmt.Sprint(in["text"])); err != nil || n != s.last[to]+1 {
		s.wrong = append(s.wrong, fmt.Sprintf("%s: %v after %d", to, in["text"], s.last[to]))
	}
	s.last[to]++
	s.got++
	if s.got == 1000 || s.got%(s.all/10) == 0 {
		s.heap = max(s.heap, inUse())
	}
	if s.got == s.all {
		close(s.full)
	}
	return connectors.Answer{Status: 200, Value: map[string]any{"id": "1"}}, nil
}

// inUse is the size of the heap, garbage left out.
func inUse() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse
}

// queue stores runs of a recipe as polls would have, so many of them for each of some
// records, whose versions are told in order.
func queue(t *testing.T, s store.Store, r *recipes.Recipe, records, versions int) {
	t.Helper()
	commit := func(c store.PollCommit) store.Committed {
		done, err := s.CommitPoll(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		return done
	}
	done := commit(store.PollCommit{
		Feed:          store.Feed{ID: "acme.former", Account: "acme", Connector: "fake", Operation: "item.list", Strategy: "keyset", Inputs: json.RawMessage(`{}`), State: triggers.State{Version: 1}},
		Subscriptions: []store.Subscription{{Recipe: r.ID, Account: "acme", Feed: "acme.former", Start: "now", JoinedAt: time.Now()}},
	})
	subs, err := s.Subscriptions(t.Context())
	if err != nil || len(subs) != 1 {
		t.Fatalf("got subscriptions %v, %v, want one", subs, err)
	}
	c := store.PollCommit{Feed: done.Feed}
	for v := range versions {
		for i := range records {
			id := fmt.Sprintf("r%06d", i)
			c.Runs = append(c.Runs, store.NewRun{Subscription: subs[0].Number, Run: store.Run{
				Recipe: r.ID, Version: r.Version, Account: "acme", Feed: "acme.former", Record: id, Revision: uint32(v + 1), Kind: "updated",
				Lane: r.ID + "/acme/" + id, QueuedAt: time.Now(),
				Event: store.Event{BeforeKnown: true, Record: fmt.Appendf(nil, `{"id":%q,"name":"%d"}`, id, v+1)},
			}})
			if len(c.Runs) == 1000 || v == versions-1 && i == records-1 {
				c = store.PollCommit{Feed: commit(c).Feed}
			}
		}
	}
}

// TestLoad_AQueueOfAnyLengthTakesNoMemory starts a program on a state file with a long
// queue: all runs are done, those of a record in order, and memory does not grow with the
// queue. POLLUX_RUNS says how many there are.
func TestLoad_AQueueOfAnyLengthTakesNoMemory(t *testing.T) { //nolint:paralleltest // measures memory
	const versions = 5
	all := 10_000
	if more, err := strconv.Atoi(os.Getenv("POLLUX_RUNS")); err == nil {
		all = more
	}
	s, err := boltstore.Open(filepath.Join(t.TempDir(), "state.db"), boltstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close() //nolint:errcheck // the test is over
	to := &sink{service: newService(), all: all, full: make(chan struct{}), last: map[string]int{}}
	var registry connectors.Registry
	if err := registry.Add(to); err != nil {
		t.Fatal(err)
	}
	catalog := engine.NewCatalog(&registry, []recipes.Account{{Name: "acme", Connector: "fake"}})
	var findings diag.List
	r := recipes.Parse("recipe.yaml", []byte(recipe("every: 1m", "every: 3h")), catalog, &findings)
	if findings.HasErrors() {
		t.Fatal(findings.Sorted())
	}
	queue(t, s, r, all/versions, versions)
	for i := range all / versions { // what the test itself remembers is there from the start
		to.last[fmt.Sprintf("r%06d", i)] = 0
	}
	before := inUse()
	e, err := engine.New(engine.Options{
		Store: s, Catalog: catalog, Recipes: []*recipes.Recipe{r}, Log: zerolog.Nop(), Drain: 10 * time.Second,
		Accounts: []*engine.Account{{Name: "acme", Connector: to, Session: to}},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- e.Run(ctx) }()
	select {
	case <-to.full:
		stop()
		err = <-ended
	case err = <-ended:
	}
	if err != nil {
		t.Fatalf("run: %v", err)
	}
	to.judge(t, s, before)
}

// judge asserts that everything arrived in order, ended well, and took little memory.
func (s *sink) judge(t *testing.T, st store.Store, before uint64) {
	t.Helper()
	if len(s.wrong) > 0 {
		t.Errorf("%d letters came out of order or twice, the first of them %s", len(s.wrong), s.wrong[0])
	}
	counts, err := st.CountRuns(t.Context())
	if err != nil || counts[store.Succeeded] != s.all || len(counts) != 1 {
		t.Errorf("got runs %v, %v, want %d succeeded", counts, err, s.all)
	}
	const most = 16 << 20
	t.Logf("%d runs: the heap was %d MB before and %d MB at most", s.all, before>>20, s.heap>>20)
	if s.heap > before+most {
		t.Errorf("the heap grew from %d to %d MB, want %d MB at most", before>>20, s.heap>>20, (before+most)>>20)
	}
}

package project_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/auth"
	"github.com/pollux-automation/pollux/connectors/builtin"
	"github.com/pollux-automation/pollux/connectors/sandbox"
	"github.com/pollux-automation/pollux/engine"
	"github.com/pollux-automation/pollux/engine/desk"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/internal/secret"
)

// stormRecipe leaves a note for each version of a contact.
const stormRecipe = `recipe: v1
id: storm
connections:
  crm: {connector: highlevel, account: highlevel}
trigger:
  poll: crm.contact.search
  schedule: {every: 1m}
  start: now
  hold_over: 100000
filter: record.source == "storm"
steps:
  - id: note
    call: crm.contact.note.create
    with: {contactId: =record.id, body: "version ${record.firstName} (run ${run.id})"}
`

// stormFaults strike five of a hundred requests: four faults, each in its share of what
// those before it let pass.
func stormFaults() []sandbox.Fault {
	const share = 0.0125
	rate := func(before int) float64 { return share / (1 - float64(before)*share) }
	return []sandbox.Fault{
		{Kind: sandbox.RateLimited, Rate: rate(0), RetryAfter: 2 * time.Second},
		{Kind: sandbox.ServerError, Rate: rate(1)},
		{Kind: sandbox.Cut, Rate: rate(2)},
		{Kind: sandbox.Lost, Rate: rate(3)},
	}
}

// storm is a program that works while services fail.
type storm struct {
	*sandboxed

	engine   *engine.Engine
	contacts []string
	made     int // changes
	injected atomic.Int64
	mended   int // runs that a person released
}

// ServeHTTP counts the answers that a fault gave for the service: those with a 429 and
// without the headers of its limit.
func (s *storm) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.world.Handler().ServeHTTP(&watcher{ResponseWriter: w, storm: s}, r)
}

// watcher sees the status of an answer.
type watcher struct {
	http.ResponseWriter

	storm *storm
}

// WriteHeader implements http.ResponseWriter.
func (w *watcher) WriteHeader(status int) {
	if status == http.StatusTooManyRequests && len(w.Header()["X-Ratelimit-Max"]) == 0 {
		w.storm.injected.Add(1)
	}
	w.ResponseWriter.WriteHeader(status)
}

// inStorm runs a test in a bubble, in which all requests pass through the storm.
func inStorm(t *testing.T, test func(s *storm)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		registry := builtin.Registry()
		world := sandbox.New(sandbox.Options{Seed: 3, Lag: 5 * time.Second, MaxWrites: 1 << 20})
		s := &storm{sandboxed: &sandboxed{world: world, at: world.Endpoints("http://sandbox.test")}}
		s.house = newHouse(t, registry, tenant{connector: "highlevel", service: s, Account: connectors.Account{
			Name: "highlevel", BaseURL: s.at.HighLevelURL, Settings: map[string]any{"locationId": s.at.LocationID},
			Credential: auth.Credential{Method: auth.Bearer, Secret: secret.New(s.at.HighLevelToken)},
		}})
		test(s)
	})
}

// change makes the next version of every contact, over some minutes.
func (s *storm) change(version int) {
	for i := range s.contacts {
		fields := map[string]any{"firstName": fmt.Sprintf("%03d", version), "source": "storm"}
		if s.contacts[i] == "" {
			s.contacts[i] = s.world.AddContact(fields)
		} else {
			s.must(s.world.UpdateContact(s.contacts[i], fields))
		}
		s.made++
		if i%50 == 49 {
			pass(time.Second)
		}
	}
}

// settle waits until every change has its run and no run can go on by itself, and releases
// those that are unsure as a person would, who looks at the service first.
func (s *storm) settle() {
	s.t.Helper()
	for range 6 * 60 {
		pass(time.Minute)
		counts, err := s.store.CountRuns(s.t.Context())
		s.must(err)
		if counts[store.Succeeded] == s.made {
			return
		}
		parked, err := s.store.ListRuns(s.t.Context(), store.RunFilter{Status: store.Parked})
		s.must(err)
		for i := range parked {
			s.mend(&parked[i])
		}
	}
	failed, _ := s.store.ListRuns(s.t.Context(), store.RunFilter{Status: store.Failed})
	for i := range failed {
		s.t.Errorf("run %s failed: %+v", failed[i].ID, failed[i].State.Error)
	}
	counts, _ := s.store.CountRuns(s.t.Context())
	s.t.Fatalf("after six hours %d changes have made runs %v", s.made, counts)
}

// mend releases a parked run.
func (s *storm) mend(r *store.Run) {
	s.t.Helper()
	if r.State.Reason != "unsure" {
		s.t.Errorf("run %s is parked (%s): %+v, want none but unsure ones", r.ID, r.State.Reason, r.State.Error)
	}
	rule := desk.SendUnsure
	if slices.ContainsFunc(s.world.Notes(r.Record), func(n sandbox.Note) bool { return strings.Contains(n.Body, string(r.ID)) }) {
		rule = desk.DoneUnsure
	}
	err := errors.New("it is being carried out")
	s.must(s.engine.EditRuns(s.t.Context(), func(running func(string, store.RunID) bool) {
		if !running(r.Lane, r.ID) {
			err = s.release(r.ID, rule)
		}
	}))
	s.must(err)
	s.mended++
}

// release lets a parked run go on.
func (s *storm) release(id store.RunID, rule desk.UnsureRule) error {
	run, steps, err := s.store.LoadRun(s.t.Context(), id)
	if err != nil {
		return err
	}
	rev, err := desk.Release{Who: desk.Who{Actor: "test", At: time.Now()}, Unsure: rule}.Revise(&run, steps)
	if err != nil {
		return err
	}
	return s.store.Revise(s.t.Context(), rev)
}

// judge holds the promises against what the service has.
func (s *storm) judge(versions int) {
	s.t.Helper()
	notes := 0
	for _, id := range s.contacts {
		var got []string
		for _, n := range s.world.Notes(id) {
			version, _, _ := strings.Cut(strings.TrimPrefix(n.Body, "version "), " ")
			got = append(got, version)
		}
		var want []string
		for v := range versions {
			want = append(want, fmt.Sprintf("%03d", v+1))
		}
		if !slices.Equal(got, want) {
			s.t.Errorf("contact %s has notes of the versions %v, want %v", id, got, want)
		}
		notes += len(got)
	}
	limited, failed, all := 0, 0, 0
	for operation, n := range s.world.Requests() {
		statuses := s.world.Statuses(operation)
		limited += statuses[http.StatusTooManyRequests]
		failed += statuses[http.StatusInternalServerError]
		all += n
	}
	injected := int(s.injected.Load())
	if limited != injected {
		s.t.Errorf("the service has refused %d requests as too many, %d of them without a reason, so its limit was exceeded %d times", limited, injected, limited-injected)
	}
	if share := float64(injected+failed) / float64(all); share < 0.005 || share > 0.05 {
		s.t.Errorf("got %d refusals and %d errors in %d requests, want five in a hundred with the cut and the lost ones", injected, failed, all)
	}
	if most := s.made/100 + 2; s.mended > most {
		s.t.Errorf("%d runs of %d had to be released by hand, want %d at most", s.mended, s.made, most)
	}
	broken, err := s.store.Check(s.t.Context())
	if err != nil || len(broken) > 0 {
		s.t.Errorf("store in the end: %v %v", broken, err)
	}
	s.t.Logf("%d changes, %d notes, %d requests, %d refused and %d errors by chance, %d runs released by hand, %s",
		s.made, notes, all, injected, failed, s.mended, slices.Sorted(maps.Keys(s.world.Requests())))
}

// TestStorm_LosesAndDoublesNothing lets five of a hundred answers be a 429, a 500, none at
// all, or lost after the request was carried out. POLLUX_CHANGES says how many changes flow.
func TestStorm_LosesAndDoublesNothing(t *testing.T) {
	t.Parallel()
	changes := 1000
	if more, err := strconv.Atoi(os.Getenv("POLLUX_CHANGES")); err == nil {
		changes = more
	}
	const versions = 5
	inStorm(t, func(s *storm) {
		s.contacts = make([]string, changes/versions)
		ctx, stop := context.WithCancel(s.t.Context())
		program, ended := s.begin(ctx, stormRecipe)
		s.engine = program
		pass(10 * time.Minute) // the list is known
		for _, f := range stormFaults() {
			s.must(s.world.Fail(f))
		}
		for v := range versions {
			s.change(v + 1)
			s.settle()
		}
		stop()
		if err := <-ended; err != nil {
			s.t.Errorf("run: %v", err)
		}
		s.judge(versions)
	})
}

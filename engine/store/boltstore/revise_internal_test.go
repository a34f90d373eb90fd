package boltstore

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/pollux-automation/pollux/engine/store"
)

// TestPrune_LeavesARunThatWasTakenBack lets pruning look at an old run, then somebody
// takes the run back to the queue, then pruning writes.
func TestPrune_LeavesARunThatWasTakenBack(t *testing.T) {
	t.Parallel()
	for name, keep := range map[string]store.Keep{"forgotten": {}, "stripped": {Runs: time.Hour}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { pruneWhileRevised(t, keep) })
		})
	}
}

func pruneWhileRevised(t *testing.T, keep store.Keep) {
	t.Helper()
	s := oneRun(t)
	runs, err := s.ListRuns(t.Context(), store.RunFilter{})
	if err != nil {
		t.Fatal(err)
	}
	id := runs[0].ID
	if err := s.SaveStep(t.Context(), store.StepSave{Run: id, State: store.RunState{Status: store.Failed, FinishedAt: time.Now()}}); err != nil {
		t.Fatal(err)
	}
	started, release := make(chan struct{}), make(chan struct{})
	first := put("first")
	first.Check = func(*bolt.Tx) error {
		close(started)
		<-release
		return nil
	}
	var group sync.WaitGroup
	group.Go(func() { _ = s.w.Do(t.Context(), first) })
	<-started
	group.Go(func() {
		if err := s.Revise(t.Context(), store.Revision{Run: id, Was: store.Failed, State: store.RunState{Status: store.Queued}}); err != nil {
			t.Errorf("revise: %v", err)
		}
	})
	synctest.Wait() // it waits behind the first
	group.Go(func() {
		done, err := s.Prune(t.Context(), store.PruneSlice{Now: time.Now().Add(time.Minute), Other: keep})
		if err != nil || done.Runs+done.Payloads != 0 {
			t.Errorf("prune: got %+v %v, want nothing forgotten", done, err)
		}
	})
	synctest.Wait() // it has looked
	close(release)
	group.Wait()
	r, _, err := s.LoadRun(t.Context(), id)
	if err != nil || r.Event.Forgotten || r.Event.Record == nil || r.State.Status != store.Queued {
		t.Errorf("the run: got %+v %v, want it whole in the queue", r, err)
	}
}

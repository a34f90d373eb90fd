package storetest

import (
	"encoding/json"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/engine/store/storetest/sample"
)

// BenchmarkCommitPoll commits pages of 100 new records with a run each. It reports
// records a second, not commits. Ids are spread over the whole range of keys: ids
// that grow would flatter a store that keeps its keys sorted.
func BenchmarkCommitPoll(b *testing.B, s store.Store) {
	b.Helper()
	const page = 100
	n := 0
	for b.Loop() {
		records := make([]string, page)
		for i := range records {
			records[i] = fmt.Sprintf("%016x", uint64(n)*0x9e3779b97f4a7c15) // spread, as the ids of services are
			n++
		}
		commit(b, s, "f", records...)
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "records/s")
}

// BenchmarkSaveStep ends runs of one step each, from 64 callers at once. Each run
// ends with its only save, as most runs do, so the figure is that of the whole way of
// a run through the store. The runs are queued before the clock starts.
func BenchmarkSaveStep(b *testing.B, s store.Store) {
	b.Helper()
	const callers = 64
	var runs []store.RunID
	for len(runs) < b.N {
		records := make([]string, min(1000, b.N-len(runs)))
		for i := range records {
			records[i] = fmt.Sprint("r", len(runs)+i)
		}
		runs = append(runs, commit(b, s, "f", records...).Runs...)
	}
	var next atomic.Int64
	var group sync.WaitGroup
	b.ResetTimer()
	for range callers {
		group.Go(func() {
			for i := next.Add(1) - 1; i < int64(b.N); i = next.Add(1) - 1 {
				err := s.SaveStep(b.Context(), store.StepSave{
					Run: runs[i], State: store.RunState{Status: store.Succeeded, StartedAt: sample.Noon, FinishedAt: sample.Noon, Step: 1},
					Steps: []store.Step{{
						ID: "upsert", Status: "succeeded", Attempts: 1, StartedAt: sample.Noon, FinishedAt: sample.Noon,
						Input: json.RawMessage(`{"listId":"1","email":"ann@example.com","fields":{"name":"Ann"}}`), Output: json.RawMessage(`"ok"`),
						Effect: &store.Effect{State: store.Confirmed, Operation: "stibee.subscriber.upsert", SentAt: sample.Noon, Sends: 1},
					}},
				})
				if err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	group.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "runs/s")
}

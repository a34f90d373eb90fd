package storetest

import (
	"strings"
	"testing"
	"time"

	"github.com/pollux-automation/pollux/engine/store"
)

// hours are long enough for a file to be old.
const hours = 2 * time.Hour

func filesAreKept(t *testing.T, s store.Store) {
	t.Helper()
	ctx := t.Context()
	runs := commit(t, s, "f", "a", "b").Runs
	first := store.File{Type: "audio/x-wav", Title: "call.wav", Data: []byte("RIFF\x00\n\x01")}
	ok(t, "put", s.PutFile(ctx, runs[0], "rec", first))
	got, err := s.File(ctx, runs[0], "rec")
	ok(t, "get", err)
	same(t, "file", first, got)
	got.Data[0] = 'X'
	got, err = s.File(ctx, runs[0], "rec")
	ok(t, "get again", err)
	same(t, "file whose copy was changed", first, got)

	second := store.File{Type: "text/plain", Data: []byte("other\nlines")}
	ok(t, "put in its place", s.PutFile(ctx, runs[0], "rec", second))
	got, err = s.File(ctx, runs[0], "rec")
	ok(t, "get the second", err)
	same(t, "second file", second, got)

	_, err = s.File(ctx, runs[0], "other")
	is(t, "another name", err, store.ErrNotFound)
	_, err = s.File(ctx, runs[1], "rec")
	is(t, "another run", err, store.ErrNotFound)
	ok(t, "put nothing", s.PutFile(ctx, runs[1], "empty", store.File{}))
	got, err = s.File(ctx, runs[1], "empty")
	ok(t, "get nothing", err)
	same(t, "empty file", store.File{}, got)
}

func filesHaveLimits(t *testing.T, s store.Store) {
	t.Helper()
	ctx := t.Context()
	run := commit(t, s, "f", "a").Runs[0]
	full := store.File{Type: "a/b", Data: make([]byte, store.MaxFileBytes)}
	ok(t, "put a full one", s.PutFile(ctx, run, "full", full))
	got, err := s.File(ctx, run, "full")
	ok(t, "get the full one", err)
	same(t, "bytes", len(full.Data), len(got.Data))

	is(t, "one byte more", s.PutFile(ctx, run, "large", store.File{Data: make([]byte, store.MaxFileBytes+1)}), store.ErrInvalid)
	_, err = s.File(ctx, run, "large")
	is(t, "get the large one", err, store.ErrNotFound)
	is(t, "a long type", s.PutFile(ctx, run, "x", store.File{Type: strings.Repeat("x", 300)}), store.ErrInvalid)
	for _, name := range []string{"", ".", "..", "../x", "a/b", `a\b`, "A", "a.b", "a\x00", "é", strings.Repeat("x", 65)} {
		is(t, "put "+name, s.PutFile(ctx, run, name, store.File{}), store.ErrInvalid)
		_, err := s.File(ctx, run, name)
		is(t, "get "+name, err, store.ErrNotFound)
	}
	for _, id := range []store.RunID{"", "..", "../../x", "/etc", store.RunID(string(run) + "/.."), store.MakeRunID("other", 1), store.MakeRunID("../..", 1)} {
		is(t, "put for "+string(id), s.PutFile(ctx, id, "x", store.File{}), store.ErrInvalid)
		_, err := s.File(ctx, id, "x")
		is(t, "get for "+string(id), err, store.ErrNotFound)
	}
}

func filesAreSwept(t *testing.T, s store.Store) {
	t.Helper()
	ctx := t.Context()
	runs := commit(t, s, "f", "lives", "ended", "forgotten", "gone").Runs
	orphan := store.MakeRunID(string(runs[0][:5]), runs[3].Seq()+100)
	for i, ended := range []time.Duration{0, time.Minute, 10 * time.Hour, 100 * time.Hour} {
		if i > 0 {
			ok(t, "end", s.SaveStep(ctx, store.StepSave{Run: runs[i], State: store.RunState{Status: store.Succeeded, FinishedAt: time.Now().Add(-ended)}}))
		}
	}
	all := append(runs, orphan) //nolint:gocritic // the ids of the commit and one more
	for _, id := range all {
		ok(t, "put", s.PutFile(ctx, id, "rec", store.File{Data: []byte(id)}))
	}
	ok(t, "put a second", s.PutFile(ctx, runs[3], "second", store.File{Data: []byte("x")}))
	pruned, err := s.Prune(ctx, store.PruneSlice{Now: time.Now(), Other: store.Keep{Runs: 50 * time.Hour, Payloads: 5 * time.Hour}})
	ok(t, "prune", err)
	same(t, "pruned", []int{1, 1}, []int{pruned.Runs, pruned.Payloads})

	swept, err := s.SweepFiles(ctx, time.Now().Add(-hours))
	ok(t, "sweep of what is old", err)
	same(t, "swept young ones", 0, swept)
	swept, err = s.SweepFiles(ctx, time.Now().Add(hours))
	ok(t, "sweep", err)
	same(t, "swept", 4, swept)
	for i, want := range []error{nil, nil, store.ErrNotFound, store.ErrNotFound, store.ErrNotFound} {
		got, err := s.File(ctx, all[i], "rec")
		is(t, "file of "+string(all[i]), err, want)
		if want == nil {
			same(t, "content", string(all[i]), string(got.Data))
		}
	}
	swept, err = s.SweepFiles(ctx, time.Now().Add(hours))
	ok(t, "second sweep", err)
	same(t, "swept again", 0, swept)
	ok(t, "put after a sweep", s.PutFile(ctx, runs[2], "rec", store.File{}))
}

package boltstore_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/engine/store/boltstore"
	"github.com/pollux-automation/pollux/engine/store/boltstore/upkeep"
	"github.com/pollux-automation/pollux/engine/store/storetest"
	"github.com/pollux-automation/pollux/internal/seal"
	"github.com/pollux-automation/pollux/triggers"
)

// ring returns the ring of some keys, each made of one number.
func ring(tb testing.TB, numbers ...byte) *seal.Keyring {
	tb.Helper()
	var keys [][]byte
	for _, n := range numbers {
		keys = append(keys, bytes.Repeat([]byte{n}, seal.KeyBytes))
	}
	k, err := seal.New(keys...)
	if err != nil {
		tb.Fatal(err)
	}
	return k
}

func openWith(tb testing.TB, path string, keys *seal.Keyring) *boltstore.Store {
	tb.Helper()
	s, err := boltstore.Open(path, boltstore.Options{Keys: keys})
	if err != nil {
		tb.Fatalf("open %s: %v", path, err)
	}
	return s
}

func TestStore_KeepsTheContractWithAKey(t *testing.T) {
	t.Parallel()
	storetest.RunSealed(t, func(t *testing.T) store.Store {
		t.Helper()
		return openWith(t, file(t), ring(t, 1))
	})
}

// personal is a word that must not be in a sealed file.
const personal = "ann@example.com"

// writePersonal stores the word in every place that can be sealed, and returns the runs:
// one that is over and one that is not.
func writePersonal(tb testing.TB, s *boltstore.Store, feed store.FeedID) []store.RunID {
	tb.Helper()
	ctx := tb.Context()
	body := []byte(`{"email":"` + personal + `"}`)
	c := store.PollCommit{
		Feed:          store.Feed{ID: feed, Inputs: []byte(`{}`)},
		Subscriptions: []store.Subscription{{Recipe: "r", Account: string(feed), Feed: feed}},
	}
	for i, id := range []string{"a", "b"} {
		c.Feed.State.Records, c.Feed.State.Ordinals = i+1, uint32(i+1)
		c.Seen = append(c.Seen, store.Seen{ID: id, Entry: triggers.Entry{Revision: 1, Ordinal: uint32(i + 1), Body: body}})
		c.Runs = append(c.Runs, store.NewRun{Run: store.Run{Recipe: "r", Record: id, Revision: 1, Event: store.Event{Record: body, Before: body}}})
	}
	done, err := s.CommitPoll(ctx, c)
	for i, status := range []store.Status{store.Succeeded, store.Parked} {
		if err == nil {
			err = s.SaveStep(ctx, store.StepSave{Run: done.Runs[i], Steps: []store.Step{{ID: "first", Input: body}}, State: store.RunState{Status: store.Running}})
		}
		if err == nil {
			err = s.SaveStep(ctx, store.StepSave{Run: done.Runs[i], Steps: []store.Step{{ID: "last", Input: body, Output: body}}, State: store.RunState{Status: status}})
		}
	}
	if err != nil {
		tb.Fatal(err)
	}
	return done.Runs
}

// everything is what a store holds of two feeds, for a comparison.
func everything(tb testing.TB, s store.Store) []any {
	tb.Helper()
	ctx := tb.Context()
	runs, err := s.ListRuns(ctx, store.RunFilter{})
	all := []any{runs}
	for i := range runs {
		run, steps, e := s.LoadRun(ctx, runs[i].ID)
		all, err = append(all, run, steps), errors.Join(err, e)
	}
	for _, feed := range []store.FeedID{"f", "g"} {
		seen, _, e := s.ScanEntries(ctx, feed, "", "", 0)
		all, err = append(all, seen), errors.Join(err, e)
	}
	names, e := s.SecretNames(ctx)
	err = errors.Join(err, e)
	for _, name := range names {
		value, e := s.Secret(ctx, name)
		all, err = append(all, name, string(value)), errors.Join(err, e)
	}
	if err != nil {
		tb.Fatal(err)
	}
	return all
}

// holds counts the word in the file.
func holds(tb testing.TB, path string) int {
	tb.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	return bytes.Count(text, []byte(personal))
}

func TestSeal_LeavesNothingPersonalInTheFile(t *testing.T) {
	t.Parallel()
	path := file(t)
	s := openWith(t, path, ring(t, 1))
	writePersonal(t, s, "f")
	if err := s.PutSecret(t.Context(), "token", []byte(personal), nil); err != nil {
		t.Fatal(err)
	}
	want := everything(t, s)
	storetest.CheckAndClose(t, s)
	if n := holds(t, path); n != 0 {
		t.Errorf("the file holds the word %d times, want none", n)
	}
	s = openWith(t, path, ring(t, 1))
	if diff := cmp.Diff(want, everything(t, s)); diff != "" {
		t.Errorf("after opening it again:\n%s", diff)
	}
	storetest.CheckAndClose(t, s)
}

func TestOpen_NamesTheKeyThatIsMissing(t *testing.T) {
	t.Parallel()
	path := file(t)
	storetest.CheckAndClose(t, openWith(t, path, ring(t, 1)))
	for _, readOnly := range []bool{false, true} {
		_, err := boltstore.Open(path, boltstore.Options{ReadOnly: readOnly})
		if !errors.Is(err, store.ErrNoKey) || !strings.Contains(err.Error(), ring(t, 1).Current().String()) || !strings.Contains(err.Error(), "POLLUX_KEY_FILE") {
			t.Errorf("without a key: got %v, want ErrNoKey that names the key and says what to do", err)
		}
		_, err = boltstore.Open(path, boltstore.Options{ReadOnly: readOnly, Keys: ring(t, 2)})
		if !errors.Is(err, store.ErrWrongKey) || !strings.Contains(err.Error(), ring(t, 1).Current().String()) {
			t.Errorf("with another key: got %v, want ErrWrongKey that names the key", err)
		}
	}
	s, err := boltstore.Open(path, boltstore.Options{Sealed: true})
	if err != nil {
		t.Fatalf("to copy it: %v", err)
	}
	storetest.CheckAndClose(t, s)
}

// TestReseal_TakesEverythingToTheCurrentKey goes from no key to one, and on to another,
// and is stopped on the way; both kinds of values can be read at any moment.
func TestReseal_TakesEverythingToTheCurrentKey(t *testing.T) {
	t.Parallel()
	path := file(t)
	s := open(t, path)
	runs := writePersonal(t, s, "f")
	fill(t, s, 1, 10)
	if _, err := s.Reseal(t.Context()); !errors.Is(err, store.ErrNoKey) {
		t.Errorf("without a key: got %v, want ErrNoKey", err)
	}
	storetest.CheckAndClose(t, s)
	s = openWith(t, path, ring(t, 1))
	writePersonal(t, s, "g")
	if err := s.PutSecret(t.Context(), "token", []byte("x"), nil); err != nil {
		t.Fatal(err)
	}
	want := everything(t, s)
	for _, keys := range []*seal.Keyring{ring(t, 1), ring(t, 2, 1), ring(t, 3, 2)} {
		storetest.CheckAndClose(t, s)
		s = openWith(t, path, keys)
		stopped, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := s.Reseal(stopped); !errors.Is(err, context.Canceled) {
			t.Errorf("stopped: got %v", err)
		}
		if diff := cmp.Diff(want, everything(t, s)); diff != "" {
			t.Errorf("before:\n%s", diff)
		}
		if n, err := s.Reseal(t.Context()); err != nil || n == 0 {
			t.Errorf("got %d values sealed, %v; want some", n, err)
		}
		if n, err := s.Reseal(t.Context()); err != nil || n != 0 {
			t.Errorf("again: got %d values sealed, %v; want none", n, err)
		}
		if diff := cmp.Diff(want, everything(t, s)); diff != "" {
			t.Errorf("after:\n%s", diff)
		}
	}
	storetest.CheckAndClose(t, s)
	s = openWith(t, path, ring(t, 3)) // the others are not needed any more
	if diff := cmp.Diff(want, everything(t, s)); diff != "" {
		t.Errorf("with the last key alone:\n%s", diff)
	}
	if err := s.SaveStep(t.Context(), store.StepSave{Run: runs[1], State: store.RunState{Status: store.Dropped}}); err != nil {
		t.Errorf("end a run: %v", err)
	}
	storetest.CheckAndClose(t, s)
}

// TestReseal_LetsOthersWriteMeanwhile seals several MiB, in several commits, while runs
// end, and wants all of it to be sealed and whole.
func TestReseal_LetsOthersWriteMeanwhile(t *testing.T) {
	t.Parallel()
	ctx, path := t.Context(), file(t)
	s := open(t, path)
	c := store.PollCommit{Feed: store.Feed{ID: "f", Inputs: []byte(`{}`)}}
	body := []byte(`"` + personal + strings.Repeat("x", 100_000) + `"`)
	for i := range 60 {
		c.Feed.State.Ordinals++
		c.Feed.State.Records++
		id := strconv.Itoa(i)
		c.Seen = append(c.Seen, store.Seen{ID: id, Entry: triggers.Entry{Revision: 1, Ordinal: c.Feed.State.Ordinals, Body: body}})
		c.Runs = append(c.Runs, store.NewRun{Run: store.Run{Recipe: "r", Record: id, Event: store.Event{Record: body}}})
	}
	done, err := s.CommitPoll(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	storetest.CheckAndClose(t, s)
	s = openWith(t, path, ring(t, 1))
	var group sync.WaitGroup
	group.Go(func() {
		for _, id := range done.Runs {
			if err := s.SaveStep(ctx, store.StepSave{Run: id, Steps: []store.Step{{ID: "s", Output: body}}, State: store.RunState{Status: store.Succeeded}}); err != nil {
				t.Errorf("end a run: %v", err)
			}
		}
	})
	if n, err := s.Reseal(ctx); err != nil || n != 120 { // what ends is sealed already
		t.Errorf("got %d values sealed, %v; want 60 entries and 60 runs", n, err)
	}
	group.Wait()
	if n, err := s.Reseal(ctx); err != nil || n != 0 {
		t.Errorf("again: got %d values sealed, %v; want none", n, err)
	}
	for i, id := range done.Runs {
		r, steps, err := s.LoadRun(ctx, id)
		if err != nil || !bytes.Equal(r.Event.Record, body) || len(steps) != 1 || !bytes.Equal(steps[0].Output, body) {
			t.Errorf("run %d is not whole: %v", i, err)
		}
	}
	storetest.CheckAndClose(t, s)
	if _, err := upkeep.Compact(ctx, path); err != nil {
		t.Fatal(err)
	}
	if n := holds(t, path); n != 0 {
		t.Errorf("the file holds the word %d times after a compaction, want none", n)
	}
}

func BenchmarkCommitPollSealed(b *testing.B) {
	storetest.BenchmarkCommitPoll(b, openWith(b, file(b), ring(b, 1)))
}

func BenchmarkSaveStepSealed(b *testing.B) {
	storetest.BenchmarkSaveStep(b, openWith(b, file(b), ring(b, 1)))
}

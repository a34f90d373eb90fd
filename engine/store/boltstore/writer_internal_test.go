package boltstore

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/engine/store/boltstore/commits"
	"github.com/pollux-automation/pollux/engine/store/boltstore/rows"
	"github.com/pollux-automation/pollux/engine/store/boltstore/tables"
	"github.com/pollux-automation/pollux/triggers"
)

func openTemp(t *testing.T) *Store {
	t.Helper()
	s, err := Open(filepath.Join(t.TempDir(), "pollux.db"), Options{})
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// put is a change that writes a key into the bucket of recipes.
func put(key string) *commits.Change {
	return &commits.Change{
		Check: func(*bolt.Tx) error { return nil },
		Apply: func(tx *bolt.Tx) error { return tx.Bucket(tables.Recipes).Put([]byte(key), []byte{tables.Version}) },
	}
}

func has(t *testing.T, s *Store, key string) bool {
	t.Helper()
	text, err := s.recipe(t.Context(), []byte(key))
	if err != nil {
		t.Fatalf("read %s: %v", key, err)
	}
	return text != nil
}

func transaction(t *testing.T, s *Store) (id int) {
	t.Helper()
	err := s.view(t.Context(), func(tx *bolt.Tx) error {
		id = tx.ID()
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func TestWriter_SharesACommitAndAnswersEach(t *testing.T) {
	t.Parallel()
	errGuard := errors.New("guard")
	synctest.Test(t, func(t *testing.T) {
		s := openTemp(t)
		before := transaction(t, s)
		started, release := make(chan struct{}), make(chan struct{})
		first := put("first")
		first.Check = func(*bolt.Tx) error {
			close(started)
			<-release
			return nil
		}
		var group sync.WaitGroup
		group.Go(func() {
			if err := s.w.Do(t.Context(), first); err != nil {
				t.Errorf("first change: %v", err)
			}
		})
		<-started
		for i := range commits.MaxBatch + 100 {
			group.Go(func() {
				c, want := put(fmt.Sprint("k", i)), error(nil)
				switch i % 10 {
				case 3:
					c.Check, want = func(*bolt.Tx) error { return errGuard }, errGuard
				case 7:
					c.Apply, want = failAfter(c.Apply, errGuard), errGuard
				}
				if err := s.w.Do(t.Context(), c); !errors.Is(err, want) {
					t.Errorf("change %d: got %v, want %v", i, err, want)
				}
			})
		}
		synctest.Wait() // everybody else waits behind the first
		close(release)
		group.Wait()
		for i := range commits.MaxBatch + 100 {
			if got, want := has(t, s, fmt.Sprint("k", i)), i%10 != 3 && i%10 != 7; got != want {
				t.Errorf("key %d is there: got %t, want %t", i, got, want)
			}
		}
		if got := transaction(t, s) - before; got != 3 {
			t.Errorf("commits: got %d, want 3: the first, %d, and the rest", got, commits.MaxBatch)
		}
	})
}

// failAfter lets a change fail when half of it is written.
func failAfter(apply func(*bolt.Tx) error, err error) func(*bolt.Tx) error {
	return func(tx *bolt.Tx) error { return errors.Join(apply(tx), err) }
}

func TestWriter_EndsWithAnErrorThatNobodyUnderstands(t *testing.T) {
	t.Parallel()
	s := openTemp(t)
	if err := s.file.Close(); err != nil { // the disk is pulled
		t.Fatal(err)
	}
	err := s.w.Do(t.Context(), put("lost"))
	if err == nil || errors.Is(err, store.ErrFull) || !strings.Contains(err.Error(), "restart") {
		t.Errorf("write to a lost file: got %v, want an error that says to restart", err)
	}
	select {
	case fatal := <-s.Fatal():
		if !strings.Contains(fatal.Error(), "restart") {
			t.Errorf("fatal error: got %v", fatal)
		}
	default:
		t.Error("fatal error: got none")
	}
	if again := s.w.Do(t.Context(), put("again")); again == nil {
		t.Error("write after a fatal error: got no error")
	}
	if _, err := s.ListFeeds(t.Context()); err == nil {
		t.Error("read after a fatal error: got no error")
	}
}

func TestWriter_TurnsPanicsIntoDamage(t *testing.T) {
	t.Parallel()
	s := openTemp(t)
	c := put("x")
	c.Apply = func(*bolt.Tx) error { panic("page 7 is no page") }
	if err := s.w.Do(t.Context(), c); !errors.Is(err, store.ErrDamaged) {
		t.Errorf("panic in a commit: got %v, want ErrDamaged", err)
	}
	s = openTemp(t)
	err := s.view(t.Context(), func(*bolt.Tx) error { panic("page 7 is no page") })
	if !errors.Is(err, store.ErrDamaged) {
		t.Errorf("panic in a read: got %v, want ErrDamaged", err)
	}
}

func TestClose_WaitsForWritesInProgress(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := openTemp(t)
		started, release := make(chan struct{}), make(chan struct{})
		slow := put("slow")
		slow.Check = func(*bolt.Tx) error {
			close(started)
			<-release
			return nil
		}
		results := make(chan error, 3)
		go func() { results <- s.w.Do(t.Context(), slow) }()
		<-started
		go func() { results <- s.w.Do(t.Context(), put("waits")) }()
		synctest.Wait()
		closed := make(chan error, 1)
		go func() { closed <- s.Close() }()
		synctest.Wait()
		if err := s.w.Do(t.Context(), put("late")); !errors.Is(err, store.ErrClosed) {
			t.Errorf("write while closing: got %v, want ErrClosed", err)
		}
		select {
		case err := <-closed:
			t.Errorf("close returned before the writes: %v", err)
		default:
		}
		close(release)
		for range 2 {
			if err := <-results; err != nil {
				t.Errorf("write in progress: %v", err)
			}
		}
		if err := <-closed; err != nil {
			t.Errorf("close: %v", err)
		}
	})
}

func TestOpen_RefusesANewerVersion(t *testing.T) {
	t.Parallel()
	s := openTemp(t)
	set := func(key []byte, value string) {
		t.Helper()
		err := s.w.Do(t.Context(), &commits.Change{
			Check: func(*bolt.Tx) error { return nil },
			Apply: func(tx *bolt.Tx) error { return tx.Bucket(tables.Meta).Put(key, []byte(value)) },
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, tc := range []struct {
		key   []byte
		value string
		want  error
	}{
		{tables.MetaVersion, "99", store.ErrVersion},
		{tables.MetaVersion, "x", store.ErrDamaged},
		{tables.MetaVersion, "1", nil},
		{tables.MetaInstance, "x", store.ErrDamaged},
		{tables.MetaInstance, "abcde", nil},
		{tables.MetaMagic, "other", store.ErrDamaged},
	} {
		set(tc.key, tc.value)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		again, err := Open(s.path, Options{})
		if !errors.Is(err, tc.want) {
			t.Errorf("open with %s %q: got %v, want %v", tc.key, tc.value, err, tc.want)
		}
		if again == nil {
			if again, err = open(s.path, Options{}); err != nil { // past the checks
				t.Fatal(err)
			}
		}
		s = again
	}
	_ = s.Close()
}

// TestCheck_FindsBrokenInvariants breaks one thing at a time behind the store's
// back.
func TestCheck_FindsBrokenInvariants(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		breakIt func(tx *bolt.Tx) error
		want    string
	}{
		"queue without run": {func(tx *bolt.Tx) error { return tx.Bucket(tables.Runs).Delete(tables.SeqKey(1)) }, "does not exist"},
		"run without state": {func(tx *bolt.Tx) error { return tx.Bucket(tables.Queue).Delete(tables.SeqKey(1)) }, "has no state"},
		"run twice": {func(tx *bolt.Tx) error {
			return tx.Bucket(tables.Done).Put(tables.SeqKey(1), rows.EncodeRow(store.Succeeded, nil, []byte(`{"status":"succeeded"}`)))
		}, "in the queue is true"},
		"status of the wrong place": {func(tx *bolt.Tx) error {
			return tx.Bucket(tables.Queue).Put(tables.SeqKey(1), rows.EncodeRow(store.Succeeded, []byte(`{}`), []byte(`{"status":"succeeded"}`)))
		}, "in the history is false"},
		"status that differs": {func(tx *bolt.Tx) error {
			return tx.Bucket(tables.Queue).Put(tables.SeqKey(1), rows.EncodeRow(store.Held, []byte(`{}`), []byte(`{"status":"queued"}`)))
		}, "its row says"},
		"step without run": {func(tx *bolt.Tx) error {
			return tx.Bucket(tables.Steps).Put(tables.StepKey(9, "s"), rows.EncodeStep(0, []byte(`{}`)))
		}, "run 9 is in the steps"},
		"unknown run number": {func(tx *bolt.Tx) error { return tx.Bucket(tables.Runs).SetSequence(0) }, "never given"},
		"lost record":        {func(tx *bolt.Tx) error { return tx.Bucket(tables.Seen).Delete(tables.SeenKey(1, "a")) }, "counts 1 records and has 0"},
		"foreign record":     {func(tx *bolt.Tx) error { return tx.Bucket(tables.Seen).Put(tables.SeenKey(7, "a"), []byte{1}) }, "never given"},
		"broken record":      {func(tx *bolt.Tx) error { return tx.Bucket(tables.Seen).Put(tables.SeenKey(1, "a"), []byte{1}) }, "not a seen entry"},
		"broken run":         {func(tx *bolt.Tx) error { return tx.Bucket(tables.Runs).Put(tables.SeqKey(1), []byte{9}) }, "unknown form"},
		"broken feed":        {func(tx *bolt.Tx) error { return tx.Bucket(tables.Feeds).Put([]byte("f"), []byte{9}) }, "unknown form"},
		"misplaced feed": {func(tx *bolt.Tx) error {
			b := tx.Bucket(tables.Feeds)
			return b.Put([]byte("g"), b.Get([]byte("f")))
		}, "says that it is f"},
		"broken subscription":    {func(tx *bolt.Tx) error { return tx.Bucket(tables.Subscriptions).Put([]byte("x"), []byte{9}) }, "unknown form"},
		"gap in the audit trail": {func(tx *bolt.Tx) error { return tx.Bucket(tables.Audit).Delete(tables.SeqKey(2)) }, "audit entry 3 comes after 1"},
		"end of the audit trail": {func(tx *bolt.Tx) error { return tx.Bucket(tables.Audit).Delete(tables.SeqKey(3)) }, "ends at 2, and 3 entries"},
		"misplaced audit entry": {func(tx *bolt.Tx) error {
			b := tx.Bucket(tables.Audit)
			return b.Put(tables.SeqKey(2), b.Get(tables.SeqKey(1)))
		}, "says that it is 1"},
		"broken audit entry": {func(tx *bolt.Tx) error { return tx.Bucket(tables.Audit).Put(tables.SeqKey(2), []byte{9}) }, "unknown form"},
		"switch of no kind": {func(tx *bolt.Tx) error {
			return tx.Bucket(tables.Switches).Put(tables.PairKey("odd", "a"), []byte("\x01"+`{"kind":"odd","name":"a"}`))
		}, `switch of kind "odd"`},
		"misplaced switch": {func(tx *bolt.Tx) error {
			return tx.Bucket(tables.Switches).Put([]byte("x"), []byte("\x01"+`{"kind":"recipe","name":"a"}`))
		}, "says that it is of recipe a"},
		"run before that is none": {func(tx *bolt.Tx) error {
			r := store.Run{Recipe: "r", Record: "a", Event: store.Event{Record: []byte(`{}`), Previous: store.MakeRunID("abcde", 1)}}
			b, err := rows.EncodeRun(&r)
			return errors.Join(err, tx.Bucket(tables.Runs).Put(tables.SeqKey(1), b))
		}, "none of the runs before it"},
		"list of keys":      {func(tx *bolt.Tx) error { return tx.Bucket(tables.Meta).Put(tables.MetaKeys, []byte{1}) }, "list of keys is cut short"},
		"lost subscription": {func(tx *bolt.Tx) error { return tx.Bucket(tables.Subscriptions).Delete(tables.PairKey("r", "")) }, "which is unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := oneRun(t)
			c := &commits.Change{Check: func(*bolt.Tx) error { return nil }, Apply: tc.breakIt}
			if err := s.w.Do(t.Context(), c); err != nil {
				t.Fatal(err)
			}
			findings, err := s.Check(t.Context())
			if err != nil || !strings.Contains(strings.Join(findings, "\n"), tc.want) {
				t.Errorf("findings: got %q %v, want one with %q", findings, err, tc.want)
			}
		})
	}
}

// oneRun returns a store with one feed, one subscription, one record and one run.
func oneRun(t *testing.T) *Store {
	t.Helper()
	s := openTemp(t)
	c := store.PollCommit{
		Feed:          store.Feed{ID: "f"},
		Subscriptions: []store.Subscription{{Recipe: "r", Feed: "f"}},
		Runs:          []store.NewRun{{Subscription: 1, Run: store.Run{Recipe: "r", Record: "a", Revision: 1}}},
	}
	c.Feed.Inputs = []byte(`{}`)
	c.Runs[0].Run.Event.Record = []byte(`{}`)
	c.Feed.State.Records, c.Feed.State.Ordinals = 1, 1
	for range 3 {
		if err := s.AddAudit(t.Context(), store.AuditEntry{At: time.Now(), Actor: "program", Action: "reload"}); err != nil {
			t.Fatal(err)
		}
	}
	one := store.Seen{ID: "a"}
	one.Entry.Revision, one.Entry.Ordinal = 1, 1
	one.Entry.Decide(triggers.Decision{Subscription: 1, Revision: 1, Verdict: triggers.Accepted})
	c.Seen = []store.Seen{one}
	if _, err := s.CommitPoll(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if findings, err := s.Check(t.Context()); err != nil || len(findings) > 0 {
		t.Fatalf("check of the whole store: %q %v", findings, err)
	}
	return s
}

// TestVerify_AgreesWithBbolt holds our own walk over the pages against bbolt's.
func TestVerify_AgreesWithBbolt(t *testing.T) {
	t.Parallel()
	s := openTemp(t)
	for i := range 40 {
		for j := range 50 {
			key := fmt.Sprintf("%d-%d-%s", i*j%17, i*100+j, strings.Repeat("k", j*20))
			if i%3 == 2 {
				if err := s.db.Update(func(tx *bolt.Tx) error { return tx.Bucket(tables.Recipes).Delete([]byte(key)) }); err != nil {
					t.Fatal(err)
				}
				continue
			}
			if err := s.w.Do(context.WithoutCancel(t.Context()), put(key)); err != nil {
				t.Fatal(err)
			}
		}
	}
	err := s.db.View(func(tx *bolt.Tx) error {
		for err := range tx.Check() {
			t.Errorf("bbolt: %v", err)
		}
		for _, finding := range s.verify(tx) {
			t.Errorf("verify: %s", finding)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

package boltstore_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/engine/store/boltstore"
	"github.com/pollux-automation/pollux/engine/store/storetest"
	"github.com/pollux-automation/pollux/engine/store/storetest/compared"
	"github.com/pollux-automation/pollux/internal/seal"
	"github.com/pollux-automation/pollux/triggers"
)

func open(tb testing.TB, path string) *boltstore.Store {
	tb.Helper()
	s, err := boltstore.Open(path, boltstore.Options{})
	if err != nil {
		tb.Fatalf("open %s: %v", path, err)
	}
	return s
}

func file(tb testing.TB) string {
	tb.Helper()
	return filepath.Join(tb.TempDir(), "data", "pollux.db")
}

// fill commits pages of records with runs and finishes every other run.
func fill(tb testing.TB, s store.Store, pages, size int) {
	tb.Helper()
	ctx := tb.Context()
	f := store.Feed{ID: "f", Account: "acme", Inputs: []byte(`{}`)}
	if known, err := s.LoadFeed(ctx, "f"); err == nil {
		f = known
	}
	for range pages {
		c := store.PollCommit{Feed: f, Subscriptions: []store.Subscription{{Recipe: "r", Account: "acme", Feed: "f"}}}
		for range size {
			c.Feed.State.Ordinals++
			c.Feed.State.Records++
			id := fmt.Sprintf("%08x", c.Feed.State.Ordinals*2654435761)
			c.Seen = append(c.Seen, store.Seen{ID: id, Entry: triggers.Entry{Revision: 1, Ordinal: c.Feed.State.Ordinals, Body: []byte(`{"id":1}`)}})
			c.Runs = append(c.Runs, store.NewRun{Subscription: 1, Run: store.Run{Recipe: "r", Record: id, Revision: 1, Event: store.Event{Record: []byte(`{"id":1}`)}}})
		}
		done, err := s.CommitPoll(ctx, c)
		if err != nil {
			tb.Fatalf("commit: %v", err)
		}
		f = done.Feed
		for i := 0; i < len(done.Runs); i += 2 {
			save := store.StepSave{Run: done.Runs[i], Steps: []store.Step{{ID: "s"}}, State: store.RunState{Status: store.Succeeded}}
			if err := s.SaveStep(ctx, save); err != nil {
				tb.Fatalf("save: %v", err)
			}
		}
	}
}

func TestStore_KeepsTheContract(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) store.Store {
		t.Helper()
		return open(t, file(t))
	})
}

func TestStore_AgreesWithMemstore(t *testing.T) {
	t.Parallel()
	agrees(t, nil)
}

func TestStore_AgreesWithMemstoreWithAKey(t *testing.T) {
	t.Parallel()
	agrees(t, ring(t, 1))
}

// agrees compares random histories of stores with some keys, or without.
func agrees(t *testing.T, keys *seal.Keyring) {
	t.Helper()
	dir, n := t.TempDir(), 0
	reopen := func() (store.Store, error) {
		return boltstore.Open(filepath.Join(dir, fmt.Sprint(n, ".db")), boltstore.Options{Keys: keys})
	}
	compared.Run(t, compared.Durable{
		Open: func() (store.Store, error) {
			n++
			return reopen()
		},
		Reopen: reopen, Keys: keys,
	})
}

func TestOpen_KeepsEverythingAcrossProcesses(t *testing.T) {
	t.Parallel()
	path := file(t)
	s := open(t, path)
	fill(t, s, 3, 50)
	before, err := s.ListRuns(t.Context(), store.RunFilter{})
	if err != nil {
		t.Fatal(err)
	}
	storetest.CheckAndClose(t, s)
	s = open(t, path)
	after, err := s.ListRuns(t.Context(), store.RunFilter{})
	if err != nil {
		t.Fatal(err)
	}
	if len(before) != 150 || len(after) != 150 || before[0].ID != after[0].ID || before[149].ID != after[149].ID {
		t.Errorf("runs after reopening: got %d, want the 150 from before with their ids", len(after))
	}
	storetest.CheckAndClose(t, s)
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode of the file: got %v %v, want 0600", info.Mode(), err)
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 {
		t.Errorf("files in the folder: got %v %v, want the state file alone", entries, err)
	}
}

// A process that waited for a file must not write to it once another file has the name.
func TestOpen_RefusesAFileThatLostItsName(t *testing.T) {
	t.Parallel()
	path := file(t)
	storetest.CheckAndClose(t, open(t, path))
	first, err := boltstore.Open(path, boltstore.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		s, err := boltstore.Open(path, boltstore.Options{Wait: 30 * time.Second})
		if err == nil {
			if err = s.SaveRecipe(t.Context(), "r", "1", nil); err == nil {
				err = s.Close()
			}
		}
		done <- err
	}()
	var copied bytes.Buffer
	if err := first.Backup(t.Context(), &copied); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path+".copy", copied.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Rename(path+".copy", path), first.Close()); err != nil {
		t.Fatal(err)
	}
	// Whether it waited for the old file or came later: what it wrote is in the new one.
	err = <-done
	s := open(t, path)
	defer storetest.CheckAndClose(t, s)
	_, loadErr := s.LoadRecipe(t.Context(), "r", "1")
	if (err == nil) != (loadErr == nil) || err != nil && !errors.Is(err, store.ErrInUse) {
		t.Errorf("the second process: %v; what it wrote: %v", err, loadErr)
	}
}

func TestOpen_RefusesASecondProcess(t *testing.T) {
	t.Parallel()
	path := file(t)
	s := open(t, path)
	for _, o := range []boltstore.Options{{Wait: time.Millisecond}, {Wait: time.Millisecond, ReadOnly: true}} {
		_, err := boltstore.Open(path, o)
		if !errors.Is(err, store.ErrInUse) || !strings.Contains(err.Error(), "stop the other") {
			t.Errorf("second open with %+v: got %v, want ErrInUse that says what to do", o, err)
		}
	}
	storetest.CheckAndClose(t, s)
	if err := s.Close(); err != nil {
		t.Errorf("second close: got %v, want nil", err)
	}
	storetest.CheckAndClose(t, open(t, path))
}

func TestOpen_ReadOnlyReadsAndRefusesToWrite(t *testing.T) {
	t.Parallel()
	path := file(t)
	_, err := boltstore.Open(path, boltstore.Options{ReadOnly: true})
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("open of a missing file: got %v, want it not to exist", err)
	}
	s := open(t, path)
	fill(t, s, 1, 10)
	storetest.CheckAndClose(t, s)
	readers := make([]*boltstore.Store, 2)
	for i := range readers {
		if readers[i], err = boltstore.Open(path, boltstore.Options{ReadOnly: true}); err != nil {
			t.Fatalf("reader %d: %v", i, err)
		}
	}
	runs, err := readers[0].ListRuns(t.Context(), store.RunFilter{Limit: 3})
	if err != nil || len(runs) != 3 {
		t.Errorf("runs: got %d %v, want 3", len(runs), err)
	}
	if err := readers[0].SaveRecipe(t.Context(), "r", "v", nil); err == nil {
		t.Error("write: got no error, want one")
	}
	for _, r := range readers {
		storetest.CheckAndClose(t, r)
	}
}

func TestOpen_RefusesWhatIsNoStateFile(t *testing.T) {
	t.Parallel()
	for name, content := range map[string][]byte{
		"empty": {}, "short": []byte("hello"), "zeros": make([]byte, 1<<16), "text": bytes.Repeat([]byte("hello "), 5000),
	} {
		path := filepath.Join(t.TempDir(), "pollux.db")
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		for _, readOnly := range []bool{false, true} {
			_, err := boltstore.Open(path, boltstore.Options{ReadOnly: readOnly})
			if !errors.Is(err, store.ErrDamaged) || !strings.Contains(err.Error(), "backup") {
				t.Errorf("%s, read only %t: got %v, want ErrDamaged that says what to do", name, readOnly, err)
			}
		}
		if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, content) {
			t.Errorf("%s: the file was changed (%v)", name, err)
		}
	}
	if _, err := boltstore.Open(t.TempDir(), boltstore.Options{}); err == nil {
		t.Error("open of a folder: got no error, want one")
	}
}

// TestOpen_SurvivesDamage breaks bytes and cuts the file at many places. Whatever
// comes out, nothing may panic, and a file cut short must be refused.
func TestOpen_SurvivesDamage(t *testing.T) {
	t.Parallel()
	path := file(t)
	s := open(t, path)
	fill(t, s, 4, 100)
	var backup bytes.Buffer
	if err := s.Backup(t.Context(), &backup); err != nil {
		t.Fatal(err)
	}
	storetest.CheckAndClose(t, s)
	dice := rand.New(rand.NewPCG(1, 2))
	refused := 0
	for range 300 {
		broken := bytes.Clone(backup.Bytes())
		page := dice.IntN(len(broken) / 4096)
		for range 1 + dice.IntN(4) {
			broken[page*4096+dice.IntN(64)] = byte(dice.IntN(256)) // where the structure of a page is
		}
		refused += try(t, broken)
	}
	if refused < 50 {
		t.Errorf("files refused: got %d of 300, want at least 50", refused)
	}
	for size := 0; size < backup.Len(); size += 4096 * 7 {
		if try(t, backup.Bytes()[:size]) == 0 {
			t.Errorf("file cut to %d of %d bytes: it was opened", size, backup.Len())
		}
	}
}

// try opens a broken file, reads all of it and writes to it. It returns 1 when the
// file was refused on opening.
func try(t *testing.T, content []byte) int {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pollux.db")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := boltstore.Open(path, boltstore.Options{})
	if err != nil {
		if !errors.Is(err, store.ErrDamaged) && !errors.Is(err, store.ErrVersion) {
			t.Errorf("open a broken file: got %v, want ErrDamaged", err)
		}
		return 1
	}
	ctx := t.Context()
	_, _ = s.Check(ctx)
	_, _ = s.ListRuns(ctx, store.RunFilter{})
	_, _ = s.Waiting(ctx, "", 0)
	_, _, _ = s.ScanEntries(ctx, "f", "", "", 0)
	_, _ = s.Stats(ctx)
	_, _ = s.CommitPoll(ctx, store.PollCommit{Feed: store.Feed{ID: "new"}})
	_ = s.Close()
	return 0
}

func TestBackup_IsAStateFile(t *testing.T) {
	t.Parallel()
	s := open(t, file(t))
	fill(t, s, 2, 20)
	copied := filepath.Join(t.TempDir(), "backup.db")
	f, err := os.Create(copied)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.Backup(t.Context(), f), f.Close()); err != nil {
		t.Fatalf("backup: %v", err)
	}
	fill(t, s, 1, 20) // the original goes on
	storetest.CheckAndClose(t, s)
	b := open(t, copied)
	st, err := b.Stats(t.Context())
	if err != nil || st.Runs != 40 || st.Waiting != 20 || st.Records != 40 || st.Feeds != 1 || st.Bytes == 0 || st.Path != copied {
		t.Errorf("stats of the backup: got %+v %v, want 40 runs, 20 waiting, 40 records, 1 feed", st, err)
	}
	storetest.CheckAndClose(t, b)
}

func BenchmarkCommitPoll(b *testing.B) { storetest.BenchmarkCommitPoll(b, open(b, file(b))) }

func BenchmarkSaveStep(b *testing.B) { storetest.BenchmarkSaveStep(b, open(b, file(b))) }

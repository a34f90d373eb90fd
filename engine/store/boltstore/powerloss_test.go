package boltstore_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/engine/store/boltstore"
	"github.com/pollux-automation/pollux/internal/seal"
	"github.com/pollux-automation/pollux/triggers"
)

// A commit of bbolt writes the pages of data, syncs them, writes one of the two pages of
// meta, and syncs that. What a power loss leaves is therefore the former meta with any
// part of the new data, or all of the data with a part of the new meta.
const (
	pageSize   = 4096
	sectorSize = 512
	metaBytes  = 16 + 64 // head of the page and what bbolt writes behind it
)

// TestPowerLoss_LeavesEveryAcknowledgedCommit carries out random writes, makes the files
// that a power loss in the middle of each may leave, and wants each to open, to be in
// order, to hold what was acknowledged, and to take writes again.
func TestPowerLoss_LeavesEveryAcknowledgedCommit(t *testing.T) {
	t.Parallel()
	for name, keys := range map[string]*seal.Keyring{"plain": nil, "sealed": ring(t, 1)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := file(t)
			s := openWith(t, path, keys)
			fill(t, s, 1, 20)
			w := &worker{T: t, s: s, dice: rand.New(rand.NewPCG(7, uint64(len(name)))), sealed: keys != nil}
			before, had := image(t, path), digest(t, s)
			states := 0
			for range 30 {
				w.write()
				after, has := image(t, path), digest(t, s)
				if before.meta() == after.meta() {
					continue // it was refused, or there was nothing to write
				}
				for range 2 {
					mustHold(t, before.lost(after, w.dice), keys, had)
				}
				mustHold(t, before.torn(after, w.dice), keys, had, has)
				before, had, states = after, has, states+3
			}
			if states < 75 {
				t.Errorf("files that were tried: got %d, want at least 75", states)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// disk is what is on the disk: the pages in use and the length of the file.
type disk struct {
	pages []byte
	size  int
}

func image(t *testing.T, path string) disk {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	used := (len(bytes.TrimRight(text, "\x00")) + pageSize - 1) / pageSize * pageSize
	return disk{text[:used:used], len(text)}
}

// meta returns both pages of meta, which tell one commit from another.
func (d disk) meta() string { return string(d.pages[:2*pageSize]) }

// onto returns a copy of what was on the disk, long enough for what came.
func (d disk) onto(after disk) disk {
	out := disk{make([]byte, max(len(d.pages), len(after.pages))), max(d.size, after.size)}
	copy(out.pages, d.pages)
	return out
}

// lost returns the disk with the former meta and a random part of the new data: whole
// pages, or single sectors.
func (d disk) lost(after disk, dice *rand.Rand) disk {
	out, unit := d.onto(after), pageSize
	if dice.IntN(2) == 0 {
		unit = sectorSize
	}
	share := dice.IntN(101)
	for at := 2 * pageSize; at < len(after.pages); at += unit {
		if dice.IntN(100) < share {
			copy(out.pages[at:at+unit], after.pages[at:at+unit])
		}
	}
	return out
}

// torn returns the disk with all of the new data and the first bytes of the new meta.
func (d disk) torn(after disk, dice *rand.Rand) disk {
	out := d.onto(after)
	copy(out.pages[2*pageSize:], after.pages[2*pageSize:])
	for _, page := range []int{0, pageSize} {
		if n := dice.IntN(metaBytes + 20); !bytes.Equal(d.pages[page:page+pageSize], after.pages[page:page+pageSize]) {
			copy(out.pages[page:page+n], after.pages[page:page+n])
		}
	}
	return out
}

// mustHold opens a disk and wants it to hold one of the states.
func mustHold(t *testing.T, d disk, keys *seal.Keyring, states ...string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pollux.db")
	if err := errors.Join(os.WriteFile(path, d.pages, 0o600), os.Truncate(path, int64(d.size))); err != nil {
		t.Fatal(err)
	}
	s, err := boltstore.Open(path, boltstore.Options{Keys: keys})
	if err != nil {
		t.Fatalf("open after the power loss: %v", err)
	}
	got, held := digest(t, s), false
	for _, state := range states {
		held = held || got == state
	}
	if !held {
		t.Errorf("after the power loss: got\n%s\nwant\n%s", got, states)
	}
	err = s.AddAudit(t.Context(), store.AuditEntry{At: time.Unix(1, 0), Actor: "program", Action: "start"})
	findings, checkErr := s.Check(t.Context())
	if err := errors.Join(err, checkErr, s.Close()); err != nil || len(findings) > 0 {
		t.Errorf("after the next write: %v %v", err, findings)
	}
}

// digest is everything that a store holds, as text.
func digest(t *testing.T, s *boltstore.Store) string {
	t.Helper()
	ctx := t.Context()
	feeds, err1 := s.ListFeeds(ctx)
	trail, err2 := s.ListAudit(ctx, store.AuditFilter{})
	switches, err3 := s.Switches(ctx)
	budgets, err4 := s.Budgets(ctx)
	waiting, err5 := s.Waiting(ctx, "", 0)
	findings, err6 := s.Check(ctx)
	if err := errors.Join(err1, err2, err3, err4, err5, err6); err != nil || len(findings) > 0 {
		t.Fatalf("read the store: %v %v", err, findings)
	}
	text, err := json.Marshal([]any{feeds, trail, switches, budgets, waiting, everything(t, s)})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// worker makes random writes.
type worker struct {
	*testing.T

	s      *boltstore.Store
	dice   *rand.Rand
	sealed bool
	n      int
}

// write makes one write; some are refused, which changes nothing.
func (w *worker) write() {
	w.n++
	ctx := w.Context()
	audit := &store.AuditEntry{At: time.Unix(int64(w.n), 0).UTC(), Actor: "program", Action: "test", Target: strconv.Itoa(w.n)}
	runs, err := w.s.ListRuns(ctx, store.RunFilter{})
	if err != nil {
		w.Fatal(err)
	}
	r := runs[w.dice.IntN(len(runs))]
	steps := []store.Step{{ID: fmt.Sprint("s", w.dice.IntN(3)), Output: json.RawMessage(strconv.Itoa(w.n))}}
	state := store.RunState{Status: store.Statuses()[w.dice.IntN(8)], Attempts: w.n}
	switch w.dice.IntN(7) {
	case 0, 1:
		w.poll(audit)
	case 2:
		err = w.s.SaveStep(ctx, store.StepSave{Run: r.ID, Steps: steps, State: state})
	case 3:
		err = w.s.Revise(ctx, store.Revision{Run: r.ID, Was: r.State.Status, Version: strconv.Itoa(w.n), Forget: []string{"s0"}, Steps: steps, State: state, Audit: audit})
	case 4:
		_, err = w.s.Prune(ctx, store.PruneSlice{Now: time.Now(), Limit: 2, After: uint64(w.dice.IntN(20)), Other: store.Keep{Runs: time.Duration(w.dice.IntN(2)) * 1e6 * time.Hour}})
	case 5:
		err = w.s.SetSwitch(ctx, store.Switch{Kind: store.SwitchRecipe, Name: strconv.Itoa(w.dice.IntN(3)), Paused: w.dice.IntN(2) == 0}, audit)
	case 6:
		err = w.s.PutSecret(ctx, "token", bytes.Repeat([]byte("x"), 1+w.dice.IntN(9000)), audit)
		if !w.sealed && errors.Is(err, store.ErrNoKey) {
			err = w.s.SaveBudgets(ctx, map[string]json.RawMessage{"acme": json.RawMessage(strconv.Itoa(w.n))})
		}
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		w.Errorf("write %d: %v", w.n, err)
	}
}

// poll commits some new records with runs, large ones among them.
func (w *worker) poll(audit *store.AuditEntry) {
	f, err := w.s.LoadFeed(w.Context(), "f")
	if err != nil {
		w.Fatal(err)
	}
	c := store.PollCommit{Feed: f, Audit: audit}
	for i := range 1 + w.dice.IntN(4) {
		c.Feed.State.Ordinals++
		c.Feed.State.Records++
		id := fmt.Sprintf("%d-%d", w.n, i)
		body := fmt.Appendf(nil, `{"text":%q}`, bytes.Repeat([]byte("y"), w.dice.IntN(6000)))
		c.Seen = append(c.Seen, store.Seen{ID: id, Entry: triggers.Entry{Revision: 1, Ordinal: c.Feed.State.Ordinals, Body: body}})
		c.Runs = append(c.Runs, store.NewRun{Subscription: 1, Run: store.Run{Recipe: "r", Record: id, Revision: 1, Event: store.Event{Record: body}}})
	}
	if _, err := w.s.CommitPoll(w.Context(), c); err != nil {
		w.Errorf("poll %d: %v", w.n, err)
	}
}

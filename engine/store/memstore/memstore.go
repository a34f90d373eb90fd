package memstore

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"

	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/internal/seal"
)

// Store keeps everything in maps. Values are held in their stored form, so that
// what comes out never shares memory with what went in.
type Store struct {
	instance string

	mu            sync.RWMutex // guards what follows
	closed        bool
	feeds         map[store.FeedID]*feed
	subscriptions map[place]store.Subscription
	runs          []*run // the run with sequence number n is at n-1
	open          uint64 // runs before this place are all finished
	waiting       int    // number of unfinished runs
	recipes       map[version][]byte
	pruning       store.Pruning
	gone          int // number of runs that were forgotten
	lastFeed      uint32
	lastPlace     uint32
	desk          desk
	files         map[fileName]keptFile
}

var _ store.Store = (*Store)(nil)

// place is what a subscription is known by. As a struct it needs no separator that a
// name could hold.
type place struct{ recipe, account string }

// version is what a recipe's text is known by. The same text under two versions is
// kept twice.
type version struct{ recipe, version string }

// feed is a feed and its seen-set, encoded. value is the JSON of the feed, seen the
// binary form of each entry by its key. visited and due are parents of a fan-out feed.
type feed struct {
	value        []byte
	seen         map[string][]byte
	visited, due map[string]bool
}

// run is a run's unchanging part and its steps, encoded, and its state. The state is
// apart from the rest because it is written again and again; final says, without
// decoding it, whether the run is over.
type run struct {
	value []byte
	state []byte
	final bool
	gone  bool   // it was forgotten; nothing else counts but that it is final
	steps []step // in the order in which they were first saved
}

// step is a step's result, encoded.
type step struct {
	id    string
	value []byte
}

// New returns an empty store without keys: it keeps no secrets.
func New() *Store { return NewSealed(nil) }

// NewSealed returns an empty store that seals secrets with a key ring.
func NewSealed(keys *seal.Keyring) *Store {
	return &Store{
		instance:      store.NewInstance(),
		feeds:         map[store.FeedID]*feed{},
		subscriptions: map[place]store.Subscription{},
		recipes:       map[version][]byte{},
		desk:          newDesk(keys),
		files:         map[fileName]keptFile{},
	}
}

// read calls f with the lock held for reading. A read that began before Close ends as
// usual; a context that ends inside f is not noticed, because nothing here waits.
func (s *Store) read(ctx context.Context, f func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed {
		return store.ErrClosed
	}
	return f()
}

// write calls f with the lock held for writing. f must either change everything or
// return an error and have changed nothing.
func (s *Store) write(ctx context.Context, f func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return store.ErrClosed
	}
	return f()
}

// decode reads a value that the store itself has encoded. An error is a mistake of
// the store's own, since nothing else writes the bytes.
func decode(b []byte, into any) error {
	if err := json.Unmarshal(b, into); err != nil {
		return fmt.Errorf("decode %.40q: %w: %w", b, store.ErrDamaged, err)
	}
	return nil
}

// Close forgets nothing but refuses everything from now on. Later calls return
// ErrClosed; closing twice does nothing.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	return nil
}

// Stats says how many things are in the store; the sizes are 0.
func (s *Store) Stats(ctx context.Context) (store.Stats, error) {
	var st store.Stats
	err := s.read(ctx, func() error {
		st.Feeds, st.Runs, st.Waiting = len(s.feeds), len(s.runs)-s.gone, s.waiting
		for _, f := range s.feeds {
			st.Records += len(f.seen)
		}
		return nil
	})
	return st, err
}

// Check verifies the invariants of [store.Inspection].
func (s *Store) Check(ctx context.Context) ([]string, error) {
	var findings []string
	err := s.read(ctx, func() error {
		a := store.NewInspection(uint64(len(s.runs)))
		for _, sub := range s.subscriptions {
			a.Subscription(&sub)
		}
		for _, id := range slices.Sorted(maps.Keys(s.feeds)) {
			if err := s.inspectFeed(a, s.feeds[id]); err != nil {
				return err
			}
		}
		for i := range s.runs {
			if s.runs[i].gone {
				continue
			}
			r, steps, err := s.load(uint64(i + 1))
			if err != nil {
				return err
			}
			a.Run(store.Inspected{Run: &r, Steps: steps, Queued: !s.runs[i].final, Done: s.runs[i].final})
		}
		a.Trail(s.desk.lastSeq)
		for i := range s.desk.audit {
			a.Audit(&s.desk.audit[i])
		}
		for _, sw := range s.desk.switches {
			a.Switch(&sw)
		}
		findings = a.Findings()
		return nil
	})
	return findings, err
}

// inspectFeed feeds a feed and then its entries to the inspection, which wants them in this
// order. What cannot be decoded is an error here and not a finding: no file is there
// that could be damaged.
func (s *Store) inspectFeed(a *store.Inspection, f *feed) error {
	var value store.Feed
	if err := decode(f.value, &value); err != nil {
		return err
	}
	a.Feed(&value)
	for id, b := range f.seen {
		e, err := entry(b)
		if err != nil {
			return err
		}
		a.Entry(id, &e)
	}
	return nil
}

// dump is the form of a backup. Seen-sets and the steps and states of runs are left
// out.
type dump struct {
	Feeds         []json.RawMessage    `json:"feeds"`
	Subscriptions []store.Subscription `json:"subscriptions"`
	Runs          []json.RawMessage    `json:"runs"`
	Recipes       map[string]string    `json:"recipes"`
}

// Backup writes feeds, subscriptions, runs and recipes as one JSON document, for
// people to read; there is no way back. The lock is not held while it is written, so
// a slow reader keeps nobody waiting.
func (s *Store) Backup(ctx context.Context, w io.Writer) error {
	var d dump
	err := s.read(ctx, func() error {
		for _, id := range slices.Sorted(maps.Keys(s.feeds)) {
			d.Feeds = append(d.Feeds, s.feeds[id].value)
		}
		d.Subscriptions = s.sortedSubscriptions()
		for _, r := range s.runs {
			if !r.gone {
				d.Runs = append(d.Runs, r.value)
			}
		}
		d.Recipes = make(map[string]string, len(s.recipes))
		for v, text := range s.recipes {
			d.Recipes[v.recipe+"@"+v.version] = string(text)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := json.NewEncoder(w).Encode(d); err != nil {
		return fmt.Errorf("write the backup: %w", err)
	}
	return nil
}

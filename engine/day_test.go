package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/engine/store"
)

// TestDay lets whole days pass in which everything goes wrong that can: records
// change, lists lag behind, services refuse, lose answers and go mad, the program is
// stopped softly and hard, and dies before and after commits. In the end every
// promise is held against what the services saw. The days are always the same ones,
// the first two of them broke a promise once; POLLUX_DAYS=20 adds as many new ones.
func TestDay(t *testing.T) {
	t.Parallel()
	seeds := []uint64{1, 2, 3, 4, 5}
	more, _ := strconv.Atoi(os.Getenv("POLLUX_DAYS")) // none when it is not set
	for range more {
		seeds = append(seeds, rand.Uint64())
	}
	for _, seed := range seeds {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { newDay(t, seed).pass() })
		})
	}
}

// day is one day of a program and its services.
type day struct {
	*bench
	truth store.Store // the state file; the engine's store can die, this one stays
	texts []string

	mu      sync.Mutex // guards what follows
	random  *rand.Rand
	calm    bool           // nothing goes wrong any more
	version map[string]int // the last version of each record
	guests  map[string]int // versions of records that come and go
}

// The recipes of the day: two on one feed, one on another, one on the same list read from
// the top, and one that only wants to know who comes and goes. Each letter tells its
// recipe, the version of the record (or what happened to it) and its run.
func newDay(t *testing.T, seed uint64) *day {
	t.Helper()
	letter := func(id, op, list, more string) string {
		return recipe("id: letters", "id: "+id, "letter.put", op, "item.list", list, "every: 1m", "every: 2m",
			"steps:", more+"steps:", "to: =record.id", `to: "`+id+` ${record.id}"`,
			"text: =record.name}", `text: "${record.name} ${run.id}"}`+"\n    retry: {tries: 100, wait: 1s..1m}")
	}
	d := &day{
		bench: newBench(t), random: rand.New(rand.NewPCG(seed, 0)), calm: true, version: map[string]int{}, guests: map[string]int{},
		texts: []string{
			letter("safe", "letter.put", "item.list", "filter: record.count != 3\norder: {when_parked: go_on}\n"),
			letter("find", "letter.send", "item.list", "order: {workers: 8}\n"),
			letter("never", "letter.fire", "item.all", "order: {when_parked: go_on}\n"),
			letter("top", "letter.put", "item.newest", "order: {when_parked: go_on}\n"),
			strings.NewReplacer("start: now", "start: now\n  kinds: [created, deleted]", "${record.name}", "${kind}").
				Replace(letter("guests", "letter.put", "item.all", "order: {when_parked: go_on}\n")),
		},
	}
	d.truth = d.store
	d.service.fail, d.service.pageErr, d.service.size = d.failCall, d.failPage, 6
	return d
}

// chance reports true in one of so many cases, and never on a calm day.
func (d *day) chance(one int) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return !d.calm && d.random.IntN(one) == 0
}

func (d *day) upTo(most time.Duration) time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	return time.Duration(d.random.Int64N(int64(most)))
}

func (d *day) setCalm(calm bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.calm = calm
}

// roll returns a number below 1000; on a calm day always 999.
func (d *day) roll() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.calm {
		return 999
	}
	return d.random.IntN(1000)
}

// failCall decides what becomes of a write. It runs with the service's mutex held.
func (d *day) failCall(string, int) (err error, done bool) {
	switch n := d.roll(); {
	case n < 80:
		return failure(connectors.Transient), false
	case n < 130:
		return failure(connectors.RateLimited), false
	case n < 150:
		return failure(connectors.Uncertain), true
	case n < 170:
		return failure(connectors.Uncertain), false
	case n < 180:
		return failure(connectors.Invalid), false
	case n < 184:
		return failure(connectors.Auth), false
	}
	return nil, true
}

// failPage decides what becomes of a page. It runs with the service's mutex held.
func (d *day) failPage() error {
	d.service.deaf = d.chance(50)
	switch n := d.roll(); {
	case n < 60:
		return failure(connectors.Transient)
	case n < 120:
		return failure(connectors.RateLimited)
	case n < 126:
		return failure(connectors.Auth)
	case n < 132:
		return failure(connectors.Invalid)
	case n < 138:
		panic("the connector went mad")
	}
	return nil
}

// pass lets the day pass and judges it.
func (d *day) pass() {
	d.once(d.texts...) // the feeds are known before anything happens
	d.wait(2 * time.Second)
	d.setCalm(false)
	end := time.Now().Add(24 * time.Hour)
	world := make(chan struct{})
	go func() {
		defer close(world)
		for time.Now().Before(end) {
			d.change()
			if d.chance(4) {
				d.comeAndGo()
			}
			d.wait(d.upTo(4 * time.Minute))
		}
	}()
	for time.Now().Before(end) {
		d.live(d.upTo(90 * time.Minute))
		d.wait(d.upTo(10 * time.Minute))
	}
	<-world
	d.setCalm(true)
	d.service.delay, d.service.pageDelay = 0, 0
	d.store = d.truth
	d.serve(d.engine(d.texts...), 2*time.Hour)
	d.check()
	d.judge()
}

// change changes some records; lists show it at once or late.
func (d *day) change() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for range 1 + d.random.IntN(5) {
		id := fmt.Sprintf("r%02d", d.random.IntN(40))
		d.version[id]++
		lag := time.Duration(d.random.IntN(2)) * time.Duration(d.random.Int64N(int64(100*time.Second)))
		d.service.putLate(id, map[string]any{"name": fmt.Sprintf("%04d", d.version[id]), "count": d.random.IntN(10)}, lag)
	}
}

// comeAndGo lets a guest come, change or go.
func (d *day) comeAndGo() {
	d.mu.Lock()
	defer d.mu.Unlock()
	id := fmt.Sprintf("g%02d", d.random.IntN(6))
	d.guests[id]++
	if d.random.IntN(2) == 0 {
		d.service.remove(id)
		return
	}
	d.service.put(id, map[string]any{"name": fmt.Sprintf("%04d", d.guests[id]), "count": 1})
}

// live runs the program for a while; it ends softly, hard, or by dying.
func (d *day) live(length time.Duration) {
	d.t.Helper()
	mortal := &mortalStore{Store: d.truth, lives: 1 << 40}
	if d.chance(2) {
		d.mu.Lock()
		mortal.lives, mortal.late = d.random.Int64N(400), d.random.IntN(2) == 0
		d.mu.Unlock()
	}
	d.service.mu.Lock()
	d.service.delay = d.upTo(15 * time.Second) // the drain time is 10 seconds
	d.service.pageDelay = d.upTo(3 * time.Second)
	d.service.mu.Unlock()
	d.store = mortal
	ctx, cancel := context.WithTimeout(d.t.Context(), length)
	defer cancel()
	if err := d.engine(d.texts...).Run(ctx); err != nil && !errors.Is(err, errDead) {
		d.t.Errorf("run: %v", err)
	}
	if d.chance(5) {
		d.check()
	}
}

// check verifies the invariants of the state.
func (d *day) check() {
	d.t.Helper()
	broken, err := d.truth.Check(d.t.Context())
	if err != nil || len(broken) > 0 {
		d.t.Errorf("store after a stop: %v %v", broken, err)
	}
}

// errDead is what a dead store says.
var errDead = errors.New("the program is dead")

// mortalStore dies with one of its next writes: before it, or, late, right after it.
// From then on nothing is written any more.
type mortalStore struct {
	store.Store
	mu    sync.Mutex
	lives int64
	late  bool
}

// die counts a write and reports whether it is to be done, and whether it will be
// heard of.
func (s *mortalStore) die() (write, heard bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lives--
	return s.lives >= 0 || s.late && s.lives == -1, s.lives >= 0
}

func (s *mortalStore) CommitPoll(ctx context.Context, c store.PollCommit) (done store.Committed, err error) {
	write, heard := s.die()
	if write {
		done, err = s.Store.CommitPoll(ctx, c)
	}
	if !heard {
		return store.Committed{}, errDead
	}
	return done, err
}

func (s *mortalStore) SaveStep(ctx context.Context, c store.StepSave) (err error) {
	write, heard := s.die()
	if write {
		err = s.Store.SaveStep(ctx, c)
	}
	if !heard {
		return errDead
	}
	return err
}

func (s *mortalStore) SaveFeed(ctx context.Context, id store.FeedID, status store.FeedStatus) error {
	if _, heard := s.die(); !heard {
		return errDead
	}
	return s.Store.SaveFeed(ctx, id, status)
}

// judge holds the promises against what happened.
func (d *day) judge() {
	d.t.Helper()
	byRun := map[string][]string{} // versions that arrived, by run
	arrived := map[string][]string{}
	for _, e := range d.service.effects {
		version, run, _ := strings.Cut(e.Text, " ")
		byRun[run] = append(byRun[run], version)
		if strings.HasPrefix(e.To, "guests ") {
			continue // they tell no version
		}
		if list := arrived[e.To]; len(list) == 0 || list[len(list)-1] != version {
			arrived[e.To] = append(list, version)
		}
	}
	statuses := map[store.Status]int{}
	last := map[string]string{} // the version of the last run, by recipe and record
	there := map[string]bool{}  // guests, as the recipe was told
	told := 0
	runs := d.runs(store.RunFilter{})
	for i := len(runs) - 1; i >= 0; i-- { // oldest first
		r := &runs[i]
		statuses[r.State.Status]++
		d.judgeRun(r, byRun[string(r.ID)])
		if r.Recipe == "guests" {
			if gone := r.Kind == "deleted"; gone != there[r.Record] {
				d.t.Errorf("guests: run %s tells that %s is %s, which it was told before", r.ID, r.Record, r.Kind)
			}
			there[r.Record] = r.Kind != "deleted"
			told++
			continue
		}
		lane := r.Recipe + " " + r.Record
		version := fields(d.t, r)["name"].(string) //nolint:forcetypeassert // every record has one
		if version <= last[lane] {
			d.t.Errorf("%s: a run for version %s came after one for %s", lane, version, last[lane])
		}
		last[lane] = version
	}
	d.judgeEnds(last)
	for id := range d.guests {
		if _, is := d.service.items[id]; is != there[id] {
			d.t.Errorf("guests: %s is there: %t, the recipe was told %t", id, is, there[id])
		}
	}
	for lane, versions := range arrived {
		for i := 1; i < len(versions); i++ {
			if versions[i] <= versions[i-1] {
				d.t.Errorf("%s: version %s arrived after %s", lane, versions[i], versions[i-1])
			}
		}
	}
	if statuses[store.Succeeded] < 500 || told < 20 || d.service.pages > 9000 {
		d.t.Errorf("%d runs succeeded, %d of guests, with %d pages, want a full day's work", statuses[store.Succeeded], told, d.service.pages)
	}
	d.t.Logf("%d changes, %d told of guests, %d letters, %d pages, runs %v", sum(d.version), told, len(d.service.effects), d.service.pages, statuses)
}

// judgeRun holds what a run says of itself against the letters that bear its id.
func (d *day) judgeRun(r *store.Run, letters []string) {
	d.t.Helper()
	least, most := 0, 0
	switch r.State.Status {
	case store.Succeeded:
		least, most = 1, 1
	case store.Parked: // unsure
		most = 1
	case store.Queued: // waits behind a parked one
	case store.Failed:
	case store.Dropped: // a guest went, of which nobody could be told, and came again
		if !strings.HasPrefix(r.State.Reason, "the recipe is not told of what is left") || r.Recipe != "guests" {
			d.t.Errorf("run %s of %s is dropped: %s", r.ID, r.Recipe, r.State.Reason)
		}
	case store.Held, store.Running, store.Waiting:
		d.t.Errorf("run %s of %s is %s in the end", r.ID, r.Recipe, r.State.Status)
	}
	if r.Recipe != "find" && r.Recipe != "never" {
		most = len(letters) // may be sent again, in order
	}
	if len(letters) < least || len(letters) > most {
		d.t.Errorf("run %s of %s is %s and sent %d letters, want %d to %d", r.ID, r.Recipe, r.State.Status, len(letters), least, most)
	}
	if s := r.State.Status; (s == store.Failed || s == store.Parked) != (r.State.Error != nil) {
		d.t.Errorf("run %s of %s is %s with error %+v", r.ID, r.Recipe, s, r.State.Error)
	}
}

// judgeEnds makes sure that the last version of every record had its run, or was
// decided against by a filter.
func (d *day) judgeEnds(last map[string]string) {
	d.t.Helper()
	for id, n := range d.version {
		want := fmt.Sprintf("%04d", n)
		for _, recipe := range []string{"find", "never", "top"} {
			if got := last[recipe+" "+id]; got != want {
				d.t.Errorf("%s of %s: the last run is for version %q, want %s", recipe, id, got, want)
			}
		}
		if got := last["safe "+id]; got != want && d.service.items[id]["count"] != 3 {
			d.t.Errorf("safe of %s: the last run is for version %q, want %s", id, got, want)
		}
	}
}

func sum(m map[string]int) (n int) {
	for _, v := range m {
		n += v
	}
	return n
}

// fields are the fields of the record that a run was made for.
func fields(t *testing.T, r *store.Run) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal(r.Event.Record, &m); err != nil {
		t.Fatalf("record of run %s: %v", r.ID, err)
	}
	return m
}

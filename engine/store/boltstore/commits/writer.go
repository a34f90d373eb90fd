// Package commits groups writes to one bbolt file: whoever finds the writer idle commits
// what waits, at most 500 writes in one transaction, and each is answered once it is on
// disk, or refused.
package commits

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/pollux-automation/pollux/engine/store"
)

// MaxBatch is how many waiting writes share one commit.
const MaxBatch = 500

// Change is one write. Check looks whether it may be done and changes nothing;
// Apply does it. Both run inside the transaction, in the goroutine of whoever
// commits.
type Change struct {
	Check func(*bolt.Tx) error
	Apply func(*bolt.Tx) error

	err error // set before the change is answered
	// turn tells the waiting caller that its change was answered (false), or that it
	// is to commit for all (true). It has room for both; nobody closes it.
	turn chan bool
}

// Writer groups writes. Whoever finds it idle commits what waits, then hands the
// task to the next caller that waits.
type Writer struct {
	db *bolt.DB

	mu      sync.Mutex // guards what follows
	waiting []*Change
	busy    bool
	closed  bool
	idle    chan struct{} // closed when the last write of a closed writer ended
	fatal   error         // why nothing can be written any more
	failed  chan error    // gets fatal, once

	told atomic.Pointer[func(took time.Duration, err error)] // of every transaction; may be nil
}

// Tell lets somebody know of every transaction from now on: how long it took, and the
// error that it ended with, which is [store.ErrFull] on a full disk. Whoever is told
// must be quick: the next transaction waits.
func (w *Writer) Tell(told func(took time.Duration, err error)) { w.told.Store(&told) }

// tell tells of a transaction.
func (w *Writer) tell(began time.Time, err error) {
	if told := w.told.Load(); told != nil {
		if err != nil && IsFull(err) {
			err = fmt.Errorf("%w: %w", store.ErrFull, err)
		}
		(*told)(time.Since(began), err)
	}
}

// New returns the writer of an open file.
func New(db *bolt.DB) *Writer {
	return &Writer{db: db, idle: make(chan struct{}), failed: make(chan error, 1)}
}

// Do carries out a change and returns when it is on disk, or why it is not. A
// context that ends while the change waits does not stop it: nobody could tell
// afterwards whether it was done.
func (w *Writer) Do(ctx context.Context, c *Change) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	c.turn = make(chan bool, 2)
	w.mu.Lock()
	if err := w.refusal(); err != nil {
		w.mu.Unlock()
		return err
	}
	w.waiting = append(w.waiting, c)
	idle := !w.busy
	w.busy = true
	w.mu.Unlock()
	// The commit before answers its own and leaves the file to the next one.
	if idle || <-c.turn {
		w.commitWaiting()
	}
	return c.err
}

// Failed gets the error after which nothing can be written any more, once. Nobody closes
// it.
func (w *Writer) Failed() <-chan error { return w.failed }

// refusal says why no call is taken any more; nil means it is. The mutex is held.
func (w *Writer) refusal() error {
	if w.closed {
		return store.ErrClosed
	}
	return w.fatal
}

// Err says why no write is taken any more; nil means that they are.
func (w *Writer) Err() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.refusal()
}

// commitWaiting commits once, answers, and hands over. The caller's own change is
// the first of those that wait.
func (w *Writer) commitWaiting() {
	// Whoever is ready to write and only waits for a processor comes along: under
	// load a commit serves more, and an idle machine loses nothing.
	runtime.Gosched()
	w.mu.Lock()
	n := min(len(w.waiting), MaxBatch)
	batch := w.waiting[:n:n]
	// Else the array would keep alive what was answered.
	if w.waiting = w.waiting[n:]; len(w.waiting) == 0 {
		w.waiting = nil
	}
	fatal := w.fatal
	w.mu.Unlock()
	if fatal == nil {
		fatal = w.commit(batch)
	}
	for _, c := range batch {
		if fatal != nil && c.err == nil {
			c.err = fatal
		}
		c.turn <- false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if fatal != nil && w.fatal == nil {
		w.fatal = fatal
		// The channel has room for the one error, so nobody needs to listen.
		w.failed <- fatal
	}
	if len(w.waiting) > 0 {
		w.waiting[0].turn <- true
		return
	}
	w.busy = false
	if w.closed {
		close(w.idle)
	}
}

// commit writes the changes of a batch whose checks hold in one transaction. A
// change that fails while it is applied is left out, and the rest is done again
// without it, so that no half of it stays. The error is fatal.
func (w *Writer) commit(batch []*Change) error {
	open := batch
	for len(open) > 0 {
		rest, before, err := w.attempt(open)
		if !errors.Is(err, errAgain) {
			return w.settle(open, before, err)
		}
		open = rest
	}
	return nil
}

// errAgain tells that a change failed and the others are to be tried without it.
var errAgain = errors.New("again without the change that failed")

// attempt runs one transaction. With errAgain it returns the changes that are left.
// before is the number of the last transaction that counted.
func (w *Writer) attempt(open []*Change) (rest []*Change, before int, err error) {
	defer RecoverDamage(&err)()
	began := time.Now()
	tx, err := w.db.Begin(true)
	if err != nil {
		return nil, 0, fmt.Errorf("begin a commit: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // does nothing after a commit
	before = tx.ID() - 1
	dirty := false
	for i, c := range open {
		if c.err = c.Check(tx); c.err != nil {
			continue
		}
		if c.err = c.Apply(tx); c.err != nil {
			rest = append(rest, open[:i]...)
			return append(rest, open[i+1:]...), before, errAgain
		}
		dirty = true
	}
	if !dirty {
		return nil, before, nil
	}
	err = tx.Commit()
	w.tell(began, err)
	return nil, before, err
}

// settle answers the changes of a transaction that ended with an error: a full
// disk, which is no reason to give up, or a fatal one, which it returns.
func (w *Writer) settle(open []*Change, before int, err error) error {
	if err == nil {
		return nil
	}
	fatal := fmt.Errorf("state file %s cannot be written any more, restart Pollux: %w", w.db.Path(), err)
	if IsFull(err) && w.stands(before) {
		err, fatal = fmt.Errorf("state file %s: %w: %w", w.db.Path(), store.ErrFull, err), nil
	} else {
		err = fatal
	}
	for _, c := range open {
		if c.err == nil {
			c.err = err
		}
	}
	return fatal
}

// stands reports whether the transaction with a number is still the last one that
// counts. bbolt writes the pages of a commit first and the meta page, which makes
// them count, last; a failure after that may or may not survive a crash.
func (w *Writer) stands(before int) (stands bool) {
	var err error
	defer RecoverDamage(&err)() // stands stays false
	err = w.db.View(func(tx *bolt.Tx) error {
		stands = tx.ID() == before
		return nil
	})
	return stands && err == nil
}

// IsFull reports whether an error of the system says that there is no room: on
// the disk, in the quota, or under the limit of the process. Where bbolt makes the
// file longer, it passes on only the text of the error.
func IsFull(err error) bool {
	for _, no := range []syscall.Errno{syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG} {
		if errors.Is(err, no) || strings.HasSuffix(err.Error(), no.Error()) {
			return true
		}
	}
	return false
}

// Close waits for the writes in progress and refuses new ones. It reports false
// when it was called before.
func (w *Writer) Close() bool {
	w.mu.Lock()
	if w.closed {
		w.mu.Unlock()
		return false
	}
	w.closed = true
	if !w.busy {
		close(w.idle)
	}
	w.mu.Unlock()
	<-w.idle
	return true
}

// RecoverDamage turns a panic of bbolt, or a fault on memory that a damaged page
// points to, into ErrDamaged. Call it, and defer what it returns.
func RecoverDamage(err *error) func() {
	former := debug.SetPanicOnFault(true)
	return func() {
		debug.SetPanicOnFault(former)
		if v := recover(); v != nil {
			*err = fmt.Errorf("%w: %v", store.ErrDamaged, v)
		}
	}
}

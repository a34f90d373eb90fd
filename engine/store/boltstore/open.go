package boltstore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"syscall"
	"time"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/engine/store/boltstore/commits"
	"github.com/pollux-automation/pollux/engine/store/boltstore/files"
	"github.com/pollux-automation/pollux/engine/store/boltstore/tables"
	"github.com/pollux-automation/pollux/engine/store/boltstore/trail"
	"github.com/pollux-automation/pollux/internal/seal"
)

// mapSize is how much address space the file gets at the start. A file that
// outgrows it makes writers wait for readers once.
const mapSize = 256 << 20

// minPageSize is the smallest page of any system that Pollux runs on, in bytes.
const minPageSize = 4096

// Options say how to open a state file.
type Options struct {
	// ReadOnly opens the file for reading alone: several processes can do so at
	// once, but none beside one that writes. Every write is refused.
	ReadOnly bool
	// Wait is how long to wait for another process that has the file; 0 means a
	// second.
	Wait time.Duration
	// Keys seal what is personal in values from now on, and open what was sealed before.
	// Without them values are written as they are.
	Keys *seal.Keyring
	// Outdated opens a file of an older version too, with ReadOnly. Its secrets can be read,
	// and nothing else: the program that brings the file up to date may need them to start.
	Outdated bool
	// Sealed asks for no keys: for a program that copies values as they are. What is
	// sealed cannot be read then.
	Sealed bool
}

// Store keeps everything in one file. It is safe for concurrent use.
type Store struct {
	*trail.Trail  // audit trail, switches, budgets, secrets
	*files.Folder // files of runs

	db       *bolt.DB
	file     *os.File // the file of db, closed with it
	w        *commits.Writer
	path     string
	rows     tables.Reader
	readOnly bool
	// revisions counts changes of runs by hand; it changes inside transactions alone.
	revisions atomic.Uint64
}

var _ store.Store = (*Store)(nil)

// Open opens a state file, and makes it and its folder if there is none; a file
// opened with ReadOnly must exist. The whole file is read once to make sure that
// it is not damaged. The errors are [store.ErrInUse], [store.ErrDamaged],
// [store.ErrVersion], [store.ErrNoKey], [store.ErrWrongKey], [store.ErrFull], and those
// of the system; they say what to do. A file is never made anew in place of one that cannot be read.
func Open(path string, o Options) (*Store, error) {
	if o.Wait <= 0 {
		o.Wait = time.Second
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !o.ReadOnly:
		if err := create(path); err != nil {
			return nil, full(fmt.Errorf("make the state file %s: %w", path, err))
		}
	case err != nil:
		return nil, fmt.Errorf("open the state file: %w", err)
	case info.Size() < 2*minPageSize:
		return nil, damaged(path, fmt.Errorf("it has only %d bytes", info.Size()))
	}
	if !o.ReadOnly {
		if err := inspect(path, o.Wait); err != nil {
			return nil, err
		}
	}
	s, err := open(path, o)
	if err != nil {
		return nil, err
	}
	if err = s.identify(o); err == nil {
		err = s.unlock(o)
	}
	if err != nil {
		return nil, errors.Join(err, s.db.Close())
	}
	s.Trail = trail.New(trail.File{View: s.view, Write: s.write, Rows: s.rows})
	s.Folder = files.New(files.State{
		Folder: filepath.Join(filepath.Dir(path), FilesFolder), Instance: s.rows.Instance, Keys: s.rows.Keys, Ready: s.ready, Lives: s.lives,
	})
	return s, nil
}

// inspect reads the whole file while nobody can write to it. bbolt itself would
// end the process if it met a damaged page when it opens the file for writing.
func inspect(path string, wait time.Duration) error {
	s, err := open(path, Options{ReadOnly: true, Wait: wait})
	if err != nil {
		return err
	}
	defer s.db.Close() //nolint:errcheck // nothing was written
	var findings []string
	err = s.look(func(tx *bolt.Tx) error {
		if version, _, err := tables.ReadMeta(tx); err == nil && version > tables.CurrentVersion() {
			return nil // a newer program may have other rules; it is refused later
		}
		findings = s.verify(tx)
		return nil
	})
	if err == nil && len(findings) > 0 {
		err = errors.New(findings[0])
	}
	if err != nil {
		return damaged(path, err)
	}
	return nil
}

// open opens the file with bbolt and does not look into it. FreelistMapType keeps
// commits fast in a file with many free pages, and without its sync a commit writes
// less; the list is read from the pages when the file is opened.
func open(path string, o Options) (s *Store, err error) {
	var file *os.File
	defer func() {
		if err != nil && file != nil {
			_ = file.Close() // after a panic bbolt keeps the file open, and with it the lock
		}
	}()
	defer commits.RecoverDamage(&err)()
	options := &bolt.Options{
		Timeout: o.Wait, FreelistType: bolt.FreelistMapType, NoFreelistSync: true, ReadOnly: o.ReadOnly,
		OpenFile: func(name string, flag int, mode os.FileMode) (*os.File, error) {
			file, err = os.OpenFile(name, flag&^os.O_CREATE, mode)
			return file, err
		},
	}
	if runtime.GOOS != "windows" { // there it would make the file that long
		options.InitialMmapSize = mapSize
	}
	db, err := bolt.Open(path, 0o600, options)
	if err != nil {
		return nil, openError(path, err)
	}
	if replaced(path, file) {
		return nil, errors.Join(fmt.Errorf("%w: %s was replaced just now; try again", store.ErrInUse, path), db.Close())
	}
	return &Store{db: db, file: file, w: commits.New(db), path: path, readOnly: o.ReadOnly}, nil
}

// replaced reports whether the name belongs to another file now: a compaction gave it
// away while we waited for the lock. What is written to the old file nobody reads.
func replaced(path string, file *os.File) bool {
	named, err := os.Stat(path)
	opened, openedErr := file.Stat()
	return err == nil && openedErr == nil && !os.SameFile(named, opened)
}

// openError says what an error of bbolt's Open means.
func openError(path string, err error) error {
	if errors.Is(err, bolterrors.ErrTimeout) {
		return fmt.Errorf("%w: %s; stop the other Pollux, or give this one its own data folder", store.ErrInUse, path)
	}
	if _, system := errors.AsType[syscall.Errno](err); system {
		return fmt.Errorf("open the state file: %w", err)
	}
	return damaged(path, err)
}

// damaged is the error for a file that cannot be trusted, with what to do about it.
func damaged(path string, cause error) error {
	return fmt.Errorf("%w: %s: %w; put a backup in its place, or move it away to begin anew", store.ErrDamaged, path, cause)
}

// full marks an error of a disk without room.
func full(err error) error {
	if commits.IsFull(err) {
		return fmt.Errorf("%w: %w", store.ErrFull, err)
	}
	return err
}

// create makes a state file under another name and gives it its own when it is
// complete: a file that exists and cannot be read is then damaged, not half made.
func create(path string) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, filepath.Base(path)+".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) //nolint:errcheck // gone already after a rename
	if err := f.Close(); err != nil {
		return err
	}
	s, err := open(f.Name(), Options{Wait: time.Second})
	if err != nil {
		return err
	}
	err = s.db.Update(func(tx *bolt.Tx) error { return tables.Migrate(tx, 0) })
	if err := errors.Join(err, s.db.Close()); err != nil {
		return err
	}
	// A link fails if another process was faster: its file is as good as ours.
	err = os.Link(f.Name(), path)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		err = os.Rename(f.Name(), path) // a file system without links
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return SyncFolder(dir)
}

// SyncFolder makes sure that the name of a new file survives a crash.
func SyncFolder(dir string) error {
	if runtime.GOOS == "windows" { // folders cannot be synced there
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// identify makes sure that the file is a state file of a version that this
// program knows, brings it up to date, and learns its instance.
func (s *Store) identify(o Options) error {
	var version int
	err := s.look(func(tx *bolt.Tx) (err error) {
		version, s.rows.Instance, err = tables.ReadMeta(tx)
		return err
	})
	switch {
	case err != nil:
		return damaged(s.path, err)
	case version > tables.CurrentVersion():
		return fmt.Errorf("%w: %s has version %d, this Pollux knows %d; use the newer Pollux",
			store.ErrVersion, s.path, version, tables.CurrentVersion())
	case version == tables.CurrentVersion():
		return nil
	case s.readOnly && o.Outdated:
		return nil
	case s.readOnly:
		return fmt.Errorf("state file %s has the old version %d; run Pollux on it once", s.path, version)
	}
	if err := s.db.Update(func(tx *bolt.Tx) error { return tables.Migrate(tx, version) }); err != nil {
		return full(fmt.Errorf("bring the state file %s from version %d to %d: %w", s.path, version, tables.CurrentVersion(), err))
	}
	return nil
}

// view runs a transaction that reads. Slices that bbolt hands to f point into mapped
// memory and end with the transaction.
func (s *Store) view(ctx context.Context, f func(*bolt.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return s.look(f)
}

// look is view for callers that nobody can stop.
func (s *Store) look(f func(*bolt.Tx) error) (err error) {
	if err := s.w.Err(); err != nil {
		return err
	}
	defer commits.RecoverDamage(&err)()
	err = s.db.View(f)
	if errors.Is(err, bolterrors.ErrDatabaseNotOpen) {
		return store.ErrClosed
	}
	return err
}

// OnCommit lets somebody know of every transaction that writes: how long it took, and the
// error that it ended with, which is [store.ErrFull] on a full disk. It may be called at
// any time; whoever is told must be quick, for the next transaction waits.
func (s *Store) OnCommit(told func(took time.Duration, err error)) { s.w.Tell(told) }

// Fatal gets an error when the state file cannot be written any more and nobody
// knows what the disk holds. The store refuses every call from then on; the
// process should end and start anew.
func (s *Store) Fatal() <-chan error { return s.w.Failed() }

// Close waits for writes in progress and gives the file back. Closing twice does
// nothing.
func (s *Store) Close() error {
	if !s.w.Close() {
		return nil
	}
	if err := s.db.Close(); err != nil {
		return fmt.Errorf("close the state file: %w", err)
	}
	return nil
}

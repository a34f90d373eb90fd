package store

import "errors"

var (
	// ErrNotFound is returned when what was asked for is not in the store.
	ErrNotFound = errors.New("not in the store")
	// ErrConflict is returned when a guard did not hold: somebody else changed
	// the feed or the run in between. Nothing was written.
	ErrConflict = errors.New("changed in between")
	// ErrInvalid is returned for a value that no store can keep. Nothing was
	// written.
	ErrInvalid = errors.New("cannot be stored")
	// ErrClosed is returned after Close.
	ErrClosed = errors.New("store is closed")
	// ErrInUse is returned by Open when another process has the state file.
	ErrInUse = errors.New("state file is in use by another process")
	// ErrDamaged is returned when the state file cannot be trusted.
	ErrDamaged = errors.New("state file is damaged")
	// ErrFull is returned when the disk has no room. Nothing was written; the
	// same call may succeed later.
	ErrFull = errors.New("disk is full")
	// ErrNoKey is returned when something is sealed, or is to be sealed, and there is no
	// key at all.
	ErrNoKey = errors.New("there is no key")
	// ErrWrongKey is returned when something is sealed with a key that is not among those
	// that were given.
	ErrWrongKey = errors.New("the key is not among those given")
	// ErrVersion is returned by Open for a file of a newer Pollux.
	ErrVersion = errors.New("state file was written by a newer version")
)

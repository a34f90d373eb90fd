package store

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// MaxFileBytes is the largest file that a store keeps, in bytes.
const MaxFileBytes = 10 << 20

// maxFileName is the longest name of a file, and maxFileWords the longest type and title,
// in bytes.
const (
	maxFileName  = 64
	maxFileWords = 255
)

// File is what a step was given that is no record: a recording, a document.
type File struct {
	Type  string // of its content, "audio/x-wav"
	Title string // its name at the service, "call.wav"; may be empty, and is never a path
	Data  []byte
}

// Files is the part of the store that keeps files of runs, apart from everything else. A
// backup has none of them.
type Files interface {
	// PutFile keeps a file of a run in place of the former one of that name. It is on disk
	// when PutFile returns, and whoever dies in between leaves the former one. A name has
	// small letters and digits alone, 64 at most. The error is ErrInvalid for another name,
	// for a file of more than [MaxFileBytes], and for what is no run of this store; a run
	// that is not known is none of its business.
	PutFile(ctx context.Context, run RunID, name string, f File) error
	// File returns a file of a run. The error is ErrNotFound without one, and ErrNoKey,
	// ErrWrongKey or ErrDamaged for one that cannot be read.
	File(ctx context.Context, run RunID, name string) (File, error)
	// SweepFiles removes files of runs that are gone or whose payloads were forgotten, and
	// returns how many. What was written at a time or later stays: its run may be on its
	// way into the store.
	SweepFiles(ctx context.Context, before time.Time) (int, error)
}

// Validate returns an error that wraps [ErrInvalid] for a file that no store can keep.
func (f *File) Validate() error {
	if len(f.Data) > MaxFileBytes {
		return fmt.Errorf("file of %d bytes, want at most %d MiB: %w", len(f.Data), MaxFileBytes>>20, ErrInvalid)
	}
	if len(f.Type) > maxFileWords || len(f.Title) > maxFileWords {
		return fmt.Errorf("file with a type or title of more than %d bytes: %w", maxFileWords, ErrInvalid)
	}
	return nil
}

// ValidFileName returns an error that wraps [ErrInvalid] for what is no name of a file.
func ValidFileName(name string) error {
	other := func(c rune) bool { return (c < 'a' || c > 'z') && (c < '0' || c > '9') }
	if name == "" || len(name) > maxFileName || strings.ContainsFunc(name, other) {
		return fmt.Errorf("file named %.80q: %w", name, ErrInvalid)
	}
	return nil
}

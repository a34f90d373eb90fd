package memstore

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/pollux-automation/pollux/engine/store"
)

// fileName is what a file is known by.
type fileName struct {
	seq  uint64
	name string
}

// keptFile is a file and when it was kept.
type keptFile struct {
	store.File
	at time.Time
}

// PutFile implements [store.Files].
func (s *Store) PutFile(ctx context.Context, run store.RunID, name string, f store.File) error {
	key := fileName{run.SeqIn(s.instance), name}
	if key.seq == 0 {
		return fmt.Errorf("file of %.80q, which is no run of this store: %w", run, store.ErrInvalid)
	}
	if err := store.ValidFileName(name); err != nil {
		return err
	}
	if err := f.Validate(); err != nil {
		return err
	}
	f.Data = bytes.Clone(f.Data)
	return s.write(ctx, func() error {
		s.files[key] = keptFile{f, time.Now()}
		return nil
	})
}

// File implements [store.Files].
func (s *Store) File(ctx context.Context, run store.RunID, name string) (f store.File, err error) {
	err = s.read(ctx, func() error {
		kept, ok := s.files[fileName{run.SeqIn(s.instance), name}]
		if !ok {
			return fmt.Errorf("file %.80q of run %.80q: %w", name, run, store.ErrNotFound)
		}
		f = kept.File
		f.Data = bytes.Clone(f.Data)
		return nil
	})
	return f, err
}

// SweepFiles implements [store.Files].
func (s *Store) SweepFiles(ctx context.Context, before time.Time) (swept int, err error) {
	err = s.write(ctx, func() error {
		for key, kept := range s.files {
			if !kept.at.Before(before) {
				continue
			}
			if key.seq <= uint64(len(s.runs)) && !s.runs[key.seq-1].gone {
				run, _, err := s.load(key.seq)
				if err != nil {
					return err
				}
				if !run.Event.Forgotten {
					continue
				}
			}
			delete(s.files, key)
			swept++
		}
		return nil
	})
	return swept, err
}

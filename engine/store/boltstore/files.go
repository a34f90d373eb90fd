package boltstore

import (
	"context"
	"errors"

	bolt "go.etcd.io/bbolt"

	"github.com/pollux-automation/pollux/engine/store"
)

// FilesFolder is the name of the folder, beside the state file, that holds files of runs.
const FilesFolder = "files"

// ready says why files cannot be read, or written, any more; nil if they can.
func (s *Store) ready(ctx context.Context, writes bool) error {
	if writes {
		if err := s.writable(); err != nil {
			return err
		}
	}
	return s.view(ctx, func(*bolt.Tx) error { return nil })
}

// lives reports whether the payload of a run is kept.
func (s *Store) lives(ctx context.Context, id store.RunID) (bool, error) {
	run, _, err := s.LoadRun(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return err == nil && !run.Event.Forgotten, err
}

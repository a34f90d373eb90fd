package boltstore

import (
	"context"
	"fmt"

	bolt "go.etcd.io/bbolt"

	"github.com/pollux-automation/pollux/engine/store/boltstore/checks"
	"github.com/pollux-automation/pollux/engine/store/boltstore/pages"
)

// Check implements [store.Store]: the tree of pages, then what [checks.Invariants] looks
// at. It may run while others write.
func (s *Store) Check(ctx context.Context) ([]string, error) {
	var findings []string
	err := s.view(ctx, func(tx *bolt.Tx) (err error) {
		if findings = s.verify(tx); len(findings) > 0 {
			return nil
		}
		findings, err = checks.Invariants(ctx, tx, s.rows)
		return err
	})
	return findings, err
}

// verify returns what is wrong with the file as a transaction sees it, one line at
// most.
func (s *Store) verify(tx *bolt.Tx) []string {
	size := s.db.Info().PageSize
	info, err := s.file.Stat()
	if err == nil && info.Size() < tx.Size() {
		err = fmt.Errorf("it was cut short: %d bytes, want at least %d", info.Size(), tx.Size())
	}
	if err == nil {
		err = pages.Tree{
			File: s.file, PageSize: size,
			Pages: uint64(tx.Size()) / uint64(size), //nolint:gosec // neither is below 0
			Root:  uint64(tx.Cursor().Bucket().RootPage()),
		}.Verify()
	}
	if err != nil {
		return []string{err.Error()}
	}
	return nil
}

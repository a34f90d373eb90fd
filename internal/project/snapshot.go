package project

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/engine/store/boltstore"
	"github.com/pollux-automation/pollux/engine/store/boltstore/upkeep"
)

// Snapshot is a copy of a project's state that may be written to and is thrown away.
type Snapshot struct {
	*boltstore.Store
	dir string
}

// Snapshot copies a store of the project into a temporary folder and opens the copy. The
// store itself may be in use; nil stands for that of a project that never ran.
func (p *Project) Snapshot(ctx context.Context, s store.Store) (*Snapshot, error) {
	dir, err := os.MkdirTemp("", "pollux-dry-")
	if err != nil {
		return nil, fmt.Errorf("make a folder for a copy of the state: %w", err)
	}
	copied, err := p.copyTo(ctx, s, filepath.Join(dir, stateName))
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return &Snapshot{Store: copied, dir: dir}, nil
}

// copyTo copies a store to a file and opens that.
func (p *Project) copyTo(ctx context.Context, s store.Store, path string) (*boltstore.Store, error) {
	if s != nil {
		if _, err := upkeep.Backup(ctx, s, path, false); err != nil {
			return nil, fmt.Errorf("copy the state: %w", err)
		}
	}
	keys, err := keyFile(p.env, p.StateFile()).load()
	if err != nil {
		return nil, err
	}
	return openState(path, boltstore.Options{Keys: keys})
}

// Close closes the copy and removes it.
func (s *Snapshot) Close() error { return errors.Join(s.Store.Close(), os.RemoveAll(s.dir)) }

package upkeep

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/engine/store/boltstore"
)

// runGap is how many numbers of runs a backup leaves out. Who goes on with it gives no
// id again that the original gave to a run since: an id in a text at a service stays
// proof of one run.
const runGap = 1_000_000

// ErrExists is returned by Backup for a file that is there already.
var ErrExists = errors.New("there is a file already")

// Backup writes a copy of a state file, readable by its owner alone, and says what the
// copy holds. A file of that name is replaced only with replace; until the copy is
// complete it stays as it is. The errors are [ErrExists], [store.ErrDamaged], and those
// of the store and the system.
func Backup(ctx context.Context, s store.Store, path string, replace bool) (store.Stats, error) {
	var st store.Stats
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return st, fmt.Errorf("back up to %s: %w", path, err)
	case !info.Mode().IsRegular() || !replace:
		return st, fmt.Errorf("back up to %s: %w", path, ErrExists)
	}
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".new-*")
	if err != nil {
		return st, fmt.Errorf("back up to %s: %w", path, err)
	}
	defer os.Remove(f.Name()) //nolint:errcheck // gone already after the rename
	err = s.Backup(ctx, f)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return st, full(err)
	}
	if st, err = finish(ctx, f.Name()); err != nil {
		return st, full(fmt.Errorf("verify the backup: %w", err))
	}
	st.Path = path
	if err := os.Rename(f.Name(), path); err != nil {
		return st, err
	}
	return st, boltstore.SyncFolder(filepath.Dir(path))
}

// finish opens a copy, which verifies it, and leaves out the numbers of the runs that
// the original may still make.
func finish(ctx context.Context, path string) (st store.Stats, err error) {
	s, err := boltstore.Open(path, boltstore.Options{Sealed: true})
	if err != nil {
		return st, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if err := s.SkipRuns(ctx, runGap); err != nil {
		return st, err
	}
	return s.Stats(ctx)
}

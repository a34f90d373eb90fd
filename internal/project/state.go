package project

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/engine/store/boltstore"
	"github.com/pollux-automation/pollux/engine/store/boltstore/upkeep"
)

var (
	// ErrNoSettings is returned for the state of a project whose settings could
	// not be read: nobody knows where it is.
	ErrNoSettings = errors.New("the settings cannot be read, so nobody knows where the state file is")
	// ErrNoState is returned for the state of a project that never ran.
	ErrNoState = errors.New("there is no state file yet")
	// ErrState is returned for a backup onto the state file itself.
	ErrState = errors.New("this is the state file itself")
	// ErrKey is returned for a backup onto the key file, without which nothing can be read.
	ErrKey = errors.New("this is the key file")
	// ErrExists is returned for a backup onto a file that is there.
	ErrExists = upkeep.ErrExists
)

// StateFile is where a project keeps its state.
func (p *Project) StateFile() string { return filepath.Join(p.Settings.Data, stateName) }

// stateName is the name of every state file.
const stateName = "pollux.db"

// SocketFile is where the running program listens for commands.
func (p *Project) SocketFile() string { return filepath.Join(p.Settings.Data, "pollux.sock") }

// OpenStore opens the state file for writing, and makes it if there is none. The
// errors are those of [boltstore.Open] and of the key file.
func (p *Project) OpenStore() (*boltstore.Store, error) {
	if err := os.MkdirAll(p.Settings.Data, 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of the state file: %w", err)
	}
	return p.openKeyed(boltstore.Options{})
}

// ReadStore opens the state file for looking only. The errors are [ErrNoSettings],
// [ErrNoState] and those of [boltstore.Open].
func (p *Project) ReadStore() (*boltstore.Store, error) {
	return p.openExisting(boltstore.Options{ReadOnly: true})
}

// EditStore opens a state file that is there for writing. The errors are those of
// ReadStore.
func (p *Project) EditStore() (*boltstore.Store, error) {
	return p.openExisting(boltstore.Options{})
}

// SealedStore opens the state file for copying it, which needs no key. The errors are those
// of ReadStore.
func (p *Project) SealedStore() (*boltstore.Store, error) {
	return p.openExisting(boltstore.Options{ReadOnly: true, Sealed: true})
}

// Backup copies a store of the project, see [upkeep.Backup]; the errors are those of it,
// [ErrState] and [ErrKey].
func (p *Project) Backup(ctx context.Context, s store.Store, path string, replace bool) (store.Stats, error) {
	state, err := os.Stat(p.StateFile())
	if err != nil {
		return store.Stats{}, err
	}
	if to, err := os.Stat(path); err == nil {
		if os.SameFile(state, to) {
			return store.Stats{}, ErrState
		}
		key, err := os.Stat(keyFile(p.env, p.StateFile()).path)
		if err == nil && os.SameFile(key, to) {
			return store.Stats{}, ErrKey
		}
	}
	return upkeep.Backup(ctx, s, path, replace)
}

// CompactStore compacts the state file, see [upkeep.Compact]; the errors are those of it
// and of EditStore.
func (p *Project) CompactStore(ctx context.Context) (upkeep.Compacted, error) {
	if err := p.HasState(); err != nil {
		return upkeep.Compacted{}, err
	}
	return upkeep.Compact(ctx, p.StateFile())
}

// openExisting opens the state file and makes none.
func (p *Project) openExisting(o boltstore.Options) (*boltstore.Store, error) {
	if err := p.HasState(); err != nil {
		return nil, err
	}
	return p.openKeyed(o)
}

// openKeyed opens the state file with the keys of the key file.
func (p *Project) openKeyed(o boltstore.Options) (_ *boltstore.Store, err error) {
	if !o.Sealed {
		if o.Keys, err = keyFile(p.env, p.StateFile()).load(); err != nil {
			return nil, err
		}
	}
	return openState(p.StateFile(), o)
}

// HasState says why there is no state file; nil means there is one.
func (p *Project) HasState() error {
	if p.Settings.Data == "" {
		return ErrNoSettings
	}
	if _, err := os.Stat(p.StateFile()); errors.Is(err, fs.ErrNotExist) {
		return ErrNoState
	}
	return nil
}

// openState opens a state file. What the store says about a file that it cannot
// open already tells what to do; this adds what only the program knows.
func openState(path string, o boltstore.Options) (*boltstore.Store, error) {
	s, err := boltstore.Open(path, o)
	switch {
	case err == nil:
		return s, nil
	case errors.Is(err, store.ErrDamaged):
		return nil, fmt.Errorf("%w (nothing was changed)", err)
	}
	return nil, err
}

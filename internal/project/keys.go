package project

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/engine/store/boltstore"
	"github.com/pollux-automation/pollux/internal/seal"
	"github.com/pollux-automation/pollux/internal/settings"
)

// keyPlace is where the key file of a state file is looked for.
type keyPlace struct {
	path string
	// named is true for a file that the environment names: it must be there.
	named bool
	// credential is true for one that the service manager hands over.
	credential bool
}

// keyFile returns where the key file of a state file is: named by POLLUX_KEY_FILE, a
// credential of systemd with the name pollux-key, or pollux.key beside the state file.
func keyFile(env func(string) (string, bool), state string) keyPlace {
	if path, ok := env("POLLUX_KEY_FILE"); ok && path != "" {
		return keyPlace{path: path, named: true}
	}
	if dir, ok := env("CREDENTIALS_DIRECTORY"); ok && dir != "" {
		path := filepath.Join(dir, "pollux-key")
		if _, err := os.Stat(path); err == nil {
			return keyPlace{path: path, credential: true}
		}
	}
	return keyPlace{path: filepath.Join(filepath.Dir(state), "pollux.key")}
}

// load reads the keys; nil when there is no file, which is fine unless it was named.
func (k keyPlace) load() (*seal.Keyring, error) {
	load := seal.Load
	if k.credential {
		load = seal.LoadCredential
	}
	keys, err := load(k.path)
	if errors.Is(err, fs.ErrNotExist) && !k.named {
		return nil, nil //nolint:nilnil // no keys are a ring too
	}
	return keys, err
}

// KeyFile returns where the key file is looked for, and what is wrong with it: that others
// can read it, or that it is no key file. there is false when there is none, which is fine
// unless the environment names it: then the error says so.
func (p *Project) KeyFile() (path string, there bool, err error) {
	at := keyFile(p.env, p.StateFile())
	keys, err := at.load()
	return at.path, keys != nil || err != nil && !errors.Is(err, fs.ErrNotExist), err
}

// MakeKey makes a key file where this project's is looked for, readable by its owner
// alone. Where there is one already made is false and nothing is changed.
func (p *Project) MakeKey() (path string, made bool, err error) {
	if p.Settings.Data == "" {
		return "", false, ErrNoSettings
	}
	at := keyFile(p.env, p.StateFile())
	keys, err := at.load()
	if keys != nil || err != nil && !errors.Is(err, fs.ErrNotExist) {
		return at.path, false, err
	}
	if err := os.MkdirAll(filepath.Dir(at.path), 0o700); err != nil {
		return at.path, false, fmt.Errorf("make the folder of the key file: %w", err)
	}
	return at.path, true, seal.Create(at.path)
}

// Rotation is what became of a key.
type Rotation struct {
	File    string // the key file
	Key     string // id of the key that everything is sealed with now
	Resumed bool   // an earlier rotation had begun
	Sealed  int    // how many values were sealed anew
	// Old is why the old keys are still in the file; nil when they are not.
	Old error
}

// RotateKey puts a new key on top of the key file, seals everything in the state file
// with it, and removes the old ones. It can be stopped at any moment: each step leaves a
// key file that opens the state file. When it is called again and the file still has
// several keys, it goes on with the first of them. The errors are [store.ErrNoKey]
// without a key file, and those of EditStore.
func (p *Project) RotateKey(ctx context.Context) (r Rotation, err error) {
	s, err := p.EditStore() // nobody else has the file while the keys change
	if err != nil {
		return r, err
	}
	at := keyFile(p.env, p.StateFile())
	r.File = at.path
	keys, err := at.load()
	if err == nil && keys == nil {
		err = fmt.Errorf("%w: %s is not there; pollux secrets set makes one", store.ErrNoKey, at.path)
	}
	if r.Resumed = err == nil && len(keys.IDs()) > 1; !r.Resumed {
		if err == nil {
			err = seal.AddKey(at.path)
		}
		if err = errors.Join(err, s.Close()); err != nil {
			return r, err
		}
		if s, err = p.EditStore(); err != nil { // with the new key
			return r, err
		}
		if keys, err = at.load(); err != nil {
			return r, errors.Join(err, s.Close())
		}
	}
	r.Key = keys.Current().String()
	r.Sealed, err = s.Reseal(ctx)
	if err = errors.Join(err, s.Close()); err != nil {
		return r, err
	}
	r.Old = seal.KeepCurrent(at.path)
	return r, nil
}

// secrets reads secrets out of a project's own store for its settings, and what is known of
// the parts of accounts. The state file is opened at the first of them.
type secrets struct {
	env  func(string) (string, bool)
	data string // folder of the state file, for switches
	file *boltstore.Store
}

// lookWait is how long the file may be in use before nothing is known of parts: whoever has
// it knows them.
const lookWait = 50 * time.Millisecond

// switches returns the switches of the state file; none when there is no file.
func (s *secrets) switches() ([]store.Switch, error) {
	file := s.file
	if file == nil {
		path := filepath.Join(s.data, stateName)
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
		var err error
		if file, err = openState(path, boltstore.Options{ReadOnly: true, Outdated: true, Sealed: true, Wait: lookWait}); err != nil {
			return nil, err
		}
		defer func() { _ = file.Close() }() // it was only read
	}
	return file.Switches(context.Background()) // as in read
}

// read returns a secret of the state file in a folder.
func (s *secrets) read(data, name string) ([]byte, error) {
	if s.file == nil {
		path := filepath.Join(data, stateName)
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return nil, settings.ErrNoSecret
		}
		keys, err := keyFile(s.env, path).load()
		if err != nil {
			return nil, err
		}
		if s.file, err = openState(path, boltstore.Options{ReadOnly: true, Outdated: true, Keys: keys}); err != nil {
			return nil, err
		}
	}
	value, err := s.file.Secret(context.Background(), name) // settings are read before there is anything to stop
	return value, noSecret(err)
}

// noSecret turns what a store says of a missing secret into what settings know.
func noSecret(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("%w: %w", settings.ErrNoSecret, err)
	}
	return err
}

// close gives the state file back.
func (s *secrets) close() {
	if s.file != nil {
		_ = s.file.Close() // it was only read
	}
}

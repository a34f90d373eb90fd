package files

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/engine/store/boltstore/commits"
	"github.com/pollux-automation/pollux/internal/seal"
)

const (
	// plain is the first byte of a file that is not sealed.
	plain = 0
	// named begins the names of files, whatever they are: no system has another use for it.
	named = "f-"
	// half begins the names of files that are being written.
	half = ".new-"
	// most is more than any kept file has, in bytes.
	most = store.MaxFileBytes + 64<<10
)

// State is the state file that files belong to.
type State struct {
	Folder   string // where they are
	Instance string // of the state file; folders of others are left alone
	Keys     *seal.Keyring
	// Ready says why nothing can be read, or written, any more; nil if it can.
	Ready func(ctx context.Context, writes bool) error
	// Lives reports whether the payload of a run is kept.
	Lives func(context.Context, store.RunID) (bool, error)
}

// Folder implements [store.Files].
type Folder struct {
	state State
	// mu is held for reading by who makes a file, and for writing by who replaces or
	// removes one that is there.
	mu sync.RWMutex
}

// New returns the folder of a state file. It is made with the first file.
func New(s State) *Folder { return &Folder{state: s} }

// head is what is known of a file. It is a line of JSON before its content.
type head struct {
	Type  string `json:"type,omitempty"`
	Title string `json:"title,omitempty"`
}

// place returns where a file is.
func (d *Folder) place(run store.RunID, name string) (string, error) {
	if run.SeqIn(d.state.Instance) == 0 {
		return "", fmt.Errorf("file of %.80q, which is no run of this store: %w", run, store.ErrInvalid)
	}
	if err := store.ValidFileName(name); err != nil {
		return "", err
	}
	return filepath.Join(d.state.Folder, string(run), named+name), nil
}

// PutFile implements [store.Files].
func (d *Folder) PutFile(ctx context.Context, run store.RunID, name string, f store.File) error {
	path, err := d.place(run, name)
	if err != nil {
		return err
	}
	if err := f.Validate(); err != nil {
		return err
	}
	if err := d.state.Ready(ctx, true); err != nil {
		return err
	}
	first, err := json.Marshal(head{f.Type, f.Title})
	if err != nil {
		return fmt.Errorf("keep a file of run %s: %w: %w", run, store.ErrInvalid, err)
	}
	d.mu.RLock()
	defer d.mu.RUnlock()
	if err := d.write(path, bytes.Join([][]byte{first, f.Data}, []byte("\n"))); err != nil {
		return fmt.Errorf("keep a file of run %s: %w", run, err)
	}
	return nil
}

// write makes a file out of its text, with the folders that it is in.
func (d *Folder) write(path string, text []byte) (err error) {
	defer func() {
		if err != nil && commits.IsFull(err) {
			err = fmt.Errorf("%w: %w", store.ErrFull, err)
		}
	}()
	dir := filepath.Dir(path)
	if _, err := os.Stat(dir); err != nil {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
		if err := errors.Join(syncFolder(d.state.Folder), syncFolder(filepath.Dir(d.state.Folder))); err != nil {
			return err
		}
	}
	f, err := os.CreateTemp(dir, half+"*")
	if err != nil {
		return err
	}
	if d.state.Keys != nil {
		_, err = f.Write(d.state.Keys.Seal(nil, text, bind(path)))
	} else if _, err = f.Write([]byte{plain}); err == nil {
		_, err = f.Write(text)
	}
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return syncFolder(dir)
}

// bind returns what ties a sealed file to its place: its run and its name.
func bind(path string) []byte {
	return []byte("file\x00" + filepath.Base(filepath.Dir(path)) + "\x00" + filepath.Base(path))
}

// syncFolder makes sure that the names in a folder survive a crash.
func syncFolder(dir string) error {
	if runtime.GOOS == "windows" { // folders cannot be synced there
		return nil
	}
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// File implements [store.Files].
func (d *Folder) File(ctx context.Context, run store.RunID, name string) (store.File, error) {
	path, err := d.place(run, name)
	if err != nil {
		return store.File{}, fmt.Errorf("%w: %w", store.ErrNotFound, err)
	}
	if err := d.state.Ready(ctx, false); err != nil {
		return store.File{}, err
	}
	text, err := d.read(path)
	if err != nil {
		return store.File{}, fmt.Errorf("read a file of run %s: %w", run, err)
	}
	first, data, ok := bytes.Cut(text, []byte("\n"))
	var h head
	if err := json.Unmarshal(first, &h); err != nil || !ok {
		return store.File{}, fmt.Errorf("read a file of run %s: %w: it does not begin with what it is", run, store.ErrDamaged)
	}
	return store.File{Type: h.Type, Title: h.Title, Data: data}, nil
}

// read returns the text of a file.
func (d *Folder) read(path string) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%s is not there: %w", path, store.ErrNotFound)
	case err != nil:
		return nil, err
	case info.Size() < 1 || info.Size() > most:
		return nil, fmt.Errorf("%s has %d bytes: %w", path, info.Size(), store.ErrDamaged)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if len(b) > 0 && b[0] == plain {
		return b[1:], nil
	}
	text, err := d.state.Keys.Open(b, bind(path))
	switch {
	case errors.Is(err, seal.ErrNoKey):
		return nil, fmt.Errorf("%w: %s: %w", store.ErrNoKey, path, err)
	case errors.Is(err, seal.ErrWrongKey):
		return nil, fmt.Errorf("%w: %s: %w", store.ErrWrongKey, path, err)
	case err != nil:
		return nil, fmt.Errorf("%w: %s: %w", store.ErrDamaged, path, err)
	}
	return text, nil
}

// each calls a function with every folder of a run of this state file.
func (d *Folder) each(ctx context.Context, do func(run store.RunID, dir string) error) error {
	entries, err := os.ReadDir(d.state.Folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for i := 0; err == nil && i < len(entries); i++ {
		run := store.RunID(entries[i].Name())
		if run.SeqIn(d.state.Instance) == 0 || !entries[i].IsDir() {
			continue
		}
		if err = ctx.Err(); err == nil {
			err = do(run, filepath.Join(d.state.Folder, string(run)))
		}
	}
	return err
}

// SweepFiles implements [store.Files]. It also removes what was not written to its end.
func (d *Folder) SweepFiles(ctx context.Context, before time.Time) (swept int, err error) {
	if err := d.state.Ready(ctx, true); err != nil {
		return 0, err
	}
	err = d.each(ctx, func(run store.RunID, dir string) error {
		lives, err := d.state.Lives(ctx, run)
		if err != nil {
			return err
		}
		n, err := d.sweep(dir, lives, before)
		swept += n
		return err
	})
	if err != nil {
		return swept, fmt.Errorf("sweep files: %w", err)
	}
	return swept, nil
}

// sweep removes what is old in the folder of a run: everything, or only what was not
// written to its end. A folder without files goes too.
func (d *Folder) sweep(dir string, lives bool, before time.Time) (swept int, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	entries, err := os.ReadDir(dir)
	if err != nil {
		return 0, err
	}
	left := len(entries)
	for _, e := range entries {
		whole := strings.HasPrefix(e.Name(), named)
		if whole == lives || !whole && !strings.HasPrefix(e.Name(), half) {
			continue
		}
		info, err := e.Info()
		if err != nil {
			return swept, err
		}
		if !info.ModTime().Before(before) {
			continue
		}
		if err := os.Remove(filepath.Join(dir, e.Name())); err != nil {
			return swept, err
		}
		left--
		if whole {
			swept++
		}
	}
	if left > 0 || lives {
		return swept, nil
	}
	return swept, os.Remove(dir)
}

// Reseal seals every file that is not sealed with the current key, and returns how many
// that were. There must be keys.
func (d *Folder) Reseal(ctx context.Context) (done int, err error) {
	err = d.each(ctx, func(_ store.RunID, dir string) error {
		entries, err := os.ReadDir(dir)
		for i := 0; err == nil && i < len(entries); i++ {
			if !strings.HasPrefix(entries[i].Name(), named) {
				continue
			}
			var changed bool
			if changed, err = d.reseal(filepath.Join(dir, entries[i].Name())); changed {
				done++
			}
		}
		return err
	})
	return done, err
}

// reseal seals a file with the current key, unless it is already or is gone.
func (d *Folder) reseal(path string) (changed bool, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	first := make([]byte, 1+len(seal.ID{}))
	n, _ := f.Read(first) // what is too short is read again below, and told of there
	if err := f.Close(); err != nil {
		return false, err
	}
	if id, err := seal.KeyOf(first[:n]); err == nil && id == d.state.Keys.Current() {
		return false, nil
	}
	text, err := d.read(path)
	if err != nil {
		return false, err
	}
	return true, d.write(path, text)
}

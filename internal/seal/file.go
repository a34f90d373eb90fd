package seal

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// maxFile is the largest key file that is read, in bytes.
const maxFile = 1 << 20

// Parse reads the text of a key file: one key a line in base64, empty lines and lines
// that begin with # left out. Errors name the line and never the text.
func Parse(text []byte) (*Keyring, error) {
	var keys [][]byte
	for i, line := range strings.Split(string(text), "\n") {
		if line = strings.TrimSpace(line); !isKey(line) {
			continue
		}
		secret, err := base64.StdEncoding.DecodeString(line)
		if err != nil || len(secret) != KeyBytes {
			return nil, fmt.Errorf("line %d is no key: want %d bytes in base64, as by: openssl rand -base64 %d", i+1, KeyBytes, KeyBytes)
		}
		keys = append(keys, secret)
	}
	if len(keys) == 0 {
		return nil, errors.New("there is no key in it: want one a line, as by: openssl rand -base64 32")
	}
	return New(keys...)
}

// isKey reports whether a trimmed line of a key file is to be a key.
func isKey(line string) bool { return line != "" && !strings.HasPrefix(line, "#") }

// Load reads a key file. One that others can read is refused: who reads it reads
// everything that was sealed.
func Load(path string) (*Keyring, error) { return load(path, 0o077) }

// LoadCredential is Load for a file that the service manager hands to this process alone:
// its folder keeps others out, and its group is one of the manager's making.
func LoadCredential(path string) (*Keyring, error) { return load(path, 0o007) }

// load reads a key file whose mode has none of some bits.
func load(path string, others fs.FileMode) (*Keyring, error) {
	text, err := read(path, others)
	if err != nil {
		return nil, err
	}
	k, err := Parse(text)
	if err != nil {
		return nil, fmt.Errorf("key file %s: %w", path, err)
	}
	return k, nil
}

func read(path string, others fs.FileMode) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read the key file: %w", err)
	}
	defer func() { _ = f.Close() }() // it was only read
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("read the key file: %w", err)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm()&others != 0 {
		return nil, fmt.Errorf("key file %s can be read by others (mode %04o): chmod 600 %s", path, info.Mode().Perm(), path)
	}
	text, err := io.ReadAll(io.LimitReader(f, maxFile))
	if err != nil {
		return nil, fmt.Errorf("read the key file: %w", err)
	}
	return text, nil
}

// newLine returns a new key as a line of a key file.
func newLine() []byte {
	secret := make([]byte, KeyBytes)
	_, _ = rand.Read(secret) // never fails: the program ends where the system has no randomness
	return append(base64.StdEncoding.AppendEncode(nil, secret), '\n')
}

// Create makes a key file with one new key, readable by its owner alone. A file that is
// there is never touched: the error then wraps fs.ErrExist.
func Create(path string) error {
	text := append([]byte("# The key of Pollux's state file. Keep a copy of it apart from the backups.\n"), newLine()...)
	name, err := temporary(path, text)
	if err != nil {
		return fmt.Errorf("make the key file: %w", err)
	}
	defer os.Remove(name) //nolint:errcheck // its other name stays
	if err := os.Link(name, path); err != nil {
		return fmt.Errorf("make the key file: %w", err)
	}
	return syncFolder(filepath.Dir(path))
}

// AddKey puts a new key before those of a key file. The file is on disk when it returns,
// so that nothing is sealed with a key that a crash takes away.
func AddKey(path string) error {
	return rewrite(path, func(text []byte) []byte { return append(newLine(), text...) })
}

// KeepCurrent removes all keys but the first from a key file. Other lines stay.
func KeepCurrent(path string) error {
	return rewrite(path, func(text []byte) []byte {
		var out []byte
		first := true
		for line := range bytes.Lines(text) {
			if isKey(strings.TrimSpace(string(line))) {
				if !first {
					continue
				}
				first = false
			}
			out = append(out, line...)
		}
		return out
	})
}

// rewrite replaces a key file by another text that is a key file too.
func rewrite(path string, change func([]byte) []byte) error {
	text, err := read(path, 0o077)
	if err != nil {
		return err
	}
	text = change(text)
	if _, err := Parse(text); err != nil {
		return fmt.Errorf("key file %s: %w", path, err)
	}
	name, err := temporary(path, text)
	if err != nil {
		return fmt.Errorf("write the key file: %w", err)
	}
	if err := os.Rename(name, path); err != nil {
		return errors.Join(fmt.Errorf("write the key file: %w", err), os.Remove(name))
	}
	return syncFolder(filepath.Dir(path))
}

// temporary writes a file beside another one, and syncs it. CreateTemp makes it readable
// by its owner alone.
func temporary(path string, text []byte) (name string, err error) {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".new-*")
	if err != nil {
		return "", err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return "", errors.Join(err, os.Remove(f.Name()))
	}
	return f.Name(), nil
}

// syncFolder makes sure that the name of a new file survives a crash.
func syncFolder(dir string) error {
	if runtime.GOOS == "windows" { // folders cannot be synced there
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

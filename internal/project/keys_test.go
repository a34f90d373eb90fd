package project_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/internal/project"
	"github.com/pollux-automation/pollux/internal/seal"
)

// keyed returns a project with a key and one secret in its state file, and the key file.
func keyed(t *testing.T, env map[string]string) (*project.Project, string) {
	t.Helper()
	p := project.Read(write(t, map[string]string{"pollux.yaml": goodSettings, "recipes/none": ""}), project.Options{
		Env: func(name string) (string, bool) {
			v, ok := env[name]
			return v, ok
		},
		NoSecrets: true,
	})
	path, made, err := p.MakeKey()
	if err != nil || !made {
		t.Fatalf("MakeKey: got %s %t %v, want a new one", path, made, err)
	}
	s, err := p.OpenStore()
	if err == nil {
		err = errors.Join(s.PutSecret(t.Context(), "token", []byte("t0ken"), nil), s.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
	return p, path
}

// wantToken wants the secret to be readable, and returns how many keys there are.
func wantToken(t *testing.T, p *project.Project, keyFile string) int {
	t.Helper()
	s, err := p.ReadStore()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close() //nolint:errcheck // it was only read
	if value, err := s.Secret(t.Context(), "token"); err != nil || string(value) != "t0ken" {
		t.Errorf("the secret: got %q %v", value, err)
	}
	keys, err := seal.Load(keyFile)
	if err != nil {
		t.Fatal(err)
	}
	return len(keys.IDs())
}

func TestMakeKey_MakesOneBesideTheStateFileAndNoSecond(t *testing.T) {
	t.Parallel()
	p, path := keyed(t, nil)
	if want := filepath.Join(p.Settings.Data, "pollux.key"); path != want {
		t.Errorf("got %s, want %s", path, want)
	}
	if again, made, err := p.MakeKey(); again != path || made || err != nil {
		t.Errorf("again: got %s %t %v, want nothing made", again, made, err)
	}
	named := filepath.Join(t.TempDir(), "deep", "my.key")
	if _, path := keyed(t, map[string]string{"POLLUX_KEY_FILE": named}); path != named {
		t.Errorf("with POLLUX_KEY_FILE: got %s, want %s", path, named)
	}
}

// TestRotateKey_GoesOnAfterAKill ends rotations after each of their steps, and wants the
// secret to be readable and the next rotation to finish.
func TestRotateKey_GoesOnAfterAKill(t *testing.T) {
	t.Parallel()
	p, path := keyed(t, nil)
	first, err := p.RotateKey(t.Context())
	if err != nil || first.Resumed || first.Sealed != 1 || first.Old != nil || wantToken(t, p, path) != 1 {
		t.Errorf("got %+v %v, want one value sealed and one key", first, err)
	}
	for name, kill := range map[string]func() error{
		"after the new key": func() error { return seal.AddKey(path) },
		"after half": func() error {
			if err := seal.AddKey(path); err != nil {
				return err
			}
			s, err := p.EditStore() // notes the new key in the state file
			if err != nil {
				return err
			}
			return errors.Join(s.PutSecret(t.Context(), "other", []byte("x"), nil), s.Close())
		},
		"before the old one went": func() error {
			if err := seal.AddKey(path); err != nil {
				return err
			}
			s, err := p.EditStore()
			if err != nil {
				return err
			}
			_, err = s.Reseal(t.Context())
			return errors.Join(err, s.Close())
		},
	} {
		if err := kill(); err != nil {
			t.Fatal(err)
		}
		if n := wantToken(t, p, path); n != 2 {
			t.Errorf("%s: got %d keys, want 2", name, n)
		}
		r, err := p.RotateKey(t.Context())
		if err != nil || !r.Resumed || r.Old != nil || wantToken(t, p, path) != 1 {
			t.Errorf("%s: got %+v %v, want it finished with one key", name, r, err)
		}
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, err := p.RotateKey(t.Context()); !errors.Is(err, store.ErrNoKey) {
		t.Errorf("without the key: got %v, want ErrNoKey", err)
	}
}

func TestRead_TakesSecretsFromTheStore(t *testing.T) {
	t.Parallel()
	settings := strings.Replace(goodSettings, "env:TOKEN", "secret:token", 1)
	config := write(t, map[string]string{"pollux.yaml": settings, "recipes/none": ""})
	none := func(string) (string, bool) { return "", false }
	read := func(o project.Options) string {
		o.Env = none
		p := project.Read(config, o)
		if len(p.Settings.Accounts) == 1 && !p.Findings.HasErrors() {
			return p.Settings.Accounts[0].Credential.Secret.Reveal()
		}
		var text strings.Builder
		for _, f := range p.Findings.Sorted() {
			text.WriteString(f.Code + ": " + f.Message)
		}
		return text.String()
	}
	if got := read(project.Options{}); !strings.Contains(got, `secret-store: Pollux's own store has no secret "token"`) {
		t.Errorf("without a state file: got %q", got)
	}
	given := func(value string, err error) project.Options {
		return project.Options{Secret: func(string) ([]byte, error) { return []byte(value), err }}
	}
	if got := read(given(" given\n", nil)); got != "given" {
		t.Errorf("given by the program: got %q", got)
	}
	if got := read(given("", store.ErrNotFound)); !strings.Contains(got, "no secret") {
		t.Errorf("not given by the program: got %q", got)
	}
	p := project.Read(config, project.Options{Env: none, NoSecrets: true})
	if _, _, err := p.MakeKey(); err != nil {
		t.Fatal(err)
	}
	s, err := p.OpenStore()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.PutSecret(t.Context(), "token", []byte("stored"), nil); err != nil {
		t.Fatal(err)
	}
	if got := read(project.Options{}); !strings.Contains(got, "secret-store: the secret cannot be read: state file is in use") {
		t.Errorf("while the state file is in use: got %q", got)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if got := read(project.Options{}); got != "stored" {
		t.Errorf("got %q, want what was stored", got)
	}
	if err := os.Remove(filepath.Join(p.Settings.Data, "pollux.key")); err != nil {
		t.Fatal(err)
	}
	if got := read(project.Options{}); !strings.Contains(got, "POLLUX_KEY_FILE") {
		t.Errorf("without the key: got %q", got)
	}
	if _, err := p.OpenStore(); !errors.Is(err, store.ErrNoKey) || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("open without the key: got %v, want ErrNoKey", err)
	}
}

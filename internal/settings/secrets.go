package settings

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/pollux-automation/pollux/internal/secret"
	"github.com/pollux-automation/pollux/internal/yamlnode"
)

// maxSecret is the longest secret that is read from a file, in bytes.
const maxSecret = 64 << 10

// secret resolves a reference to a secret. What is wrong with it is reported
// without its text: it may be the secret itself.
func (r *reader) secret(n *yamlnode.Node) secret.String {
	if k := n.Kind(); k == yamlnode.Null || k == yamlnode.Sequence || k == yamlnode.Mapping {
		n.Text(r.into) // reports what it is
		return secret.String{}
	}
	text := n.Written() // also of a number: it is a secret all the same
	kind, name, found := strings.Cut(text, ":")
	switch {
	case found && kind == "env" && name != "":
		return r.fromEnv(n, name)
	case found && kind == "file" && name != "":
		return r.fromFile(n, name)
	case found && kind == "secret" && name != "":
		return r.fromStore(n, name)
	default:
		r.into.Errorf(n.At(), codeSecretPlain, "put it into an environment variable and write env:NAME, or into a file and write file:PATH, or keep it here: pollux secrets set NAME, and write secret:NAME",
			"a secret must not be written out here")
	}
	return secret.String{}
}

// fromEnv reads a secret from an environment variable, without the space that shells
// and files leave around it.
func (r *reader) fromEnv(n *yamlnode.Node, name string) secret.String {
	if r.o.NoSecrets {
		return secret.String{}
	}
	value, ok := r.o.Env(name)
	value = strings.TrimSpace(value)
	if !ok || value == "" {
		r.into.Errorf(n.At(), codeSecretUnset, "set it, or check without secrets: pollux validate --no-secrets",
			"the environment variable %s is not set", name)
	}
	return secret.New(value)
}

// fromFile reads a secret from a file, relative to the settings file. A file that others
// can read is worth a warning, not an error: on some systems all files are.
func (r *reader) fromFile(n *yamlnode.Node, path string) secret.String {
	if r.o.NoSecrets {
		return secret.String{}
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(r.dir, path)
	}
	f, err := os.Open(path)
	if err != nil {
		r.into.Errorf(n.At(), codeSecretFile, "", "cannot read the file of the secret: %s", reason(err))
		return secret.String{}
	}
	defer func() { _ = f.Close() }() // it was only read
	if info, err := f.Stat(); err == nil && info.Mode().Perm()&0o077 != 0 {
		r.into.Warnf(n.At(), codeSecretFile, "chmod 600", "others can read the file of the secret")
	}
	text, err := io.ReadAll(io.LimitReader(f, maxSecret))
	value := strings.TrimSpace(string(text))
	if err != nil || value == "" {
		r.into.Errorf(n.At(), codeSecretFile, "", "the file of the secret is empty or cannot be read")
	}
	return secret.New(value)
}

// fromStore reads a secret from Pollux's own store. What the store says tells what to do
// where it cannot be read at all.
func (r *reader) fromStore(n *yamlnode.Node, name string) secret.String {
	if r.o.NoSecrets {
		return secret.String{}
	}
	var value []byte
	err := ErrNoSecret
	if r.o.Secret != nil {
		value, err = r.o.Secret(r.data, name)
	}
	switch {
	case errors.Is(err, ErrNoSecret):
		r.into.Errorf(n.At(), codeSecretStore, "pollux secrets set "+name, "Pollux's own store has no secret %q", name)
	case err != nil:
		r.into.Errorf(n.At(), codeSecretStore, "or check without secrets: pollux validate --no-secrets", "the secret cannot be read: %v", err)
	}
	return secret.New(strings.TrimSpace(string(value)))
}

package state

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/internal/cli/console"
	"github.com/pollux-automation/pollux/internal/project"
	"github.com/pollux-automation/pollux/internal/show"
	"github.com/pollux-automation/pollux/internal/signin"
)

// Secrets returns "secrets", Pollux's own store of secrets and the key that everything
// personal in the state file is sealed with.
func Secrets(on *console.Console) *cobra.Command {
	a := &app{on}
	return console.Group("secrets", "Keep secrets in the state file, sealed with a key",
		a.secretsSetCommand(), a.secretsListCommand(), a.secretsRemoveCommand(), a.secretsRotateCommand())
}

func (a *app) secretsSetCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "set NAME",
		Short: "Keep a secret, read from a hidden prompt or standard input",
		Long: `Keep a secret, read from a hidden prompt or standard input.

In pollux.yaml it is referred to as secret:NAME. A secret of that name is replaced. The
secret is sealed with the first key of the key file: the one that POLLUX_KEY_FILE names,
the systemd credential pollux-key, or pollux.key beside the state file. If there is none,
the last one is made. Whoever has no key has no secrets: keep a copy of it, apart from
the backups.`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return a.setSecret(c.Context(), args[0])
		},
	}
	return a.JSONFlag(c)
}

// setSecret reads the secret first: a prompt that is given up makes no key.
func (a *app) setSecret(ctx context.Context, name string) error {
	if !secretName(name) {
		return console.Misused(fmt.Errorf("%q is no name for a secret: letters, digits, -, _ and . only", name))
	}
	if a.Live == nil {
		if p := a.ReadProject(true); p.Settings.Data == "" {
			return a.NoState(p, project.ErrNoSettings)
		}
	}
	value, err := a.readSecret(name)
	if err != nil {
		return err
	}
	a.Stdin = bytes.NewReader(value) // for the running program, if it takes over
	view := map[string]any{"name": name}
	return a.Begin(ctx, func(p *project.Project) error {
		path, made, err := p.MakeKey()
		if err != nil {
			return err
		}
		view["key_file"], view["key_made"] = path, made
		if made {
			fmt.Fprintf(a.Stderr, "made the key file %s, readable by its owner alone; keep a copy of it, apart from the backups of the state\n", path)
		}
		return nil
	}, func(_ *project.Project, s store.Store) error {
		err := s.PutSecret(ctx, name, value, a.Audit("secret.set", name))
		if errors.Is(err, store.ErrNoKey) && a.Live != nil {
			return console.Refused(errors.New("the running program has no key; stop it, keep the first secret, and start it again"))
		}
		if err != nil {
			return err
		}
		return a.Answer(view, func(w io.Writer) {
			fmt.Fprintf(w, "%s is kept; refer to it as secret:%s\n", name, name)
		})
	})
}

// secretName reports whether a name can stand in pollux.yaml without quotes.
func secretName(name string) bool {
	return name != "" && len(name) <= 200 && strings.IndexFunc(name, func(r rune) bool {
		return !strings.ContainsRune("-_.", r) && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	}) < 0
}

// readSecret reads a secret without showing it. Space around it, such as the end of the
// line, does not belong to it.
func (a *app) readSecret(name string) ([]byte, error) {
	var text []byte
	var err error
	if f, ok := a.Stdin.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		fmt.Fprintf(a.Stderr, "%s (hidden): ", name)
		text, err = term.ReadPassword(int(f.Fd()))
		fmt.Fprintln(a.Stderr)
	} else {
		text, err = io.ReadAll(io.LimitReader(a.Stdin, store.MaxSecretBytes+1))
	}
	if err != nil {
		return nil, fmt.Errorf("read the secret: %w", err)
	}
	text = []byte(strings.TrimSpace(string(text)))
	if len(text) == 0 {
		return nil, console.Misused(errors.New("the secret is empty; type it, or pass it on standard input"))
	}
	if len(text) > store.MaxSecretBytes {
		return nil, console.Misused(fmt.Errorf("the secret is longer than %s bytes", show.Thousands(store.MaxSecretBytes)))
	}
	return text, nil
}

func (a *app) secretsListCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "list",
		Short: "List the names of the secrets",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return a.Look(c.Context(), func(_ *project.Project, s store.Store) error {
				names, err := s.SecretNames(c.Context())
				if err != nil {
					return err
				}
				names = slices.DeleteFunc(names, signin.IsOwn)
				return console.Listing[string]{
					Head: []string{"name"}, Row: func(name string) []string { return []string{name} },
					View: func(name string) any { return map[string]any{"name": name} },
				}.Write(a.Console, names)
			})
		},
	}
	return a.JSONFlag(c)
}

func (a *app) secretsRemoveCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "remove NAME",
		Short: "Forget a secret",
		Args:  cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if signin.IsOwn(args[0]) {
				return console.Misused(errors.New("this is a sign-in; forget it with: pollux accounts logout NAME"))
			}
			return a.Edit(c.Context(), func(_ *project.Project, s store.Store) error {
				err := s.DeleteSecret(c.Context(), args[0], a.Audit("secret.remove", args[0]))
				if errors.Is(err, store.ErrNotFound) {
					return console.Misused(fmt.Errorf("there is no secret %q; see: pollux secrets list", args[0]))
				}
				if err != nil {
					return err
				}
				return a.Answer(map[string]any{"name": args[0]}, func(w io.Writer) { fmt.Fprintln(w, args[0], "is forgotten") })
			})
		},
	}
	return a.JSONFlag(c)
}

func (a *app) secretsRotateCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "rotate",
		Short: "Seal everything with a new key",
		Long: `Seal everything with a new key.

A new key goes on top of the key file, everything personal in the state file is sealed
with it, also what was never sealed, and the old keys are removed from the key file. It
can be killed at any moment and run again. Where the key file cannot be written, put a
new key above the old one by hand and run this. Copies of the state file that were made
before still need the old key: keep it as long as you keep them. Pages that were freed
may hold old text until they are used again; pollux compact leaves none.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return a.rotate(c.Context()) },
	}
	return a.JSONFlag(c)
}

func (a *app) rotate(ctx context.Context) error {
	if err := a.Alone(); err != nil {
		return err
	}
	p := a.ReadProject(true)
	r, err := p.RotateKey(ctx)
	if err != nil {
		return a.NoState(p, err)
	}
	s, err := p.EditStore()
	if err != nil {
		return err
	}
	err = console.Using(s, func() error { return s.AddAudit(ctx, *a.Audit("secret.rotate", r.Key)) })
	if err != nil {
		return err
	}
	view := map[string]any{"key_file": r.File, "key": r.Key, "sealed": r.Sealed, "old_keys_removed": r.Old == nil}
	err = a.Answer(view, func(w io.Writer) {
		fmt.Fprintf(w, "%s sealed with the key %s of %s\n", show.Plural(r.Sealed, "value"), r.Key, r.File)
	})
	if err == nil && r.Old != nil {
		err = console.Refused(fmt.Errorf("the old keys are not needed any more and are still in the file: %w; remove them by hand", r.Old))
	}
	return err
}

package login

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pollux-automation/pollux/connectors/auth"
	"github.com/pollux-automation/pollux/internal/cli/console"
	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/project"
	"github.com/pollux-automation/pollux/internal/show"
)

// added is what a new account is to be.
type added struct {
	name, connector, method string
	values                  map[string]*string // of auth, by key
	settings, scopes        []string
	baseURL                 string
}

// authKeys are the flags that become keys of auth, in the order in which they are written.
func authKeys() []string {
	return []string{"token", "key", "user", "password", "client_id", "client_secret", "redirect_url", "refresh_token", "token_url", "secret"}
}

func (a *app) addCommand() *cobra.Command {
	n := added{values: map[string]*string{}}
	c := &cobra.Command{
		Use:   "add NAME",
		Short: "Add an account to the settings file",
		Long: `Add an account to the settings file.

Nothing else in the file is touched. Secrets are given as references: env:NAME, file:PATH
or secret:NAME. What would be wrong is said, and then nothing is written.
  pollux accounts add acme --connector highlevel --method bearer --token env:HIGHLEVEL_TOKEN --setting locationId=ve9EPM428h8vShlRW1KT
  pollux accounts add agency --connector highlevel --method oauth2 --client-id env:APP_ID --client-secret env:APP_SECRET --setting companyId=…`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			n.name = args[0]
			return a.add(n)
		},
	}
	c.Flags().StringVar(&n.connector, "connector", "", "the connector, as pollux connectors list names it")
	c.Flags().StringVar(&n.method, "method", auth.Bearer, "how to sign in: bearer, api_key, basic, oauth2, client_credentials, hmac or none")
	for _, key := range authKeys() {
		n.values[key] = c.Flags().String(strings.ReplaceAll(key, "_", "-"), "", key+" of auth")
	}
	c.Flags().StringArrayVar(&n.scopes, "scope", nil, "a scope to ask for; as often as you like")
	c.Flags().StringArrayVar(&n.settings, "setting", nil, "a setting of the account, name=value; as often as you like")
	c.Flags().StringVar(&n.baseURL, "base-url", "", "another address of the service")
	_ = c.MarkFlagRequired("connector") // it is one of the flags
	return a.JSONFlag(c)
}

// add writes an account into the settings file. It needs no running program: that one
// loads the edited file by itself.
func (a *app) add(n added) error {
	file, err := filepath.EvalSymlinks(a.Config)
	if err != nil {
		return console.Refused(fmt.Errorf("the settings file cannot be read: %w; make a project with: pollux init", err))
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	p := a.ReadProject(true)
	if slices.Contains(p.AccountNames(), n.name) {
		return console.Misused(fmt.Errorf("there is an account %q already", n.name))
	}
	if !slices.Contains(p.Registry.Keys(), n.connector) {
		return console.Misused(fmt.Errorf("there is no connector %q; %s", n.connector, diag.Choices(n.connector, p.Registry.Keys())))
	}
	block, err := n.block()
	if err != nil {
		return console.Misused(err)
	}
	next, err := insert(text, block)
	if err != nil {
		return console.Refused(fmt.Errorf("%w; write this by hand:\n%s", err, strings.Join(block, "\n")))
	}
	if err := a.replace(file, next); err != nil {
		return err
	}
	view := map[string]any{"account": n.name, "file": a.Config}
	return a.Answer(view, func(w io.Writer) {
		fmt.Fprintf(w, "%s is in %s now\n", show.Clean(n.name), show.Clean(a.Config))
		if n.method == auth.OAuth2 {
			fmt.Fprintf(w, "sign in: pollux accounts login %s\n", show.Clean(n.name))
		}
	})
}

// replace puts a settings file in the place of another one, once it was found to be right.
func (a *app) replace(file string, text []byte) error {
	info, err := os.Stat(file)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(file), "."+filepath.Base(file)+".new-*")
	if err != nil {
		return fmt.Errorf("write the settings file: %w", err)
	}
	defer func() { _ = os.Remove(f.Name()) }() // gone already when all went well
	_, err = f.Write(text)
	if err = errors.Join(err, f.Chmod(info.Mode().Perm()), f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write the settings file: %w", err)
	}
	next := project.Read(f.Name(), project.Options{Env: a.Env, Programs: a.Programs, NoSecrets: true})
	var wrong diag.List
	for _, found := range next.Findings.Sorted() {
		if found.File == f.Name() && found.Severity == diag.Error {
			found.File = a.Config
			wrong.Add(found)
		}
	}
	if wrong.HasErrors() {
		_ = diag.Render(a.Stderr, wrong.Sorted(), map[string][]byte{a.Config: text}) // a closed pipe is the reader's wish
		return console.Refused(errors.New("nothing was written"))
	}
	if err := os.Rename(f.Name(), file); err != nil {
		return fmt.Errorf("write the settings file: %w", err)
	}
	return nil
}

// block is the account as lines of YAML, not indented.
func (n *added) block() ([]string, error) {
	lines := []string{scalar(n.name) + ":", "  connector: " + scalar(n.connector)}
	if n.baseURL != "" {
		lines = append(lines, "  base_url: "+scalar(n.baseURL))
	}
	lines = append(lines, "  auth:", "    method: "+scalar(n.method))
	for _, key := range authKeys() {
		if v := *n.values[key]; v != "" {
			lines = append(lines, "    "+key+": "+scalar(v))
		}
	}
	if len(n.scopes) > 0 {
		lines = append(lines, "    scopes:")
		for _, s := range n.scopes {
			lines = append(lines, "      - "+scalar(s))
		}
	}
	if len(n.settings) > 0 {
		lines = append(lines, "  settings:")
	}
	for _, pair := range n.settings {
		name, value, ok := strings.Cut(pair, "=")
		if !ok || name == "" {
			return nil, fmt.Errorf("--setting %s: write name=value", pair)
		}
		lines = append(lines, "    "+scalar(name)+": "+scalar(value))
	}
	return lines, nil
}

// scalar writes a text so that YAML reads the same text; numbers and true stay what they
// are to a reader of settings.
func scalar(text string) string {
	plain := text != "" && strings.IndexFunc(text, func(c rune) bool {
		return !strings.ContainsRune("-_./:", c) && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z')
	}) < 0
	if plain && text[0] != '-' && text[0] != ':' && !strings.HasSuffix(text, ":") {
		return text
	}
	return strconv.Quote(text)
}

// errShape tells that the accounts are not written as a block.
var errShape = errors.New("the accounts of the settings file are not written one below the other")

// insert puts an account behind the last one of a settings file.
func insert(text []byte, block []string) ([]byte, error) {
	lines := strings.Split(strings.TrimRight(string(text), "\n"), "\n")
	at := slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, "accounts:") })
	if at < 0 {
		lines = append(lines, "accounts:")
		at = len(lines) - 1
	}
	rest := strings.TrimSpace(strings.TrimPrefix(lines[at], "accounts:"))
	if rest != "" && !strings.HasPrefix(rest, "#") {
		return nil, errShape
	}
	end, indent := at+1, ""
	for i := at + 1; i < len(lines); i++ {
		trimmed := strings.TrimLeft(lines[i], " ")
		if trimmed == "" || strings.HasPrefix(trimmed, "#") {
			continue
		}
		if len(trimmed) == len(lines[i]) {
			break // the next key of the file
		}
		if indent == "" {
			indent = lines[i][:len(lines[i])-len(trimmed)]
		}
		end = i + 1
	}
	if indent == "" {
		indent = "  "
	}
	var out bytes.Buffer
	for _, l := range lines[:end] {
		out.WriteString(l + "\n")
	}
	for _, l := range block {
		out.WriteString(indent + l + "\n")
	}
	for _, l := range lines[end:] {
		out.WriteString(l + "\n")
	}
	return out.Bytes(), nil
}

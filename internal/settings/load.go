package settings

import (
	"cmp"
	"errors"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/pollux-automation/pollux/connectors/auth"
	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/yamlnode"
)

// names is the form of account names: they are part of ids and file names.
var names = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,62}$`)

// Load reads a settings file. It returns what could be read, nil when nothing
// could, and the file's text for messages. Use the result only if the list has no
// errors.
func Load(file string, o Options, into *diag.List) (*Settings, []byte) {
	text, err := os.ReadFile(file)
	if err != nil {
		hint := "write one, or name it with --config"
		if errors.Is(err, fs.ErrNotExist) {
			hint = "make a project with: pollux init"
		}
		into.Errorf(diag.Place{File: file}, codeNoFile, hint, "cannot read the settings file: %s", reason(err))
		return nil, nil
	}
	root := yamlnode.Parse(file, text, into)
	if root == nil {
		return nil, text
	}
	r := reader{o: o, into: into, dir: filepath.Dir(file)}
	return r.settings(file, root), text
}

// reason is the cause of a file error without the path, which the finding has.
func reason(err error) string {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err.Error()
	}
	return err.Error()
}

// reader reads one settings file.
type reader struct {
	o    Options
	into *diag.List
	dir  string
	data string // folder of the state file
}

// settings reads the file from its root.
func (r *reader) settings(file string, root *yamlnode.Node) *Settings {
	m, ok := root.Mapping(r.into, "data", "recipes", "connectors", "listen", "accounts")
	if !ok {
		return nil
	}
	s := &Settings{
		File:       file,
		Data:       r.path(m.Get("data"), "POLLUX_DATA", "data"),
		Recipes:    r.path(m.Get("recipes"), "POLLUX_RECIPES", "recipes"),
		Connectors: r.path(m.Get("connectors"), "POLLUX_CONNECTORS", "connectors"),
	}
	r.data = s.Data
	s.Listen, s.ListenDefault = r.listen(m.Get("listen"))
	accounts, ok := m.Get("accounts").Mapping(r.into)
	if !ok || len(accounts.Fields()) == 0 {
		if ok || !m.Has("accounts") {
			r.into.Errorf(m.At(), codeNoAccounts, "accounts: {acme: {connector: highlevel, auth: {method: bearer, token: env:HIGHLEVEL_TOKEN}}}",
				"there are no accounts")
		}
		return s
	}
	for _, f := range accounts.Fields() {
		if !names.MatchString(f.Name) {
			r.into.Errorf(f.At, codeName, "", "%q is no name for an account: small letters, digits, - and _, beginning with a letter", f.Name)
			continue
		}
		s.Accounts = append(s.Accounts, r.account(f))
	}
	slices.SortFunc(s.Accounts, func(a, b Account) int { return cmp.Compare(a.Name, b.Name) })
	return s
}

// path reads a folder, made relative to the settings file.
func (r *reader) path(n *yamlnode.Node, variable, fallback string) string {
	path := fallback
	if text, ok := n.Text(r.into); ok && text != "" {
		path = text
	}
	if text, ok := r.o.Env(variable); ok && text != "" {
		return text // given in the shell, so relative to where the user stands
	}
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(r.dir, path)
}

// listen reads the address to listen on; empty means none. def is true when nobody wrote
// one.
func (r *reader) listen(n *yamlnode.Node) (address string, def bool) {
	address, written := n.Text(r.into)
	at := n.At()
	if text, ok := r.o.Env("POLLUX_LISTEN"); ok && text != "" {
		address, written, at = text, true, diag.Place{File: "POLLUX_LISTEN"}
	}
	switch {
	case n != nil && !written: // it is no text, which has been said
		return "", false
	case !written:
		return DefaultListen, true
	case address == "off":
		return "", false
	}
	host, port, err := net.SplitHostPort(address)
	if _, no := strconv.ParseUint(port, 10, 16); err != nil || no != nil {
		r.into.Errorf(at, codeListen, `write "`+DefaultListen+`" or "off"`, "%q is no address to listen on", address)
		return "", false
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		r.into.Errorf(at, codeListenOpen, `write "127.0.0.1:`+port+`", and let others in through a proxy that asks for a password`,
			"%q could be reached from other machines: elsewhere it wants a password, which this version does not have", address)
		return "", false
	}
	return address, false
}

// account reads one account and keeps the places that others check later.
func (r *reader) account(f yamlnode.Field) Account {
	a := Account{Name: f.Name, At: f.At}
	m, ok := f.Value.Mapping(r.into, "connector", "base_url", "auth", "settings", "budget", "workers", "allow", "webhooks", "version", "parts")
	if !ok {
		return a
	}
	connector := m.Need(r.into, "connector", "connector: highlevel")
	a.Connector, _ = connector.Text(r.into)
	a.ConnectorAt = connector.At()
	a.BaseURL = r.url(m.Get("base_url"))
	a.Version, _ = m.Get("version").Text(r.into)
	a.VersionAt = m.Get("version").At()
	a.AuthAt, a.Credential = r.auth(m)
	a.Settings, a.SettingsAt = r.accountSettings(m.Get("settings"))
	a.Budget = r.budget(m.Get("budget"))
	a.Workers, _ = m.Get("workers").Int(r.into, 1, 64)
	a.Allow = r.allow(m.Get("allow"))
	a.Webhooks = r.webhooks(m.Get("webhooks"))
	a.Parts = r.parts(m.Get("parts"))
	return a
}

// auth reads how an account signs in, and where that stands. Without a word it does not:
// whether its service is open to all is known to the connector.
func (r *reader) auth(m yamlnode.Map) (diag.Place, auth.Credential) {
	n := m.Get("auth")
	if n.Kind() != yamlnode.Null {
		return n.At(), r.credential(n)
	}
	at := m.At()
	at.Width = 1
	if n != nil {
		at = n.At()
	}
	return at, auth.Credential{Method: auth.None}
}

// url reads an address. A password in it would appear wherever the address is shown.
func (r *reader) url(n *yamlnode.Node) string {
	text, ok := n.Text(r.into)
	if !ok {
		return ""
	}
	u, err := url.Parse(text)
	if err == nil && u.User != nil {
		r.into.Errorf(n.At(), codeSecretPlain, "write the URL without it", "a name or password must not be part of a URL")
		return ""
	}
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		r.into.Errorf(n.At(), codeURL, "write it like https://services.example.com", "%q is no complete URL", text)
		return ""
	}
	return text
}

// accountSettings reads what fills inputs, and where each setting stands.
func (r *reader) accountSettings(n *yamlnode.Node) (map[string]any, map[string]diag.Place) {
	values, places := map[string]any{}, map[string]diag.Place{}
	m, ok := n.Mapping(r.into)
	if !ok {
		return values, places
	}
	for _, f := range m.Fields() {
		values[f.Name] = f.Value.Value()
		places[f.Name] = f.Value.At()
	}
	return values, places
}

// budget reads a limit that replaces the connector's.
func (r *reader) budget(n *yamlnode.Node) *Budget {
	m, ok := n.Mapping(r.into, "requests", "per")
	if !ok {
		return nil
	}
	requests, ok1 := m.Need(r.into, "requests", "requests: 50").Int(r.into, 1, 1_000_000)
	per, ok2 := m.Need(r.into, "per", "per: 10s").Duration(r.into)
	if !ok1 || !ok2 {
		return nil
	}
	if per < time.Second {
		m.Get("per").Mismatch(r.into, "a duration of at least 1s")
		return nil
	}
	return &Budget{Requests: requests, Per: per, At: m.At()}
}

// allow reads the dangers that the account permits.
func (r *reader) allow(n *yamlnode.Node) []string {
	items, ok := n.List(r.into)
	if !ok {
		return nil
	}
	var out []string
	for _, item := range items {
		if word, ok := item.Word(r.into, "payments"); ok {
			out = append(out, word)
		}
	}
	return out
}

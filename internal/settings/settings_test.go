package settings_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/connectors/auth"
	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/settings"
)

var update = flag.Bool("update", false, "rewrite the expected outputs")

// environment is a lookup in a map.
func environment(pairs map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		v, ok := pairs[name]
		return v, ok
	}
}

func render(t *testing.T, into *diag.List, sources map[string][]byte) string {
	t.Helper()
	var b bytes.Buffer
	if err := diag.Render(&b, into.Sorted(), sources); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// write makes a settings file in a folder of its own.
func write(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "pollux.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestLoad_BadFiles holds one file per mistake with the exact answer to it.
func TestLoad_BadFiles(t *testing.T) {
	t.Parallel()
	list, err := filepath.Glob("testdata/bad/*.yaml")
	if err != nil || len(list) < 20 {
		t.Fatalf("got %d files, %v; want 20 or more", len(list), err)
	}
	env := environment(map[string]string{"TOKEN": "pit-token", "EMPTY": " "})
	for _, file := range list {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			var into diag.List
			_, text := settings.Load(file, settings.Options{Env: env}, &into)
			got := strings.ReplaceAll(render(t, &into, map[string][]byte{file: text}), filepath.ToSlash(file), filepath.Base(file))
			golden := strings.TrimSuffix(file, ".yaml") + ".out"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got == "" {
				t.Error("the file has no findings")
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
			if strings.Contains(got, "0123456789") || strings.Contains(got, "12345") {
				t.Errorf("the findings show a secret:\n%s", got)
			}
		})
	}
}

const good = `
data: ./state
listen: "off"
accounts:
  news:
    connector: stibee
    auth: {method: api_key, key: file:key.txt}
    allow: [payments]
  acme:
    connector: highlevel
    base_url: http://127.0.0.1:9000
    auth: {method: bearer, token: env:TOKEN}
    settings: {locationId: ve9EPM428h8vShlRW1KT}
    budget: {requests: 50, per: 10s}
    workers: 3
`

func TestLoad_ReadsAccountsAndSecrets(t *testing.T) {
	t.Parallel()
	file := write(t, good)
	dir := filepath.Dir(file)
	if err := os.WriteFile(filepath.Join(dir, "key.txt"), []byte("the-key\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var into diag.List
	s, _ := settings.Load(file, settings.Options{Env: environment(map[string]string{"TOKEN": "pit-token"})}, &into)
	if into.Len() != 0 {
		t.Fatalf("findings: %s", render(t, &into, nil))
	}
	paths := []string{s.Data, s.Recipes, s.Connectors, s.Listen}
	if diff := cmp.Diff([]string{filepath.Join(dir, "state"), filepath.Join(dir, "recipes"), filepath.Join(dir, "connectors"), ""}, paths); diff != "" {
		t.Errorf("paths (-want +got):\n%s", diff)
	}
	acme, news := s.Accounts[0], s.Accounts[1]
	if acme.Name != "acme" || acme.Credential.Method != auth.Bearer || acme.Credential.Secret.Reveal() != "pit-token" || acme.BaseURL != "http://127.0.0.1:9000" {
		t.Errorf("acme: got %+v", acme)
	}
	if acme.Settings["locationId"] != "ve9EPM428h8vShlRW1KT" || acme.Budget.Requests != 50 || acme.Budget.Per != 10*time.Second || acme.Workers != 3 {
		t.Errorf("acme: got settings %v and budget %v", acme.Settings, acme.Budget)
	}
	if news.Credential.Method != auth.APIKey || news.Credential.Secret.Reveal() != "the-key" || len(news.Allow) != 1 {
		t.Errorf("news: got %+v", news)
	}
}

func TestLoad_TakesTheEnvironmentFirst(t *testing.T) {
	t.Parallel()
	file := write(t, good)
	env := map[string]string{"POLLUX_DATA": "/var/lib/pollux", "POLLUX_RECIPES": "here", "POLLUX_CONNECTORS": "there", "POLLUX_LISTEN": "127.0.0.1:9"}
	var into diag.List
	s, _ := settings.Load(file, settings.Options{Env: environment(env), NoSecrets: true}, &into)
	if into.Len() != 0 {
		t.Fatalf("findings: %s", render(t, &into, nil))
	}
	if diff := cmp.Diff([]string{"/var/lib/pollux", "here", "there", "127.0.0.1:9"}, []string{s.Data, s.Recipes, s.Connectors, s.Listen}); diff != "" {
		t.Errorf("paths (-want +got):\n%s", diff)
	}
}

// TestLoad_ListensOnAnAddressOfThisMachine says what an address becomes, written or not.
func TestLoad_ListensOnAnAddressOfThisMachine(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, file, env string
		want            string
		def             bool
	}{
		{"nothing written", "", "", settings.DefaultListen, true},
		{"off", "listen: off", "", "", false},
		{"off in quotes", `listen: "off"`, "", "", false},
		{"written", "listen: 127.0.0.1:9000", "", "127.0.0.1:9000", false},
		{"the default, written", "listen: 127.0.0.1:8088", "", "127.0.0.1:8088", false},
		{"by name", "listen: localhost:9000", "", "localhost:9000", false},
		{"IPv6", `listen: "[::1]:9000"`, "", "[::1]:9000", false},
		{"a free port", "listen: 127.0.0.1:0", "", "127.0.0.1:0", false},
		{"the environment wins", "listen: off", "127.0.0.1:9001", "127.0.0.1:9001", false},
		{"the environment switches it off", "", "off", "", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			text := strings.Replace(good, `listen: "off"`, tt.file, 1)
			var into diag.List
			s, _ := settings.Load(write(t, text), settings.Options{Env: environment(map[string]string{"POLLUX_LISTEN": tt.env}), NoSecrets: true}, &into)
			if into.Len() != 0 {
				t.Fatalf("findings: %s", render(t, &into, nil))
			}
			if s.Listen != tt.want || s.ListenDefault != tt.def {
				t.Errorf("got %q, default %t; want %q, %t", s.Listen, s.ListenDefault, tt.want, tt.def)
			}
		})
	}
}

func TestLoad_SaysThatTheEnvironmentIsWrong(t *testing.T) {
	t.Parallel()
	var into diag.List
	settings.Load(write(t, good), settings.Options{Env: environment(map[string]string{"POLLUX_LISTEN": ":80"}), NoSecrets: true}, &into)
	if got := render(t, &into, nil); !strings.HasPrefix(got, "POLLUX_LISTEN: error: ") || !strings.Contains(got, "[listen-open]") {
		t.Errorf("got %s, want a finding listen-open in POLLUX_LISTEN", got)
	}
}

func TestLoad_WithoutSecretsLooksForNone(t *testing.T) {
	t.Parallel()
	var into diag.List
	s, _ := settings.Load(write(t, good), settings.Options{Env: environment(nil), NoSecrets: true}, &into)
	if into.Len() != 0 || s == nil || !s.Accounts[0].Credential.Secret.Empty() {
		t.Errorf("got %+v, %s; want no finding and no secret", s, render(t, &into, nil))
	}
}

func TestLoad_ReportsAMissingFile(t *testing.T) {
	t.Parallel()
	var into diag.List
	s, _ := settings.Load(filepath.Join(t.TempDir(), "pollux.yaml"), settings.Options{Env: environment(nil)}, &into)
	if s != nil || into.Len() != 1 || !strings.Contains(into.Sorted()[0].Suggestion, "pollux init") {
		t.Errorf("got %v, %s; want one finding that names pollux init", s, render(t, &into, nil))
	}
}

func TestLoad_WarnsOfASecretFileThatOthersRead(t *testing.T) {
	t.Parallel()
	file := write(t, good)
	key := filepath.Join(filepath.Dir(file), "key.txt")
	if err := os.WriteFile(key, []byte("the-key"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(key, 0o644); err != nil {
		t.Fatal(err)
	}
	var into diag.List
	settings.Load(file, settings.Options{Env: environment(map[string]string{"TOKEN": "x"})}, &into)
	if into.HasErrors() || into.Len() != 1 || into.Sorted()[0].Code != "secret-file" {
		t.Errorf("got %s, want one warning secret-file", render(t, &into, nil))
	}
}

func FuzzLoad(f *testing.F) {
	f.Add([]byte(good))
	list, err := filepath.Glob("testdata/bad/*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range list {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var into diag.List
		s, _ := settings.Load(write(t, string(text)), settings.Options{Env: environment(nil), NoSecrets: true}, &into)
		if s == nil && !into.HasErrors() {
			t.Error("the file was refused without an error")
		}
	})
}

// TestLoad_ReadsSignIns reads an app, what it has when nothing else is written, and a first
// refresh token whose variable is gone.
func TestLoad_ReadsSignIns(t *testing.T) {
	t.Parallel()
	file := write(t, `accounts:
  acme:
    connector: highlevel
    auth: {method: oauth2, client_id: env:ID, client_secret: env:TOKEN, refresh_token: env:GONE, scopes: [a, b], token_url: "http://localhost:9/token"}
  other:
    connector: shop
    auth: {method: basic, user: ann, password: env:TOKEN}
  third:
    connector: shop
    auth: {method: client_credentials, client_id: app, client_secret: env:TOKEN, token_url: "https://sso.example.com/t", client_in: header, form: {audience: orders}}
  fourth:
    connector: webhook
    auth: {method: hmac, secret: env:TOKEN}
  fifth:
    connector: webhook
    auth: {method: none}
`)
	var into diag.List
	s, _ := settings.Load(file, settings.Options{Env: environment(map[string]string{"TOKEN": "app-secret", "ID": "app"})}, &into)
	if into.Len() != 0 {
		t.Fatalf("findings: %s", render(t, &into, nil))
	}
	c := s.Accounts[0].Credential.Client
	if c.ID.Reveal() != "app" || c.Secret.Reveal() != "app-secret" || !c.First.Empty() || c.RedirectURL != settings.DefaultRedirect || c.TokenURL != "http://localhost:9/token" {
		t.Errorf("acme: got %+v", c)
	}
	if diff := cmp.Diff([]string{"a", "b"}, c.Scopes); diff != "" {
		t.Errorf("scopes (-want +got):\n%s", diff)
	}
	s.Accounts = slices.DeleteFunc(s.Accounts, func(a settings.Account) bool {
		if a.Name == "fourth" && a.Credential.Secret.Reveal() != "app-secret" || a.Name == "fifth" && (a.Credential.Method != auth.None || !a.Credential.Secret.Empty()) {
			t.Errorf("%s: got %+v", a.Name, a.Credential)
		}
		return a.Connector == "webhook"
	})
	if b := s.Accounts[1].Credential; b.User != "ann" || b.Secret.Reveal() != "app-secret" {
		t.Errorf("other: got %+v", b)
	}
	if c := s.Accounts[2].Credential.Client; c.Secret.Reveal() != "app-secret" || c.TokenURL != "https://sso.example.com/t" || !c.Basic || c.Form["audience"] != "orders" || c.RedirectURL != "" {
		t.Errorf("third: got %+v", c)
	}
}

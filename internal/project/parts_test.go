package project_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/sandbox"
	"github.com/pollux-automation/pollux/connectors/sandbox/highlevel/oauth"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/engine/store/memstore"
	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/project"
	"github.com/pollux-automation/pollux/internal/seal"
)

// agencySettings are those of an agency whose locations are accounts; URL stands for its
// address. One of them has an account of its own.
const agencySettings = `
listen: "127.0.0.1:0"
accounts:
  acme:
    connector: highlevel
    base_url: URL
    auth:
      method: oauth2
      client_id: sandbox-app
      client_secret: env:APP_SECRET
      refresh_token: env:FIRST
    settings: {companyId: sandboxCompany000001}
    webhooks: {keys: [key.pem]}
    parts: {except: [sandboxLocation00003]}
  own:
    connector: highlevel
    base_url: URL
    auth: {method: bearer, token: env:APP_SECRET}
    settings: {locationId: sandboxLocation00002}
`

// franchise is a project of an agency at a sandbox.
type franchise struct {
	t     *testing.T
	world *sandbox.Sandbox
	store *memstore.Store
	p     *project.Project
	env   func(string) (string, bool)
}

func newFranchise(t *testing.T, o sandbox.Options) *franchise {
	t.Helper()
	keys, err := seal.New(make([]byte, seal.KeyBytes))
	if err != nil {
		t.Fatal(err)
	}
	f := &franchise{t: t, world: sandbox.New(o), store: memstore.NewSealed(keys)}
	service := httptest.NewServer(f.world.HighLevel())
	t.Cleanup(service.Close)
	first := firstToken(t, service.URL)
	f.env = func(name string) (string, bool) {
		value, ok := map[string]string{"APP_SECRET": oauth.ClientSecret, "FIRST": first}[name]
		return value, ok
	}
	public, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	config := write(t, map[string]string{
		"pollux.yaml": strings.ReplaceAll(agencySettings, "URL", service.URL), "recipes/readme.txt": "none",
		"key.pem": string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})),
	})
	f.p = project.Read(config, f.options())
	if f.p.Findings.HasErrors() {
		t.Fatal(f.p.Findings.Sorted())
	}
	if err := f.p.OpenAccounts(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, a := range f.p.Accounts {
			a.Session.Close()
		}
	})
	f.p.SignIns.Use(f.store)
	return f
}

// firstToken signs in to the agency, as a person and the app do.
func firstToken(t *testing.T, base string) string {
	t.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	page := base + oauth.PagePath + "?" + url.Values{
		"client_id": {oauth.ClientID}, "response_type": {"code"}, "redirect_uri": {"http://127.0.0.1/back"}, "state": {"s"},
		"scope": {"oauth.write oauth.readonly contacts.readonly"},
	}.Encode()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, page, nil)
	if err != nil {
		t.Fatal(err)
	}
	sent, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = sent.Body.Close()
	back, err := url.Parse(sent.Header.Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	form := url.Values{
		"grant_type": {"authorization_code"}, "code": {back.Query().Get("code")}, "redirect_uri": {"http://127.0.0.1/back"},
		"client_id": {oauth.ClientID}, "client_secret": {oauth.ClientSecret},
	}
	req, err = http.NewRequestWithContext(t.Context(), http.MethodPost, base+"/oauth/token", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }() // it was only read
	var pair struct {
		Refresh string `json:"refresh_token"`
	}
	if err := json.NewDecoder(answer.Body).Decode(&pair); err != nil || pair.Refresh == "" {
		t.Fatalf("no refresh token: %v", err)
	}
	return pair.Refresh
}

func (f *franchise) options() project.Options {
	return project.Options{Env: f.env, Switches: func() ([]store.Switch, error) { return f.store.Switches(context.Background()) }}
}

// discover looks for the locations and loads the project again.
func (f *franchise) discover() {
	f.t.Helper()
	finder, ok := f.p.Finder("acme", f.store.Switches, f.store.SetSwitch)
	if !ok {
		f.t.Fatal("acme has no parts")
	}
	if _, err := finder.Find(f.t.Context()); err != nil {
		f.t.Fatal(err)
	}
	next, err := f.p.Reload(f.options())
	if err != nil || next.Findings.HasErrors() {
		f.t.Fatal(err, next.Findings.Sorted())
	}
	f.p.Leave(next)
	f.p = next
}

// parts are the names of the accounts that were found.
func (f *franchise) parts() (names []string) {
	for _, a := range f.p.Settings.Accounts {
		if a.Of != "" {
			names = append(names, a.Name)
		}
	}
	return names
}

// call reads contacts of an account.
func (f *franchise) call(account string) error {
	f.t.Helper()
	a, ok := f.p.Account(account)
	if !ok {
		f.t.Fatalf("there is no account %s", account)
	}
	op, _ := a.Connector.Describe().Operation("contact.search")
	_, err := a.Session.Call(f.t.Context(), op, map[string]any{"pageLimit": 1})
	return err
}

// TestParts_TokensOfFiftyLocations has each location's token traded once, when it is needed,
// and kept when another location joins.
func TestParts_TokensOfFiftyLocations(t *testing.T) {
	t.Parallel()
	f := newFranchise(t, sandbox.Options{Locations: 51})
	f.discover()
	names := f.parts()
	if len(names) != 50 { // one is left out, one has an account of its own
		t.Fatalf("got %d locations, want 50", len(names))
	}
	if got := f.world.SignIns(); got.Traded != 0 || got.Pairs != 2 {
		t.Errorf("before anything is asked: %+v, want no trade, and one pair for the app and one for Pollux", got)
	}
	all := func() {
		t.Helper()
		for _, name := range f.parts() {
			for range 2 {
				if err := f.call(name); err != nil {
					t.Fatalf("%s: %v", name, err)
				}
			}
		}
	}
	all()
	if got := f.world.SignIns().Traded; got != 50 {
		t.Errorf("got %d trades for 50 locations, want one each", got)
	}
	f.world.Install("sandboxLocation99999")
	f.discover()
	if got := len(f.parts()); got != 51 {
		t.Errorf("got %d locations, want the new one as well", got)
	}
	all()
	if got := f.world.SignIns(); got.Traded != 51 || got.Pairs != 2 || got.Reused != 0 {
		t.Errorf("with another location: %+v, want one trade more and no other pair", got)
	}
}

// TestParts_EachHasItsOwnLimit exhausts one location; the other does not notice.
func TestParts_EachHasItsOwnLimit(t *testing.T) {
	t.Parallel()
	f := newFranchise(t, sandbox.Options{Locations: 3, HighLevelLimit: sandbox.Limit{Requests: 3, Per: time.Hour}})
	f.discover()
	names := f.parts()
	if len(names) != 2 || names[0] != "acme-sandboxLocation00001" || names[1] != "acme-sandboxLocation00004" {
		t.Fatalf("got %v, want the first and the last location", names)
	}
	var err error
	for range 4 {
		err = f.call(names[0])
	}
	if connectors.KindOf(err) != connectors.RateLimited {
		t.Errorf("the exhausted location: got %v, want that it is refused", err)
	}
	began := time.Now()
	if err := f.call(names[1]); err != nil || time.Since(began) > 5*time.Second {
		t.Errorf("the other location: got %v after %s, want an answer at once", err, time.Since(began))
	}
}

// TestParts_AnnouncedByTheWhole: deliveries come to the address of the agency, for all of its
// locations.
func TestParts_AnnouncedByTheWhole(t *testing.T) {
	t.Parallel()
	f := newFranchise(t, sandbox.Options{Locations: 3})
	f.discover()
	var got []string
	for _, a := range f.p.Announcers("acme") {
		got = append(got, fmt.Sprint(a.Name, " ", a.Settings["locationId"], " ", len(a.PartEvents)))
	}
	want := []string{"acme <nil> 3", "acme-sandboxLocation00001 sandboxLocation00001 0", "acme-sandboxLocation00004 sandboxLocation00004 0"}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestParts_FindingsSayWhatIsMissing: where parts could never be found, the settings say so.
func TestParts_FindingsSayWhatIsMissing(t *testing.T) {
	t.Parallel()
	const agency = "accounts:\n  acme:\n    connector: highlevel\n    auth: {method: oauth2, client_id: env:TOKEN, client_secret: env:TOKEN}\n"
	for name, c := range map[string]struct{ text, want string }{
		"right":                {agency + "    settings: {companyId: c1}\n    parts: all\n", ""},
		"right, some left out": {agency + "    settings: {companyId: c1}\n    parts: {except: [a, b]}\n", ""},
		"a wrong word":         {agency + "    settings: {companyId: c1}\n    parts: some\n", "unknown-word"},
		"without the agency":   {agency + "    settings: {locationId: l1}\n    parts: all\n", "missing-setting"},
		"an older list":        {agency + "    version: v3\n    settings: {companyId: c1}\n    parts: all\n", "no-parts"},
		"a service without":    {"accounts:\n  acme:\n    connector: stibee\n    auth: {method: api_key, key: env:TOKEN}\n    parts: all\n", "no-parts"},
		"a token of one app": {
			"accounts:\n  acme:\n    connector: highlevel\n    auth: {method: bearer, token: env:TOKEN}\n    settings: {companyId: c1}\n    parts: all\n",
			"missing-setting",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := project.Read(write(t, map[string]string{"pollux.yaml": c.text, "recipes/readme.txt": "none"}), project.Options{Env: withToken})
			var got []string
			for _, f := range p.Findings.Sorted() {
				if f.Severity == diag.Error {
					got = append(got, f.Code)
				}
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("got %v, want %q: %v", got, c.want, p.Findings.Sorted())
			}
		})
	}
}

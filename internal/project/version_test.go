package project_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/auth"
	"github.com/pollux-automation/pollux/connectors/budget"
	"github.com/pollux-automation/pollux/connectors/builtin"
	"github.com/pollux-automation/pollux/connectors/sandbox"
	"github.com/pollux-automation/pollux/internal/project"
	"github.com/pollux-automation/pollux/internal/secret"
	"github.com/pollux-automation/pollux/internal/testkit"
)

// eavesdropper notes the version and path of each request.
type eavesdropper struct {
	next http.Handler

	mu    sync.Mutex // guards heard
	heard []string
}

func (e *eavesdropper) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e.mu.Lock()
	e.heard = append(e.heard, r.Header.Get("Version")+" "+r.URL.Path)
	e.mu.Unlock()
	e.next.ServeHTTP(w, r)
}

// TestVersion_AnAccountCanUseAnother calls operations whose paths and names differ, in both
// versions, at a service that refuses those of the other one.
func TestVersion_AnAccountCanUseAnother(t *testing.T) {
	t.Parallel()
	for version, tt := range map[string]struct{ header, removeAll, legacy string }{
		"":   {"2021-07-28", "/campaigns/removeAll", ""},
		"v3": {"v3", "/campaigns/remove-all", "in version v3 has no such operation"},
	} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			world := sandbox.New(sandbox.Options{Seed: 1, Contacts: 3})
			ear := &eavesdropper{next: world.Handler()}
			registry := builtin.Registry()
			c, _ := registry.Connector("highlevel")
			at := world.Endpoints("http://sandbox.test")
			session, err := c.Open(connectors.Account{
				Name: "acme", BaseURL: at.HighLevelURL, Version: version, Settings: map[string]any{"locationId": at.LocationID}, Gate: budget.New(nil, 0),
				Transport: &testkit.Transport{Handler: ear}, Credential: auth.Credential{Method: auth.Bearer, Secret: secret.New(at.HighLevelToken)},
			})
			if err != nil {
				t.Fatal(err)
			}
			call := func(key string, in map[string]any) error {
				op, ok := c.Describe().Operation(key)
				if !ok {
					t.Fatalf("there is no %s", key)
				}
				_, err := session.Call(t.Context(), op, in)
				return err
			}
			contact := world.Contacts()[0]
			if err := call("contact.campaign.remove_all", map[string]any{"contactId": contact}); err != nil {
				t.Error(err)
			}
			if err := call("opportunity.search_legacy", map[string]any{"contactId": contact, "pipelineId": "p"}); err != nil {
				t.Error(err)
			}
			if err := call("contact.list_legacy", nil); (err == nil) != (tt.legacy == "") || err != nil && !strings.Contains(err.Error(), tt.legacy) {
				t.Errorf("the older list: %v, want %q", err, tt.legacy)
			}
			if first := ear.heard[0]; !strings.HasPrefix(first, tt.header+" ") || !strings.HasSuffix(first, tt.removeAll) {
				t.Errorf("the service heard %s, want version %s and a path that ends in %s", first, tt.header, tt.removeAll)
			}
		})
	}
}

// TestVersion_OfOperationsThatItLacksIsAFinding reads projects whose account uses a version.
func TestVersion_OfOperationsThatItLacksIsAFinding(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ version, operation, want string }{
		"fits":               {"v3", "contact.search", ""},
		"lacks it":           {"v3", "contact.list_legacy", "the version of the API that the account acme uses has no contact.list_legacy"},
		"an unknown version": {"v9", "contact.search", `nothing is known of a version "v9" of HighLevel`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for file, text := range map[string]string{
				"pollux.yaml": "accounts:\n  acme:\n    connector: highlevel\n    version: " + tt.version + "\n    auth: {method: bearer, token: env:TOKEN}\n    settings: {locationId: l1}\n",
				"recipes/r.yaml": "recipe: v1\nid: r\nconnections:\n  crm: {connector: highlevel, account: acme}\ntrigger:\n  poll: crm." + tt.operation +
					"\n  schedule: {every: 5m}\n  start: now\nsteps: [{id: end, stop: true}]\n",
			} {
				path := filepath.Join(dir, file)
				if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			p := project.Read(filepath.Join(dir, "pollux.yaml"), project.Options{Env: func(name string) (string, bool) { return "x", name == "TOKEN" }})
			var found []string
			for _, f := range p.Findings.Sorted() {
				if f.Severity == "error" {
					found = append(found, f.Message)
				}
			}
			if got := strings.Join(found, "; "); got != tt.want {
				t.Errorf("findings %q, want %q", got, tt.want)
			}
		})
	}
}

package project_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/auth"
	"github.com/pollux-automation/pollux/connectors/budget"
	"github.com/pollux-automation/pollux/connectors/builtin"
	"github.com/pollux-automation/pollux/connectors/sandbox"
	"github.com/pollux-automation/pollux/engine"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/engine/store/memstore"
	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/secret"
	"github.com/pollux-automation/pollux/internal/testkit"
	"github.com/pollux-automation/pollux/recipes"
)

// house is a whole program in the fake time of a bubble: real connectors, the real
// engine, a store in memory, and services that are reached without a network.
type house struct {
	t        *testing.T
	registry *connectors.Registry
	catalog  *engine.Catalog
	accounts []*engine.Account
	store    store.Store
	// told are the runs that the test has heard of.
	told map[store.RunID]bool
}

// tenant is an account of the house and where its requests go.
type tenant struct {
	connectors.Account

	connector string
	service   http.Handler
}

func newHouse(t *testing.T, registry *connectors.Registry, tenants ...tenant) *house {
	t.Helper()
	h := &house{t: t, registry: registry, store: memstore.New(), told: map[store.RunID]bool{}}
	var known []recipes.Account
	for _, who := range tenants {
		c, ok := registry.Connector(who.connector)
		if !ok {
			t.Fatalf("there is no connector %s", who.connector)
		}
		var windows []budget.Window
		for _, l := range c.Describe().Limits {
			windows = append(windows, budget.Window(l))
		}
		who.Gate, who.Transport = budget.New(windows, 0), &testkit.Transport{Handler: who.service}
		session, err := c.Open(who.Account)
		if err != nil {
			t.Fatal(err)
		}
		h.accounts = append(h.accounts, &engine.Account{Name: who.Name, Connector: c, Session: session, Settings: who.Settings})
		known = append(known, recipes.Account{Name: who.Name, Connector: who.connector, Settings: who.Settings, Allow: who.Allow})
	}
	h.catalog = engine.NewCatalog(registry, known)
	return h
}

// sandboxed is a house on the built-in connectors and a sandbox.
type sandboxed struct {
	*house

	world   *sandbox.Sandbox
	service http.Handler // of the world
	at      sandbox.Endpoints
	// receiver takes the posted events.
	receiver *receiver
}

// inSandbox runs a test in a bubble, with a sandbox that has some contacts.
func inSandbox(t *testing.T, o sandbox.Options, test func(s *sandboxed)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		registry := builtin.Registry()
		test(newSandboxed(t, registry, o))
	})
}

// newSandboxed makes a house on a sandbox.
func newSandboxed(t *testing.T, registry *connectors.Registry, o sandbox.Options) *sandboxed {
	t.Helper()
	s := &sandboxed{receiver: &receiver{}}
	s.renew(o)
	s.house = newHouse(t, registry, tenant{connector: "highlevel", service: s.handler(), Account: s.account("highlevel")},
		tenant{connector: "stibee", service: s.handler(), Account: s.account("stibee")},
		tenant{connector: "webhook", service: s.handler(), Account: s.account("webhook")},
		tenant{connector: "stax", service: s.handler(), Account: s.account("stax")})
	return s
}

// handler is the sandbox that there is at the moment of a request, or the receiver of events.
func (s *sandboxed) handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix("http://"+r.Host+r.URL.Path, receiverURL) {
			s.receiver.ServeHTTP(w, r)
			return
		}
		s.service.ServeHTTP(w, r)
	})
}

// renew puts a sandbox at its beginning in the place of the one that there is.
func (s *sandboxed) renew(o sandbox.Options) {
	s.world = sandbox.New(o)
	s.at, s.service = s.world.Endpoints("http://sandbox.test"), s.world.Handler()
}

// account is the sandbox's account of a connector, without a gate and a transport.
func (s *sandboxed) account(connector string) connectors.Account {
	if connector == "webhook" {
		return hooks(connector)
	}
	if connector == "stax" {
		return connectors.Account{
			Name: "stax", BaseURL: s.at.StaxURL, Allow: []string{"payments"}, Credential: auth.Credential{Method: auth.Bearer, Secret: secret.New(s.at.StaxKey)},
		}
	}
	if connector == "stibee" {
		return connectors.Account{
			Name: "stibee", BaseURL: s.at.StibeeURL, Credential: auth.Credential{Method: auth.APIKey, Secret: secret.New(s.at.StibeeKey)},
		}
	}
	return connectors.Account{
		Name: "highlevel", BaseURL: s.at.HighLevelURL, Settings: map[string]any{"locationId": s.at.LocationID, "companyId": s.at.CompanyID},
		Credential: auth.Credential{Method: auth.Bearer, Secret: secret.New(s.at.HighLevelToken)},
	}
}

// call carries out an operation at a service, as its users do, and returns the answer.
func (h *house) call(account, operation string, inputs map[string]any) map[string]any {
	h.t.Helper()
	answer, err := h.try(account, operation, inputs)
	if err != nil {
		h.t.Fatal(err)
	}
	object, _ := answer.(map[string]any)
	return object
}

// try carries out an operation that the service may refuse.
func (h *house) try(account, operation string, inputs map[string]any) (any, error) {
	h.t.Helper()
	for _, a := range h.accounts {
		if a.Name != account {
			continue
		}
		op, ok := a.Connector.Describe().Operation(operation)
		if !ok {
			h.t.Fatalf("%s has no operation %s", account, operation)
		}
		all := map[string]any{}
		maps.Copy(all, inputs)
		for _, in := range op.Inputs {
			if v, ok := a.Settings[in.Setting]; ok && in.Setting != "" {
				all[in.Name] = v
			}
		}
		answer, err := a.Session.Call(h.t.Context(), op, all)
		return answer.Value, err
	}
	h.t.Fatalf("there is no account %s", account)
	return nil, nil
}

// watching is a recipe that runs for every change of a list and does nothing outside.
// more are further keys of its trigger, a line each.
func watching(id, account, operation string, more ...string) string {
	lines := []string{
		"recipe: v1", "id: " + id,
		fmt.Sprintf("connections: {it: {connector: %s, account: %s}}", account, account),
		"trigger:", "  poll: it." + operation, "  kinds: [created, updated, deleted]", "  schedule: {every: 10m}", "  start: now",
	}
	for _, line := range more {
		if line != "" {
			lines = append(lines, "  "+line)
		}
	}
	return strings.Join(append(lines, "steps: [{id: note, set: {what: =kind}}]", ""), "\n")
}

// poll polls all recipes once, in a program that was just started.
func (h *house) poll(texts ...string) engine.Report {
	h.t.Helper()
	report, err := h.once(texts...)
	if err != nil {
		h.t.Fatalf("once: %v", err)
	}
	broken, err := h.store.Check(h.t.Context())
	if err != nil || len(broken) > 0 {
		h.t.Fatalf("store after a poll: %v %v", broken, err)
	}
	return report
}

// once is poll for a program that may fail.
func (h *house) once(texts ...string) (engine.Report, error) {
	h.t.Helper()
	var findings diag.List
	var list []*recipes.Recipe
	for i, text := range texts {
		list = append(list, recipes.Parse(fmt.Sprintf("recipe%d.yaml", i), []byte(text), h.catalog, &findings))
	}
	if findings.HasErrors() {
		h.t.Fatalf("%v in\n%s", findings.Sorted(), strings.Join(texts, "\n"))
	}
	e, err := engine.New(engine.Options{
		Store: h.store, Catalog: h.catalog, Accounts: h.accounts, Recipes: list, Log: zerolog.Nop(), Drain: 10 * time.Second,
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return e.Once(h.t.Context())
}

// news returns the runs since the last look, as "kind record", sorted.
func (h *house) news() []string {
	h.t.Helper()
	runs, err := h.store.ListRuns(h.t.Context(), store.RunFilter{})
	if err != nil {
		h.t.Fatal(err)
	}
	list := []string{}
	for _, r := range runs {
		if h.told[r.ID] {
			continue
		}
		h.told[r.ID] = true
		if r.State.Status != store.Succeeded {
			h.t.Errorf("run for %s %s is %s: %v", r.Kind, r.Record, r.State.Status, r.State.Error)
		}
		list = append(list, r.Kind+" "+r.Record)
	}
	slices.Sort(list)
	return list
}

// expect polls after a while, without a failure, and asserts what runs it brings.
func (h *house) expect(what string, wait time.Duration, texts []string, want ...string) {
	h.t.Helper()
	pass(wait)
	report := h.poll(texts...)
	for _, f := range report.Failures {
		h.t.Errorf("%s: feed %s failed: %v", what, f.Feed, f.Err)
	}
	same(h.t, what, h.news(), want)
}

// same asserts what runs there are, in whatever order.
func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%s: got runs %v, want %v", what, got, want)
	}
}

// pass lets fake time pass in a bubble.
func pass(d time.Duration) { <-time.After(d) }

// feed returns the stored feed of an operation.
func (h *house) feed(operation string) store.Feed {
	h.t.Helper()
	feeds, err := h.store.ListFeeds(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	at := slices.IndexFunc(feeds, func(f store.Feed) bool { return f.Operation == operation })
	if at < 0 {
		h.t.Fatalf("there is no feed on %s", operation)
	}
	return feeds[at]
}

// pollable returns the names of all operations of a registry that can be polled. Those that
// get their form from their inputs have tests of their own, form by form.
func pollable(registry *connectors.Registry) []string {
	var names []string
	for _, key := range registry.Keys() {
		c, _ := registry.Connector(key)
		if _, shapes := c.(connectors.Shaper); shapes {
			continue
		}
		for _, op := range c.Describe().Operations {
			if op.Poll != nil {
				names = append(names, op.Name())
			}
		}
	}
	slices.Sort(names)
	return names
}

// book makes an appointment of the first contact and returns its id.
func (s *sandboxed) book() string {
	s.t.Helper()
	return s.make("appointment.create", booking(s, map[string]any{"startTime": "2027-03-01T10:00:00Z", "ignoreFreeSlotValidation": true}))
}

// inputs is the key with for the inputs of a trigger; nothing without any. $contact is the
// first contact.
func (s *sandboxed) inputs(with string) string {
	if with == "" {
		return ""
	}
	return "with: {" + strings.ReplaceAll(with, "$contact", contact(s)) + "}"
}

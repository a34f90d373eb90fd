package project_test

import (
	"errors"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/auth"
	"github.com/pollux-automation/pollux/connectors/budget"
	"github.com/pollux-automation/pollux/connectors/builtin"
	"github.com/pollux-automation/pollux/connectors/sandbox"
	"github.com/pollux-automation/pollux/internal/secret"
	"github.com/pollux-automation/pollux/internal/testkit"
)

// TestBreaker_KeepsTheServiceFromBlocking lets three accounts ask a service for what
// is not there, as fast as they may. It blocks the address at ten refusals a minute.
func TestBreaker_KeepsTheServiceFromBlocking(t *testing.T) {
	t.Parallel()
	for name, breaker := range map[string]*budget.Breaker{
		"with a breaker":    {Failures: 4, Per: time.Minute, Statuses: [][2]int{{400, 499}}},
		"without a breaker": nil,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				world := sandbox.New(sandbox.Options{Contacts: 1})
				if err := world.Fail(sandbox.Fault{Kind: sandbox.Block, Operation: "highlevel.*"}); err != nil {
					t.Fatal(err)
				}
				host := budget.NewHost()
				var group sync.WaitGroup
				for range 3 {
					ask := asker(t, world, host.Gate("highlevel", nil, breaker, 0))
					for range 8 {
						group.Go(func() { ask("nobody") })
					}
				}
				begin := time.Now()
				group.Wait()
				took, got := time.Since(begin), world.Statuses("highlevel.contact.get")
				if blocked := got[http.StatusForbidden] > 0; blocked != (breaker == nil) {
					t.Errorf("statuses %v, want a block only without a breaker", got)
				}
				if breaker != nil && (got[http.StatusForbidden] != 0 || host.Numbers().Sent != 24 || took > 7*time.Minute) {
					t.Errorf("%d requests took %s, want 24 in hardly more than 5m", host.Numbers().Sent, took)
				}
			})
		})
	}
}

// asker returns what asks for a contact with a gate of its own, and waits as long as
// it is told to.
func asker(t *testing.T, world *sandbox.Sandbox, gate *budget.Gate) func(contact string) {
	t.Helper()
	registry := builtin.Registry()
	connector, _ := registry.Connector("highlevel")
	at := world.Endpoints("http://sandbox.test")
	session, err := connector.Open(connectors.Account{
		Name: "crm", BaseURL: at.HighLevelURL, Settings: map[string]any{"locationId": at.LocationID}, Gate: gate,
		Transport: &testkit.Transport{Handler: world.Handler()}, Credential: auth.Credential{Method: auth.Bearer, Secret: secret.New(at.HighLevelToken)},
	})
	if err != nil {
		t.Fatal(err)
	}
	operation, _ := connector.Describe().Operation("contact.get")
	return func(contact string) {
		for {
			_, err := session.Call(t.Context(), operation, map[string]any{"contactId": contact})
			e, ok := errors.AsType[*connectors.Error](err)
			if !ok || e.Kind != connectors.RateLimited {
				return
			}
			<-time.After(e.RetryAfter)
		}
	}
}

package project_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/auth"
	"github.com/pollux-automation/pollux/connectors/budget"
	"github.com/pollux-automation/pollux/connectors/builtin"
	"github.com/pollux-automation/pollux/connectors/sandbox"
	"github.com/pollux-automation/pollux/engine"
	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/secret"
	"github.com/pollux-automation/pollux/internal/testkit"
	"github.com/pollux-automation/pollux/recipes"
)

// TestStaxBreaker_ClosesTheHostBeforeTheServiceDoes lets three accounts ask for what is not
// there, as fast as they may, one of them with a key that was withdrawn. The service blocks
// the address for an hour at ten refusals a minute.
func TestStaxBreaker_ClosesTheHostBeforeTheServiceDoes(t *testing.T) {
	t.Parallel()
	for name, guarded := range map[string]bool{"with the connector's breaker": true, "without a breaker": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				world := sandbox.New(sandbox.Options{})
				host, seen := budget.NewHost(), &refusals{next: world.Handler()}
				var group sync.WaitGroup
				for _, key := range []string{world.Endpoints("").StaxKey, world.Endpoints("").StaxKey, "withdrawn"} {
					ask := staxAsker(t, world.Endpoints("http://sandbox.test").StaxURL, seen, key, func(b *connectors.Breaker) *budget.Gate {
						if !guarded {
							b = nil
						}
						return host.Gate("stax", nil, (*budget.Breaker)(b), 0)
					})
					for range 8 {
						group.Go(ask)
					}
				}
				group.Wait()
				blocked, most := seen.statuses[http.StatusTooManyRequests], seen.mostAMinute()
				switch {
				case guarded && (blocked > 0 || most >= 10 || len(seen.at) != 24):
					t.Errorf("%d refusals, %d within a minute at most, blocked %d times; want all 24, never ten a minute", len(seen.at), most, blocked)
				case !guarded && blocked == 0:
					t.Error("the service never blocked without a breaker, want that it does")
				}
			})
		})
	}
}

// refusals passes requests on and notes when one was refused.
type refusals struct {
	next     http.Handler
	mu       sync.Mutex // guards the rest
	at       []time.Time
	statuses map[int]int
}

// ServeHTTP implements http.Handler.
func (r *refusals) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	noted := &status{ResponseWriter: w}
	r.next.ServeHTTP(noted, req)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.statuses == nil {
		r.statuses = map[int]int{}
	}
	if r.statuses[noted.code]++; noted.code >= 400 && noted.code != http.StatusTooManyRequests {
		r.at = append(r.at, time.Now())
	}
}

// status notes the status of an answer.
type status struct {
	http.ResponseWriter

	code int
}

// WriteHeader implements http.ResponseWriter.
func (s *status) WriteHeader(code int) {
	s.code = code
	s.ResponseWriter.WriteHeader(code)
}

// mostAMinute is how many refusals came within any minute.
func (r *refusals) mostAMinute() int {
	most := 0
	for i := range r.at {
		n := 0
		for _, t := range r.at[i:] {
			if t.Sub(r.at[i]) < time.Minute {
				n++
			}
		}
		most = max(most, n)
	}
	return most
}

// staxAsker returns what asks for a customer that is not there with an account of its own,
// and waits as long as it is told to, up to an hour or so. gate makes its gate from the
// connector's breaker.
func staxAsker(t *testing.T, url string, service http.Handler, key string, gate func(*connectors.Breaker) *budget.Gate) func() {
	t.Helper()
	registry := builtin.Registry()
	connector, _ := registry.Connector("stax")
	d := connector.Describe()
	session, err := connector.Open(connectors.Account{
		Name: key, BaseURL: url, Gate: gate(d.Breaker),
		Transport: &testkit.Transport{Handler: service}, Credential: auth.Credential{Method: auth.Bearer, Secret: secret.New(key)},
	})
	if err != nil {
		t.Fatal(err)
	}
	operation, _ := d.Operation("customer.get")
	return func() {
		for range 60 {
			_, err := session.Call(t.Context(), operation, map[string]any{"customerId": "nobody"})
			e, ok := errors.AsType[*connectors.Error](err)
			if !ok || e.Kind != connectors.RateLimited {
				return
			}
			<-time.After(max(e.RetryAfter, time.Second))
		}
	}
}

// TestStaxOrder_ErrorsNameTheWayOut has a service that ignores the order that is asked for,
// and one that refuses it.
func TestStaxOrder_ErrorsNameTheWayOut(t *testing.T) {
	t.Parallel()
	for operation, instead := range map[string]string{
		"customer.list": "stax.customer.scan", "customer.changed": "stax.customer.scan", "customer.note.list": "stax.customer.note.scan",
		"invoice.list": "stax.invoice.scan", "invoice.changed": "stax.invoice.scan", "transaction.list": "stax.transaction.scan",
	} {
		t.Run(operation, func(t *testing.T) {
			t.Parallel()
			for _, fault := range []sandbox.Fault{{Kind: sandbox.Unsorted}, {Kind: sandbox.ServerError, Status: http.StatusUnprocessableEntity}} {
				inSandbox(t, sandbox.Options{Seed: 1}, func(s *sandboxed) {
					for range 3 {
						pass(time.Minute)
						s.call("stax", "customer.create", plus(newStaxCustomer(), map[string]any{"notes": "Called."}))
						s.call("stax", "invoice.create", newInvoice())
						s.call("stax", "charge.create", newCharge())
					}
					s.must(s.world.Fail(fault))
					report := s.poll(watching("story", "stax", operation))
					if len(report.Failures) != 1 || !strings.Contains(report.Failures[0].Err.Error(), "watch "+instead+" instead") {
						t.Errorf("%s: got %v, want one failure that names %s", fault.Kind, report.Failures, instead)
					}
				})
			}
		})
	}
}

// TestStaxRestored_CustomerIsNotNew deletes a customer and has somebody restore it, in a feed
// that does not look for deletions.
func TestStaxRestored_CustomerIsNotNew(t *testing.T) {
	t.Parallel()
	inSandbox(t, sandbox.Options{Seed: 1}, func(s *sandboxed) {
		text := []string{strings.Replace(watching("story", "stax", "customer.list"), "updated, deleted", "updated", 1)}
		id := s.staxID("customer.create", newStaxCustomer())
		s.expect("the first poll", time.Minute, text)
		s.staxEdit("customer.delete", "customerId", id, nil)
		s.expect("after the deletion", 20*time.Minute, text)
		s.must(s.world.Stax().RestoreCustomer(id))
		s.expect("after it was restored", 20*time.Minute, text)
		s.expect("after the whole list was read", 25*time.Hour, text)
	})
}

// TestStaxBlock_IsWaitedForAnHour has a service that blocks without saying for how long.
func TestStaxBlock_IsWaitedForAnHour(t *testing.T) {
	t.Parallel()
	inSandbox(t, sandbox.Options{Seed: 1}, func(s *sandboxed) {
		s.must(s.world.Fail(sandbox.Fault{Kind: sandbox.RateLimited, Next: 1, Operation: "stax.*"}))
		_, err := s.try("stax", "self.get", nil)
		if e, ok := errors.AsType[*connectors.Error](err); !ok || e.Kind != connectors.RateLimited || e.RetryAfter != time.Hour {
			t.Fatalf("got %v, want that an hour is waited", err)
		}
		before := s.world.Requests()["stax.self.get"]
		pass(59 * time.Minute)
		if _, err := s.try("stax", "self.get", nil); connectors.KindOf(err) != connectors.RateLimited || s.world.Requests()["stax.self.get"] != before {
			t.Errorf("after 59 minutes: got %v, want that nothing is sent", err)
		}
		pass(2 * time.Minute)
		s.call("stax", "self.get", nil)
	})
}

// TestStaxPayments_NeedTheLeaveOfTheAccount tries everything that moves money, by hand and
// in a recipe, with an account that does not allow it: nothing is sent.
func TestStaxPayments_NeedTheLeaveOfTheAccount(t *testing.T) {
	t.Parallel()
	inSandbox(t, quiet(), func(s *sandboxed) {
		g := newGround(s, "stax")
		c, _ := s.registry.Connector("stax")
		tried := 0
		for _, op := range c.Describe().Operations {
			if op.Danger != connectors.DangerPay {
				continue
			}
			tried++
			in := g.inputs(op)
			account := s.account("stax")
			account.Allow, account.Gate, account.Transport = nil, budget.New(nil, 0), &testkit.Transport{Handler: s.handler()}
			session, err := c.Open(account)
			s.must(err)
			before := s.world.Written()
			_, err = session.Call(t.Context(), op, in)
			e, ok := errors.AsType[*connectors.Error](err)
			if !ok || e.Kind != connectors.Invalid || !strings.Contains(e.Hint, "allow: [payments]") || s.world.Written() != before {
				t.Errorf("%s without leave: got %v and %d writes, want that it is refused and nothing sent", op.Key, err, s.world.Written()-before)
			}
			var findings diag.List
			catalog := engine.NewCatalog(s.registry, []recipes.Account{{Name: "stax", Connector: "stax"}})
			with, err := json.Marshal(in)
			s.must(err)
			recipes.Parse("pay.yaml", []byte("recipe: v1\nid: pay\nconnections: {pay: {connector: stax, account: stax}}\n"+
				"trigger: {poll: pay.customer.list, schedule: {every: 15m}, start: now}\nfilter: record.id != nil\nsteps:\n  - {id: a, call: pay."+op.Key+", with: "+string(with)+"}\n"), catalog, &findings)
			if !findings.HasErrors() || !strings.Contains(findings.Sorted()[0].String(), "does not allow") {
				t.Errorf("%s in a recipe: findings %v, want that the account does not allow it", op.Key, findings.Sorted())
			}
		}
		if tried != 9 {
			t.Errorf("tried %d operations, want the 9 that move money", tried)
		}
	})
}

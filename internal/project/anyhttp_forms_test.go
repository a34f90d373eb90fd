package project_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/budget"
	"github.com/pollux-automation/pollux/connectors/builtin"
	"github.com/pollux-automation/pollux/connectors/conformance"
	"github.com/pollux-automation/pollux/engine"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/secret"
	"github.com/pollux-automation/pollux/internal/testkit"
	"github.com/pollux-automation/pollux/recipes"
)

// shopRecipe is a recipe on the connector http. with are the inputs of its list, steps the
// chain.
func shopRecipe(with, steps string) string {
	return `recipe: v1
id: orders
connections: {api: {connector: http, account: http}}
vars: {path: /all, size: 2}
trigger:
  poll: api.list
  with: ` + with + `
  schedule: {every: 10m}
  start: now
steps:
` + steps
}

// noted is a chain that sends nothing.
const noted = "  - {id: note, set: {what: =record.state}}\n"

// parsed reads a recipe against a catalog with one account of http.
func parsed(t *testing.T, text string) []diag.Finding {
	t.Helper()
	registry := builtin.Registry()
	var findings diag.List
	recipes.Parse("shop.yaml", []byte(text), engine.NewCatalog(registry, []recipes.Account{{Name: "http", Connector: "http"}}), &findings)
	return findings.Sorted()
}

// TestAnyHTTP_MistakesAreFoundWhereTheyStand reads recipes whose inputs cannot give the
// operation a form.
func TestAnyHTTP_MistakesAreFoundWhereTheyStand(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ with, steps, at, part string }{
		"misspelt input":      {"{path: /all, pagging: {style: none}}", noted, "7:22", `list has no input "pagging"`},
		"misspelt style":      {"{path: /all, paging: {style: pages}}", noted, "7:38", `unknown word "pages"`},
		"misspelt key":        {"{path: /all, paging: {style: page, inputs: page}}", noted, "7:44", `unknown key "inputs"`},
		"missing key":         {"{path: /all, paging: {style: page}}", noted, "7:30", `the style "page" needs "input"`},
		"wrong number":        {"{path: /all, paging: {style: page, input: page, size: {input: n, max: many}}}", noted, "7:79", "expected a whole number"},
		"carry":               {"{path: /all, paging: {style: cursor, carry: {after: next}}}", noted, "7:61", `"next" does not say where the value stands`},
		"keyset without time": {"{path: /all, strategy: keyset, sort: {}, since: {input: s, format: rfc3339}}", noted, "7:22", "has no time of its last update"},
		"keyset without sort": {"{path: /all, strategy: keyset, updated: u, since: {input: s, format: rfc3339}}", noted, "7:32", "must say what sorts it"},
		"keyset without since": {
			"{path: /all, strategy: keyset, updated: u, sort: {}}", noted, "7:32", "must say which input takes the lower bound",
		},
		"since format":      {"{path: /all, strategy: keyset, updated: u, sort: {}, since: {input: s, format: iso}}", noted, "7:88", `unknown word "iso"`},
		"since of snapshot": {"{path: /all, since: {input: s, format: rfc3339}}", noted, "7:29", "only keyset lists take a lower bound"},
		"strategy":          {"{path: /all, strategy: keysett}", noted, "7:32", `"strategy" cannot be "keysett"`},
		"type of a field":   {"{path: /all, fields: {total: numbr}}", noted, "7:38", `unknown word "numbr"`},
		"time of a field":   {"{path: /all, fields: {u: string}, updated: u}", noted, "7:52", `the field "u" has the type string`},
		"another host":      {"{path: //evil.example.com/all}", noted, "7:16", "has an empty part"},
		"a whole address":   {`{path: "https://evil.example.com/all"}`, noted, "7:16", "does not begin with /"},
		"climbing":          {"{path: /all/../admin}", noted, "7:16", "has a part of dots"},
		"host header":       {"{path: /all, headers: {Host: evil.example.com}}", noted, "7:32", "is set by Pollux alone"},
		"credential":        {"{path: /all, headers: {Authorization: x}}", noted, "7:32", "carries the credential"},
		"secret header":     {"{path: /all, headers: {X-Api-Key: abc}}", noted, "7:32", "looks like a secret"},
		"twice":             {"{path: /all, query: {page: 2}, paging: {style: page, input: page}}", noted, "7:30", `"page" is filled by paging or polling`},
		"body of a GET":     {"{path: /all, body: {a: 1}}", noted, "7:22", "a GET request has no body"},
		"not constant":      {"{path: /all, list: =record.list}", noted, "7:29", "record"},
		"unknown field":     {"{path: /all, fields: {state: string}}", "  - {id: note, set: {what: =record.stat}}\n", "11:36", `has no field "stat"`},
		"missing path":      {"{list: data}", noted, "7:9", `list needs the input "path"`},
		"step: misspelt":    {"{path: /all}", "  - {id: a, call: api.request, with: {method: PUSH, path: /x}}\n", "11:47", `"method" cannot be "PUSH"`},
		"step: not constant": {
			"{path: /all}", "  - {id: a, call: api.request, with: {method: =record.how, path: /x}}\n", "11:48", "record",
		},
		"step: whole path": {
			"{path: /all}", "  - {id: a, call: api.request, with: {method: POST, path: =record.url}}\n", "11:59", `"path" cannot be computed as a whole`,
		},
		"step: header": {
			"{path: /all}", "  - {id: a, call: api.get, with: {path: /x, headers: {cookie: a}}}\n", "11:55", "carries the credential",
		},
		"step: fields": {"{path: /all}", "  - {id: a, call: api.get, with: {path: /x, fields: {a: strin}}}\n", "11:57", `unknown word "strin"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found := parsed(t, shopRecipe(tt.with, tt.steps))
			if len(found) == 0 {
				t.Fatalf("got no finding, want one at %s", tt.at)
			}
			here := func(f diag.Finding) bool {
				return fmt.Sprintf("%d:%d", f.Line, f.Column) == tt.at && strings.Contains(f.Message, tt.part)
			}
			if !slices.ContainsFunc(found, here) || len(found) > 2 {
				t.Errorf("got %v, want %s with %q", found, tt.at, tt.part)
			}
		})
	}
	for name, with := range map[string]string{
		"vars":   "{path: =vars.path, paging: {style: page, input: page, size: {input: per_page, max: =vars.size}}}",
		"window": "{path: /all, by: state, window: {from: a, to: b, format: epoch_s, back: 24h, ahead: 1h}}",
		"search": "{path: /all, method: POST, body: {q: open}, list: data, paging: {style: offset, input: from}}",
		"nested": "{path: /all, fields: {id: integer, state: string, customer: {type: object, fields: {name: {personal: true}}}}, volatile: [customer]}",
	} {
		if found := parsed(t, shopRecipe(with, noted)); len(found) > 0 {
			t.Errorf("%s: got findings %v, want none", name, found)
		}
	}
}

// TestAnyHTTP_StepsSendWhatTheySay runs a recipe whose steps read and write, also for
// records whose ids try to lead elsewhere: what can be one part of a path is one, and
// nothing is sent for the others.
func TestAnyHTTP_StepsSendWhatTheySay(t *testing.T) {
	t.Parallel()
	recipe := shopRecipe("{path: /all}", `  - {id: one, call: api.get, with: {path: "/orders/${record.id}", fields: {id: string, state: string}}}
  - id: note
    call: api.request
    with: {method: POST, path: "/orders/${record.id}/notes", query: {by: "p&x=1"}, headers: {X-Run: "${record.state}"}, body: {text: =record.state, was: =steps.one.state}}
  - {id: put, call: api.request, with: {method: PUT, path: "/orders/${record.id}", body: [1, 2]}}
  - {id: forget, if: 'record.state == "old"', call: api.request, with: {method: DELETE, path: "/orders/${record.id}"}}
`)
	for id, part := range map[string]string{
		"o9": "o9", "a b?c=d#e&f": "a%20b%3Fc%3Dd%23e%26f", "@evil.example.com": "%40evil.example.com", "주문/1": "%EC%A3%BC%EB%AC%B8%2F1", "%41": "%2541", "a:80": "a%3A80",
		"..": "", "../../admin": "", `..\x`: "", ".": "", "%2e%2e": "", "x/../y": "", "..;a": "",
	} {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			inShop(t, func(h *house, s *shop) {
				h.poll(recipe)
				s.put(id, "old")
				s.asked()
				pass(10 * time.Minute)
				h.poll(recipe)
				got := s.requests[1:]
				var want []string
				if part != "" {
					at := " /v1/orders/" + part
					want = []string{"GET" + at, "POST" + at + "/notes?by=p%26x%3D1", "PUT" + at, "DELETE" + at}
				}
				if diff := cmp.Diff(want, slices.Clone(got), cmpopts.EquateEmpty()); diff != "" {
					t.Fatalf("requests (-want +got):\n%s", diff)
				}
				if part != "" && (s.bodies[0] != `{"text":"old","was":"old"}` || s.bodies[1] != `[1,2]` || s.bodies[2] != "null") {
					t.Errorf("got the bodies %v", s.bodies)
				}
				runs, err := h.store.ListRuns(t.Context(), store.RunFilter{})
				if err != nil || len(runs) != 1 {
					t.Fatalf("got the runs %v (%v), want one", runs, err)
				}
				if e := runs[0].State.Error; part == "" && (runs[0].State.Status != store.Failed || e.Kind != string(connectors.Invalid)) || part != "" && runs[0].State.Status != store.Succeeded {
					t.Errorf("got the run %s with %+v", runs[0].State.Status, e)
				}
			})
		})
	}
}

// TestAnyHTTP_HeadersOfTheAccountGoWithEveryRequest asserts what the account adds.
func TestAnyHTTP_HeadersOfTheAccountGoWithEveryRequest(t *testing.T) {
	t.Parallel()
	inShop(t, func(h *house, s *shop) {
		h.poll(watching("a", "http", "list", `with: {path: /all, headers: {X-Trace: "7"}}`))
		for name, want := range map[string]string{"X-Tenant": "acme", "X-Trace": "7", "Authorization": "Bearer a-token-of-a-test", "Accept": "application/json"} {
			if got := s.headers.Get(name); got != want {
				t.Errorf("header %s: got %q, want %q", name, got, want)
			}
		}
	})
}

// TestAnyHTTP_FormsKeepTheWordOfOperations runs the conformance suite on forms of the
// operations.
func TestAnyHTTP_FormsKeepTheWordOfOperations(t *testing.T) {
	t.Parallel()
	registry := builtin.Registry()
	c, _ := registry.Connector("http")
	for name, tt := range map[string]struct {
		operation string
		inputs    map[string]any
	}{
		"list": {"list", map[string]any{"path": "/orders", "list": "data.orders", "paging": map[string]any{"style": "offset", "input": "offset", "size": map[string]any{"input": "per_page", "max": 100}}}},
		"get":  {"get", map[string]any{"path": "/orders/o1"}},
		"post": {"request", map[string]any{"method": "POST", "path": "/orders/o1/notes", "body": map[string]any{"text": "a"}}},
		"put":  {"request", map[string]any{"method": "PUT", "path": "/orders/o1", "body": map[string]any{"state": "a"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			op, err := connectors.Shape(c, tt.operation, tt.inputs)
			if err != nil {
				t.Fatal(err)
			}
			inShop(t, func(h *house, s *shop) { h.formConforms(s, c, op, tt.inputs) })
		})
	}
}

// formConforms runs the suite on one form of an operation.
func (h *house) formConforms(s *shop, c connectors.Connector, op *connectors.Operation, inputs map[string]any) {
	h.t.Helper()
	account := shopAccount()
	account.Gate, account.Transport = budget.New(nil, 0), &testkit.Transport{Handler: s}
	stranger := account
	stranger.Credential.Secret = secret.New("nobody's")
	report, err := conformance.Try(h.t.Context(), c, conformance.World{
		Account: account, Stranger: &stranger, Writes: true,
		Inputs: func(context.Context, *connectors.Operation) (map[string]any, error) { return maps.Clone(inputs), nil },
		Shows:  func(*connectors.Operation, map[string]any) []conformance.Reading { return nil },
	}, op)
	if err != nil {
		h.t.Fatal(err)
	}
	for _, r := range report.Results {
		if r.Verdict != conformance.Passed && (r.Verdict != conformance.Skipped || !slices.Contains([]conformance.Check{conformance.Paging, conformance.Repeat, conformance.Missing}, r.Check)) {
			h.t.Errorf("%s: got %s (%s), want %s", r.Check, r.Verdict, r.Reason, conformance.Passed)
		}
	}
}

// TestAnyHTTP_RecipesShareAFeed asserts that the same inputs make one feed, others another,
// which begins with a baseline of its own.
func TestAnyHTTP_RecipesShareAFeed(t *testing.T) {
	t.Parallel()
	inShop(t, func(h *house, s *shop) {
		a, b := watching("a", "http", "list", "with: {path: /all, volatile: [views]}"), watching("b", "http", "list", "with: {volatile: [views], path: /all}")
		h.poll(a, b)
		if got := s.asked(); got != 1 {
			t.Errorf("two recipes with the same inputs made %d requests, want 1", got)
		}
		pass(10 * time.Minute)
		s.put("o1", "paid")
		h.poll(a, watching("b", "http", "list", "with: {path: /all, fields: {state: string}}"))
		if got := s.asked(); got != 2 {
			t.Errorf("recipes with other inputs made %d requests, want 2", got)
		}
		same(t, "a feed of its own is baselined", h.news(), []string{"updated o1"})
	})
}

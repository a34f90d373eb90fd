package project_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/auth"
	"github.com/pollux-automation/pollux/connectors/builtin"
	"github.com/pollux-automation/pollux/engine"
	"github.com/pollux-automation/pollux/engine/dry"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/secret"
	"github.com/pollux-automation/pollux/recipes"
)

// crm is a location of HighLevel with contacts and definitions of custom fields. It is
// written to only between polls.
type crm struct {
	*house

	contacts []object
	fields   map[string][]object // definitions by model
	down     bool                // of the definitions
	asked    int                 // for definitions
	written  []string            // writes with their bodies
}

func (s *crm) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var answer any
	switch {
	case r.URL.Path == "/contacts/search":
		var asked struct {
			Filters []struct{ Value struct{ GTE int64 } }
		}
		_ = json.NewDecoder(r.Body).Decode(&asked)
		since := time.Time{}
		if len(asked.Filters) > 0 {
			since = time.UnixMilli(asked.Filters[0].Value.GTE)
		}
		list := slices.DeleteFunc(slices.SortedFunc(slices.Values(s.contacts), by("dateUpdated")), func(c object) bool {
			at, err := time.Parse(time.RFC3339, fmt.Sprint(c["dateUpdated"]))
			return err == nil && at.Before(since)
		})
		answer = object{"contacts": list, "total": len(list)}
	case strings.HasSuffix(r.URL.Path, "/customFields"):
		s.asked++
		if s.down {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		answer = object{"customFields": s.fields[r.URL.Query().Get("model")]}
	default:
		var body any
		_ = json.NewDecoder(r.Body).Decode(&body)
		text, _ := json.Marshal(body) //nolint:errchkjson // it was JSON
		s.written = append(s.written, r.Method+" "+r.URL.Path+" "+string(text))
		answer = object{"contact": object{"id": "c9"}, "opportunity": object{"id": "o9"}}
	}
	_ = json.NewEncoder(w).Encode(answer)
}

// set gives a contact a custom field, at this moment.
func (s *crm) set(id, field string, value any) {
	at := slices.IndexFunc(s.contacts, func(c object) bool { return c["id"] == id })
	if at < 0 {
		at = len(s.contacts)
		s.contacts = append(s.contacts, object{"id": id, "customFields": []object{}})
	}
	list, _ := s.contacts[at]["customFields"].([]object)
	list = slices.DeleteFunc(slices.Clone(list), func(f object) bool { return f["id"] == field })
	s.contacts[at] = object{"id": id, "dateUpdated": now(), "customFields": append([]object{{"id": field, "value": value}}, list...)}
}

// now is the time as the location writes it.
func now() string { return time.Now().UTC().Format(time.RFC3339Nano) }

func definition(id, key, name, kind string, options ...string) object {
	return object{"id": id, "fieldKey": key, "name": name, "dataType": kind, "picklistOptions": options}
}

// inCRM runs a test in a bubble, with a location that has some custom fields.
func inCRM(t *testing.T, test func(s *crm)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		registry := builtin.Registry()
		s := &crm{fields: map[string][]object{
			"contact": {
				definition("f1", "contact.plan", "Plan", "SINGLE_OPTIONS", "gold", "silver"), definition("f2", "contact.score", "Score", "NUMERICAL"),
				definition("f3", "contact.likes", "Likes", "MULTIPLE_OPTIONS", "tea", "salt"),
				definition("f4", "contact.colour", "Hue", "TEXT"), definition("f5", "contact.colour_2", "Hue", "TEXT"),
			},
			"opportunity": {definition("p1", "opportunity.plan", "Plan", "TEXT")},
		}}
		s.house = newHouse(t, registry, tenant{connector: "highlevel", service: s, Account: connectors.Account{
			Name: "acme", BaseURL: "http://crm.test", Settings: map[string]any{"locationId": "loc1"},
			Credential: auth.Credential{Method: auth.Bearer, Secret: secret.New("token")},
		}})
		test(s)
	})
}

// onContacts is a recipe for the contacts of the location.
func onContacts(lines ...string) string {
	return strings.Join(append([]string{
		"recipe: v1", "id: story", "connections: {crm: {connector: highlevel, account: acme}}",
	}, lines...), "\n")
}

const contactTrigger = "trigger: {poll: crm.contact.search, schedule: {every: 1m}, start: now%s}"

// runs returns the runs and what became of them.
func (s *crm) runs() []store.Run {
	s.t.Helper()
	list, err := s.store.ListRuns(s.t.Context(), store.RunFilter{})
	if err != nil {
		s.t.Fatal(err)
	}
	return list
}

func TestNamed_RecipesReadCustomFieldsByName(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, trigger, filter string }{
		{"filter", "", `filter: record.customFields.plan == "gold"`},
		{"the whole key", "", `filter: record.customFields["contact.plan"] == "gold"`},
		{"the display name", "", `filter: record.customFields.PLAN == "gold"`},
		{"its id", "", `filter: record.customFields.f1 == "gold"`},
		{"before", "", `filter: before.customFields.plan != "gold" and record.customFields.plan == "gold"`},
		{"changed", "", `filter: changed("customFields.plan")`},
		{"watch", ", kinds: [updated], watch: [customFields.plan]", ""},
		{"scope", ", kinds: [entered, left]", `scope: record.customFields.plan == "gold"`},
		{"order", "", "filter: record.customFields.plan == \"gold\"\norder: {by: record.customFields.plan}"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			inCRM(t, func(s *crm) {
				text := onContacts(fmt.Sprintf(contactTrigger, tt.trigger), tt.filter,
					"steps:", "  - {id: show, set: {plan: =record.customFields.plan}}", "  - {id: tell, call: crm.contact.update, with: {contactId: =record.id, city: =steps.show.plan}}")
				s.set("c1", "f1", "silver")
				s.expect("the start", time.Hour, []string{text})
				s.set("c1", "f2", 5)
				s.set("c1", "f1", "silver")
				s.expect("another field has changed", time.Minute, []string{text})
				s.set("c1", "f1", "gold")
				pass(time.Minute)
				s.poll(text)
				if diff := cmp.Diff([]string{`PUT /contacts/c1 {"city":"gold"}`}, s.written); diff != "" {
					t.Errorf("written (-want +got):\n%s", diff)
				}
				if s.asked != 1 {
					t.Errorf("asked %d times for the definitions, want once in ten minutes", s.asked)
				}
			})
		})
	}
}

func TestNamed_ARenameOfADefinitionChangesNothing(t *testing.T) {
	t.Parallel()
	inCRM(t, func(s *crm) {
		text := []string{onContacts(fmt.Sprintf(contactTrigger, ", watch: [customFields.plan]"), "steps: [{id: show, set: {plan: =record.customFields.f1}}]")}
		s.set("c1", "f1", "silver")
		s.set("c2", "f1", "gold")
		s.expect("the start", time.Hour, text)
		s.fields["contact"][0]["name"] = "Tariff"
		s.expect("a rename", time.Hour, text)
		s.fields["contact"][0]["fieldKey"] = "contact.tariff"
		s.expect("another key", time.Hour, text)
		s.fields["contact"][0]["fieldKey"] = "contact.plan"
		s.set("c1", "f1", "gold")
		s.expect("a change", time.Hour, text, "updated c1")
	})
}

func TestNamed_AChangeIsKeptWhereANameLeadsNowhereAnyMore(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		onContacts(fmt.Sprintf(contactTrigger, ", watch: [customFields.plan]"), "steps: [{id: show, set: {x: 1}}]"),
		onContacts(fmt.Sprintf(contactTrigger, ""), `filter: record.customFields.plan == "gold"`, "steps: [{id: show, set: {x: 1}}]"),
		onContacts(fmt.Sprintf(contactTrigger, ", kinds: [entered]"), `scope: record.customFields.plan == "gold"`, "steps: [{id: show, set: {x: 1}}]"),
	} {
		inCRM(t, func(s *crm) {
			s.set("c1", "f2", 1)
			s.expect("the start", time.Hour, []string{text})
			s.fields["contact"][0]["fieldKey"], s.fields["contact"][0]["name"] = "contact.tariff", "Tariff"
			s.set("c1", "f2", 2)
			pass(time.Hour)
			s.poll(text)
			list := s.runs()
			if len(list) != 1 || list[0].State.Status != store.Parked || !strings.Contains(list[0].State.Error.Message, `there is no custom field "plan"`) {
				t.Errorf("got runs %v, want one that is parked because nobody knows the name, for\n%s", list, text)
			}
		})
	}
}

func TestNamed_WithoutDefinitionsAPollFailsAndNothingMoves(t *testing.T) {
	t.Parallel()
	inCRM(t, func(s *crm) {
		text := onContacts(fmt.Sprintf(contactTrigger, ""), "filter: record.customFields.plan == \"gold\"", "steps: [{id: show, set: {plan: =record.customFields.plan}}]")
		s.expect("the start", 0, []string{text})
		s.down = true
		s.set("c1", "f1", "gold")
		pass(time.Hour)
		report := s.poll(text)
		if len(report.Failures) != 1 || !strings.Contains(report.Failures[0].Err.Error(), "read the definitions of the custom fields") {
			t.Errorf("got failures %v, want one about the definitions", report.Failures)
		}
		if f := s.feed("contact.search"); f.Error == nil || f.Error.Kind != string(connectors.Transient) {
			t.Errorf("the feed's error is %v, want a transient one", f.Error)
		}
		s.down = false
		s.expect("the definitions are back", time.Hour, []string{text}, "created c1")
	})
}

func TestNamed_WithoutDefinitionsARunWaits(t *testing.T) {
	t.Parallel()
	inCRM(t, func(s *crm) {
		text := []string{onContacts(fmt.Sprintf(contactTrigger, ""), "steps: [{id: show, set: {plan: =record.customFields.plan}}]")}
		s.expect("the start", 0, text)
		s.down = true
		s.set("c1", "f1", "gold")
		pass(time.Minute)
		s.poll(text...)
		if run := s.runs()[0].State; run.Status != store.Waiting || run.Error == nil || !strings.Contains(run.Error.Message, "definitions of the custom fields") {
			t.Errorf("the run is %s (%v), want it waiting for the definitions", run.Status, run.Error)
		}
		s.down = false
		s.expect("the definitions are back", 10*time.Minute, text, "created c1")
	})
}

func TestNamed_RecipesThatUseNoNamesAskForNothing(t *testing.T) {
	t.Parallel()
	inCRM(t, func(s *crm) {
		text := []string{onContacts(fmt.Sprintf(contactTrigger, ", watch: [customFields]"),
			`filter: any(record.customFields, .id == "f1") and record.customFields[0].id == "f1"`,
			"steps: [{id: update, call: crm.contact.update, with: {contactId: =record.id, customFields: [{id: f1, field_value: gold}]}}]")}
		s.expect("the start", 0, text)
		s.set("c1", "f1", "gold")
		s.expect("a contact", time.Hour, text, "created c1")
		if s.asked != 0 {
			t.Errorf("asked %d times for definitions that nobody needs", s.asked)
		}
		if diff := cmp.Diff([]string{`PUT /contacts/c1 {"customFields":[{"field_value":"gold","id":"f1"}]}`}, s.written); diff != "" {
			t.Errorf("written (-want +got):\n%s", diff)
		}
	})
}

func TestNamed_StepsWriteCustomFieldsByName(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, step, want, err string }{
		{
			"a contact", "call: crm.contact.update, with: {contactId: =record.id, customFields: {plan: gold, Score: =6 * 7, likes: [tea, salt], colour_2: =clear, colour: =nil}}",
			`PUT /contacts/c1 {"customFields":[{"field_value":42,"id":"f2"},{"field_value":null,"id":"f5"},{"field_value":["tea","salt"],"id":"f3"},{"field_value":"gold","id":"f1"}]}`, "",
		},
		{
			"an opportunity", "call: crm.opportunity.create, with: {pipelineId: p, contactId: =record.id, name: n, customFields: {plan: =record.customFields.plan}}",
			`POST /opportunities/ {"contactId":"c1","customFields":[{"field_value":"gold","id":"p1"}],"locationId":"loc1","name":"n","pipelineId":"p","status":"open"}`, "",
		},
		{"an unknown name", "call: crm.contact.update, with: {contactId: =record.id, customFields: {plam: gold}}", "", `there is no custom field "plam"; did you mean "plan"?`},
		{"a name of two fields", "call: crm.contact.update, with: {contactId: =record.id, customFields: {Hue: red}}", "", `2 of the custom fields are called "Hue"; write one of colour (id f4), colour_2 (id f5)`},
		{"a value that cannot be", "call: crm.contact.update, with: {contactId: =record.id, customFields: {likes: tea}}", "", "want a list, as in [tea, salt], got text"},
		{"an unknown name that is read", "set: {x: =record.customFields.plam}", "", `there is no custom field "plam"; did you mean "plan"?`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			inCRM(t, func(s *crm) {
				text := []string{onContacts(fmt.Sprintf(contactTrigger, ""), "steps: [{id: write, "+tt.step+"}]")}
				s.expect("the start", 0, text)
				s.set("c1", "f1", "gold")
				pass(time.Minute)
				s.poll(text...)
				run := s.runs()[0]
				if tt.err != "" {
					if run.State.Status != store.Failed || !strings.Contains(run.State.Error.Message, tt.err) || len(s.written) > 0 {
						t.Errorf("the run is %s (%v), written %v; want it failed with %q and nothing written", run.State.Status, run.State.Error, s.written, tt.err)
					}
					return
				}
				if run.State.Status != store.Succeeded || len(s.written) != 1 || tt.want != "" && s.written[0] != tt.want {
					t.Errorf("the run is %s (%v), written\n%v\nwant\n%s", run.State.Status, run.State.Error, s.written, tt.want)
				}
			})
		})
	}
}

func TestNamed_ADryRunShowsTheIDs(t *testing.T) {
	t.Parallel()
	inCRM(t, func(s *crm) {
		text := onContacts(fmt.Sprintf(contactTrigger, ""), "steps: [{id: write, call: crm.contact.update, with: {contactId: =record.id, customFields: {plan: gold}}}]")
		s.expect("the start", 0, []string{text})
		s.set("c1", "f2", 1)
		var shown []any
		accounts := s.accounts
		s.accounts = dry.Accounts(accounts, func(c dry.Call) { shown = append(shown, c.Request.Body) })
		s.expect("a dry run", time.Minute, []string{text}, "created c1")
		want := []any{object{"customFields": []any{object{"id": "f1", "field_value": "gold"}}}}
		if diff := cmp.Diff(want, shown); diff != "" || len(s.written) > 0 {
			t.Errorf("written %v, shown (-want +got):\n%s", s.written, diff)
		}
	})
}

func TestNamed_TestsOfRecipesWriteByName(t *testing.T) {
	t.Parallel()
	inCRM(t, func(s *crm) {
		var findings diag.List
		text := onContacts(fmt.Sprintf(contactTrigger, ", watch: [customFields.plan]"), `filter: changed("customFields.plan") and record.customFields.plan == "gold"`,
			"steps: [{id: write, call: crm.contact.update, with: {contactId: =record.id, customFields: {plan: =record.customFields.plan}}}]")
		r := recipes.Parse("r.yaml", []byte(text), s.catalog, &findings)
		if findings.HasErrors() {
			t.Fatal(findings.Sorted())
		}
		p, err := engine.Rehearse(s.t.Context(), engine.Options{Store: s.store, Catalog: s.catalog, Accounts: s.accounts}, r, engine.Scene{
			Before: object{"id": "c1", "customFields": object{"plan": "silver", "score": 3}}, Record: object{"id": "c1", "customFields": object{"plan": "gold", "score": 3}},
		})
		if err != nil || len(p.Calls) != 1 {
			t.Fatalf("got calls %v, error %v; want one call", p.Calls, err)
		}
		if diff := cmp.Diff(object{"contactId": "c1", "customFields": object{"plan": "gold"}}, p.Calls[0].Input); diff != "" || s.asked > 0 {
			t.Errorf("asked %d times, inputs (-want +got):\n%s", s.asked, diff)
		}
	})
}

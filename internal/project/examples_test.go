package project_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/auth"
	"github.com/pollux-automation/pollux/connectors/builtin"
	"github.com/pollux-automation/pollux/connectors/sandbox"
	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/project"
	"github.com/pollux-automation/pollux/internal/secret"
	"github.com/pollux-automation/pollux/recipes"
)

// scene is what happens to an example: a change that fits it, and what it then does.
type scene struct {
	// ids replace texts of the file: ids that are nobody's by those of the sandbox. Those that
	// before returns are added.
	ids map[string]string
	// before makes what must be there when the recipe starts.
	before func(s *sandboxed) map[string]string
	// change is what starts the recipe. It is given what before returned.
	change func(s *sandboxed, ids map[string]string)
	// later is what else is polled for, after so much time: a wait of the recipe.
	later time.Duration
	// runs is how many runs there are; 0 means one.
	runs int
	// writes are those of the runs, sorted, without the connector's name for HighLevel.
	writes []string
	// seen says what is missing at the sandbox.
	seen func(s *sandboxed, ids map[string]string) string
}

// examples are the scenes of the examples, by id.
func examples() map[string]scene {
	all := map[string]scene{}
	for _, some := range []map[string]scene{contactScenes(), calendarScenes(), opportunityScenes(), messageScenes(), peopleScenes(), otherScenes(), dailyScenes()} {
		maps.Copy(all, some)
	}
	return all
}

// TestExamples_DoAtTheSandboxWhatTheySay lets each example run once. One that is added and
// not told of here fails it.
func TestExamples_DoAtTheSandboxWhatTheySay(t *testing.T) {
	t.Parallel()
	all := examples()
	if diff := cmp.Diff(recipes.Examples(), slices.Sorted(maps.Keys(all))); diff != "" {
		t.Errorf("examples, and those that the test tells of (-want +got):\n%s", diff)
	}
	for id, sc := range all {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			withExamples(t, func(s *sandboxed) { s.act(id, sc) })
		})
	}
}

// TestExamples_HaveNoFindings reads the project of the examples: no errors and no warnings,
// and each example brings a test in which nothing happens.
func TestExamples_HaveNoFindings(t *testing.T) {
	t.Parallel()
	p := project.Read("../../recipes/pollux.yaml", project.Options{NoSecrets: true, Env: func(string) (string, bool) { return "", false }})
	if p.Findings.Len() > 0 {
		t.Errorf("got findings %v, want none", p.Findings.Sorted())
	}
	if want := len(recipes.Examples()); len(p.Recipes) != want {
		t.Errorf("got %d recipes, want %d", len(p.Recipes), want)
	}
	for _, r := range p.Recipes {
		quiet := slices.ContainsFunc(r.Tests, func(c recipes.Test) bool {
			return c.Expect.Run != nil && !*c.Expect.Run || c.Expect.Kind == "none"
		})
		if len(r.Tests) < 2 || !quiet {
			t.Errorf("%s: got %d tests, want two or more, one of them of a change that starts no run", r.File, len(r.Tests))
		}
		head, _, _ := strings.Cut(string(p.Sources[r.File]), "\nrecipe: v1\n")
		for _, scope := range scopesOf(t, p, r) {
			if !strings.Contains(head, scope) {
				t.Errorf("%s: got no word of the scope %s in its head", r.File, scope)
			}
		}
		if !strings.HasSuffix(r.File, "/"+r.ID+".yaml") {
			t.Errorf("%s: got the id %s, want that of the file", r.File, r.ID)
		}
	}
}

// scopesOf are the scopes of what a recipe polls and calls.
func scopesOf(t *testing.T, p *project.Project, r *recipes.Recipe) []string {
	t.Helper()
	var scopes []string
	need := func(connector, key string) *connectors.Operation {
		c, _ := p.Registry.Connector(connector)
		op, ok := c.Describe().Operation(key)
		if !ok {
			t.Fatalf("%s has no operation %s", connector, key)
		}
		scopes = append(scopes, op.Scopes...)
		return op
	}
	source := r.Source().Connector
	if parents := need(source, r.Trigger.Operation).Poll.Parents; parents != nil {
		need(source, parents.Operation)
	}
	for step := range r.AllSteps() {
		if step.Kind != recipes.Call {
			continue
		}
		need(r.Connections[step.Connection].Connector, step.Operation)
		if step.OnlyIf != nil {
			need(r.Connections[step.Connection].Connector, step.Target)
		}
	}
	if len(r.Named) > 0 {
		need(source, "custom_field.list")
	}
	return scopes
}

// withExamples runs a test in a bubble, with the accounts of the examples at a sandbox that
// has two locations. The accounts highlevel, stibee and stax are
// those of the people who change things.
func withExamples(t *testing.T, test func(s *sandboxed)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		registry := builtin.Registry()
		world := sandbox.New(sandbox.Options{Seed: 1, Contacts: 3, Lag: 5 * time.Second, Locations: 1, Fields: []string{"name", "phone", "city", "tags", "synced", "open_task", "task_due", "task_status"}})
		at := world.Endpoints("http://sandbox.test")
		crm := func(name, token string, settings map[string]any) tenant {
			settings["companyId"] = at.CompanyID
			return tenant{connector: "highlevel", service: world.Handler(), Account: connectors.Account{
				Name: name, BaseURL: at.HighLevelURL, Settings: settings, Credential: auth.Credential{Method: auth.Bearer, Secret: secret.New(token)},
			}}
		}
		second := world.LocationIDs()[1]
		s := &sandboxed{world: world, at: at, receiver: &receiver{}}
		named := func(connector, name string) tenant {
			account := s.account(connector)
			account.Name = name
			return tenant{connector: connector, service: world.Handler(), Account: account}
		}
		s.house = newHouse(t, registry,
			crm("highlevel", at.HighLevelToken, map[string]any{"locationId": at.LocationID}),
			crm("acme", at.HighLevelToken, map[string]any{"locationId": at.LocationID}),
			crm("acme-second", at.HighLevelToken+"-"+second, map[string]any{"locationId": second}),
			crm("agency", at.HighLevelToken, map[string]any{}),
			tenant{connector: "http", service: world.Handler(), Account: connectors.Account{
				Name: "crm-api", BaseURL: at.HighLevelURL, Credential: auth.Credential{Method: auth.Bearer, Secret: secret.New(at.HighLevelToken)},
				Settings: map[string]any{"headers": map[string]any{"Version": "2021-07-28"}},
			}},
			named("stibee", "newsletter"), named("stibee", "stibee"), named("stax", "stax"), named("stax", "shop"),
			tenant{connector: "webhook", service: s.receiver, Account: hooks("own-system")},
		)
		test(s)
	})
}

// act lets an example run once and looks for what it has done.
func (s *sandboxed) act(id string, sc scene) {
	s.t.Helper()
	ids := maps.Clone(sc.ids)
	if ids == nil {
		ids = map[string]string{}
	}
	if sc.before != nil {
		maps.Copy(ids, sc.before(s))
	}
	text := s.example(id, ids)
	const poll = 20 * time.Minute // longer than the overlap
	s.expect("the first poll", poll, []string{text})
	sc.change(s, ids)
	mark := len(s.world.Writes(0))
	pass(poll)
	s.poll(text)
	if sc.later > 0 {
		pass(sc.later)
		s.poll(text)
	}
	if got, want := s.news(), max(sc.runs, 1); len(got) != want {
		s.t.Errorf("got runs %v, want %d", got, want)
	}
	var writes []string
	for _, w := range s.world.Writes(mark) {
		writes = append(writes, strings.TrimPrefix(w.Operation, "highlevel."))
	}
	slices.Sort(writes)
	if diff := cmp.Diff(sc.writes, writes); diff != "" {
		s.t.Errorf("writes (-want +got):\n%s", diff)
	}
	if missing := sc.seen(s, ids); missing != "" {
		s.t.Errorf("after the run: %s", missing)
	}
	s.expect("a poll later", poll, []string{text})
}

// example is the text of an example with other ids in it.
func (s *sandboxed) example(id string, ids map[string]string) string {
	s.t.Helper()
	raw, err := recipes.Example(id)
	s.must(err)
	text := string(raw)
	for from, to := range ids {
		if strings.ToUpper(from) != from {
			continue // a note of the scene
		}
		if !strings.Contains(text, from) {
			s.t.Fatalf("the example %s has no text %s", id, from)
		}
		text = strings.ReplaceAll(text, from, to)
	}
	if _, rest, left := strings.Cut(text, "YOUR_"); left {
		s.t.Fatalf("the example %s still has the text YOUR_%.20s", id, rest)
	}
	var findings diag.List
	recipes.Parse(id+".yaml", []byte(text), s.catalog, &findings)
	if findings.Len() > 0 {
		s.t.Fatalf("got findings %v, want none", findings.Sorted())
	}
	return text
}

// person adds a contact that can be reached, and returns it under the name of a contact.
func person(s *sandboxed, more map[string]any) map[string]string {
	fields := plus(map[string]any{"firstName": "Some", "lastName": "One", "email": "someone@example.com", "phone": "+12025550100"}, more)
	return map[string]string{"contact": s.world.AddContact(fields)}
}

// onContact are the inputs of a call about the contact of a scene.
func onContact(ids map[string]string) map[string]any {
	return map[string]any{"contactId": ids["contact"]}
}

// retagged changes the tags of the contact.
func retagged(tags ...any) func(s *sandboxed, ids map[string]string) {
	return func(s *sandboxed, ids map[string]string) {
		s.edit("contact.tag.add", "contactId", ids["contact"], map[string]any{"tags": tags})
	}
}

// has says which of these tags the contact does not have.
func (s *sandboxed) has(ids map[string]string, tags ...any) string {
	s.t.Helper()
	own, _ := s.call("highlevel", "contact.get", onContact(ids))["tags"].([]any)
	for _, tag := range tags {
		if !slices.Contains(own, tag) {
			return fmt.Sprintf("tags: got %v, want one of them to be %v", own, tag)
		}
	}
	return ""
}

// task says whether the contact lacks a task with a title and further fields.
func (s *sandboxed) task(ids map[string]string, title string, more map[string]any) string {
	s.t.Helper()
	return s.among("contact.task.list", onContact(ids), plus(map[string]any{"title": title}, more))
}

// noted says whether the contact lacks a note that begins with a text.
func (s *sandboxed) noted(ids map[string]string, begin string) string {
	s.t.Helper()
	for _, n := range s.world.Notes(ids["contact"]) {
		if strings.HasPrefix(n.Body, begin) {
			return ""
		}
	}
	return fmt.Sprintf("the notes are %v, none begins with %q", s.world.Notes(ids["contact"]), begin)
}

// first is the first of some answers that says that something is missing.
func first(missing ...string) string {
	for _, m := range missing {
		if m != "" {
			return m
		}
	}
	return ""
}

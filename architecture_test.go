package pollux_test

import (
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/pollux-automation/pollux"

// arrows is the table of docs/architecture.md: what each package may import of
// this module. "*" stands for any package, "connectors/*" for each service.
var arrows = map[string][]string{
	"connectors/schema":                          {},
	"internal/diag":                              {},
	"internal/secret":                            {},
	"internal/yamlnode":                          {"internal/diag"},
	"internal/seal":                              {},
	"connectors/auth":                            {"internal/secret"},
	"connectors/budget":                          {},
	"connectors":                                 {"connectors/auth", "connectors/schema"},
	"connectors/manifest/finding":                {"connectors", "connectors/schema", "internal/diag"},
	"connectors/manifest/signin":                 {"connectors/auth", "connectors/manifest/finding", "internal/diag", "internal/yamlnode"},
	"connectors/manifest/lists":                  {"connectors", "connectors/manifest/finding", "connectors/schema", "internal/diag", "internal/yamlnode"},
	"connectors/manifest/form":                   {"connectors", "connectors/manifest/finding", "connectors/schema", "internal/diag"},
	"connectors/manifest/announce":               {"connectors", "connectors/manifest/finding", "connectors/schema", "internal/diag", "internal/yamlnode"},
	"connectors/manifest/parts":                  {"connectors", "connectors/manifest/finding", "connectors/manifest/lists", "connectors/schema", "internal/diag", "internal/yamlnode"},
	"connectors/manifest":                        {"connectors", "connectors/auth", "connectors/manifest/finding", "connectors/manifest/lists", "connectors/schema", "internal/diag", "internal/yamlnode", "connectors/manifest/signin", "connectors/manifest/names", "connectors/manifest/announce", "connectors/manifest/parts", "connectors/manifest/breaker", "connectors/manifest/form", "connectors/manifest/fields", "connectors/manifest/places", "connectors/manifest/compose", "connectors/formats", "connectors/manifest/format"},
	"connectors/manifest/compose":                {"connectors", "connectors/manifest/finding", "connectors/schema", "internal/diag", "internal/yamlnode"},
	"connectors/manifest/places":                 {"connectors", "connectors/manifest/finding", "connectors/manifest/form", "connectors/schema", "internal/diag"},
	"connectors/manifest/fields":                 {"connectors/manifest/finding", "connectors/manifest/names", "connectors/schema", "internal/diag", "internal/yamlnode"},
	"connectors/manifest/names":                  {"connectors", "connectors/manifest/finding", "connectors/manifest/lists", "connectors/schema", "internal/diag", "internal/yamlnode"},
	"connectors/formats":                         {"connectors/schema"},
	"connectors/manifest/format":                 {"connectors/formats", "connectors/manifest/finding", "internal/diag", "internal/yamlnode"},
	"connectors/named":                           {"connectors", "connectors/schema", "internal/diag"},
	"connectors/httpapi":                         {"connectors", "connectors/auth", "connectors/budget", "connectors/httpapi/answers", "connectors/httpapi/form", "connectors/httpapi/position", "connectors/httpapi/request", "connectors/httpapi/turns", "connectors/manifest", "connectors/manifest/compose", "connectors/manifest/lists", "connectors/schema", "internal/secret", "connectors/named"},
	"connectors/httpapi/answers":                 {"connectors", "connectors/httpapi/request", "connectors/manifest", "connectors/schema", "connectors/formats"},
	"connectors/httpapi/position":                {"connectors/manifest/lists"},
	"connectors/httpapi/turns":                   {},
	"connectors/httpapi/request":                 {"connectors", "connectors/httpapi/form", "connectors/manifest", "connectors/manifest/finding"},
	"connectors/manifest/breaker":                {"connectors", "connectors/manifest/finding", "internal/diag", "internal/yamlnode"},
	"connectors/httpapi/form":                    {"connectors"},
	"connectors/protocol":                        {},
	"connectors/plugin":                          {"connectors/protocol"},
	"connectors/external":                        {"connectors", "connectors/auth", "connectors/external/described", "connectors/external/process", "connectors/httpapi/request", "connectors/manifest", "connectors/manifest/finding", "connectors/protocol", "connectors/schema", "internal/diag", "internal/secret", "internal/yamlnode"},
	"connectors/external/process":                {},
	"connectors/external/described":              {"connectors", "connectors/auth", "connectors/manifest/finding", "connectors/manifest/lists", "connectors/protocol", "connectors/schema", "internal/diag", "internal/yamlnode"},
	"connectors/conformance":                     {"connectors", "connectors/schema"},
	"connectors/highlevel":                       {"connectors", "connectors/auth", "connectors/httpapi", "connectors/manifest", "connectors/schema"},
	"connectors/stax":                            {"connectors", "connectors/auth", "connectors/httpapi", "connectors/manifest", "connectors/schema"},
	"connectors/stibee":                          {"connectors", "connectors/auth", "connectors/httpapi", "connectors/manifest", "connectors/schema"},
	"connectors/webhook":                         {"connectors", "connectors/auth", "connectors/httpapi", "connectors/httpapi/request", "connectors/manifest", "internal/secret"},
	"connectors/sandbox":                         {"connectors/schema", "connectors/sandbox/service", "connectors/sandbox/highlevel", "connectors/sandbox/highlevel/oauth", "connectors/sandbox/stibee", "connectors/sandbox/stibee/wire", "connectors/sandbox/stax", "connectors/sandbox/workshop"},
	"connectors/sandbox/service":                 {},
	"connectors/sandbox/workshop":                {"connectors/sandbox/service"},
	"connectors/sandbox/highlevel":               {"connectors/sandbox/highlevel/blogs", "connectors/sandbox/highlevel/links", "connectors/sandbox/highlevel/messages", "connectors/sandbox/highlevel/setup", "connectors/sandbox/highlevel/businesses", "connectors/sandbox/highlevel/calendars", "connectors/sandbox/highlevel/opportunities", "connectors/sandbox/highlevel/search", "connectors/sandbox/highlevel/users", "connectors/sandbox/highlevel/wire", "connectors/sandbox/service"},
	"connectors/sandbox/highlevel/blogs":         {"connectors/sandbox/highlevel/wire", "connectors/sandbox/service"},
	"connectors/sandbox/highlevel/links":         {"connectors/sandbox/highlevel/wire", "connectors/sandbox/service"},
	"connectors/sandbox/highlevel/messages":      {"connectors/sandbox/highlevel/wire", "connectors/sandbox/service"},
	"connectors/sandbox/highlevel/setup":         {"connectors/sandbox/highlevel/wire", "connectors/sandbox/service"},
	"connectors/sandbox/highlevel/wire":          {"connectors/sandbox/service"},
	"connectors/sandbox/highlevel/oauth":         {"connectors/sandbox/highlevel/wire", "connectors/sandbox/service"},
	"connectors/sandbox/highlevel/search":        {"connectors/sandbox/service"},
	"connectors/sandbox/stax":                    {"connectors/sandbox/service"},
	"connectors/sandbox/stibee":                  {"connectors/sandbox/service", "connectors/sandbox/stibee/mails", "connectors/sandbox/stibee/wire"},
	"connectors/anyhttp":                         {"connectors", "connectors/auth", "connectors/httpapi", "connectors/httpapi/request", "connectors/manifest", "connectors/manifest/finding", "connectors/schema", "internal/diag", "internal/yamlnode"},
	"connectors/sandbox/stibee/mails":            {"connectors/sandbox/service", "connectors/sandbox/stibee/wire"},
	"connectors/sandbox/stibee/wire":             {"connectors/sandbox/service"},
	"connectors/builtin":                         {"connectors", "connectors/highlevel", "connectors/stibee", "connectors/webhook", "connectors/anyhttp", "connectors/stax"},
	"triggers":                                   {"connectors"},
	"internal/mapping/functions":                 {"connectors/schema", "internal/diag"},
	"internal/mapping/expression/operators":      {"internal/mapping/functions"},
	"internal/mapping/expression/shapes":         {"connectors/schema", "internal/mapping/functions"},
	"internal/mapping/expression":                {"connectors/schema", "internal/diag", "internal/mapping/expression/operators", "internal/mapping/expression/shapes", "internal/mapping/functions"},
	"internal/mapping":                           {"connectors/schema", "internal/diag", "internal/mapping/expression", "internal/mapping/expression/shapes", "internal/mapping/functions"},
	"actions":                                    {"connectors", "connectors/schema", "internal/mapping"},
	"recipes/schedule":                           {},
	"recipes/cases":                              {"connectors/schema", "internal/diag", "internal/mapping", "internal/yamlnode", "recipes/values"},
	"recipes/values":                             {"internal/diag", "internal/mapping", "internal/yamlnode"},
	"recipes/catalog":                            {"connectors/schema", "internal/diag", "internal/mapping", "internal/yamlnode", "recipes/values"},
	"recipes/steps":                              {"internal/diag", "internal/mapping", "internal/yamlnode", "recipes/catalog", "recipes/values"},
	"recipes":                                    {"internal/diag", "internal/mapping", "internal/yamlnode", "recipes/cases", "recipes/catalog", "recipes/schedule", "recipes/steps", "recipes/values"},
	"engine/store":                               {"connectors/auth", "triggers"},
	"engine/store/boltstore":                     {"engine/store", "engine/store/boltstore/checks", "engine/store/boltstore/commits", "engine/store/boltstore/files", "engine/store/boltstore/pages", "engine/store/boltstore/rows", "engine/store/boltstore/tables", "engine/store/boltstore/trail", "internal/seal", "triggers"},
	"engine/store/boltstore/tables":              {"engine/store", "engine/store/boltstore/rows", "internal/seal", "triggers"},
	"engine/store/boltstore/checks":              {"engine/store", "engine/store/boltstore/tables"},
	"engine/store/boltstore/trail":               {"engine/store", "engine/store/boltstore/commits", "engine/store/boltstore/rows", "engine/store/boltstore/tables"},
	"engine/store/boltstore/commits":             {"engine/store"},
	"engine/store/boltstore/files":               {"engine/store", "engine/store/boltstore/commits", "internal/seal"},
	"engine/store/boltstore/pages":               {},
	"engine/store/boltstore/rows":                {"engine/store", "internal/seal"},
	"engine/store/boltstore/upkeep":              {"engine/store", "engine/store/boltstore", "engine/store/boltstore/commits"},
	"engine/store/memstore":                      {"engine/store", "internal/seal", "triggers"},
	"engine/names":                               {"connectors", "connectors/named", "connectors/schema", "internal/mapping"},
	"engine/poll":                                {"recipes", "triggers", "connectors", "engine/names", "engine/store", "engine/watch", "internal/mapping"},
	"engine/watch":                               {"recipes", "triggers", "connectors", "engine/store", "internal/mapping"},
	"engine/retry":                               {"recipes", "triggers", "connectors", "engine/poll", "engine/store"},
	"engine/edits":                               {"recipes", "triggers", "connectors", "engine/names", "engine/poll", "engine/store", "engine/watch", "internal/mapping"},
	"engine/dry":                                 {"connectors", "engine/files", "engine/poll", "engine/store", "connectors/named"},
	"engine/prune":                               {"engine/store"},
	"engine/files":                               {"connectors", "engine/store"},
	"engine/sample":                              {"recipes", "connectors", "engine/poll"},
	"engine/desk":                                {"recipes", "engine/runs", "engine/store"},
	"engine/program":                             {"recipes", "triggers", "actions", "connectors", "engine/names", "engine/poll", "engine/store", "engine/watch", "internal/mapping"},
	"engine/runs":                                {"recipes", "triggers", "actions", "connectors", "engine/files", "engine/poll", "engine/program", "engine/retry", "engine/store", "internal/mapping"},
	"engine":                                     {"recipes", "triggers", "connectors", "connectors/auth", "connectors/budget", "engine/dry", "engine/edits", "engine/poll", "engine/retry", "engine/program", "engine/prune", "engine/runs", "engine/sample", "engine/store", "engine/watch", "internal/diag", "internal/mapping"},
	"web":                                        {"engine", "engine/store"},
	"web/hooks":                                  {"connectors", "engine", "engine/store"},
	"internal/settings":                          {"connectors/auth", "internal/diag", "internal/secret", "internal/yamlnode"},
	"internal/parts":                             {"connectors", "engine/store", "internal/settings"},
	"internal/signin":                            {"connectors", "connectors/auth", "engine/store", "internal/secret", "internal/settings", "recipes"},
	"internal/cli/login":                         {"connectors", "connectors/auth", "engine/store", "internal/cli/console", "internal/diag", "internal/project", "internal/settings", "internal/show", "internal/show/overview"},
	"internal/project":                           {"connectors", "connectors/budget", "connectors/builtin", "connectors/external", "connectors/httpapi", "connectors/manifest", "connectors/schema", "engine", "engine/store", "engine/store/boltstore", "engine/store/boltstore/upkeep", "internal/diag", "internal/seal", "internal/secret", "internal/settings", "recipes", "connectors/auth", "internal/signin", "connectors/named", "internal/mapping", "internal/parts"},
	"internal/show":                              {"connectors", "connectors/budget", "triggers", "engine", "engine/dry", "engine/poll", "engine/store", "internal/diag", "internal/secret", "recipes"},
	"internal/show/overview":                     {"connectors/budget", "engine", "engine/store", "internal/show", "recipes", "connectors/auth"},
	"internal/show/told":                         {"connectors", "triggers", "engine/runs", "engine/store", "internal/show", "recipes"},
	"internal/demo":                              {"connectors/sandbox", "engine", "engine/store", "internal/diag", "internal/project", "internal/show", "recipes"},
	"internal/cli/live":                          {},
	"internal/cli/lookout":                       {},
	"internal/cli/console":                       {"connectors", "connectors/external", "engine", "engine/dry", "engine/poll", "engine/store", "internal/cli/live", "engine/store/boltstore", "internal/diag", "internal/project", "internal/secret", "internal/show", "recipes", "connectors/auth", "internal/parts"},
	"internal/cli/state":                         {"connectors", "triggers", "engine", "engine/poll", "engine/store", "internal/cli/console", "internal/diag", "internal/project", "internal/show", "internal/show/told", "internal/signin"},
	"internal/cli/setup":                         {"connectors", "engine", "engine/edits", "engine/store", "engine/store/memstore", "engine/watch", "internal/cli/console", "internal/cli/live", "internal/diag", "internal/project", "internal/show", "internal/show/overview", "recipes", "web", "connectors/auth", "internal/settings", "internal/signin", "internal/parts"},
	"internal/cli/runs":                          {"engine", "engine/desk", "engine/store", "internal/cli/console", "internal/diag", "internal/project", "internal/show", "internal/show/told", "recipes"},
	"internal/authoring/infer":                   {"connectors", "connectors/schema", "internal/authoring/wording"},
	"internal/yamlnode/plain":                    {},
	"internal/openapi":                           {"internal/yamlnode/plain"},
	"internal/authoring/wording":                 {},
	"internal/authoring/draft":                   {"internal/authoring/wording", "internal/openapi"},
	"internal/authoring/starter":                 {"connectors/schema", "internal/authoring/infer", "internal/authoring/wording"},
	"internal/authoring/recorded":                {"connectors", "connectors/schema"},
	"internal/authoring/trial":                   {"connectors", "connectors/auth", "connectors/conformance", "connectors/schema", "internal/authoring/infer", "internal/authoring/recorded", "internal/secret"},
	"internal/cli/authoring":                     {"connectors", "connectors/conformance", "connectors/manifest", "connectors/manifest/finding", "internal/authoring/infer", "internal/authoring/recorded", "internal/authoring/starter", "internal/authoring/trial", "internal/cli/console", "internal/diag", "internal/project", "internal/show"},
	"internal/authoring/fields":                  {"internal/authoring/draft", "internal/authoring/wording", "internal/openapi"},
	"internal/authoring/requests":                {"connectors/schema", "internal/authoring/draft", "internal/authoring/fields", "internal/authoring/wording", "internal/openapi"},
	"internal/authoring/walks":                   {"internal/authoring/draft", "internal/authoring/wording", "internal/openapi"},
	"internal/authoring/derive":                  {"internal/authoring/draft", "internal/authoring/fields", "internal/authoring/requests", "internal/authoring/walks", "internal/authoring/wording", "internal/openapi"},
	"internal/authoring/folder":                  {"connectors/manifest", "internal/authoring/derive", "internal/authoring/draft", "internal/diag", "internal/yamlnode/plain"},
	"internal/cli/importing":                     {"connectors/builtin", "internal/authoring/derive", "internal/authoring/draft", "internal/authoring/folder", "internal/cli/console", "internal/openapi", "internal/show"},
	"internal/cli":                               {"*"},
	"cmd/pollux":                                 {"internal/cli"},
	"connectors/sandbox/highlevel/businesses":    {"connectors/sandbox/highlevel/wire", "connectors/sandbox/service"},
	"connectors/sandbox/highlevel/calendars":     {"connectors/sandbox/highlevel/wire", "connectors/sandbox/service"},
	"connectors/sandbox/highlevel/opportunities": {"connectors/sandbox/highlevel/search", "connectors/sandbox/highlevel/wire", "connectors/sandbox/service"},
	"connectors/sandbox/highlevel/users":         {"connectors/sandbox/highlevel/wire", "connectors/sandbox/service"},
}

// suites are packages that only tests import. They may import what they test.
var suites = []string{"triggers/triggertest", "engine/store/storetest", "engine/store/storetest/compared", "engine/store/storetest/sample", "internal/testkit", "internal/testkit/catalog", "internal/testkit/requests"}

// owners are third parties that one package alone may import.
var owners = map[string][]string{
	"golang.org/x/oauth2": {"connectors/auth"},
	"go.etcd.io/bbolt": {
		"engine/store/boltstore", "engine/store/boltstore/checks", "engine/store/boltstore/commits", "engine/store/boltstore/tables",
		"engine/store/boltstore/trail", "engine/store/boltstore/upkeep",
	},
	"golang.org/x/text":                     {"connectors/formats"},
	"github.com/getkin/kin-openapi":         {"internal/openapi"},
	"github.com/expr-lang/expr":             {"internal/mapping/expression", "internal/mapping/expression/operators", "internal/mapping/expression/shapes"},
	"github.com/robfig/cron/v3":             {"recipes/schedule"},
	"go.yaml.in/yaml/v4":                    {"internal/yamlnode", "internal/yamlnode/plain"},
	"github.com/spf13/cobra":                {"internal/cli", "internal/cli/authoring", "internal/cli/console", "internal/cli/importing", "internal/cli/login", "internal/cli/runs", "internal/cli/setup", "internal/cli/state"},
	"github.com/go-json-experiment/json":    {"connectors", "connectors/schema"},
	"github.com/jedib0t/go-pretty/v6":       {"internal/diag", "internal/show"},
	"github.com/prometheus/client_golang":   {"web"},
	"github.com/santhosh-tekuri/jsonschema": {},
}

type goPackage struct {
	ImportPath string
	Imports    []string
}

func TestArchitecture_HoldsTheArrows(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		name := strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")
		if name == "" || slices.Contains(suites, name) {
			continue
		}
		allowed, known := arrows[name]
		if !known {
			t.Errorf("package %s is not in the table of arrows", name)
			continue
		}
		for _, imported := range p.Imports {
			checkImport(t, name, imported, allowed)
		}
	}
}

func checkImport(t *testing.T, name, imported string, allowed []string) {
	t.Helper()
	if local, ok := strings.CutPrefix(imported, module+"/"); ok {
		if slices.Contains(suites, local) {
			t.Errorf("%s imports the test suite %s", name, local)
		}
		if !slices.Contains(allowed, "*") && !slices.Contains(allowed, local) {
			t.Errorf("%s imports %s, which the table does not allow", name, local)
		}
		return
	}
	for third, only := range owners {
		if (imported == third || strings.HasPrefix(imported, third+"/")) && !slices.Contains(only, name) {
			t.Errorf("%s imports %s, which belongs to %v", name, imported, only)
		}
	}
}

// TestArchitecture_TableHasNoCircle makes sure that the table itself describes a
// house with floors.
func TestArchitecture_TableHasNoCircle(t *testing.T) {
	t.Parallel()
	var visit func(name string, path []string)
	visit = func(name string, path []string) {
		if slices.Contains(path, name) {
			t.Fatalf("the table has a circle: %v", append(path, name))
		}
		for _, next := range arrows[name] {
			if next != "*" {
				visit(next, append(slices.Clone(path), name))
			}
		}
	}
	for name := range arrows {
		visit(name, nil)
	}
}

func packages(t *testing.T) []goPackage {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports", "./...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var list []goPackage
	dec := json.NewDecoder(strings.NewReader(string(out)))
	for dec.More() {
		var p goPackage
		if err := dec.Decode(&p); err != nil {
			t.Fatalf("decode the answer of go list: %v", err)
		}
		list = append(list, p)
	}
	if len(list) == 0 {
		t.Fatal("go list found no package")
	}
	return list
}

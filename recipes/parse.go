package recipes

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"slices"
	"strings"

	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/mapping"
	"github.com/pollux-automation/pollux/internal/yamlnode"
	"github.com/pollux-automation/pollux/recipes/catalog"
	"github.com/pollux-automation/pollux/recipes/steps"
	"github.com/pollux-automation/pollux/recipes/values"
)

// maxTests is how many tests a recipe has at most.
const maxTests = 200

// The keys of a recipe: those of this version, and those of later ones.
//
//nolint:gochecknoglobals // tables
var (
	recipeKeys  = []string{"recipe", "id", "name", "connections", "vars", "trigger", "scope", "filter", "order", "steps", "on_error", "keep", "tests"}
	recipeLater = []string{"notify", "link"}
)

// The forms of names. Recipe ids are part of file names and commands, the others
// of expressions.
var (
	recipeID = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,62}$`)
	varName  = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,62}$`)
)

// parser reads one file. It goes on after a mistake and leaves the field zero.
type parser struct {
	into    *diag.List
	catalog Catalog
	recipe  *Recipe
	// connections find the operations that the trigger and the steps refer to.
	connections *catalog.Connections
	trigger     *catalog.Found
	names       *mapping.Names // those of the filter
	scoped      bool           // the recipe has a scope
}

// Parse reads one recipe. file is the name that findings carry. It returns nil
// when the file has errors; warnings alone leave a usable recipe.
func Parse(file string, text []byte, catalog Catalog, into *diag.List) *Recipe {
	var found diag.List
	p := &parser{into: &found, catalog: catalog, recipe: &Recipe{File: file, Text: bytes.Clone(text)}}
	if root := yamlnode.Parse(file, text, &found); root != nil {
		p.root(root)
	}
	into.AppendSome(&found, yamlnode.MaxFindings)
	if found.HasErrors() {
		return nil
	}
	sum := sha256.Sum256(text)
	p.recipe.Version = hex.EncodeToString(sum[:])[:12]
	return p.recipe
}

// root reads the parts in the order in which they refer to each other, which is not that
// of the file.
func (p *parser) root(root *yamlnode.Node) {
	m, ok := values.Mapping(root, recipeKeys, recipeLater, p.into)
	if !ok {
		return
	}
	p.secrets(root)
	if n := m.Need(p.into, "recipe", "recipe: v1"); n != nil && n.Written() != "v1" {
		p.into.Errorf(n.At(), CodeLanguage, "write recipe: v1", "%q is no version of the language", values.Cut(n.Written()))
	}
	p.identity(m)
	p.connections = catalog.Read(m.Need(p.into, "connections", "connections: {crm: {connector: highlevel, account: acme}}"), p.catalog, p.into)
	p.recipe.Connections = p.connections.All
	p.vars(m.Get("vars"))
	p.readTrigger(m)
	p.scope(m.Get("scope"))
	p.filter(m.Get("filter"))
	p.order(m.Get("order"))
	p.recipe.Trigger.Named = slices.Clone(p.names.Named())
	p.steps(m)
	p.recipe.OnError = steps.Rules(m.Get("on_error"), p.into)
	p.keep(m.Get("keep"))
	p.connections.ReportPatterns(m.Get("connections"), p.recipe.Trigger.Connection)
	p.connections.ReportUnused(m.Get("connections"))
	p.tests(m.Get("tests"))
	p.needsBodies()
	p.recipe.Named = p.names.Named()
}

// identity reads the id, which stands for the recipe in the state, and the name.
func (p *parser) identity(m yamlnode.Map) {
	n := m.Need(p.into, "id", "id: my-recipe")
	p.recipe.idAt = n.At()
	id, ok := n.Text(p.into)
	if ok && !recipeID.MatchString(id) {
		p.into.Errorf(n.At(), CodeBadID, "use small letters, digits, - and _, and begin with a letter", "%q cannot be the id of a recipe", values.Cut(id))
	}
	p.recipe.ID, p.recipe.Name = id, id
	if name, ok := m.Get("name").Text(p.into); ok {
		p.recipe.Name = name
	}
}

// vars reads the recipe's constants.
func (p *parser) vars(n *yamlnode.Node) {
	p.recipe.Vars = map[string]any{}
	m, ok := n.Mapping(p.into)
	if !ok {
		return
	}
	for _, f := range m.Fields() {
		if !varName.MatchString(f.Name) {
			p.into.Errorf(f.At, CodeBadID, "use letters, digits and _, and begin with a letter", "%q cannot be the name of a constant", values.Cut(f.Name))
		}
		p.recipe.Vars[f.Name] = p.constant(f.Value)
	}
}

// constant returns a value that must not hold expressions.
func (p *parser) constant(n *yamlnode.Node) any {
	switch n.Kind() {
	case yamlnode.Text:
		text := n.Written()
		if rest, escaped := strings.CutPrefix(text, "=="); escaped {
			return "=" + rest
		}
		if strings.HasPrefix(text, "=") || strings.Contains(text, "${") {
			p.into.Errorf(n.At(), CodeNotConstant, "compute it in a set step; a text that begins with = is written ==", "constants cannot be expressions")
		}
		return text
	case yamlnode.Sequence:
		list := make([]any, 0, len(n.Items()))
		for _, item := range n.Items() {
			list = append(list, p.constant(item))
		}
		return list
	case yamlnode.Mapping:
		object := make(map[string]any, len(n.Fields()))
		for _, f := range n.Fields() {
			object[f.Name] = p.constant(f.Value)
		}
		return object
	default:
		return n.Value()
	}
}

// filter reads which changes count.
func (p *parser) filter(n *yamlnode.Node) {
	p.recipe.Filter = values.Condition(n, p.names, p.into)
}

// needsBodies sets whether the engine must keep how records were before.
func (p *parser) needsBodies() {
	looksBack := func(uses func(string) bool) bool { return uses("before") || uses("changed") }
	r := p.recipe
	gone := slices.Contains(r.Trigger.Kinds, mapping.Deleted) // a deleted record is known by its last body alone
	r.NeedsBodies = p.scoped || gone || len(r.Trigger.Watch) > 0 || looksBack(r.Filter.Uses) || looksBack(r.Order.By.Uses) ||
		slices.ContainsFunc(r.Steps, func(s Step) bool { return looksBack(s.Uses) })
}

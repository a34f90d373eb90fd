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
)

// maxSteps is how many steps, and how many tests, a recipe has at most.
const maxSteps = 200

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
	recipeID   = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,62}$`)
	identifier = regexp.MustCompile(`^[a-z][a-z0-9_]{0,62}$`)
	varName    = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,62}$`)
)

// parser reads one file. It goes on after a mistake and leaves the field zero.
type parser struct {
	into    *diag.List
	catalog Catalog
	recipe  *Recipe
	// used are the connections that the trigger or a step refers to.
	used    map[string]bool
	trigger *target
	names   *mapping.Names // those of the filter
	scoped  bool           // the recipe has a scope
}

// Parse reads one recipe. file is the name that findings carry. It returns nil
// when the file has errors; warnings alone leave a usable recipe.
func Parse(file string, text []byte, catalog Catalog, into *diag.List) *Recipe {
	var found diag.List
	p := &parser{into: &found, catalog: catalog, used: map[string]bool{}, recipe: &Recipe{File: file, Text: bytes.Clone(text)}}
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
	m, ok := p.mapping(root, recipeKeys, recipeLater)
	if !ok {
		return
	}
	p.secrets(root)
	if n := m.Need(p.into, "recipe", "recipe: v1"); n != nil && n.Written() != "v1" {
		p.into.Errorf(n.At(), CodeLanguage, "write recipe: v1", "%q is no version of the language", cut(n.Written()))
	}
	p.identity(m)
	p.connections(m)
	p.vars(m.Get("vars"))
	p.readTrigger(m)
	p.scope(m.Get("scope"))
	p.filter(m.Get("filter"))
	p.order(m.Get("order"))
	p.steps(m)
	p.recipe.OnError = p.rules(m.Get("on_error"))
	p.keep(m.Get("keep"))
	p.unused(m.Get("connections"))
	p.tests(m.Get("tests"))
	p.needsBodies()
}

// mapping reads a mapping with keys of this version, and answers those of later
// versions.
func (p *parser) mapping(n *yamlnode.Node, keys, later []string) (yamlnode.Map, bool) {
	m, ok := n.Mapping(p.into)
	for _, f := range m.Fields() {
		switch {
		case slices.Contains(keys, f.Name):
		case slices.Contains(later, f.Name):
			p.notYet(f.At, f.Name)
		default:
			yamlnode.ReportKey(p.into, f, keys)
		}
	}
	return m, ok
}

// notYet answers a word of a later version, so that nobody takes it for a misspelling.
func (p *parser) notYet(at diag.Place, word string) {
	p.into.Errorf(at, CodeNotYet, "remove it, or wait for a later version", "%q is not available in this version", word)
}

// identity reads the id, which stands for the recipe in the state, and the name.
func (p *parser) identity(m yamlnode.Map) {
	n := m.Need(p.into, "id", "id: my-recipe")
	p.recipe.idAt = n.At()
	id, ok := n.Text(p.into)
	if ok && !recipeID.MatchString(id) {
		p.into.Errorf(n.At(), CodeBadID, "use small letters, digits, - and _, and begin with a letter", "%q cannot be the id of a recipe", cut(id))
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
			p.into.Errorf(f.At, CodeBadID, "use letters, digits and _, and begin with a letter", "%q cannot be the name of a constant", cut(f.Name))
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
	if n != nil {
		p.recipe.Filter = p.condition(p.names, n)
	}
}

// condition compiles the expression of filter or if.
func (p *parser) condition(names *mapping.Names, n *yamlnode.Node) *mapping.Filter {
	return names.Filter(p.expression(n), p.into)
}

// expression shows an expression without = to the compiler. A comment that cuts it
// off is found here; the YAML reader finds only those after a value with =.
func (p *parser) expression(n *yamlnode.Node) mapping.Source {
	s := source(n)
	if n.CutByComment() && !s.Broken {
		n.ReportComment(p.into)
		s.Broken = true
	}
	return s
}

// source shows a value of the file to the compiler of expressions.
func source(n *yamlnode.Node) mapping.Source {
	s := mapping.Source{At: n.At(), Locate: n.PlaceIn}
	switch n.Kind() {
	case yamlnode.Sequence:
		s.List = true
		for _, item := range n.Items() {
			s.Items = append(s.Items, source(item))
		}
	case yamlnode.Mapping:
		s.Object = true
		for _, f := range n.Fields() {
			s.Fields = append(s.Fields, mapping.SourceField{Name: f.Name, At: f.At, Value: source(f.Value)})
		}
	default:
		s.Value = n.Value()
		s.Broken = n.CutExpression()
	}
	return s
}

// needsBodies sets whether the engine must keep how records were before.
func (p *parser) needsBodies() {
	looksBack := func(uses func(string) bool) bool { return uses("before") || uses("changed") }
	r := p.recipe
	gone := slices.Contains(r.Trigger.Kinds, mapping.Deleted) // a deleted record is known by its last body alone
	r.NeedsBodies = p.scoped || gone || len(r.Trigger.Watch) > 0 || looksBack(r.Filter.Uses) || looksBack(r.Order.By.Uses) ||
		slices.ContainsFunc(r.Steps, func(s Step) bool { return looksBack(s.If.Uses) || looksBack(s.With.Uses) })
}

// cut keeps long texts out of messages.
func cut(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:57]) + "..."
	}
	return s
}

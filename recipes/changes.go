package recipes

import (
	"slices"
	"strings"

	"github.com/pollux-automation/pollux/internal/mapping"
	"github.com/pollux-automation/pollux/internal/yamlnode"
	"github.com/pollux-automation/pollux/recipes/values"
)

// Watches reports whether an update that changed these fields, and paths below them,
// counts. They are given as in [mapping.Scope]; without watch every update counts.
func (t *Trigger) Watches(fields []string) bool {
	return len(t.Watch) == 0 || slices.ContainsFunc(t.Watch, func(w string) bool { return mapping.Listed(fields, w) })
}

// scope reads which records the recipe is about.
func (p *parser) scope(n *yamlnode.Node) {
	p.recipe.Scope = values.Condition(n, p.names.ForScope(), p.into)
}

// kinds reads which changes count. Without them all do but deletions, which cost a walk
// over the whole list.
func (p *parser) kinds(n *yamlnode.Node) {
	t := &p.recipe.Trigger
	t.Kinds = mapping.Kinds(p.scoped)
	if !p.scoped {
		t.Kinds = []string{mapping.Created, mapping.Updated}
	}
	items, ok := n.List(p.into)
	if !ok {
		return
	}
	if len(items) == 0 {
		p.into.Errorf(n.At(), yamlnode.CodeWrongType, "write ["+strings.Join(t.Kinds, ", ")+"], or remove it for these", "the list is empty")
		return
	}
	var kinds []string
	for _, item := range items {
		if kind, ok := p.kind(item); ok {
			p.once(item, kinds, kind)
			kinds = append(kinds, kind)
		}
	}
	t.Kinds = kinds
}

// kind reads a kind of change that the recipe can run for, or one of some further
// words. The kinds of recipes with and without a scope do not mix.
func (p *parser) kind(n *yamlnode.Node, further ...string) (kind string, ok bool) {
	family := mapping.Kinds(p.scoped)
	if i := slices.Index(mapping.Kinds(!p.scoped), n.Written()); i >= 0 {
		with, what := "without", "add a scope"
		if p.scoped {
			with, what = "with", "remove the scope"
		}
		p.into.Errorf(n.At(), CodeKindFamily, "write "+family[i]+", or "+what, "%s a scope no change is %q", with, n.Written())
		return "", false
	}
	return n.Word(p.into, append(family, further...)...)
}

// watch reads the fields, or paths below them, of which one must change.
func (p *parser) watch(n *yamlnode.Node) {
	items, ok := n.List(p.into)
	if !ok {
		return
	}
	for _, item := range items {
		field, ok := item.Text(p.into)
		if !ok {
			continue
		}
		p.once(item, p.recipe.Trigger.Watch, field)
		p.names.Path(field, item.At(), p.into)
		p.recipe.Trigger.Watch = append(p.recipe.Trigger.Watch, field)
	}
}

package recipes

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pollux-automation/pollux/internal/mapping"
	"github.com/pollux-automation/pollux/internal/yamlnode"
	"github.com/pollux-automation/pollux/recipes/values"
)

// The strategies that some keys of the trigger are only for, as connectors name them.
const (
	keyset = "keyset"
	newest = "newest"
	fanOut = "fan_out"
)

// The bounds of the walks over a whole list.
const (
	leastScan      = 10 * time.Second
	leastReconcile = 10 * time.Minute
	mostWalk       = 30 * 24 * time.Hour
)

// percentage is the form of a part of a whole, as in 12.5%.
var percentage = regexp.MustCompile(`^[0-9]{1,3}(\.[0-9]{1,6})?%$`)

// plainID is what an id looks like; no condition does.
var plainID = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// onlyFor reports a key of the trigger that does nothing for lists of other strategies.
func (p *parser) onlyFor(m yamlnode.Map, key, why string, strategies ...string) {
	if p.trigger != nil && !slices.Contains(strategies, p.trigger.Operation.Strategy) {
		p.into.Errorf(values.KeyAt(m, key), CodeStrategy, "remove it", "%s %s", p.trigger.Name(), why)
	}
}

// deletes reads how deletions are found.
func (p *parser) deletes(trigger yamlnode.Map) {
	m, ok := trigger.Get("deletes").Mapping(p.into, "scan", "refuse_over")
	if !ok {
		return
	}
	t := &p.recipe.Trigger
	t.Deletes.Scan = values.Duration(m.Get("scan"), leastScan, mostWalk, p.into)
	t.Deletes.RefuseOver, t.Deletes.HasRefuseOver = p.percentage(m.Get("refuse_over"))
	if !slices.Contains(t.Kinds, mapping.Deleted) && !slices.Contains(t.Kinds, mapping.Left) {
		gone := mapping.Kinds(p.scoped)[2]
		p.into.Warnf(values.KeyAt(trigger, "deletes"), CodeDeletesUnused, "write kinds: ["+strings.Join(append(slices.Clone(t.Kinds), gone), ", ")+"], or remove it",
			"the recipe does not run for deletions")
	}
}

// percentage reads a part of a whole, from 0 to 1.
func (p *parser) percentage(n *yamlnode.Node) (part float64, ok bool) {
	if n == nil {
		return 0, false
	}
	hundred, err := strconv.ParseFloat(strings.TrimSuffix(n.Written(), "%"), 64)
	if n.Kind() != yamlnode.Text || !percentage.MatchString(n.Written()) || err != nil || hundred > 100 {
		n.Mismatch(p.into, "a percentage from 0% to 100%, such as 5%")
		return 0, false
	}
	return hundred / 100, true
}

// reconcile reads how often a list that is normally read from a watermark is read whole.
func (p *parser) reconcile(m yamlnode.Map) {
	n := m.Get("reconcile")
	if n == nil {
		return
	}
	p.onlyFor(m, "reconcile", "is read whole each time, so there is nothing to reconcile", keyset, newest)
	d, isDuration := yamlnode.ParseDuration(n.Written())
	switch {
	case n.Kind() == yamlnode.Text && n.Written() == "off":
		p.recipe.Trigger.Reconcile = Never
	case !isDuration:
		n.Mismatch(p.into, "a duration such as 24h, or off")
	default:
		p.recipe.Trigger.Reconcile = values.Between(n, d, leastReconcile, mostWalk, p.into)
	}
}

// parents reads which records a list is asked for, where it is asked once for each
// record of another list.
func (p *parser) parents(m yamlnode.Map) {
	n := m.Get("parents")
	if n == nil {
		return
	}
	p.onlyFor(m, "parents", "is not asked once for each parent", fanOut)
	items := n.Items()
	switch id := n.Written(); {
	case (n.Kind() == yamlnode.Text || n.Kind() == yamlnode.Int) && plainID.MatchString(id):
		p.into.Errorf(n.At(), yamlnode.CodeWrongType, "write ["+strconv.Quote(id)+"]", "expected a list of ids, or a condition of the parent's record")
		return
	case n.Kind() != yamlnode.Sequence:
		p.recipe.Trigger.Parents.Where = values.Condition(n, p.parentNames(), p.into)
		return
	case len(items) == 0:
		p.into.Errorf(n.At(), yamlnode.CodeWrongType, "write the ids, or remove it for all parents", "the list is empty")
	}
	var ids []string
	for _, item := range items {
		id, ok := item.Text(p.into)
		if ok && id == "" {
			p.into.Errorf(item.At(), CodeBadID, "write the id of a record", "the id of a parent is empty")
		}
		if ok {
			p.once(item, ids, id)
			ids = append(ids, id)
		}
	}
	p.recipe.Trigger.Parents.IDs = ids
}

// parentNames are what the choice of parents may refer to.
func (p *parser) parentNames() *mapping.Names {
	if p.trigger == nil || p.trigger.Operation.Parent == nil {
		return p.names.ForParents(nil, "the parent")
	}
	parent := p.trigger.Operation.Parent
	return p.names.ForParents(parent, parent.Key)
}

// withoutParent reports and removes the input that each parent fills in its turn.
func (p *parser) withoutParent(fields []mapping.SourceField, input string) []mapping.SourceField {
	return slices.DeleteFunc(fields, func(f mapping.SourceField) bool {
		if f.Name != input {
			return false
		}
		example := "..."
		if id, isText := f.Value.Value.(string); isText && !strings.HasPrefix(id, "=") {
			example = values.Cut(id)
		}
		p.into.Errorf(f.At, CodeParentInput, "write parents: ["+strconv.Quote(example)+"] in the trigger", "%q is filled with each parent in turn", input)
		return true
	})
}

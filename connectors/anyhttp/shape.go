package anyhttp

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/httpapi/request"
	"github.com/pollux-automation/pollux/connectors/manifest"
	"github.com/pollux-automation/pollux/connectors/manifest/finding"
	"github.com/pollux-automation/pollux/connectors/schema"
	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/yamlnode"
)

// shapeFile holds what inputs come to, beside connector.yaml.
const shapeFile = "shape.yaml"

// Shape returns an operation in the form that its inputs give it. What is known of the
// other inputs (path, query, headers) is looked at, too.
func (c *Connector) Shape(key string, inputs map[string]any) (*connectors.Operation, []connectors.Misfit) {
	i := slices.IndexFunc(kinds(), func(k kind) bool { return k.key == key })
	if i < 0 {
		return nil, []connectors.Misfit{{Code: finding.CodeUnknownName, Message: fmt.Sprintf("%s has no operation %q", Key, key)}}
	}
	k := kinds()[i]
	if misfits := checkSent(inputs); len(misfits) > 0 {
		return nil, misfits
	}
	form, misfits := k.form(inputs)
	if len(misfits) > 0 {
		return nil, misfits
	}
	text, err := json.Marshal(form)
	if err != nil {
		return nil, []connectors.Misfit{{Code: finding.CodeFieldOption, Message: err.Error()}}
	}
	name := key + string(text)
	c.mu.Lock()
	defer c.mu.Unlock()
	op, known := c.shaped[name]
	if !known {
		m, misfits := read(k, form)
		if m == nil {
			return nil, misfits
		}
		op = m.Operations[0].Spec
		op.Form = m.Operations[0]
		c.shaped[name] = op
	}
	if misfits := checkTwice(op, inputs); len(misfits) > 0 {
		return nil, misfits
	}
	return op, nil
}

// checkSent looks at those of the path, the query and the headers that are known.
func checkSent(inputs map[string]any) (misfits []connectors.Misfit) {
	if path, given := inputs["path"].(string); given {
		if err := request.CheckPath(path); err != nil {
			misfits = append(misfits, connectors.Misfit{
				Path: []string{"path"}, Code: finding.CodePath, Message: err.Error(), Suggestion: "write it like /orders, below base_url of the account; a query goes into query",
			})
		}
	}
	members, _ := inputs["headers"].(map[string]any)
	for _, name := range finding.Keys(members) {
		if misfit := checkHeader(name, members[name]); misfit != nil {
			misfits = append(misfits, *misfit)
		}
	}
	return misfits
}

// form returns the inputs that give an operation its form, and what is wrong with them by
// themselves. Recipes have been checked; scripts and people at a terminal have not.
func (k *kind) form(inputs map[string]any) (map[string]any, []connectors.Misfit) {
	form := map[string]any{}
	var misfits []connectors.Misfit
	for _, f := range k.shapes {
		v, given := inputs[f.Name]
		if !given || v == nil {
			continue
		}
		if f.Type == "" {
			f.Type = schema.String
		}
		if err := f.Accepts(v); err != nil {
			misfits = append(misfits, connectors.Misfit{Path: []string{f.Name}, Code: finding.CodeFieldOption, Message: err.Error()})
			continue
		}
		form[f.Name] = v
	}
	if walked := form["strategy"] == "keyset" || form["strategy"] == "newest"; walked && form["sort"] == nil {
		misfits = append(misfits, connectors.Misfit{
			Path: []string{"strategy"}, Code: finding.CodePoll, Suggestion: "add sort with the query values that do it, such as sort: {sort: updated_at}, or sort: {} where it always is",
			Message: fmt.Sprintf("a list of the strategy %s must say what sorts it by its time", form["strategy"]),
		})
	} else if !walked && form["sort"] != nil {
		misfits = append(misfits, connectors.Misfit{
			Path: []string{"sort"}, OfKey: true, Code: finding.CodePoll, Message: "only lists that are walked by time say what sorts them", Suggestion: "write it into query, or add strategy: keyset or newest",
		})
	}
	if k.key == "list" && form["body"] != nil && form["method"] != "POST" {
		misfits = append(misfits, connectors.Misfit{Path: []string{"body"}, OfKey: true, Code: finding.CodeInputPlace, Message: "a GET request has no body", Suggestion: "write method: POST, or leave it out"})
	}
	return form, misfits
}

// read makes the manifest of an operation and lets it be read; nil with misfits.
func read(k kind, form map[string]any) (*manifest.Manifest, []connectors.Misfit) {
	d := &drawing{kind: k, form: form}
	text, err := json.Marshal(d.manifest())
	if err != nil {
		return nil, []connectors.Misfit{{Code: finding.CodeFieldOption, Message: err.Error()}}
	}
	var found diag.List
	m, _ := manifest.Read(folder{"connector.yaml": connectorText, shapeFile: text}, Key, &found)
	if found.Len() > 0 {
		return nil, d.misfits(text, &found)
	}
	spec := m.Operations[0].Spec
	spec.Key = k.key
	spec.Inputs = order(spec.Inputs, k.asInputs())
	for _, in := range k.asInputs() {
		m.Operations[0].At[in.Name] = in.Name // a known input, though it goes nowhere
	}
	return m, nil
}

// order puts the inputs in the order in which people should read them and requests are
// built: what paging and polling fill comes last, and so wins.
func order(sent, shapes []connectors.Input) []connectors.Input {
	var given, filled []connectors.Input
	for _, in := range sent {
		if in.Paging {
			filled = append(filled, in)
			continue
		}
		given = append(given, in)
	}
	first := []string{"path", "query", "headers", "body"}
	slices.SortFunc(given, func(a, b connectors.Input) int { return slices.Index(first, a.Name) - slices.Index(first, b.Name) })
	return slices.Concat(given, shapes, filled)
}

// checkTwice reports values of the query that paging or polling fills, too.
func checkTwice(op *connectors.Operation, inputs map[string]any) (misfits []connectors.Misfit) {
	query, _ := inputs["query"].(map[string]any)
	for _, in := range op.Inputs {
		name, ours := strings.CutPrefix(in.Name, filledPrefix)
		if _, twice := query[name]; ours && twice && in.In == "query" {
			misfits = append(misfits, connectors.Misfit{
				Path: []string{"query", name}, OfKey: true, Code: finding.CodeInputPlace, Message: fmt.Sprintf("%q is filled by paging or polling", name), Suggestion: "leave it out",
			})
		}
	}
	return misfits
}

// misfits tells findings in the manifest as misfits of the inputs that it was made of.
func (d *drawing) misfits(text []byte, found *diag.List) []connectors.Misfit {
	tree := yamlnode.Parse(shapeFile, text, &diag.List{})
	var out []connectors.Misfit
	for _, f := range found.Sorted() {
		m := connectors.Misfit{Code: f.Code, Message: plainNames(f.Message), Suggestion: plainNames(f.Suggestion)}
		if path, ofKey, ok := search(tree, f.Line, f.Column); ok {
			m.Path, m.OfKey = d.origin(path), ofKey
		}
		if !slices.ContainsFunc(out, func(o connectors.Misfit) bool { return o.String() == m.String() }) {
			out = append(out, m)
		}
	}
	return out
}

// plainNames writes what recipes have no word for as they see it.
func plainNames(text string) string {
	return strings.NewReplacer(filledPrefix, "", `the object "record"`, "the record", " to the object", "", "write answer: {list: …}", "use "+Key+".list").Replace(text)
}

// search returns the path to what stands at a place of a tree.
func search(n *yamlnode.Node, line, column int) (path []string, ofKey, ok bool) {
	if at := n.At(); n == nil || at.Line == line && at.Column == column {
		return nil, false, n != nil
	}
	for _, f := range n.Fields() {
		if f.At.Line == line && f.At.Column == column {
			return []string{f.Name}, true, true
		}
		if path, ofKey, ok = search(f.Value, line, column); ok {
			return append([]string{f.Name}, path...), ofKey, true
		}
	}
	for i, item := range n.Items() {
		if path, ofKey, ok = search(item, line, column); ok {
			return append([]string{strconv.Itoa(i)}, path...), ofKey, true
		}
	}
	return nil, false, false
}

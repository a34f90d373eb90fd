// Package parts reads what a manifest says about the parts of an account, such as the
// locations of an agency.
package parts

import (
	"slices"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/manifest/finding"
	"github.com/pollux-automation/pollux/connectors/manifest/lists"
	"github.com/pollux-automation/pollux/connectors/schema"
	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/yamlnode"
)

// partsKeys are the keys that the part may have.
//
//nolint:gochecknoglobals // a table
var partsKeys = []string{"operation", "setting", "name", "app", "scopes", "events"}

// Keys returns the keys of each mapping by the name of its definition in the schema.
func Keys() map[string][]string { return map[string][]string{"parts": partsKeys} }

// Read reads the part; nil is for none.
func Read(n *yamlnode.Node, into *diag.List) *connectors.Parts {
	m, ok := n.Mapping(into, partsKeys...)
	if !ok {
		return nil
	}
	p := &connectors.Parts{}
	p.Operation, _ = m.Need(into, "operation", "operation: location.list").Text(into)
	p.Setting, _ = m.Need(into, "setting", "setting: locationId").Text(into)
	p.Name, _ = m.Get("name").Text(into)
	p.App, _ = m.Get("app").Text(into)
	p.Scopes, _ = m.Get("scopes").Texts(into)
	p.Events, _ = m.Get("events").Texts(into)
	return p
}

// Check compares the part with the others of the manifest: at is where it stands, list
// returns an operation and reports a key that is none.
func Check(p *connectors.Parts, at diag.Place, list func(string, diag.Place) (lists.Operation, bool), settings []schema.Field, into *diag.List) {
	if p == nil {
		return
	}
	known := make([]string, len(settings))
	for i, f := range settings {
		known[i] = f.Name
	}
	if p.Setting != "" && !slices.Contains(known, p.Setting) {
		finding.Unknown(into, at, "account setting", p.Setting, known)
	}
	op, ok := list(p.Operation, at)
	if !ok {
		return
	}
	if !op.Spec.List || op.Spec.Answer == nil {
		if !op.Unclear {
			into.Errorf(at, finding.CodeParts, "name a read whose answer is a list of an object", "parts: %s does not list anything", p.Operation)
		}
		return
	}
	checkList(p, at, op.Spec, into)
}

// checkList compares the part with the read that lists the parts.
func checkList(p *connectors.Parts, at diag.Place, op *connectors.Operation, into *diag.List) {
	if _, there := op.Answer.Field(p.Name); p.Name != "" && !there {
		into.Errorf(at, finding.CodeUnknownName, "", "parts: a %s has no field %q", op.Answer.Key, p.Name)
	}
	for _, in := range op.Inputs {
		filled := in.Setting != "" || in.Paging || in.Name == p.App
		if in.Required && !filled && in.Default == nil {
			into.Errorf(at, finding.CodeParts, "let a setting fill it", "parts: nothing fills the input %s of %s", in.Name, p.Operation)
		}
	}
	if p.App != "" && !slices.ContainsFunc(op.Inputs, func(in connectors.Input) bool { return in.Name == p.App }) {
		into.Errorf(at, finding.CodeUnknownName, "", "parts: %s has no input %q", p.Operation, p.App)
	}
}

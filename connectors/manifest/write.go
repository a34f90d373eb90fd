package manifest

import (
	"net/http"
	"strings"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/manifest/finding"
	"github.com/pollux-automation/pollux/connectors/manifest/places"
	"github.com/pollux-automation/pollux/connectors/schema"
	"github.com/pollux-automation/pollux/internal/yamlnode"
)

// idempotency reads where a write takes its key: the name of an input, or a header.
func (r *reader) idempotency(d *draft) {
	n, spec := d.m.Get("idempotency"), d.op.Spec
	if n == nil {
		return
	}
	if spec.Kind != connectors.Write {
		r.into.Errorf(n.At(), finding.CodeIdempotency, "leave it out", "reads can always be repeated")
		return
	}
	key := &connectors.Idempotency{}
	if n.Kind() != yamlnode.Mapping {
		key.Input, _ = n.Text(r.into)
	} else if m, ok := n.Mapping(r.into, keyKeys...); ok {
		header := m.Need(r.into, "header", "header: Idempotency-Key")
		if name, ok := header.Text(r.into); ok {
			key.Header = http.CanonicalHeaderKey(name)
			// The two usual names are refused elsewhere because they belong here.
			if key.Header != "Idempotency-Key" && key.Header != "X-Idempotency-Key" {
				places.Header(name, header.At(), r.into)
			}
		}
	}
	spec.Idempotency = key
}

// checkIdempotency reports a key that goes nowhere. Its input is the engine's: a
// recipe that gave the same text to two runs would lose one of them.
func (r *reader) checkIdempotency(d *draft) {
	key := d.op.Spec.Idempotency
	if key == nil || key.Input == "" {
		return
	}
	at := d.place("idempotency")
	in := finding.Input(r.into, d.op.Spec, key.Input, at)
	if in == nil {
		return
	}
	if in.Type != schema.String || in.In == "path" || in.Setting != "" || in.Default != nil {
		r.into.Errorf(at, finding.CodeIdempotency, "name an input of type string in the body, query or a header, without default and setting", "%q cannot take a key", key.Input)
	}
	in.Paging = true
}

// target reads which read shows what a write is about to change. Without the key it
// is looked for at the end, by [reader.checkTarget].
func (r *reader) target(d *draft) {
	n, spec := d.m.Get("target"), d.op.Spec
	switch {
	case n == nil:
		return
	case spec.Kind != connectors.Write:
		r.into.Errorf(n.At(), finding.CodeTarget, "leave it out", "a read changes nothing")
		return
	case n.Kind() != yamlnode.Mapping:
		_, _ = n.Word(r.into, "none")
		return
	}
	m, _ := n.Mapping(r.into, targetKeys...)
	t := &connectors.Target{With: map[string]string{}}
	t.Operation, _ = m.Need(r.into, "operation", "operation: contact.get").Text(r.into)
	with, _ := m.Get("with").Mapping(r.into)
	for _, f := range with.Fields() {
		t.With[f.Name], _ = f.Value.Text(r.into)
	}
	spec.Target = t
}

// checkTarget reports a target that cannot be read, and finds the usual one of writes
// that say nothing.
func (r *reader) checkTarget(d *draft) {
	spec := d.op.Spec
	if spec.Target == nil {
		if spec.Kind == connectors.Write && d.m.Get("target") == nil {
			spec.Target = r.usualTarget(spec)
		}
		return
	}
	read := r.needOperation(spec.Target.Operation, d.place("target", "operation"))
	for name, from := range spec.Target.With {
		finding.Input(r.into, spec, from, d.place("target", "with", name))
		if read != nil {
			finding.Input(r.into, read.op.Spec, name, d.place("target", "with", name))
		}
	}
	if read == nil || read.unclear {
		return
	}
	if !readsOne(read.op.Spec) {
		r.into.Errorf(d.place("target", "operation"), finding.CodeTarget, "name a read with answer: {object: …, value: …}", "%s does not read a single record", read.op.Spec.Key)
	}
	for i := range read.op.Spec.Inputs {
		in := &read.op.Spec.Inputs[i]
		if _, given := spec.Target.With[in.Name]; !given && finding.Unfilled(in) {
			r.into.Errorf(d.place("target", "operation"), finding.CodeTarget, "add it under with", "%s needs %q", read.op.Spec.Key, in.Name)
		}
	}
}

// readsOne reports a read of one described record.
func readsOne(o *connectors.Operation) bool {
	return o.Kind == connectors.Read && !o.List && o.Answer != nil
}

// usualTarget returns the read "get" of the write's own object, if the write has all
// that it needs, under the same names.
func (r *reader) usualTarget(write *connectors.Operation) *connectors.Target {
	object := write.Key[:max(0, strings.LastIndexByte(write.Key, '.'))]
	read := r.draft(object + ".get")
	if read == nil || read.unclear || !readsOne(read.op.Spec) {
		return nil
	}
	t := &connectors.Target{Operation: read.op.Spec.Key, With: map[string]string{}}
	for i := range read.op.Spec.Inputs {
		in := &read.op.Spec.Inputs[i]
		if !in.Required {
			continue
		}
		if has(write, in.Name) {
			t.With[in.Name] = in.Name
		} else if finding.Unfilled(in) {
			return nil
		}
	}
	if len(t.With) == 0 {
		return nil // it would show the same record whatever is written
	}
	return t
}

// has reports whether recipes can give an operation an input of that name.
func has(o *connectors.Operation, name string) bool {
	for i := range o.Inputs {
		if o.Inputs[i].Name == name {
			return !o.Inputs[i].Paging
		}
	}
	return false
}

// checkRules reports a rule of a read that would leave open whether it was carried
// out: reads leave nothing behind.
func (r *reader) checkRules(d *draft) {
	for i, rule := range d.op.Rules {
		if d.op.Spec.Kind == connectors.Read && rule.Kind == connectors.Uncertain {
			items, _ := d.m.Get("errors").List(r.into)
			r.into.Errorf(items[i].At(), finding.CodeErrorRule, "write kind: transient", "a read cannot be uncertain, for it changes nothing")
		}
	}
}

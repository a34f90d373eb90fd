package manifest

import (
	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/manifest/compose"
	"github.com/pollux-automation/pollux/connectors/manifest/finding"
	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/yamlnode"
)

// compose reads an operation that is made of others. It has no request of its own.
func (r *reader) compose(d *draft) {
	d.op.Compose = compose.Read(d.m, r.into)
	if d.op.Compose == nil {
		r.bar(d.m, "with", "where")
		return
	}
	d.op.Spec.Version = ""
	if d.op.Spec.Kind = connectors.Write; d.op.Compose.Found == nil {
		d.op.Spec.Kind = connectors.Read
		r.bar(d.m, "compose")
	} else {
		r.bar(d.m, "with", "where")
	}
	r.bar(d.m, compose.Barred()...)
}

// bar reports keys that do not belong to an operation of this kind.
func (r *reader) bar(m yamlnode.Map, keys ...string) {
	for _, key := range keys {
		if m.Has(key) {
			r.into.Errorf(m.Get(key).At(), finding.CodeCompose, "leave it out", "%q does not go with the rest of the operation", key)
		}
	}
}

// checkComposed checks the operations that are made of others: finds first, since they can
// be the read of another one.
func (r *reader) checkComposed() {
	find := func(key string, at diag.Place) (compose.Operation, bool) {
		d := r.needOperation(key, at)
		if d == nil {
			return compose.Operation{}, false
		}
		return d.composed(), true
	}
	for _, finds := range []bool{true, false} {
		for _, d := range r.drafts {
			if c := d.op.Compose; c != nil && (c.Found == nil) == finds {
				compose.Check(d.composed(), find, r.into)
			}
		}
	}
}

// composed is what the checks of composed operations look at.
func (d *draft) composed() compose.Operation {
	return compose.Operation{Spec: d.op.Spec, Compose: d.op.Compose, Unclear: d.unclear, Place: d.place, InputAt: d.inputAt}
}

// gone says what to use instead of an operation in a version that has not all of its
// parts; empty when it has them.
func (m *Manifest) gone(o *Operation, version string) string {
	if v := o.Versions[version]; v.Gone != "" || o.Compose == nil {
		return v.Gone
	}
	for _, key := range o.Compose.Parts() {
		if part, ok := m.Operation(key); ok {
			if gone := m.gone(part, version); gone != "" {
				return gone
			}
		}
	}
	return ""
}

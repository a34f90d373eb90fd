package manifest

import (
	"slices"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/manifest/announce"
	"github.com/pollux-automation/pollux/connectors/manifest/finding"
	"github.com/pollux-automation/pollux/connectors/manifest/form"
	"github.com/pollux-automation/pollux/connectors/manifest/lists"
	"github.com/pollux-automation/pollux/connectors/manifest/parts"
	"github.com/pollux-automation/pollux/connectors/manifest/places"
	"github.com/pollux-automation/pollux/connectors/schema"
	"github.com/pollux-automation/pollux/internal/diag"
)

// check compares the parts of the manifest with each other, once all files are read.
// Objects come first: whether a list can be polled depends on the object that its
// records are.  The credential's call comes last: it must know which inputs paging
// and polling fill.
func (r *reader) check() {
	for _, d := range r.drafts {
		r.checkObject(d)
	}
	for _, d := range r.drafts {
		if d.op.Compose == nil {
			r.checkPlaces(d)
		}
		r.checkSettings(d)
		r.checkIdempotency(d)
		lists.CheckPaging(d.list(), r.into)
		lists.CheckPoll(d.list(), r.into)
	}
	r.checkComposed()
	for _, d := range r.drafts {
		// These ask which inputs paging fills, of operations that may stand further down.
		r.checkFind(d)
		r.checkTarget(d)
		lists.CheckOthers(d.list(), r.needList, r.into)
	}
	for _, l := range r.m.Limits {
		for _, key := range l.Operations {
			r.needOperation(key, r.places["limits."+l.Name])
		}
	}
	r.checkHosts()
	r.names.Check(r.needList, r.into)
	announce.Check(r.m.Webhooks, r.places["webhooks"], r.m.Objects, r.m.Settings, r.into)
	parts.Check(r.m.Parts, r.places["parts"], r.needList, r.m.Settings, r.into)
	r.checkCredentialCalls()
}

// draft returns the operation with that key, nil without one.
func (r *reader) draft(key string) *draft {
	for _, d := range r.drafts {
		if d.op.Spec.Key == key {
			return d
		}
	}
	return nil
}

// needOperation returns an operation, and reports a key that is none. An empty key
// has its finding already.
func (r *reader) needOperation(key string, at diag.Place) *draft {
	d := r.draft(key)
	if d == nil && key != "" {
		var keys []string
		for _, d := range r.drafts {
			keys = append(keys, d.op.Spec.Key)
		}
		finding.Unknown(r.into, at, "operation", key, keys)
	}
	return d
}

// needList is needOperation for the checks of lists.
func (r *reader) needList(key string, at diag.Place) (lists.Operation, bool) {
	d := r.needOperation(key, at)
	if d == nil {
		return lists.Operation{}, false
	}
	return d.list(), true
}

// checkObject puts the object in the place of its name. An object that was read but
// has mistakes is not reported as unknown; the operation is then unclear, and nothing
// more is said of its answer.
func (r *reader) checkObject(d *draft) {
	spec := d.op.Spec
	if spec.Answer == nil {
		return
	}
	key := spec.Answer.Key
	spec.Answer = r.m.Object(key)
	d.unclear = d.unclear || spec.Answer == nil
	if _, read := r.objectAt[key]; spec.Answer == nil && !read {
		finding.Unknown(r.into, d.place("answer", "object"), "object", key, finding.Keys(r.objectAt))
	}
	if spec.Answer == nil {
		return
	}
	if _, ok := spec.Answer.Field("value"); !ok && d.op.Answer.Text {
		r.into.Errorf(d.place("answer", "text"), finding.CodeAnswer, "add value: string to the fields of the object", "no field of %q takes the text", key)
	}
	if _, ok := spec.Answer.Field("sha256"); !ok && d.op.Answer.File {
		r.into.Errorf(d.place("answer", "file"), finding.CodeAnswer, "add sha256: string to the fields of the object",
			"no field of %q tells one file from another", key)
	}
}

// checkPlaces reports holes that nothing fills, and inputs that cannot go where they say.
func (r *reader) checkPlaces(d *draft) {
	fixed := d.op.Fixed
	o := form.Operation{
		Spec: d.op.Spec, At: d.op.At, Form: fixed.Form, Fixed: fixed.HasBody, Type: fixed.Headers["Content-Type"], InputAt: d.inputAt, Place: d.place("fixed"),
	}
	places.Check(places.Operation{Operation: o, Body: fixed.Body, LineAt: d.place(string(d.op.Spec.Kind))}, r.into)
}

// checkSettings reports inputs that are filled by a setting that does not exist, or
// that has another type: the account's value could not be sent.
func (r *reader) checkSettings(d *draft) {
	for _, in := range d.op.Spec.Inputs {
		if in.Setting == "" {
			continue
		}
		i := slices.IndexFunc(r.m.Settings, func(f schema.Field) bool { return f.Name == in.Setting })
		if i < 0 {
			finding.Unknown(r.into, d.inputAt[in.Name], "setting", in.Setting, finding.Names(r.m.Settings))
		} else if r.m.Settings[i].Type != in.Type {
			r.into.Errorf(d.inputAt[in.Name], finding.CodeFieldOption, "", "%q has the type %s, its setting %q has %s", in.Name, in.Type, in.Setting, r.m.Settings[i].Type)
		}
	}
}

// checkFind reports lookups that cannot tell whether a write arrived. The lookup must
// be a read of records that have the field to match, and every input of it that must
// be given has to come from the write's own inputs.
func (r *reader) checkFind(d *draft) {
	find := d.op.Spec.Find
	if find == nil {
		return
	}
	found := r.needOperation(find.Operation, d.place("repeat", "find"))
	finding.Input(r.into, d.op.Spec, find.Match, d.place("repeat", "match"))
	for name, from := range find.With {
		finding.Input(r.into, d.op.Spec, from, d.place("repeat", "with", name))
		if found != nil {
			finding.Input(r.into, found.op.Spec, name, d.place("repeat", "with", name))
		}
	}
	if found == nil || found.unclear {
		return
	}
	read := found.op.Spec
	if read.Kind != connectors.Read || read.Answer == nil {
		r.into.Errorf(d.place("repeat", "find"), finding.CodeRepeat, "name a read with an object", "%s does not return records to look at", read.Key)
	} else if _, ok := read.Answer.Field(find.Match); !ok {
		finding.Unknown(r.into, d.place("repeat", "match"), "field of "+read.Answer.Key, find.Match, finding.Names(read.Answer.Fields))
	}
	for _, in := range read.Inputs {
		if _, given := find.With[in.Name]; !given && finding.Unfilled(&in) {
			r.into.Errorf(d.place("repeat", "find"), finding.CodeRepeat, "add it under with", "%s needs %q", read.Key, in.Name)
		}
	}
}

// checkCredentialCalls looks at the calls that check a credential. They have no recipe
// behind them, so all that they need must come from their constants, settings and
// defaults.
func (r *reader) checkCredentialCalls() {
	for i, c := range r.m.Checks {
		at := r.checkAt[i]
		if known := func(f schema.Field) bool { return f.Name == c.When }; c.When != "" && !slices.ContainsFunc(r.m.Settings, known) {
			r.into.Errorf(at, finding.CodeCheck, "name a setting of the connector", "there is no setting %q", c.When)
		}
		d := r.needOperation(c.Operation, at)
		if d == nil {
			continue
		}
		if d.op.Spec.Kind != connectors.Read {
			r.into.Errorf(at, finding.CodeCheck, "name a read", "%s writes, and a check must not", d.op.Spec.Key)
		}
		if d.op.Compose != nil {
			r.into.Errorf(at, finding.CodeCheck, "name a read with a request of its own", "%s is made of other operations", d.op.Spec.Key)
		}
		for name := range c.With {
			finding.Input(r.into, d.op.Spec, name, at)
		}
		for _, in := range d.op.Spec.Inputs {
			if _, given := c.With[in.Name]; !given && finding.Unfilled(&in) {
				r.into.Errorf(at, finding.CodeCheck, "add it under with", "%s needs %q", d.op.Spec.Key, in.Name)
			}
		}
	}
}

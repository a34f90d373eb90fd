package lists

import (
	"time"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/manifest/finding"
	"github.com/pollux-automation/pollux/connectors/schema"
	"github.com/pollux-automation/pollux/internal/diag"
)

// Operation is an operation whose paging and polling are checked.
type Operation struct {
	Spec   *connectors.Operation
	Paging Paging
	Poll   *Poll
	// Unclear is true when the answer has a finding, so that no other finding needs
	// to follow from it.
	Unclear bool
	// Place returns where a part of the operation stands, or the nearest part around
	// it.
	Place func(keys ...string) diag.Place
}

// CheckPaging marks the inputs that paging fills. Recipes cannot give those: a page
// that a recipe chose would be fetched again and again.
func CheckPaging(o Operation, into *diag.List) {
	p, spec := o.Paging, o.Spec
	at := o.Place("paging")
	if p.Style != NoPaging && !spec.List && !o.Unclear {
		into.Errorf(at, finding.CodePaging, "write answer: {list: …}", "only lists have pages")
	}
	fill := func(name string, keys ...string) {
		if in := finding.Input(into, spec, name, o.Place(keys...)); in != nil {
			in.Paging = true
		}
	}
	fill(p.SizeInput, "paging", "size", "input")
	fill(p.Input, "paging", "input")
	for _, c := range p.Carry {
		fill(c.Input, "paging", "carry", c.Input)
	}
}

// CheckPoll reports what lacks something that its strategy needs. Without an id no
// record could be told from another, and without a time a walk by time would not know
// where to go on. The field that a list of the strategy newest goes by is filled in.
func CheckPoll(o Operation, into *diag.List) {
	spec := o.Spec
	if spec.Poll == nil {
		return
	}
	at := o.Place("poll")
	o.checkInputs(into)
	if o.Unclear {
		return
	}
	switch {
	case spec.Kind != connectors.Read:
		into.Errorf(at, finding.CodePoll, "write read:", "only reads can be polled")
	case spec.Answer == nil:
		into.Errorf(at, finding.CodeIDField, "write answer: {object: …}", "what is polled must say of which object its records are")
		return
	case !spec.List && spec.Poll.Strategy != connectors.Snapshot:
		into.Errorf(o.Place("poll", "strategy"), finding.CodePoll, "write strategy: snapshot, or answer: {list: …}", "a single record can only be compared as a snapshot")
	case !spec.List && spec.Poll.Confirm != nil:
		into.Errorf(o.Place("poll", "confirm"), finding.CodePoll, "leave it out", "the read of a single record shows by itself whether it is gone")
	case !spec.List && spec.Poll.Window != nil:
		into.Errorf(o.Place("poll", "window"), finding.CodePoll, "leave it out, or write answer: {list: …}", "only lists have a window")
	}
	o.checkID(into)
	o.checkFields(into)
}

// checkID reports records that nothing identifies, or two things.
func (o Operation) checkID(into *diag.List) {
	at, id, record := o.Place("poll"), o.Spec.Answer.ID, o.Poll.Record
	switch {
	case record != "" && (o.Spec.List || id != ""):
		into.Errorf(o.Place("poll", "record"), finding.CodePoll, "leave it out", "the records have their identity from the field that the object names as id")
	case record != "":
		in := finding.Input(into, o.Spec, record, o.Place("poll", "record"))
		if in != nil && (!in.Required && in.Default == nil || in.Type == schema.Array || in.Type == schema.Map) {
			into.Errorf(o.Place("poll", "record"), finding.CodePoll, "name a required input without parts", "%q does not always identify the record", record)
		}
	case id == "" && o.Spec.List:
		into.Errorf(at, finding.CodeIDField, "add id: to the object", "the object %q does not say which field identifies a record", o.Spec.Answer.Key)
	case id == "":
		into.Errorf(at, finding.CodeIDField, "add id: to the object, or record: with the input that identifies the record",
			"the object %q does not say which field identifies a record", o.Spec.Answer.Key)
	}
}

// checkFields reports fields that the object does not have, or that are of no use.
func (o Operation) checkFields(into *diag.List) {
	object, poll := o.Spec.Answer, o.Spec.Poll
	switch {
	case object.Updated == "" && poll.Strategy == connectors.Keyset:
		into.Errorf(o.Place("poll"), finding.CodeTimeField, "add updated: to the object, or write strategy: snapshot", "the object %q has no time of its last update", object.Key)
	case poll.By == "" && poll.Strategy == connectors.Newest:
		if poll.By = object.Updated; poll.By == "" {
			poll.By = object.Created
		}
		if poll.By == "" {
			into.Errorf(o.Place("poll"), finding.CodeTimeField, "write by: created_at", "the object %q has no time by which the list could be sorted", object.Key)
		}
	case poll.By != "":
		field, known := object.Field(poll.By)
		if at := o.Place("poll", "by"); !known {
			finding.Unknown(into, at, "field of "+object.Key, poll.By, finding.Names(object.Fields))
		} else if field.Type == schema.Boolean || field.Type == schema.Array {
			into.Errorf(at, finding.CodeTimeField, "name a field with a time", "the field %q has the type %s, not time", poll.By, field.Type)
		}
	}
	if gone := o.Poll.Gone; gone != "" {
		field, known := object.Field(gone)
		if at := o.Place("poll", "gone"); !known {
			finding.Unknown(into, at, "field of "+object.Key, gone, finding.Names(object.Fields))
		} else if field.Type != schema.Boolean && field.Type != schema.Time {
			into.Errorf(at, finding.CodePoll, "name a field of type boolean or time", "the field %q has the type %s and cannot tell that a record is gone", gone, field.Type)
		}
	}
}

// checkInputs marks the inputs that polling fills. A constant that is polled with
// must fit its input, as a default must; so must a time. The input of the lower bound
// stays open to recipes when the bound is only a part of its value.
func (o Operation) checkInputs(into *diag.List) {
	for _, name := range finding.Keys(o.Poll.With) {
		o.fill(name, o.Poll.With[name], into, "poll", "with", name)
	}
	if s := o.Poll.Since; s != nil {
		at := o.Place("poll", "since", "input")
		if in := finding.Input(into, o.Spec, s.Input, at); in != nil && s.Value == SincePlaceholder && s.Format != "" {
			o.fill(s.Input, s.Format.Value(in, time.Unix(0, 0)), into, "poll", "since", "input")
		}
	}
	if w := o.Poll.Window; w != nil {
		for key, name := range map[string]string{"from": w.From, "to": w.To} {
			if in := finding.Input(into, o.Spec, name, o.Place("poll", "window", key)); in != nil && w.Format != "" {
				o.fill(name, w.Format.Value(in, time.Unix(0, 0)), into, "poll", "window", key)
			}
		}
		if w.From == w.To && w.From != "" {
			into.Errorf(o.Place("poll", "window", "to"), finding.CodePoll, "", "both bounds of the window go into %q", w.To)
		}
	}
}

// fill marks an input that polling fills with a value, which must fit it.
func (o Operation) fill(name string, v any, into *diag.List, keys ...string) {
	at := o.Place(keys...)
	in := finding.Input(into, o.Spec, name, at)
	if in == nil {
		return
	}
	in.Paging = true
	if err := in.Accepts(v); err != nil {
		into.Errorf(at, finding.CodeDefault, "", "the value of %q does not fit: %s", name, err)
	}
}

// CheckOthers reports calls of other operations that polling needs and that cannot be
// made. It asks which inputs paging and polling fill, so it comes after [CheckPoll] of
// all operations. find returns an operation and reports keys that are none.
func CheckOthers(o Operation, find func(key string, at diag.Place) (Operation, bool), into *diag.List) {
	if o.Spec.Poll == nil {
		return
	}
	if p := o.Spec.Poll.Parents; p != nil {
		if parent, ok := find(p.Operation, o.Place("poll", "parents", "operation")); ok && !parent.Unclear {
			o.checkParents(parent.Spec, into)
		}
	}
	if c := o.Spec.Poll.Confirm; c != nil {
		if read, ok := find(c.Operation, o.Place("poll", "confirm", "operation")); ok && !read.Unclear {
			o.checkConfirm(read.Spec, into)
		}
	}
	if key := o.Spec.Poll.Instead; key != "" {
		at := o.Place("poll", "instead")
		if other, ok := find(key, at); ok && !other.Unclear && (other.Spec.Poll == nil || key == o.Spec.Key) {
			into.Errorf(at, finding.CodePoll, "name another operation that can be polled", "%s cannot be watched instead", key)
		}
	}
}

// checkParents reports parents that cannot be polled by themselves, and an input that
// does not need them. Every row of a fan-out stands below one parent, so a list of
// lists of lists is not allowed.
func (o Operation) checkParents(parent *connectors.Operation, into *diag.List) {
	at := o.Place("poll", "parents", "operation")
	switch {
	case parent.Poll == nil || !parent.List:
		into.Errorf(at, finding.CodePoll, "name a list that can be polled", "%s is no list that can be polled", parent.Key)
	case parent.Poll.Strategy == connectors.FanOut:
		into.Errorf(at, finding.CodePoll, "name a list that can be read by itself", "%s needs parents itself", parent.Key)
	default:
		reportUnfilled(into, parent, "", at)
	}
	at = o.Place("poll", "parents", "input")
	in := finding.Input(into, o.Spec, o.Spec.Poll.Parents.Input, at)
	if in == nil {
		return
	}
	if !finding.Unfilled(in) {
		into.Errorf(at, finding.CodePoll, "name a required input that nothing else fills", "%q is filled without a parent", in.Name)
	}
	takesID(into, in, at)
}

// checkConfirm reports a call that does not read one record by its id alone.
func (o Operation) checkConfirm(read *connectors.Operation, into *diag.List) {
	at, input := o.Place("poll", "confirm", "operation"), o.Spec.Poll.Confirm.Input
	if read.Kind != connectors.Read || read.List || read.Answer == nil {
		into.Errorf(at, finding.CodePoll, "name a read with answer: {object: …, value: …}", "%s does not read a single record", read.Key)
		return
	}
	if in := finding.Input(into, read, input, o.Place("poll", "confirm", "input")); in != nil {
		takesID(into, in, o.Place("poll", "confirm", "input"))
		reportUnfilled(into, read, input, at)
	}
}

// reportUnfilled reports inputs of another operation that nobody could give, but for
// the one that is given.
func reportUnfilled(into *diag.List, other *connectors.Operation, given string, at diag.Place) {
	for i := range other.Inputs {
		if in := &other.Inputs[i]; in.Name != given && finding.Unfilled(in) {
			into.Errorf(at, finding.CodePoll, "give it a default or a setting", "%s needs %q, which nothing fills", other.Key, in.Name)
		}
	}
}

// takesID reports an input that an id, which is a text, does not fit.
func takesID(into *diag.List, in *connectors.Input, at diag.Place) {
	if in.Type != schema.String && in.Type != schema.Any {
		into.Errorf(at, finding.CodePoll, "write type: string at the input", "%q has the type %s and cannot take an id", in.Name, in.Type)
	}
}

package lists

import (
	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/manifest/finding"
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

// CheckPoll reports lists that lack what their strategy needs. Without an id no
// record could be told from another, and without a time a keyset walk would not know
// where to go on.
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
	if spec.Kind != connectors.Read || !spec.List {
		into.Errorf(at, finding.CodePoll, "write read: and answer: {list: …}", "only reads that list records can be polled")
	}
	switch {
	case spec.Answer == nil:
		into.Errorf(at, finding.CodeIDField, "write answer: {object: …}", "a list that is polled must say of which object its records are")
	case spec.Answer.ID == "":
		into.Errorf(at, finding.CodeIDField, "add id: to the object", "the object %q does not say which field identifies a record", spec.Answer.Key)
	case spec.Answer.Updated == "" && spec.Poll.Strategy == connectors.Keyset:
		into.Errorf(at, finding.CodeTimeField, "add updated: to the object, or write strategy: snapshot", "the object %q has no time of its last update", spec.Answer.Key)
	}
}

// checkInputs marks the inputs that polling fills. A constant that is polled with
// must fit its input, as a default must. The input of the lower bound stays open to
// recipes when the bound is only a part of its value.
func (o Operation) checkInputs(into *diag.List) {
	spec := o.Spec
	for _, name := range finding.Keys(o.Poll.With) {
		in := finding.Input(into, spec, name, o.Place("poll", "with", name))
		if in == nil {
			continue
		}
		in.Paging = true
		if err := in.Accepts(o.Poll.With[name]); err != nil {
			into.Errorf(o.Place("poll", "with", name), finding.CodeDefault, "", "the value of %q does not fit: %s", name, err)
		}
	}
	if s := o.Poll.Since; s != nil {
		if in := finding.Input(into, spec, s.Input, o.Place("poll", "since", "input")); in != nil && s.Value == SincePlaceholder {
			in.Paging = true
		}
	}
}

package manifest

import (
	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/manifest/finding"
	"github.com/pollux-automation/pollux/connectors/manifest/format"
	"github.com/pollux-automation/pollux/connectors/manifest/lists"
	"github.com/pollux-automation/pollux/connectors/schema"
	"github.com/pollux-automation/pollux/internal/yamlnode"
)

// answer reads where the value stands. Without the key the content of an answer is of
// no interest; list, value, file and text exclude each other, since they say whether there
// are records, one, or no JSON at all.
func (r *reader) answer(d *draft) {
	m, ok := d.m.Get("answer").Mapping(r.into, answerKeys...)
	if !ok {
		return
	}
	list, value, a := m.Get("list"), m.Get("value"), &d.op.Answer
	a.File, _ = m.Get("file").Bool(r.into)
	a.Text, _ = m.Get("text").Bool(r.into)
	if !onlyOne(list != nil, value != nil, a.File, a.Text) {
		r.into.Errorf(m.At(), finding.CodeAnswer, "write list: contacts for a list, value: contact for one record, . for the whole answer, file: true for a file, or text: true for a text",
			"the answer must say where its list or its value stands")
		d.unclear = true
		return
	}
	switch d.op.Spec.List = list != nil; {
	case a.File, a.Text:
		a.Paths = []string{"."}
	case d.op.Spec.List:
		a.Paths = lists.ListPaths(list, r.into)
	default:
		a.Paths = lists.Paths(value, r.into)
	}
	r.answerMayLack(d, m)
	if !a.File && !a.Text {
		a.Format = format.Read(m.Get("format"), d.op.Spec.List, a.Paths, r.into)
	} else if m.Has("format") {
		r.into.Errorf(m.Get("format").At(), finding.CodeAnswer, "leave it out", "a file or a text is taken as it is")
	}
	r.rowHook(d, m.Get("rows"))
	if name, ok := m.Get("object").Text(r.into); ok {
		d.op.Spec.Answer = &schema.Object{Key: name} // until all files are read
	}
}

// answerMayLack reads what an answer may lack, and what it must say where it is no JSON.
func (r *reader) answerMayLack(d *draft, m yamlnode.Map) {
	a := &d.op.Answer
	a.Optional, _ = m.Get("optional").Bool(r.into)
	a.Absent, _ = m.Get("absent").Bool(r.into)
	if m.Has("absent") && (!d.op.Spec.List || d.op.Spec.Kind != connectors.Read) {
		r.into.Errorf(m.Get("absent").At(), finding.CodeAnswer, "leave it out", "only reads of a list say with it that a list that is not found is empty")
	}
	if a.File && (d.op.Spec.Kind != connectors.Read || !m.Has("object")) {
		r.into.Errorf(m.Get("file").At(), finding.CodeAnswer, "name a read with an object that has the field sha256", "only reads that say what their record is answer with a file")
	}
	if a.Text && !m.Has("object") {
		r.into.Errorf(m.Get("text").At(), finding.CodeAnswer, "name an object that has the field value", "an answer of text must say what its record is")
	}
}

// rowHook reads the name of a function that makes rows out of rows, or one value out of
// another. Only connectors that
// are a part of the program have such functions.
func (r *reader) rowHook(d *draft, n *yamlnode.Node) {
	name, ok := n.Text(r.into)
	if !ok {
		return
	}
	hook, known := r.rows[name]
	switch {
	case known:
		d.op.Answer.Rows, r.rowsUsed[name] = hook, true
		d.op.Spec.Split = true
	case len(r.rows) == 0:
		r.into.Errorf(n.At(), finding.CodeAnswer, "leave rows out: hooks are for built-in connectors", "there is no hook %q", name)
	default:
		finding.Unknown(r.into, n.At(), "hook", name, finding.Keys(r.rows))
	}
}

// onlyOne reports whether one of some conditions holds and no other.
func onlyOne(conditions ...bool) bool {
	n := 0
	for _, holds := range conditions {
		if holds {
			n++
		}
	}
	return n == 1
}

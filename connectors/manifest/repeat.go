package manifest

import (
	"time"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/manifest/finding"
	"github.com/pollux-automation/pollux/internal/yamlnode"
)

// usualSettle is how long after a write a lookup is trusted that does not say it. It
// must outlast the lag of the service's own index, or a write that arrived would be
// sent again.
const usualSettle = 2 * time.Minute

// repeat reads whether a write may be sent twice. It has no default: the wrong one
// would double writes or park runs for nothing.
func (r *reader) repeat(d *draft) {
	n, spec := d.m.Get("repeat"), d.op.Spec
	write := spec.Kind == connectors.Write
	switch {
	case !write && n != nil:
		r.into.Errorf(n.At(), finding.CodeRepeat, "leave it out", "reads can always be repeated")
		return
	case write && n == nil:
		r.into.Errorf(d.at, finding.CodeRepeat, "add repeat: safe, repeat: never or repeat: {find: …}", "the write does not say whether it may be sent twice")
		return
	case n.Kind() != yamlnode.Mapping:
		word, _ := n.Word(r.into, string(connectors.RepeatSafe), string(connectors.RepeatNever))
		spec.Repeat = connectors.Repeat(word)
		return
	}
	m, _ := n.Mapping(r.into, repeatKeys...)
	spec.Repeat = connectors.RepeatFind
	find := &connectors.Find{With: map[string]string{}, Settle: usualSettle}
	find.Operation, _ = m.Need(r.into, "find", "find: contact.note.list").Text(r.into)
	find.Match, _ = m.Need(r.into, "match", "match: body").Text(r.into)
	if settle, ok := m.Get("settle").Duration(r.into); ok {
		find.Settle = settle
	}
	with, _ := m.Get("with").Mapping(r.into)
	for _, f := range with.Fields() {
		find.With[f.Name], _ = f.Value.Text(r.into)
	}
	spec.Find = find
}

// danger reads what a write does that nobody can undo.
func (r *reader) danger(d *draft) {
	n := d.m.Get("danger")
	word, ok := n.Word(r.into, string(connectors.DangerDelete), string(connectors.DangerSend), string(connectors.DangerPay))
	if ok && d.op.Spec.Kind == connectors.Read {
		r.into.Errorf(n.At(), finding.CodeReadOrWrite, "remove it", "a read changes nothing, so it has no danger")
		return
	}
	d.op.Spec.Danger = connectors.Danger(word)
}

package answers

import (
	"errors"
	"fmt"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/httpapi/request"
	"github.com/pollux-automation/pollux/connectors/manifest"
	"github.com/pollux-automation/pollux/connectors/schema"
)

// maxIDBytes is the longest id that a record may have. It is a part of keys in the
// store and of lanes.
const maxIDBytes = 1024

// Rows reads the rows of one page into records.
type Rows struct {
	op     *manifest.Operation
	names  []string // fields: id, created, updated, the time of the list, gone
	id     string   // of the one record, when its object has none
	noID   error
	strict bool // a row without the time of its update is an error
	goneAt bool // a row is gone when its field has any value: the time of its deletion
}

// NewRows prepares for the rows of an answer. inputs are those of the request.
func NewRows(op *manifest.Operation, inputs map[string]any) *Rows {
	r := &Rows{op: op, names: make([]string, 5)}
	if o := op.Spec.Answer; o != nil {
		copy(r.names, []string{o.ID, o.Created, o.Updated})
	}
	if p := op.Spec.Poll; p != nil {
		r.names[3] = p.By
		r.strict = p.Strategy == connectors.Keyset
	}
	if op.Poll != nil {
		r.names[4] = op.Poll.Gone
		if field, ok := op.Spec.Answer.Field(op.Poll.Gone); ok {
			r.goneAt = field.Type == schema.Time
		}
		if op.Poll.Record != "" {
			if r.id, r.noID = request.TextOf(inputs[op.Poll.Record]); r.id == "" && r.noID == nil {
				r.noID = fmt.Errorf("the input %q, which identifies the record, is empty", op.Poll.Record)
			}
			return r
		}
	}
	if r.names[0] == "" {
		r.noID = errors.New("the connector does not say what identifies a record")
	}
	return r
}

// Read reads the id and the times of one row, and whether it says that it is gone. The
// rest stays the bytes that were sent. Where the list is walked or cut by a time, a
// row without one is an error, elsewhere its time is zero.
func (r *Rows) Read(item []byte) (record connectors.Record, gone bool, err error) {
	if r.noID != nil {
		return connectors.Record{}, false, r.noID
	}
	item = wrapped(r.op, item)
	texts, err := connectors.Texts(item, r.names...)
	if err != nil {
		return connectors.Record{}, false, err
	}
	record = connectors.Record{ID: texts[0], Raw: item}
	if r.id != "" {
		record.ID = r.id
	}
	switch {
	case record.ID == "":
		return connectors.Record{}, false, fmt.Errorf("it has no %q", r.names[0])
	case len(record.ID) > maxIDBytes:
		return connectors.Record{}, false, fmt.Errorf("its %q has %d bytes, more than %d", r.names[0], len(record.ID), maxIDBytes)
	}
	var timed, placed bool
	o := r.op.Spec.Answer
	record.Created, _ = o.Time(r.names[1], texts[1])
	record.Updated, timed = o.Time(r.names[2], texts[2])
	record.At, placed = o.Time(r.names[3], texts[3])
	gone = texts[4] == "true" || texts[4] != "" && r.goneAt
	switch {
	case gone:
	case !timed && r.strict:
		return connectors.Record{}, false, noTime(record.ID, r.names[2], texts[2])
	case !placed && r.names[3] != "":
		return connectors.Record{}, false, noTime(record.ID, r.names[3], texts[3])
	}
	return record, gone, nil
}

// noTime is the error for a row whose place in the list is not known.
func noTime(id, field, text string) error {
	return fmt.Errorf("the record %.80q has no readable time in %q: %.80q", id, field, text)
}

// wrapped gives a value without names the name "value", if the records of what is
// polled have a field of that name. null stays nothing.
func wrapped(op *manifest.Operation, item []byte) []byte {
	if len(item) == 0 || item[0] == '{' || item[0] == 'n' || op.Spec.Poll == nil || op.Spec.Answer == nil {
		return item
	}
	if _, ok := op.Spec.Answer.Field("value"); !ok {
		return item
	}
	return append(append([]byte(`{"value":`), item...), '}')
}

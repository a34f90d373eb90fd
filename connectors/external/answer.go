package external

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/protocol"
	"github.com/pollux-automation/pollux/connectors/schema"
)

const (
	// maxIDBytes is the longest id that a record may have, as with httpapi.
	maxIDBytes = 1024
	// maxPositionBytes is the longest position of a page.
	maxPositionBytes = 64 << 10
)

// pageOf reads a page. One record that cannot be used fails all of it, because a cursor
// that moved past it would never come back.
func pageOf(op *connectors.Operation, said protocol.PageResult, position string) (connectors.Page, error) {
	page := connectors.Page{Next: said.Next, Date: said.Date, Total: -1, Records: make([]connectors.Record, 0, len(said.Records))}
	if said.Total != nil && *said.Total >= 0 {
		page.Total = *said.Total
	}
	switch {
	case said.Records == nil:
		return page, errors.New("the page has no records, not even an empty list of them")
	case said.Next != "" && said.Next == position:
		return page, errors.New("the next page begins where this one did")
	case len(said.Next) > maxPositionBytes:
		return page, fmt.Errorf("the position of the next page has %d bytes, more than %d", len(said.Next), maxPositionBytes)
	}
	seen := make(map[string]bool, len(said.Records))
	for i, raw := range said.Records {
		r, err := recordOf(op, raw)
		if err != nil {
			return page, fmt.Errorf("record %d of the page: %w", i+1, err)
		}
		if seen[r.ID] {
			return page, fmt.Errorf("record %d of the page: the id %.80q is there twice", i+1, r.ID)
		}
		seen[r.ID] = true
		page.Records = append(page.Records, r)
	}
	return page, nil
}

// recordOf reads one record: its id, its times, and whether its fields have the types that
// they are described with.
func recordOf(op *connectors.Operation, raw json.RawMessage) (connectors.Record, error) {
	o, by := op.Answer, ""
	if op.Poll != nil {
		by = op.Poll.By
	}
	if err := fits(o, raw); err != nil {
		return connectors.Record{}, err
	}
	texts, err := connectors.Texts(raw, o.ID, o.Created, o.Updated, by)
	if err != nil {
		return connectors.Record{}, err
	}
	r := connectors.Record{ID: texts[0], Raw: bytes.Clone(raw)}
	switch {
	case r.ID == "":
		return r, fmt.Errorf("it has no %q", o.ID)
	case len(r.ID) > maxIDBytes:
		return r, fmt.Errorf("its %q has %d bytes, more than %d", o.ID, len(r.ID), maxIDBytes)
	}
	var timed, placed bool
	r.Created, _ = o.Time(o.Created, texts[1])
	r.Updated, timed = o.Time(o.Updated, texts[2])
	r.At, placed = o.Time(by, texts[3])
	switch {
	case !timed && op.Poll != nil && op.Poll.Strategy == connectors.Keyset:
		return r, noTime(r.ID, o.Updated, texts[2])
	case !placed && by != "":
		return r, noTime(r.ID, by, texts[3])
	}
	return r, nil
}

// noTime is the error for a record whose place in the list is not known.
func noTime(id, field, text string) error {
	return fmt.Errorf("the record %.80q has no readable time in %q: %.80q", id, field, text)
}

// fits looks at each described field of a record that is there. The members of members are
// the service's own affair.
func fits(o *schema.Object, raw json.RawMessage) error {
	if len(raw) == 0 || raw[0] != '{' {
		return errors.New("it is no object")
	}
	fields, err := o.Decode(raw)
	if err != nil {
		return err
	}
	for i := range o.Fields {
		f := &o.Fields[i]
		v := fields[f.Name]
		if v == nil {
			continue
		}
		if err := (schema.Field{Type: f.Type, Options: f.Options}).Accepts(v); err != nil {
			return fmt.Errorf("the field %q: %w", f.Name, err)
		}
	}
	return nil
}

// valueOf reads the value of a call.
func valueOf(op *connectors.Operation, raw json.RawMessage) (any, error) {
	switch none := len(raw) == 0 || string(raw) == "null"; {
	case none && op.Answer != nil && op.Kind == connectors.Read:
		return nil, fmt.Errorf("want the object %q, got nothing", op.Answer.Key)
	case none:
		return nil, nil
	case op.Answer == nil:
		return connectors.Decode(raw)
	}
	if err := fits(op.Answer, raw); err != nil {
		return nil, err
	}
	return op.Answer.Decode(raw)
}

// listOf returns the records of a page as values.
func listOf(op *connectors.Operation, page connectors.Page) (list []any, err error) {
	list = make([]any, len(page.Records))
	for i, r := range page.Records {
		if list[i], err = op.Answer.Decode(r.Raw); err != nil {
			return nil, err // it was decoded before
		}
	}
	return list, nil
}

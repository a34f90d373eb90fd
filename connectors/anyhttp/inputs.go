package anyhttp

import (
	"slices"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/schema"
)

// kind is one of the operations, before its inputs gave it a form.
type kind struct {
	key   string // as recipes write it
	title string
	about string
	// shapes are the inputs that give it its form.
	shapes []schema.Field
}

// kinds are all operations.
func kinds() []kind {
	return []kind{
		{
			key: "list", title: "List records", about: "Reads a list of records, page by page. Its changes can be polled.",
			shapes: slices.Concat(
				[]schema.Field{
					word("method", "GET is usual; POST for searches, whose paging values then go into the body", "GET", "POST"),
					{Name: "body", Type: schema.Any, Note: "the constant body of a POST"},
					{Name: "list", Note: "where the records stand in the answer: names with dots, . for the whole answer (the default)"},
				},
				record("id, when left out"),
				[]schema.Field{
					{Name: "paging", Type: schema.Map, Open: true, Note: "how the next page is asked for: style (none, page, offset, cursor, next_link), input, first, size, carry, link, last, total"},
					word("strategy", "how changes are found; snapshot, which reads the whole list, when left out", "keyset", "newest", "snapshot"),
					{Name: "sort", Type: schema.Map, Open: true, Note: "keyset and newest: the query values that sort the list by its time, oldest first for keyset, newest first for newest; {} where it always is"},
					{Name: "since", Type: schema.Map, Open: true, Note: "keyset: which query value takes the lower bound of the updated time (input), and how it is written (format: rfc3339, epoch_s, epoch_ms)"},
					{Name: "by", Note: "newest and window: the field with the time of the list; updated or else created when left out"},
					{Name: "gone", Note: "the field that is true in records that were deleted"},
					{Name: "window", Type: schema.Map, Open: true, Note: "lists that show only a piece of time: from, to, format, back, ahead"},
				}),
		},
		{
			key: "get", title: "Get one record", about: "Reads one object. Its changes can be polled.",
			shapes: slices.Concat(
				[]schema.Field{{Name: "value", Note: "where the object stands in the answer: names with dots, . for the whole answer (the default)"}},
				record("what path says, when left out"),
				[]schema.Field{{Name: "optional", Type: schema.Boolean, Note: "true where it may be missing"}}),
		},
		{
			key: "request", title: "Send a request", about: "Sends any request that changes something.",
			shapes: []schema.Field{
				{Name: "method", Type: schema.String, Required: true, Options: []string{"POST", "PUT", "PATCH", "DELETE"}, Note: "POST, PUT, PATCH or DELETE"},
				{Name: "value", Note: "where the result stands in the answer: names with dots, . for the whole answer (the default)"},
				{Name: "fields", Type: schema.Map, Open: true, Note: "the types of the result's fields"},
				{Name: "open", Type: schema.Boolean, Note: "true where the result has more fields than fields names"},
				word("repeat", "whether the request may be sent twice; safe for PUT and DELETE, which HTTP makes so, else never", "safe", "never"),
				{Name: "idempotency", Type: schema.Map, Open: true, Note: "{header: NAME}: the header by which the service knows a repetition; then repeating is safe"},
			},
		},
	}
}

// word is an input that takes one of some words.
func word(name, note string, words ...string) schema.Field {
	return schema.Field{Name: name, Type: schema.String, Options: words, Note: note}
}

// record are the inputs that describe a record.
func record(id string) []schema.Field {
	return []schema.Field{
		{Name: "format", Type: schema.Any, Note: "what the answer is written in; json when left out"},
		{Name: "id", Type: schema.String, Note: "the field that tells records apart; " + id},
		{Name: "created", Type: schema.String, Note: "the field with the time when a record was made"},
		{Name: "updated", Type: schema.String, Note: "the field with the time of its last update"},
		{Name: "fields", Type: schema.Map, Open: true, Note: "the types of the fields, as in a connector; when left out all fields are allowed"},
		{Name: "open", Type: schema.Boolean, Note: "true where records have more fields than fields names"},
		{Name: "volatile", Type: schema.Array, Note: "fields that change by themselves and never count as a change"},
	}
}

// asInputs are the inputs that give a kind its form, as an operation has them.
func (k *kind) asInputs() []connectors.Input {
	out := make([]connectors.Input, len(k.shapes))
	for i, f := range k.shapes {
		if f.Type == "" {
			f.Type = schema.String
		}
		out[i] = connectors.Input{Field: f, In: "shape", Shapes: true}
	}
	return out
}

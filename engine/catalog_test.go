package engine_test

import (
	"testing"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/schema"
	"github.com/pollux-automation/pollux/engine"
)

// library is a connector with reads and writes of several objects.
type library struct{ connectors.Connector }

func (library) Describe() *connectors.Description {
	op := func(key string, kind connectors.OperationKind, inputs ...connectors.Input) *connectors.Operation {
		return &connectors.Operation{Connector: "library", Key: key, Kind: kind, Inputs: inputs}
	}
	in := func(name string, required bool) connectors.Input {
		return connectors.Input{Field: schema.Field{Name: name, Type: schema.String, Required: required}, In: "body"}
	}
	all := op("page.get", connectors.Read, in("bookId", true))
	all.List = true
	return &connectors.Description{Key: "library", Operations: []*connectors.Operation{
		op("book.get", connectors.Read, in("bookId", true), in("edition", false)),
		op("book.lend", connectors.Write, in("bookId", true), in("to", true)),
		op("book.buy", connectors.Write, in("title", true)),
		op("book.page.add", connectors.Write, in("bookId", true)),
		all,
		op("page.tear", connectors.Write, in("bookId", true)),
		op("shelf.get", connectors.Write, in("id", true)),
		op("shelf.move", connectors.Write, in("id", true)),
	}}
}

func TestCatalog_TargetIsTheGetOfTheSameObject(t *testing.T) {
	t.Parallel()
	var registry connectors.Registry
	if err := registry.Add(library{}); err != nil {
		t.Fatal(err)
	}
	c := engine.NewCatalog(&registry, nil)
	tests := []struct{ connector, write, want string }{
		{"library", "book.lend", "book.get"},
		{"library", "book.buy", ""},      // it has no id yet
		{"library", "book.page.add", ""}, // nobody reads that object
		{"library", "page.tear", ""},     // the read is a list
		{"library", "shelf.move", ""},    // what is called get writes
		{"library", "book.burn", ""},
		{"elsewhere", "book.lend", ""},
	}
	for _, tt := range tests {
		got, ok := c.Target(tt.connector, tt.write)
		if got.Key != tt.want || ok != (tt.want != "") {
			t.Errorf("%s.%s: got %q, %t; want %q", tt.connector, tt.write, got.Key, ok, tt.want)
		}
	}
}

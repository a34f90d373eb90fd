package engine_test

import (
	"testing"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/engine"
)

// library is a connector whose writes have targets, or none.
type library struct{ connectors.Connector }

func (library) Describe() *connectors.Description {
	op := func(key string, kind connectors.OperationKind, target *connectors.Target) *connectors.Operation {
		return &connectors.Operation{Connector: "library", Key: key, Kind: kind, Target: target}
	}
	book := &connectors.Target{Operation: "book.get", With: map[string]string{"bookId": "bookId"}}
	return &connectors.Description{Key: "library", Operations: []*connectors.Operation{
		op("book.get", connectors.Read, nil),
		op("book.lend", connectors.Write, book),
		op("book.buy", connectors.Write, nil),
		op("page.tear", connectors.Write, book),
		op("shelf.move", connectors.Write, &connectors.Target{Operation: "shelf.get"}),
	}}
}

func TestCatalog_TargetIsWhatTheConnectorDeclares(t *testing.T) {
	t.Parallel()
	var registry connectors.Registry
	if err := registry.Add(library{}); err != nil {
		t.Fatal(err)
	}
	c := engine.NewCatalog(&registry, nil)
	tests := []struct{ connector, write, want string }{
		{"library", "book.lend", "book.get"},
		{"library", "page.tear", "book.get"}, // that of another object
		{"library", "book.buy", ""},
		{"library", "shelf.move", ""}, // nobody reads it
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

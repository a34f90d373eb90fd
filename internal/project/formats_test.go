package project_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/auth"
	"github.com/pollux-automation/pollux/connectors/httpapi"
	"github.com/pollux-automation/pollux/connectors/manifest"
	"github.com/pollux-automation/pollux/internal/secret"
)

// tables is the service of the connector in testdata: one list, in three formats.
type tables struct {
	rows  map[string]int // id and number
	asked int
}

// ServeHTTP writes the list.
func (s *tables) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.asked++
	ids := slices.Sorted(maps.Keys(s.rows))
	switch r.URL.Path {
	case "/items.csv":
		_, _ = fmt.Fprint(w, "\"sku\";name;stock;price;sold_out\r\n")
		for _, id := range ids {
			_, _ = fmt.Fprintf(w, "%s;\"a; b\";%d;;no\r\n", id, s.rows[id])
		}
	case "/orders":
		_, _ = fmt.Fprint(w, "<?xml version=\"1.0\"?>\n<orders>")
		for _, id := range ids {
			_, _ = fmt.Fprintf(w, "\n <order number=%q><total>%d</total></order>", id, s.rows[id])
		}
		_, _ = fmt.Fprint(w, "</orders>")
	case "/entries":
		for _, id := range ids {
			_ = json.NewEncoder(w).Encode(map[string]any{"id": id, "text": s.rows[id]})
		}
	}
}

// TestFormats_ChangesAreFoundInTablesDocumentsAndLines polls the same list in each format. At its
// end it has one record, then none.
func TestFormats_ChangesAreFoundInTablesDocumentsAndLines(t *testing.T) {
	t.Parallel()
	m, err := manifest.Load(os.DirFS("../../connectors/httpapi/testdata/tables"), "tables")
	if err != nil {
		t.Fatal(err)
	}
	for _, operation := range []string{"item.list", "order.list", "entry.list"} {
		t.Run(operation, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var registry connectors.Registry
				if err := registry.Add(httpapi.New(m)); err != nil {
					t.Fatal(err)
				}
				s := &tables{rows: map[string]int{"a": 1, "b": 2}}
				h := newHouse(t, &registry, tenant{connector: "tables", service: s, Account: connectors.Account{
					Name: "tables", Credential: auth.Credential{Method: auth.Bearer, Secret: secret.New("t0ken")},
				}})
				s.live(h, []string{watching("rows", "tables", operation)})
			})
		})
	}
}

// live lets things happen to the list.
func (s *tables) live(h *house, text []string) {
	const wait = 20 * time.Minute
	h.expect("the first poll", 0, text)
	before := s.asked
	h.expect("a quiet poll", wait, text)
	if got := s.asked - before; got != 1 {
		h.t.Errorf("got %d requests of a quiet poll, want 1", got)
	}
	s.rows["b"] = 3
	s.rows["c"] = 1
	h.expect("a change and a new one", wait, text, "updated b", "created c")
	delete(s.rows, "a")
	delete(s.rows, "c")
	h.expect("two are gone, not certain yet", wait, text)
	h.expect("one is left", wait, text, "deleted a", "deleted c")
	h.expect("a quiet poll of one", wait, text)
	s.rows["b"] = 4
	h.expect("the one changes", wait, text, "updated b")
	delete(s.rows, "b")
	h.expect("the last one is gone, not certain yet", wait, text)
	h.expect("none is left", wait, text, "deleted b")
	h.expect("a quiet poll of none", wait, text)
	s.rows["d"] = 1
	h.expect("one comes", wait, text, "created d")
}

package highlevel_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/connectors/highlevel"
	"github.com/pollux-automation/pollux/internal/testkit/catalog"
)

// byKey orders a list for a comparison.
func byKey(list []catalog.Operation) map[string]catalog.Operation {
	all := make(map[string]catalog.Operation, len(list))
	for _, o := range list {
		all[o.Key] = o
	}
	return all
}

func TestNew_HasTheOperationsOfTheCatalog(t *testing.T) {
	t.Parallel()
	c, err := highlevel.New()
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	var got []catalog.Operation
	for _, o := range c.Describe().Operations {
		row := catalog.Operation{Key: o.Key, Title: o.Title, Method: o.Method, Path: o.Path}
		if o.Poll != nil {
			row.Poll = string(o.Poll.Strategy)
		}
		got = append(got, row)
	}
	want := append(catalog.HighLevel(), catalog.HighLevelBesides()...)
	if len(catalog.HighLevel()) != 124 || len(byKey(want)) != len(want) {
		t.Errorf("the test knows %d operations of the catalog, and %d of %d keys, want 124 and no key twice", len(catalog.HighLevel()), len(byKey(want)), len(want))
	}
	if diff := cmp.Diff(byKey(want), byKey(got)); diff != "" {
		t.Errorf("operations (-want +got):\n%s", diff)
	}
	watched := 0
	for _, o := range catalog.HighLevel() {
		if o.Poll != "" {
			watched++
		}
	}
	if watched != 55 {
		t.Errorf("%d operations of the catalog can be watched, want 55", watched)
	}
}

func TestNew_HasVersionAndScopesOfEveryOperation(t *testing.T) {
	t.Parallel()
	c, err := highlevel.New()
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	for _, o := range c.Describe().Operations {
		want := "2021-07-28"
		if strings.HasPrefix(o.Path, "/calendars/") || strings.HasPrefix(o.Path, "/conversations/") {
			want = "2021-04-15"
		}
		if o.Version != want || len(o.Scopes) != 1 {
			t.Errorf("%s has the version %q and the scopes %v, want %q and one", o.Key, o.Version, o.Scopes, want)
		}
	}
}

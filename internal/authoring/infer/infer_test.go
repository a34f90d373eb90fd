package infer_test

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/connectors/schema"
	"github.com/pollux-automation/pollux/internal/authoring/infer"
)

func read(t *testing.T, address, body string, w infer.Wishes) (*infer.Draft, error) {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return infer.Read(infer.Sample{URL: u, Header: http.Header{"X-Ratelimit-Limit": {"100"}, "X-Ratelimit-Remaining": {"9"}}, Body: []byte(body)}, w)
}

// TestRead_DescribesRecords asserts what is made of the fields of a sample.
func TestRead_DescribesRecords(t *testing.T) {
	t.Parallel()
	d, err := read(t, "https://x.example.com/v2/repair-orders?limit=2", `{"data":[
	  {"uuid":"a","customerEmail":"Ann@x.example","phone":null,"price":1,"tags":["b"],"createdAt":"2026-01-01T00:00:00Z","nested":{"id":1},"mixed":1,"often":"x"},
	  {"uuid":"b","customerEmail":"","phone":"+1555","price":1.5,"tags":[],"createdAt":"2026-01-02T00:00:00Z","nested":null,"mixed":"a"}]}`, infer.Wishes{})
	if err != nil {
		t.Fatal(err)
	}
	want := []infer.Field{
		{Name: "createdAt", Type: schema.Time},
		{Name: "customerEmail", Type: schema.String, Personal: true, Normal: schema.NormalEmail},
		{Name: "mixed", Type: schema.Any, Note: "its values are of several types"},
		{Name: "nested", Type: schema.Map, Fields: []infer.Field{{Name: "id", Type: schema.Integer}}, Note: "sometimes null"},
		{Name: "often", Type: schema.String, Note: "missing in 1 of 2 records"},
		{Name: "phone", Type: schema.String, Personal: true, Normal: schema.NormalPhone, Note: "sometimes null"},
		{Name: "price", Type: schema.Number},
		{Name: "tags", Type: schema.Array, Items: schema.String, Normal: schema.NormalSet, Note: "taken for tags, whose order says nothing"},
		{Name: "uuid", Type: schema.String},
	}
	if diff := cmp.Diff(want, d.Fields); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
	got := []string{d.BaseURL, d.Path, d.Object, d.List, d.ID, d.Created, d.Updated, d.Poll.Strategy, d.Paging.Style, d.Limit.Remaining}
	if diff := cmp.Diff([]string{"https://x.example.com/v2", "/repair-orders", "repair_order", "data", "uuid", "createdAt", "", "snapshot", "none", "X-RateLimit-Remaining"}, got); diff != "" {
		t.Errorf("draft (-want +got):\n%s", diff)
	}
}

// TestRead_SaysWhatCanBeDone with a sample that tells too little.
func TestRead_SaysWhatCanBeDone(t *testing.T) {
	t.Parallel()
	two := `{"a":[{"id":1}],"b":{"c":[{"id":2}]}}`
	for _, tt := range []struct {
		name, body string
		wishes     infer.Wishes
		want       string
	}{
		{"nothing", "", infer.Wishes{}, "the answer is empty; ask for an address that lists records"},
		{"a page", "<!doctype html><HTML>", infer.Wishes{}, "a web page, no JSON; ask the address of the API"},
		{"text", "id,name\n1,a\n", infer.Wishes{}, "the answer is no JSON"},
		{"an empty list", `{"items":[],"next":null}`, infer.Wishes{}, `the list "items" is empty, so that nothing tells what is in it; make a record`},
		{"one record", `{"id":1,"tags":["a"]}`, infer.Wishes{}, "no list of objects; ask for an address that lists records"},
		{"several lists", two, infer.Wishes{}, "several lists: a, b.c; say which one with --list PATH"},
		{"another list", two, infer.Wishes{List: "c"}, `"c" leads to no list of objects; say one of: a, b.c`},
		{"no id", `[{"email":"a","n":1,"x":1},{"email":"b","n":2,"x":1}]`, infer.Wishes{}, "never changes, with --id FIELD: one of email, n"},
		{"a wrong id", `[{"id":1,"x":1},{"id":2,"x":1}]`, infer.Wishes{ID: "x"}, `the field "x" does not identify records`},
		{"a wrong time", `[{"id":1,"x":[]}]`, infer.Wishes{Time: "x"}, `the field "x" is no time`},
	} {
		_, err := read(t, "https://x.example.com/things", tt.body, tt.wishes)
		if _, is := errors.AsType[*infer.ProblemError](err); !is || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want it to say %q", tt.name, err, tt.want)
		}
	}
	if d, err := read(t, "https://x.example.com/things", two, infer.Wishes{List: "b.c"}); err != nil || d.List != "b.c" {
		t.Errorf("with --list: got %v, %v, want b.c", d, err)
	}
}

// TestPersonal_ByName asserts what is taken for personal.
func TestPersonal_ByName(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"email": true, "customerEmail": true, "email_address": true, "Phone": true, "firstName": true, "customer_name": true, "dateOfBirth": true,
		"billing_address": true, "name": false, "title": false, "id": false, "state": false, "product_name": false, "emailsSent": false, "mailbox": false, "ipsum": false,
	} {
		if got := infer.Personal(name); got != want {
			t.Errorf("Personal(%s) = %t, want %t", name, got, want)
		}
	}
}

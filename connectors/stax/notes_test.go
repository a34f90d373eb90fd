package stax_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/connectors"
)

// linesOf returns the texts and ids of the notes that a customer's text has.
func linesOf(t *testing.T, text string) (texts, ids []string) {
	t.Helper()
	customer, err := json.Marshal(map[string]any{"id": "c1", "notes": text, "updated_at": "2026-01-02 03:04:05"})
	if err != nil {
		t.Fatal(err)
	}
	c, s := open(t, says(200, "application/json", fmt.Sprintf(`{"data":[%s,{"id":"c2","notes":null,"updated_at":"2026-01-02 03:04:05"}],"total":2}`, customer)))
	op := operation(t, c, "customer.note.list")
	page, err := s.Page(t.Context(), op, connectors.Query{})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range page.Records {
		fields, err := op.Answer.Decode(r.Raw)
		if err != nil {
			t.Fatal(err)
		}
		if fields["customer_id"] != "c1" || r.At.IsZero() || !r.Created.IsZero() || !r.Updated.IsZero() {
			t.Errorf("record %+v with %v, want one of c1 with the place in the list as its only time", r, fields)
		}
		texts, ids = append(texts, fields["text"].(string)), append(ids, r.ID) //nolint:forcetypeassert // a text by its shape
	}
	return texts, ids
}

func TestNotes_KeepTheirIdentityWhenMoreIsAdded(t *testing.T) {
	t.Parallel()
	texts, before := linesOf(t, "Called.\r\n\r\n  Likes tea. \nCalled.")
	if diff := cmp.Diff([]string{"Called.", "Likes tea.", "Called."}, texts); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}
	if len(before) != 3 || before[0] == before[2] {
		t.Fatalf("ids %v, want three different ones", before)
	}
	for name, text := range map[string]string{
		"at the end":  "Called.\n\nLikes tea.\nCalled.\nMoved.",
		"at the top":  "Moved.\nCalled.\nLikes tea.\nCalled.",
		"in between":  "Called.\nMoved.\nLikes tea.\nCalled.",
		"once more":   "Called.\nLikes tea.\n" + strings.Repeat("Called.\n", 2),
		"on one line": "Called.\nLikes tea.\nCalled.\n\n\nMoved.\n",
	} {
		_, after := linesOf(t, text)
		if news := without(after, before); len(news) != 1 || len(without(before, after)) != 0 {
			t.Errorf("a line added %s: news %v and gone %v, want one new note and none gone", name, news, without(before, after))
		}
	}
	_, after := linesOf(t, "Called.\nLikes coffee.\nCalled.")
	if len(without(after, before)) != 1 || len(without(before, after)) != 1 {
		t.Errorf("after an edit %v and %v, want one new note and one gone", before, after)
	}
	if _, none := linesOf(t, ""); len(none) != 0 {
		t.Errorf("no text has the notes %v, want none", none)
	}
}

// without returns what a list has and another has not.
func without(list, other []string) []string {
	have := map[string]bool{}
	for _, id := range other {
		have[id] = true
	}
	var rest []string
	for _, id := range list {
		if !have[id] {
			rest = append(rest, id)
		}
	}
	return rest
}

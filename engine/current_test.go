package engine_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/pollux-automation/pollux/engine"
	"github.com/pollux-automation/pollux/engine/store"
)

// TestCurrent_IsTheRecordAsItIsNow asks by a read of the record, by the list, and by the
// list of a parent.
func TestCurrent_IsTheRecordAsItIsNow(t *testing.T) {
	t.Parallel()
	for _, operation := range []string{"item.sure", "item.list", "item.all", "note.list"} {
		t.Run(operation, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, b *bench) {
				text := differences(operation)
				id := "r1"
				for _, item := range []string{"r0", "r1", "r2", "r3"} {
					b.name(item, "A")
				}
				if operation == "note.list" {
					text, id = noteLetters(), "n1"
				}
				b.later(time.Hour, text)
				b.name("r1", "B")
				b.service.note("r1", "n1", "B")
				b.later(time.Hour, text)
				b.later(time.Hour, text)
				run := b.the(store.RunFilter{Record: id})
				b.name("r1", "C")
				b.service.note("r1", "n1", "C")
				e := b.engine(text)
				confirms := b.service.confirms
				got, err := e.Current(t.Context(), &run)
				if err != nil {
					t.Fatal(err)
				}
				if !strings.Contains(string(got.Record), `"C"`) || got.Previous != run.Event.Previous || got.Parent != run.Event.Parent {
					t.Errorf("got %+v, want the event with the record of now", got)
				}
				if operation != "note.list" && !got.UpdatedAt.After(run.Event.UpdatedAt) {
					t.Errorf("got updated at %s, want later than %s", got.UpdatedAt, run.Event.UpdatedAt)
				}
				if asked := b.service.confirms > confirms; asked != (operation == "item.sure") {
					t.Errorf("the record was read by its id: %t", asked)
				}
				b.service.note("r1", "n1", "")
				if operation != "note.list" {
					b.service.remove("r1")
				}
				if _, err := e.Current(t.Context(), &run); !errors.Is(err, engine.ErrNoRecord) {
					t.Errorf("of a record that is gone: got %v, want ErrNoRecord", err)
				}
			})
		})
	}
}

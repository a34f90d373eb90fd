package named_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/named"
	"github.com/pollux-automation/pollux/connectors/schema"
)

var spec = &schema.Named{
	Title: "custom field", Definitions: "field.list", ID: "id", Key: "key", Prefix: "contact.", Name: "name", Type: "type",
	Kinds: map[string]schema.NamedKind{
		"NUMERICAL": schema.NamedNumber, "DATE": schema.NamedDate, "RADIO": schema.NamedOne, "CHECKBOX": schema.NamedMany,
	},
	Options: "options", Free: "free", WriteID: "id", WriteValue: "field_value",
}

func row(id, key, name string, more ...any) map[string]any {
	r := map[string]any{"id": id, "key": key, "name": name}
	for i := 0; i < len(more); i += 2 {
		word, _ := more[i].(string)
		r[word] = more[i+1]
	}
	return r
}

func table() *named.Table {
	return named.NewTable(spec, []map[string]any{
		row("a1", "contact.plan", "Plan", "type", "RADIO", "options", []any{"gold", "silver"}),
		row("a2", "contact.color", "Colour"), row("a3", "contact.color_2", "Colour"),
		row("a4", "contact.score", "Score", "type", "NUMERICAL"),
		row("a5", "contact.since", "Since", "type", "DATE"),
		row("a6", "contact.likes", "Likes", "type", "CHECKBOX", "options", []any{"tea", "salt"}),
		row("a7", "contact.free", "Free", "type", "RADIO", "options", []any{"x"}, "free", true),
		row("a8", "contact.score2", "plan"), // shown like the key of another one
		row("", "contact.lost", "Lost"),
	})
}

func TestID_LooksForIDsKeysAndDisplayNames(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, id, err string }{
		{"a1", "a1", ""},
		{"plan", "a1", ""}, // the key wins over the display name of a8
		{"contact.plan", "a1", ""},
		{"score", "a4", ""},
		{"SINCE", "a5", ""},
		{"color", "a2", ""},
		{"colour", "", `2 of the custom fields are called "colour"; write one of color (id a2), color_2 (id a3)`},
		{"plam", "", `there is no custom field "plam"; did you mean "plan"?`},
		{"lost", "", `there is no custom field "lost"; known here: color, color_2, free, likes, plan, score, score2, since`},
		{"", "", `there is no custom field ""; known here: color, color_2, free, likes, plan, score, score2, since`},
	}
	for _, tt := range tests {
		id, err := table().ID(tt.name)
		if id != tt.id || (err == nil) != (tt.err == "") || err != nil && err.Error() != tt.err {
			t.Errorf("%q: got %q, %v; want %q, %s", tt.name, id, err, tt.id, tt.err)
		}
	}
	if _, err := named.NewTable(spec, nil).ID("x"); err == nil || !strings.HasSuffix(err.Error(), "; there is none yet") {
		t.Errorf("without definitions: got %v", err)
	}
}

func TestElements_ChecksValuesLightly(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		value any
		err   string
	}{
		{"plan", "gold", ""},
		{"plan", nil, ""},
		{"plan", "bronze", `"bronze" is not among its options; write one of gold, silver`},
		{"plan", []any{"gold"}, "want one value, got a list"},
		{"free", "anything", ""},
		{"score", 3, ""},
		{"score", 3.5, ""},
		{"score", " 12 ", ""},
		{"score", "many", `want a number, got "many"`},
		{"score", true, "want a number, got true or false"},
		{"since", "2026-03-01", ""},
		{"since", "2026-03-01T09:00:00+09:00", ""},
		{"since", 1772323200000, ""},
		{"since", "soon", `want a date such as 2026-03-01, got "soon"`},
		{"since", []any{}, "want a date such as 2026-03-01, got a list"},
		{"likes", []any{"tea", "salt"}, ""},
		{"likes", []any{}, ""},
		{"likes", "tea", "want a list, as in [tea, salt], got text"},
		{"likes", []any{"tea", "coffee"}, `"coffee" is not among its options; write one of tea, salt`},
		{"color", map[string]any{"any": "thing"}, ""},
	}
	for _, tt := range tests {
		list, err := table().Elements(map[string]any{tt.name: tt.value})
		if tt.err != "" {
			if want := `the custom field "` + tt.name + `": ` + tt.err; err == nil || err.Error() != want {
				t.Errorf("%s = %v: got %v, want %s", tt.name, tt.value, err, want)
			}
			continue
		}
		id, _ := table().ID(tt.name)
		if diff := cmp.Diff([]any{map[string]any{"id": id, "field_value": tt.value}}, list); diff != "" || err != nil {
			t.Errorf("%s = %v: got error %v, list (-want +got):\n%s", tt.name, tt.value, err, diff)
		}
	}
}

func TestElements_RefusesAFieldThatIsGivenTwice(t *testing.T) {
	t.Parallel()
	_, err := table().Elements(map[string]any{"plan": "gold", "a1": "silver"})
	if err == nil || err.Error() != `"a1" and "plan" are the same custom field` {
		t.Errorf("got %v", err)
	}
}

// service lists definitions, and counts how often.
type service struct {
	rows  []map[string]any
	err   error
	asked int
}

func (s *service) page(context.Context, *connectors.Operation, connectors.Query) (connectors.Page, error) {
	s.asked++
	var page connectors.Page
	for _, r := range s.rows {
		raw, err := json.Marshal(r)
		if err != nil {
			return page, err
		}
		page.Records = append(page.Records, connectors.Record{Raw: raw})
	}
	return page, s.err
}

func (s *service) book() *named.Book {
	return named.NewBook(&connectors.Description{Key: "crm", Operations: []*connectors.Operation{{Connector: "crm", Key: "field.list"}}}, s.page)
}

func TestTable_IsReadAgainForUnknownNamesAndAfterAWhile(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &service{rows: []map[string]any{row("a1", "contact.plan", "Plan")}}
		b := s.book()
		steps := []struct {
			after time.Duration
			name  string
			asked int // in all
			known bool
		}{
			{0, "plan", 1, true},
			{time.Second, "plan", 1, true},
			{time.Second, "other", 1, false}, // asked for less than a minute ago
			{time.Minute, "other", 2, false},
			{time.Second, "other", 2, false},
			{9 * time.Minute, "plan", 2, true},
			{time.Minute, "plan", 3, true},
		}
		if b.Known(spec) != nil || s.asked != 0 {
			t.Fatalf("an empty book knows something, or has asked %d times", s.asked)
		}
		for i, step := range steps {
			<-time.After(step.after)
			table, err := b.Table(t.Context(), spec, step.name)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := table.ID(step.name); s.asked != step.asked || (err == nil) != step.known {
				t.Errorf("step %d: asked %d times, error %v; want %d, known %t", i, s.asked, err, step.asked, step.known)
			}
		}
		s.rows[0]["name"] = "Tariff"
		s.err = &connectors.Error{Kind: connectors.RateLimited, Op: "crm.field.list", RetryAfter: time.Hour, Err: errors.New("slow down")}
		<-time.After(10 * time.Minute)
		_, err := b.Table(t.Context(), spec, "plan")
		if e, ok := errors.AsType[*connectors.Error](err); !ok || e.Kind != connectors.RateLimited || e.RetryAfter != time.Hour {
			t.Errorf("old definitions that cannot be read again: got %v, want the service's error", err)
		}
		if b.Known(spec) == nil {
			t.Error("what was read last is forgotten")
		}
	})
}

func TestTable_WaitsForTheOneThatReads(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &service{rows: []map[string]any{row("a1", "contact.plan", "Plan")}}
		slow := func(ctx context.Context, op *connectors.Operation, q connectors.Query) (connectors.Page, error) {
			<-time.After(time.Second)
			return s.page(ctx, op, q)
		}
		b := named.NewBook(&connectors.Description{Operations: []*connectors.Operation{{Key: "field.list"}}}, slow)
		go b.Table(t.Context(), spec) //nolint:errcheck // the others look at it
		synctest.Wait()
		if b.Known(spec) != nil {
			t.Error("definitions are known before they were read")
		}
		short, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if _, err := b.Table(short, spec); connectors.KindOf(err) != connectors.Canceled {
			t.Errorf("got %v, want that we stopped waiting", err)
		}
		if _, err := b.Table(t.Context(), spec, "plan"); err != nil || s.asked != 1 {
			t.Errorf("got error %v after %d requests, want one request", err, s.asked)
		}
	})
}

func TestWrite_LeavesOutAnEmptyMapping(t *testing.T) {
	t.Parallel()
	s := &service{}
	op := &connectors.Operation{Connector: "crm", Key: "contact.update", Inputs: []connectors.Input{
		{Field: schema.Field{Name: "fields", Type: schema.Array, Named: spec}}, {Field: schema.Field{Name: "more", Type: schema.Array, Named: spec}},
	}}
	in := map[string]any{"fields": map[string]any{}, "more": map[string]any{}, "id": "x"}
	got, err := s.book().Write(t.Context(), op, in)
	if diff := cmp.Diff(map[string]any{"id": "x"}, got); diff != "" || err != nil || len(in) != 3 {
		t.Errorf("got error %v, inputs %v, (-want +got):\n%s", err, in, diff)
	}
	if _, err := (*named.Book)(nil).Write(t.Context(), op, in); err != nil {
		t.Errorf("no book: got %v", err)
	}
}

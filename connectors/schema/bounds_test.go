package schema_test

import (
	"strings"
	"testing"
	"time"

	"github.com/pollux-automation/pollux/connectors/schema"
)

func TestField_AcceptsWithinItsBounds(t *testing.T) {
	t.Parallel()
	at := schema.Field{Name: "at", Type: schema.String, Pattern: "[0-9]{4}|never", Example: "0830"}
	rows := schema.Field{Name: "rows", Type: schema.Array, MaxItems: 2, Items: &schema.Field{Type: schema.Integer}}
	for _, tt := range []struct {
		field schema.Field
		value any
		want  string
	}{
		{at, "0830", ""},
		{at, "never", ""},
		{at, "08:30", `want text such as 0830, got "08:30"`},
		{at, "0830 or never", `want text such as 0830, got "0830 or never"`},
		{at, 830, "want text, got a number"},
		{rows, []any{1, 2}, ""},
		{rows, []any{1, 2, 3}, "want at most 2 elements, got 3"},
		{rows, []any{1, "2"}, "element 2: want a whole number, got text"},
	} {
		got := ""
		if err := tt.field.Accepts(tt.value); err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%s = %v: got %q, want %q", tt.field.Name, tt.value, got, tt.want)
		}
	}
}

func TestObject_UnsetTextsAreNothing(t *testing.T) {
	t.Parallel()
	unset := []string{"0001-01-01T00:00:00Z", "1990-01-01T00:00:00+09:00"}
	o := &schema.Object{Key: "mail", Updated: "changed", Fields: []schema.Field{
		{Name: "sent", Type: schema.Time, Unset: unset},
		{Name: "changed", Type: schema.Time, Unset: unset},
		{Name: "born", Type: schema.Time},
		{Name: "state", Type: schema.String, Unset: []string{"-"}},
	}}
	got, err := o.Decode([]byte(`{"sent":"1990-01-01T00:00:00+09:00","changed":"0001-01-01T00:00:00Z","born":"1990-01-01T00:00:00+09:00","state":"-"}`))
	if err != nil || got["sent"] != nil || got["changed"] != nil || got["state"] != nil || got["born"] != "1990-01-01T00:00:00+09:00" {
		t.Errorf("got %v, %v, want nothing but born", got, err)
	}
	if at, ok := o.Time("changed", unset[1]); ok {
		t.Errorf("Time of an unset text = %v, want none", at)
	}
	if at, ok := o.Time("born", unset[1]); !ok || at.Year() != 1989 {
		t.Errorf("Time of another field = %v, %t, want a time", at, ok)
	}
	var none *schema.Object
	if _, ok := none.Time("changed", unset[1]); !ok {
		t.Error("Time without an object gives none, want the time")
	}
	other := &schema.Object{Key: "mail", Updated: "changed", Fields: []schema.Field{{Name: "sent", Type: schema.Time}}}
	with := &schema.Object{Key: "mail", Updated: "changed", Fields: []schema.Field{{Name: "sent", Type: schema.Time, Unset: unset}}}
	if other.Rule() == with.Rule() {
		t.Error("both objects have the same rule, want another one: what they compare differs")
	}
}

func TestObject_TimesOfRecordsMayBeSeconds(t *testing.T) {
	t.Parallel()
	o := &schema.Object{Key: "order", Created: "made", Updated: "changed", Fields: []schema.Field{
		{Name: "made", Type: schema.Time}, {Name: "changed", Type: schema.Time}, {Name: "born", Type: schema.Time},
	}}
	for _, tt := range []struct{ number, want string }{
		{"1767225600", "2026-01-01T00:00:00Z"},
		{"1767225600.25", "2026-01-01T00:00:00.25Z"},
		{"1767225600000", "2026-01-01T00:00:00Z"},
		{`"1767225600"`, "2026-01-01T00:00:00Z"},
	} {
		for _, name := range []string{"made", "changed"} {
			at, ok := o.Time(name, strings.Trim(tt.number, `"`))
			if got := at.Format(time.RFC3339Nano); !ok || got != tt.want {
				t.Errorf("Time(%s, %s) = %s, %t, want %s", name, tt.number, got, ok, tt.want)
			}
			fields, err := o.Decode([]byte(`{"` + name + `":` + tt.number + `}`))
			if err != nil || fields[name] != tt.want {
				t.Errorf("%s of %s is %v, %v, want %s", name, tt.number, fields[name], err, tt.want)
			}
			if got := o.Complete(map[string]any{name: fields[name]})[name]; got != tt.want {
				t.Errorf("completed %s of %s is %v, want %s", name, tt.number, got, tt.want)
			}
		}
	}
	fields, err := o.Decode([]byte(`{"born":86400000}`)) // milliseconds: nobody's record is as old, people are
	if err != nil || fields["born"] != "1970-01-02T00:00:00Z" {
		t.Errorf("born = %v, %v, want 1970-01-02", fields["born"], err)
	}
	if _, ok := o.Time("made", "0"); ok {
		t.Error("0 is a time, want never")
	}
}

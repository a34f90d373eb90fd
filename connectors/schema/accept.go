package schema

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// Accepts reports whether a value may be given for the field, as an error that
// says what was expected: "want text, got a number". nil is accepted only where
// the field is nullable. Members of arrays and maps are looked at too; a map
// without listed fields, or an open one, may hold anything besides.
func (f Field) Accepts(v any) error {
	if v == nil {
		if f.Nullable {
			return nil
		}
		return fmt.Errorf("want %s, got nothing", f.Type.words())
	}
	switch f.Type {
	case String:
		return f.acceptsText(v)
	case Time:
		return acceptsTime(v)
	case Array:
		return f.acceptsList(v)
	case Map:
		return f.acceptsMap(v)
	case Integer, Number, Boolean:
		if !f.Type.plain(v) {
			return f.Type.mismatch(v)
		}
	case Any:
	}
	return nil
}

// plain reports whether a value without parts has the type.
func (t Type) plain(v any) bool {
	switch x := v.(type) {
	case bool:
		return t == Boolean
	case int, int64:
		return t == Integer || t == Number
	case float64:
		return t == Number || (t == Integer && x == math.Trunc(x) && math.Abs(x) < 1<<53)
	}
	return false
}

func (f Field) acceptsText(v any) error {
	s, ok := v.(string)
	if !ok {
		return f.Type.mismatch(v)
	}
	if len(f.Options) > 0 && !slices.Contains(f.Options, s) {
		return fmt.Errorf("want one of %s, got %.40q", strings.Join(f.Options, ", "), s)
	}
	return f.Matches(s)
}

func acceptsTime(v any) error {
	s, ok := v.(string)
	if _, isTime := v.(time.Time); isTime {
		return nil
	}
	if !ok {
		return Time.mismatch(v)
	}
	if _, err := time.Parse(time.RFC3339Nano, s); err != nil {
		return fmt.Errorf("want %s, got %.40q", Time.words(), s)
	}
	return nil
}

func (f Field) acceptsList(v any) error {
	list, ok := v.([]any)
	if !ok {
		return f.Type.mismatch(v)
	}
	if err := f.Holds(len(list)); err != nil || f.Items == nil {
		return err
	}
	for i, e := range list {
		if err := f.Items.Accepts(e); err != nil {
			return fmt.Errorf("element %d: %w", i+1, err)
		}
	}
	return nil
}

func (f Field) acceptsMap(v any) error {
	m, ok := v.(map[string]any)
	if !ok {
		return f.Type.mismatch(v)
	}
	for _, known := range f.Fields {
		value, given := m[known.Name]
		switch {
		case !given && known.Required:
			return fmt.Errorf("%s is missing", known.Name)
		case given:
			if err := known.Accepts(value); err != nil {
				return fmt.Errorf("%s: %w", known.Name, err)
			}
		}
	}
	if f.Open || len(f.Fields) == 0 {
		return nil
	}
	for name := range m {
		if !slices.ContainsFunc(f.Fields, func(k Field) bool { return k.Name == name }) {
			return fmt.Errorf("%.40q is not known", name)
		}
	}
	return nil
}

func (t Type) mismatch(v any) error {
	got := "something else"
	switch v.(type) {
	case string:
		got = "text"
	case int, int64, float64:
		got = "a number"
	case bool:
		got = "true or false"
	case []any:
		got = "a list"
	case map[string]any:
		got = "a mapping"
	}
	return fmt.Errorf("want %s, got %s", t.words(), got)
}

// words says what a value of the type is, as messages do.
func (t Type) words() string {
	switch t {
	case String:
		return "text"
	case Integer:
		return "a whole number"
	case Number:
		return "a number"
	case Boolean:
		return "true or false"
	case Time:
		return "a time such as 2026-01-31T08:30:00Z"
	case Array:
		return "a list"
	case Map:
		return "a mapping"
	case Any:
	}
	return "a value"
}

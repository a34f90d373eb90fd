package named

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pollux-automation/pollux/connectors/schema"
	"github.com/pollux-automation/pollux/internal/diag"
)

// accepts reports why a value cannot be given to the field. It refuses only what is
// surely wrong: services differ in how strict they are.
func (d *definition) accepts(v any) error {
	if v == nil {
		return nil // empties the field
	}
	switch d.kind {
	case schema.NamedNumber:
		return acceptsNumber(v)
	case schema.NamedDate:
		return acceptsDate(v)
	case schema.NamedOne:
		if _, list := v.([]any); list {
			return errors.New("want one value, got a list")
		}
		return d.acceptsOption(v)
	case schema.NamedMany:
		list, ok := v.([]any)
		if !ok {
			return fmt.Errorf("want a list, as in [%s], got %s", example(d.options), word(v))
		}
		for _, e := range list {
			if err := d.acceptsOption(e); err != nil {
				return err
			}
		}
	}
	return nil
}

// example is what a list may hold.
func example(options []string) string {
	if len(options) == 0 {
		return "a, b"
	}
	return strings.Join(options[:min(2, len(options))], ", ")
}

// acceptsOption reports a value that is not among the options, where there are some.
func (d *definition) acceptsOption(v any) error {
	s := fmt.Sprint(v)
	if len(d.options) == 0 || slices.Contains(d.options, s) {
		return nil
	}
	if near := diag.DidYouMean(s, d.options); near != "" {
		return fmt.Errorf("%.80q is not among its options; %s", s, near)
	}
	return fmt.Errorf("%.80q is not among its options; write one of %s", s, strings.Join(d.options[:min(mostListed, len(d.options))], ", "))
}

// acceptsNumber takes numbers, and texts that hold one.
func acceptsNumber(v any) error {
	switch x := v.(type) {
	case int, int64, float64:
		return nil
	case string:
		if _, err := strconv.ParseFloat(strings.TrimSpace(x), 64); err == nil {
			return nil
		}
		return fmt.Errorf("want a number, got %.80q", x)
	}
	return fmt.Errorf("want a number, got %s", word(v))
}

// acceptsDate takes days, times, and milliseconds since 1970.
func acceptsDate(v any) error {
	switch x := v.(type) {
	case int, int64, float64, time.Time:
		return nil
	case string:
		if _, err := time.Parse(time.DateOnly, x); err == nil {
			return nil
		}
		if _, ok := schema.ParseTime(x); ok {
			return nil
		}
		return fmt.Errorf("want a date such as 2026-03-01, got %.80q", x)
	}
	return fmt.Errorf("want a date such as 2026-03-01, got %s", word(v))
}

// word is what messages call a value.
func word(v any) string {
	switch v.(type) {
	case bool:
		return "true or false"
	case string:
		return "text"
	case int, int64, float64:
		return "a number"
	case []any:
		return "a list"
	}
	return "an object"
}

package schema

import (
	"fmt"
	"regexp"
	"slices"
	"time"
)

// Matches reports whether a string has the form of the field, as an error that says what
// was expected, with an example.
func (f *Field) Matches(text string) error {
	if f.Pattern == "" {
		return nil
	}
	if whole, err := regexp.Compile("^(?:" + f.Pattern + ")$"); err != nil || !whole.MatchString(text) {
		return fmt.Errorf("want text such as %s, got %.40q", f.Example, text)
	}
	return nil
}

// Holds reports whether an array may have so many elements, as an error.
func (f *Field) Holds(elements int) error {
	if f.MaxItems > 0 && elements > f.MaxItems {
		return fmt.Errorf("want at most %d elements, got %d", f.MaxItems, elements)
	}
	return nil
}

// Time reads the time in a field of a record, as [ParseTime] does. ok is also false for
// the texts by which the field says that there is none. A nil object has no fields.
func (o *Object) Time(field, text string) (t time.Time, ok bool) {
	if o == nil {
		return ParseTime(text)
	}
	if f := o.field(field); f != nil && slices.Contains(f.Unset, text) {
		return time.Time{}, false
	}
	return ParseTime(text)
}

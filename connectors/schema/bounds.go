package schema

import (
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
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

// Time reads the time in a field of a record, as [ParseTime] does; numbers below 1e11 are
// seconds since 1970, not milliseconds. ok is also false for an empty text, and for those by
// which the field says that there is none. A nil object has no fields.
func (o *Object) Time(field, text string) (t time.Time, ok bool) {
	if text == "" {
		return time.Time{}, false
	}
	if o != nil {
		if f := o.field(field); f != nil && slices.Contains(f.Unset, text) {
			return time.Time{}, false
		}
	}
	return ParseTime(inMillis(text))
}

// leastMillis is the first number of a record's time that is taken for milliseconds; as
// such it is in 1973, before any service made records, and as seconds in the year 5138.
const leastMillis = 1e11

// inMillis returns the time of a record in milliseconds where a service counts in
// seconds. Other texts stay as they are.
func inMillis(text string) string {
	if strings.IndexByte(text, ':') >= 0 {
		return text // a written time, as in nearly every row: no number, and no error about it
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(n) || math.Abs(n) >= leastMillis {
		return text
	}
	return strconv.FormatFloat(n*1000, 'f', -1, 64)
}

// plain gives a value the type that its field promises. The times of a record may be
// counted in seconds; other times, such as birthdays, are in milliseconds.
func (o *Object) plain(f *Field, v any) any {
	if f.Type != Time || f.Name != o.Created && f.Name != o.Updated {
		return f.plain(v)
	}
	switch n := v.(type) {
	case string:
		v = inMillis(n)
	case json.Number:
		v = inMillis(n.String())
	case int:
		v = inMillis(strconv.Itoa(n))
	case float64:
		v = inMillis(strconv.FormatFloat(n, 'f', -1, 64))
	}
	return f.plain(v)
}

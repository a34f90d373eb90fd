package functions

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
)

// timeFunctions are those for times. Zones and forms that are constants are checked
// when the recipe is loaded.
func timeFunctions() []Function {
	zoned := func(position int) map[int]func(string) *ArgumentError {
		return map[int]func(string) *ArgumentError{1: checkLayout, position: checkZone}
	}
	return []Function{
		{
			Doc: Doc{
				Name: "date", Signature: `date(text, "YYYY-MM-DD", "Asia/Seoul")`, Example: `date("2026-03-01", "YYYY-MM-DD", "Asia/Seoul")`, Result: `"2026-02-28T15:00:00Z"`,
				Summary: "the time that a text tells; without a form RFC 3339, a day, or milliseconds since 1970 as a number; UTC without a zone",
			},
			Types: []any{new(func(any) time.Time), new(func(string, string) time.Time), new(func(string, string, string) time.Time)},
			Call:  date, Constants: zoned(2),
		},
		{
			Doc: Doc{
				Name: "format", Signature: `format(time, "DD.MM.YYYY HH:mm", "Asia/Seoul")`, Example: `format("2026-02-28T15:00:00Z", "DD.MM.YYYY HH:mm", "Asia/Seoul")`, Result: `"01.03.2026 00:00"`,
				Summary: "a time as text, in a zone (UTC without one): YYYY YY MM DD HH mm ss ZZ",
			},
			Types: []any{new(func(any, string) string), new(func(any, string, string) string)},
			Call:  format, Constants: zoned(2),
		},
		{
			Doc: Doc{
				Name: "duration", Signature: `duration("36h")`, Example: `date("2026-03-01") + duration("1d12h")`, Result: `"2026-03-02T12:00:00Z"`,
				Summary: "a length of time that can be added to a time or taken off it: d, h, m, s",
			},
			Types: []any{new(func(string) time.Duration)}, Call: onText("duration", parseSpan),
			Constants: map[int]func(string) *ArgumentError{0: checkSpan},
		},
	}
}

// layoutWords are the words of a date's form and Go's for them. They are tried in
// this order: YYYY stands before YY, which it begins with.
//
//nolint:gochecknoglobals // a table
var layoutWords = []struct{ word, layout string }{
	{"YYYY", "2006"}, {"YY", "06"}, {"MM", "01"}, {"DD", "02"}, {"HH", "15"}, {"mm", "04"}, {"ss", "05"}, {"SSS", "000"}, {"ZZ", "-07:00"}, {"T", "T"},
}

// layout translates the form of a date. Letters that are no word are refused, so that
// a misspelt form is not printed as it stands; so are digits. Digits would mean
// something to package time.
func layout(form string) (string, error) {
	var b strings.Builder
	for form != "" {
		known := false
		for _, w := range layoutWords {
			if rest, ok := strings.CutPrefix(form, w.word); ok {
				b.WriteString(w.layout)
				form, known = rest, true
				break
			}
		}
		if known {
			continue
		}
		r := []rune(form)[0]
		if unicode.IsDigit(r) || r <= unicode.MaxASCII && unicode.IsLetter(r) || r == '_' {
			return "", fmt.Errorf("the form of a date has the words YYYY YY MM DD HH mm ss SSS ZZ, not %q", form)
		}
		b.WriteRune(r)
		form = form[len(string(r)):]
	}
	return b.String(), nil
}

// checkLayout checks a form that is a constant.
func checkLayout(form string) *ArgumentError {
	if _, err := layout(form); err != nil {
		return &ArgumentError{Text: err.Error(), Hint: `write it as in "YYYY-MM-DD HH:mm"`}
	}
	return nil
}

// zone returns the time zone with that name. Local and the empty name are refused:
// what they mean depends on the machine.
func zone(name string) (*time.Location, error) {
	if name == "" || name == "Local" {
		return nil, fmt.Errorf("there is no time zone %q", name)
	}
	loc, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("there is no time zone %q", name)
	}
	return loc, nil
}

// checkZone checks a zone that is a constant.
func checkZone(name string) *ArgumentError {
	if _, err := zone(name); err != nil {
		return &ArgumentError{Text: err.Error(), Hint: `write it as in "Asia/Seoul"`}
	}
	return nil
}

// checkSpan checks a duration that is a constant.
func checkSpan(s string) *ArgumentError {
	if _, err := parseSpan(s); err != nil {
		return &ArgumentError{Text: err.Error(), Hint: `write it as in "36h" or "7d"`}
	}
	return nil
}

// parseSpan reads a duration in the form of package time, with d for days of 24 hours
// before the rest. A number of days can have a fraction and a sign; the sign of the
// days is not that of the rest.
func parseSpan(s string) (any, error) {
	var days time.Duration
	rest := s
	if count, after, found := strings.Cut(s, "d"); found {
		d, err := time.ParseDuration(count + "h")
		if err != nil || d > 100_000*time.Hour || d < -100_000*time.Hour {
			return nil, fmt.Errorf("%q is not a duration", s)
		}
		days, rest = 24*d, after
	}
	if rest == "" && rest != s {
		return days, nil
	}
	d, err := time.ParseDuration(rest)
	if err != nil {
		return nil, fmt.Errorf("%q is not a duration", s)
	}
	return days + d, nil
}

// date makes a time of a text, or of a number of milliseconds. With a form the value
// must be a text, and a zone inside the text wins over the one named.
func date(args ...any) (any, error) {
	if args[0] == nil {
		return nil, nil
	}
	if len(args) == 1 {
		return TimeOf(args[0])
	}
	t, err := texts("date", args, 0)
	if err != nil {
		return nil, err
	}
	form, loc, err := formAndZone(t[1:])
	if err != nil {
		return nil, err
	}
	at, err := time.ParseInLocation(form, t[0], loc)
	if err != nil {
		return nil, fmt.Errorf("%q is not a date of the form %q", Shorten(t[0]), t[1])
	}
	return at, nil
}

// format writes a time, or a text that tells one. The bound on the form bounds the
// result.
func format(args ...any) (any, error) {
	if args[0] == nil {
		return nil, nil
	}
	at, err := TimeOf(args[0])
	if err != nil {
		return nil, err
	}
	t, err := texts("format", args, 1)
	if err != nil {
		return nil, err
	}
	form, loc, err := formAndZone(t)
	if err != nil {
		return nil, err
	}
	if len(form) > 1_000 {
		return nil, ErrTextTooLong
	}
	return at.In(loc).Format(form), nil
}

// formAndZone reads the arguments after the value: a form and perhaps a zone.
func formAndZone(t []string) (string, *time.Location, error) {
	if len(t) == 0 {
		return "", nil, errors.New("the form of the date is missing")
	}
	form, err := layout(t[0])
	if err != nil {
		return "", nil, err
	}
	if len(t) == 1 {
		return form, time.UTC, nil
	}
	loc, err := zone(t[1])
	return form, loc, err
}

// TimeOf reads a time in one of the forms in which services send times. Forms without
// a zone are taken for UTC, whole numbers for milliseconds since 1970.
func TimeOf(v any) (time.Time, error) {
	switch x := v.(type) {
	case time.Time:
		return x, nil
	case int:
		return time.UnixMilli(int64(x)).UTC(), nil
	case string:
		for _, form := range []string{time.RFC3339Nano, time.DateOnly, time.DateTime, "2006-01-02T15:04:05"} {
			if t, err := time.Parse(form, x); err == nil {
				return t, nil
			}
		}
		return time.Time{}, fmt.Errorf("%q is not a time; say its form, as in date(x, \"DD.MM.YYYY\")", Shorten(x))
	}
	return time.Time{}, fmt.Errorf("%s is not a time", SortOf(v))
}

package show

import (
	"strings"
	"time"
)

// Stamp is a time as RFC 3339 in UTC, or "" for none.
func Stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// Optional is a time as Stamp writes it, or nil for none.
func Optional(t time.Time) *string { return Word(Stamp(t)) }

// Ago is how long ago a time is, in seconds, for people. A time to come is "in"
// so long, none is "never".
func Ago(t, now time.Time) string {
	if t.IsZero() {
		return "never"
	}
	d := now.Sub(t).Round(time.Second)
	switch {
	case d < 0:
		return "in " + (-d).String()
	case d < time.Second:
		return "now"
	}
	return d.String() + " ago"
}

// span is a length of time in seconds, for people, without what is zero at its end: 10m
// for ten minutes.
func span(d time.Duration) string {
	if d < time.Second {
		return d.Round(time.Millisecond).String()
	}
	text := d.Round(time.Second).String()
	for _, zero := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(text, zero) {
			text = text[:len(text)-2]
		}
	}
	return text
}

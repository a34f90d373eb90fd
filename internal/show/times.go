package show

import "time"

// Stamp is a time as RFC 3339 in UTC, or "" for none.
func Stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// optional is a time as Stamp writes it, or nil for none.
func optional(t time.Time) *string { return word(Stamp(t)) }

// ago is how long ago a time is, in seconds, for people. A time to come is "in"
// so long, none is "never".
func ago(t, now time.Time) string {
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

package schema

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// layouts are the ways in which services write times, besides milliseconds since
// 1970. The last is the default text of Go's time, of which only the first three
// parts are looked at ("2024-11-12 17:09:13 +0900 KST").
//
//nolint:gochecknoglobals // a table
var layouts = [...]string{time.RFC3339Nano, "2006-01-02T15:04:05Z0700", "2006-01-02 15:04:05 -0700"}

// maxMillis is the last millisecond of the year 9999.
const maxMillis = 253_402_300_799_999

// ParseTime reads a time as services write it: RFC 3339, milliseconds since 1970
// as a number, or the default text of Go's time. ok is false for texts that hold
// none, among them 0 and the year 1, which stand for "never".
func ParseTime(text string) (t time.Time, ok bool) {
	if ms, err := strconv.ParseFloat(text, 64); err == nil {
		if ms == 0 || math.IsNaN(ms) || math.Abs(ms) > maxMillis {
			return time.Time{}, false
		}
		return time.UnixMilli(int64(ms)).UTC(), true
	}
	if parts := strings.Fields(text); len(parts) > 3 {
		text = strings.Join(parts[:3], " ")
	}
	for _, layout := range layouts {
		if t, err := time.Parse(layout, text); err == nil && t.Year() > 1 {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

// timeText gives a time in a record the form of RFC 3339. What has that form
// already, and what is no time, stays as it is.
func timeText(text string) string {
	if _, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return text
	}
	if t, ok := ParseTime(text); ok {
		return t.Format(time.RFC3339Nano)
	}
	return text
}

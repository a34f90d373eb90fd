package schema

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"
)

// layouts are the ways in which services write times, besides milliseconds since
// 1970. The third is the default text of Go's time, of which only the first three
// parts are looked at ("2024-11-12 17:09:13 +0900 KST"). The last has no zone and
// means UTC.
//
//nolint:gochecknoglobals // a table
var layouts = [...]string{time.RFC3339Nano, "2006-01-02T15:04:05Z0700", "2006-01-02 15:04:05 -0700", time.DateTime}

// maxMillis is the last millisecond of the year 9999.
const maxMillis = 253_402_300_799_999

// ParseTime reads a time as services write it: RFC 3339, milliseconds since 1970
// as a number, the default text of Go's time, date and time without a zone, which is
// UTC, or a JSON object of seconds and nanoseconds. ok is false for texts that hold none,
// among them 0 and the year 1,
// which stand for "never".
func ParseTime(text string) (t time.Time, ok bool) {
	if text == "" {
		return time.Time{}, false
	}
	if text[0] == '{' {
		return parseSeconds(text)
	}
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

// maxSeconds is the last second of the year 9999.
const maxSeconds = maxMillis / 1000

// parseSeconds reads a time that is an object, as some databases write it, with or
// without an underscore before its names.
func parseSeconds(text string) (time.Time, bool) {
	var parts map[string]any
	if err := json.Unmarshal([]byte(text), &parts); err != nil {
		return time.Time{}, false
	}
	return secondsTime(parts)
}

// secondsTime returns the time in an object of seconds and nanoseconds.
func secondsTime(parts map[string]any) (time.Time, bool) {
	part := func(name string) float64 {
		for _, name := range []string{name, "_" + name} {
			switch n := parts[name].(type) {
			case float64:
				return n
			case int:
				return float64(n)
			}
		}
		return 0
	}
	seconds, nanos := part("seconds"), part("nanoseconds")
	if seconds == 0 || math.Abs(seconds) > maxSeconds || nanos < 0 || nanos >= 1e9 {
		return time.Time{}, false
	}
	return time.Unix(int64(seconds), int64(nanos)).UTC(), true
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

package lists

import (
	"strconv"
	"time"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/schema"
	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/yamlnode"
)

// TimeFormat is a way to write a time into a request.
type TimeFormat string

// The formats of times in requests.
const (
	EpochMillis  TimeFormat = "epoch_ms"
	EpochSeconds TimeFormat = "epoch_s"
	RFC3339      TimeFormat = "rfc3339"
)

// SincePlaceholder stands for the time inside [Since.Value].
const SincePlaceholder = "$since"

// format reads how times are written.
func format(m yamlnode.Map, into *diag.List) TimeFormat {
	word, _ := m.Need(into, "format", "format: rfc3339").Word(into, string(EpochMillis), string(EpochSeconds), string(RFC3339))
	return TimeFormat(word)
}

// Value writes a time for an input. What is finer than the format is cut off. A number
// goes as a text where the input is one.
func (f TimeFormat) Value(in *connectors.Input, t time.Time) any {
	var n int64
	switch f {
	case RFC3339:
		return t.UTC().Format("2006-01-02T15:04:05.000Z")
	case EpochSeconds:
		n = t.Unix()
	case EpochMillis:
		n = t.UnixMilli()
	}
	if in.Type == schema.String {
		return strconv.FormatInt(n, 10)
	}
	return int(n)
}

// Package rows encodes the rows that every run writes by hand: the same JSON as
// that of package json, in a fifth of the time. Values with anything unusual in them
// (errors, texts that need escapes) take the ordinary way.
package rows

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/pollux-automation/pollux/engine/store"
)

// State returns the JSON of a run's state, as store.Marshal would.
func State(s *store.RunState) ([]byte, error) {
	if s.Error != nil || !plainText(s.Reason) {
		return store.Marshal(s)
	}
	b := make([]byte, 0, 192)
	b = appendText(b, `{"status":`, string(s.Status))
	b = appendTime(b, `,"due":`, s.Due)
	b = appendTime(b, `,"started_at":`, s.StartedAt)
	b = appendTime(b, `,"finished_at":`, s.FinishedAt)
	b = appendInt(b, `,"step":`, s.Step)
	b = appendInt(b, `,"attempts":`, s.Attempts)
	if s.Reason != "" {
		b = appendText(b, `,"reason":`, s.Reason)
	}
	return append(b, '}'), nil
}

// Step returns the JSON of a step's result, as store.Marshal would.
func Step(s *store.Step) ([]byte, error) {
	plain := s.Error == nil && plainText(s.ID) && plainText(s.Status) && (s.Effect == nil || plainText(s.Effect.Operation))
	if !plain || !compact(s.Input) || !compact(s.Output) {
		return store.Marshal(s)
	}
	b := make([]byte, 0, 320+len(s.Input)+len(s.Output))
	b = appendText(b, `{"id":`, s.ID)
	b = appendText(b, `,"status":`, s.Status)
	b = appendInt(b, `,"attempts":`, s.Attempts)
	if len(s.Input) > 0 {
		b = append(append(b, `,"input":`...), s.Input...)
	}
	if len(s.Output) > 0 {
		b = append(append(b, `,"output":`...), s.Output...)
	}
	b = appendTime(b, `,"started_at":`, s.StartedAt)
	b = appendTime(b, `,"finished_at":`, s.FinishedAt)
	if e := s.Effect; e != nil {
		b = appendText(append(b, `,"effect":{`...), `"state":`, string(e.State))
		b = appendText(b, `,"operation":`, e.Operation)
		b = append(append(b, `,"sent_at":"`...), e.SentAt.AppendFormat(nil, time.RFC3339Nano)...)
		b = append(b, `","sends":`...)
		b = strconv.AppendInt(b, int64(e.Sends), 10)
		if e.Looked {
			b = append(b, `,"looked":true`...)
		}
		b = append(b, '}')
	}
	return append(b, '}'), nil
}

// compact reports whether a raw message can be copied as it is.
func compact(m json.RawMessage) bool { return len(m) == 0 || json.Valid(m) }

// plainText reports whether a text needs no escape in JSON.
func plainText(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

// appendText appends a key with its punctuation, and a text that needs no escape.
func appendText(b []byte, key, text string) []byte {
	b = append(append(b, key...), '"')
	return append(append(b, text...), '"')
}

// appendTime appends nothing for the zero time, as omitzero does.
func appendTime(b []byte, key string, t time.Time) []byte {
	if t.IsZero() {
		return b
	}
	b = append(append(b, key...), '"')
	return append(t.AppendFormat(b, time.RFC3339Nano), '"')
}

// appendInt appends nothing for 0, as omitempty does.
func appendInt(b []byte, key string, n int) []byte {
	if n == 0 {
		return b
	}
	return strconv.AppendInt(append(b, key...), int64(n), 10)
}

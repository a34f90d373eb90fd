// Package rows has the stored forms of runs, their states and their steps. The JSON in
// them, which every run writes, is encoded by hand: the same as that of package json, in
// a fifth of the time. Values with anything unusual in them (errors, texts that need
// escapes) take the ordinary way.
package rows

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/pollux-automation/pollux/engine/store"
)

// AppendRun appends the JSON of a run as store.Marshal would, without what is stored
// elsewhere: its id, and the record and the former record of its event.
func AppendRun(b []byte, r *store.Run) ([]byte, error) {
	plain := plainText(r.Recipe, r.Version, r.Account, string(r.Feed), r.Record, r.Kind, r.Lane, r.Event.Parent, string(r.Event.Previous)) && plainText(r.Event.Fields...)
	if !plain || r.Event.Forgotten {
		short := *r
		short.ID, short.Event.Record, short.Event.Before = "", nil, nil
		return marshal(b, &short)
	}
	b = appendText(append(b, `{"id":""`...), `,"recipe":`, r.Recipe)
	b = appendText(b, `,"version":`, r.Version)
	b = appendText(b, `,"account":`, r.Account)
	b = appendText(b, `,"feed":`, string(r.Feed))
	b = appendText(b, `,"record":`, r.Record)
	b = strconv.AppendUint(append(b, `,"revision":`...), uint64(r.Revision), 10)
	b = appendText(b, `,"kind":`, r.Kind)
	b = appendText(b, `,"lane":`, r.Lane)
	b = r.QueuedAt.AppendFormat(append(b, `,"queued_at":"`...), time.RFC3339Nano)
	b = strconv.AppendBool(append(b, `","event":{"before_known":`...), r.Event.BeforeKnown)
	b = append(b, `,"record":null`...)
	for i, name := range r.Event.Fields {
		key := `,`
		if i == 0 {
			key = `,"fields":[`
		}
		b = appendText(b, key, name)
	}
	if len(r.Event.Fields) > 0 {
		b = append(b, ']')
	}
	if r.Event.Parent != "" {
		b = appendText(b, `,"parent":`, r.Event.Parent)
	}
	b = appendTime(b, `,"created_at":`, r.Event.CreatedAt)
	b = appendTime(b, `,"updated_at":`, r.Event.UpdatedAt)
	if r.Event.Previous != "" {
		b = appendText(b, `,"previous":`, string(r.Event.Previous))
	}
	return append(b, `}}`...), nil
}

// AppendState appends the JSON of a run's state, as store.Marshal would.
func AppendState(b []byte, s *store.RunState) ([]byte, error) {
	if s.Error != nil || !plainText(s.Reason, string(s.Widened)) {
		return marshal(b, s)
	}
	b = appendText(b, `{"status":`, string(s.Status))
	b = appendTime(b, `,"due":`, s.Due)
	b = appendTime(b, `,"started_at":`, s.StartedAt)
	b = appendTime(b, `,"finished_at":`, s.FinishedAt)
	b = appendInt(b, `,"step":`, s.Step)
	b = appendInt(b, `,"attempts":`, s.Attempts)
	if s.Reason != "" {
		b = appendText(b, `,"reason":`, s.Reason)
	}
	if s.Widened != "" {
		b = appendText(b, `,"widened":`, string(s.Widened))
	}
	if s.Narrow {
		b = append(b, `,"narrow":true`...)
	}
	return append(b, '}'), nil
}

// AppendSteps appends the JSON of a list of results, and nothing for an empty one.
func AppendSteps(b []byte, steps []store.Step) (_ []byte, err error) {
	punctuation := byte('[')
	for i := range steps {
		if b, err = AppendStep(append(b, punctuation), &steps[i]); err != nil {
			return nil, fmt.Errorf("step %s: %w", steps[i].ID, err)
		}
		punctuation = ','
	}
	if len(steps) == 0 {
		return b, nil
	}
	return append(b, ']'), nil
}

// AppendStep appends the JSON of a step's result, as store.Marshal would.
func AppendStep(b []byte, s *store.Step) ([]byte, error) {
	plain := s.Error == nil && plainText(s.ID, s.Status) && (s.Effect == nil || plainText(s.Effect.Operation))
	if !plain || !compact(s.Input) || !compact(s.Output) {
		return marshal(b, s)
	}
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
	b = appendTime(b, `,"due":`, s.Due)
	if s.Passed {
		b = append(b, `,"passed":true`...)
	}
	if e := s.Effect; e != nil {
		b = appendText(append(b, `,"effect":{`...), `"state":`, string(e.State))
		b = appendText(b, `,"operation":`, e.Operation)
		b = e.SentAt.AppendFormat(append(b, `,"sent_at":"`...), time.RFC3339Nano)
		b = append(b, `","sends":`...)
		b = strconv.AppendInt(b, int64(e.Sends), 10)
		if e.Looked {
			b = append(b, `,"looked":true`...)
		}
		if e.Safe {
			b = append(b, `,"safe":true`...)
		}
		b = append(b, '}')
	}
	return append(b, '}'), nil
}

// marshal appends a value in the ordinary way.
func marshal(b []byte, v any) ([]byte, error) {
	text, err := store.Marshal(v)
	return append(b, text...), err
}

// compact reports whether a raw message can be copied as it is.
func compact(m json.RawMessage) bool { return len(m) == 0 || json.Valid(m) }

// plainText reports whether texts need no escape in JSON that appendText does not know.
func plainText(texts ...string) bool {
	for _, s := range texts {
		for i := range len(s) {
			if c := s[i]; c != 0 && c < ' ' || c > '~' || c == '"' || c == '\\' {
				return false
			}
		}
	}
	return true
}

// appendText appends a key with its punctuation, and a plain text. The byte 0 stands
// between the parts of every lane.
func appendText(b []byte, key, text string) []byte {
	b = append(append(b, key...), '"')
	for before, rest, found := strings.Cut(text, "\x00"); ; before, rest, found = strings.Cut(rest, "\x00") {
		if b = append(b, before...); !found {
			return append(b, '"')
		}
		b = append(b, `\u0000`...)
	}
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

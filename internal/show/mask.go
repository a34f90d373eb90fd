package show

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/internal/secret"
)

// shortestMasked is how many bytes a value must have to be hidden outside its
// field: hiding shorter ones would tear holes into every text.
const shortestMasked = 4

// Mask hides what a recipe wants masked in one run: the fields by name, and their
// values wherever else they turn up. It is safe for concurrent use.
type Mask struct {
	names  []string
	values []string // longest first, so that no value leaves a piece of a longer one
	// blind is true when nobody knows the values any more: texts are hidden whole.
	blind bool
}

// NewMask returns the mask of a run for the fields that its recipe's keep.mask
// names. Without names nothing is hidden.
func NewMask(names []string, r store.Run) *Mask {
	m := &Mask{names: names}
	if len(m.names) == 0 {
		return m
	}
	m.blind = r.Event.Forgotten
	for _, text := range []json.RawMessage{r.Event.Record, r.Event.Before} {
		var fields map[string]any
		if json.Unmarshal(text, &fields) != nil {
			continue // absent
		}
		for _, name := range m.names {
			if v, ok := fields[name].(string); ok && len(v) >= shortestMasked {
				m.values = append(m.values, v, strings.ToLower(v))
			}
		}
	}
	slices.SortFunc(m.values, func(a, b string) int { return len(b) - len(a) })
	return m
}

// JSON returns JSON text with what must be hidden replaced by stars. Text that is
// not JSON is hidden whole: better hidden than shown by mistake.
func (m *Mask) JSON(text json.RawMessage) json.RawMessage {
	if len(m.names) == 0 || len(text) == 0 {
		return text
	}
	v, err := connectors.Decode(text)
	if err != nil {
		return json.RawMessage(`"` + secret.Stars + `"`)
	}
	out, err := json.Marshal(m.walk(v))
	if err != nil {
		return json.RawMessage(`"` + secret.Stars + `"`)
	}
	return out
}

// walk hides masked fields and values in a decoded value, in place where it can.
func (m *Mask) walk(v any) any {
	switch x := v.(type) {
	case string:
		return m.text(x)
	case []any:
		for i := range x {
			x[i] = m.walk(x[i])
		}
	case map[string]any:
		for name, e := range x {
			if slices.Contains(m.names, name) && e != nil {
				x[name] = secret.Stars
				continue
			}
			x[name] = m.walk(e)
		}
	}
	return v
}

// text hides masked values inside a text.
func (m *Mask) text(s string) string {
	if m.blind && s != "" {
		return secret.Stars
	}
	for _, v := range m.values {
		s = strings.ReplaceAll(s, v, secret.Stars)
	}
	return s
}

// Failure returns an error with masked values hidden in its message; nil for nil.
func (m *Mask) Failure(f *store.Failure) *store.Failure {
	if f == nil {
		return nil
	}
	masked := *f
	masked.Message = m.text(f.Message)
	return &masked
}

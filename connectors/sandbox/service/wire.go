package service

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"
)

// wireFault is a fault as JSON shows it.
type wireFault struct {
	Operation  string    `json:"operation,omitempty"`
	Kind       FaultKind `json:"kind"`
	Next       int       `json:"next,omitempty"`
	Rate       float64   `json:"rate,omitempty"`
	RetryAfter Span      `json:"retry_after,omitzero"`
	Delay      Span      `json:"delay,omitzero"`
	Status     int       `json:"status,omitempty"`
	After      int       `json:"after,omitempty"`
	For        Span      `json:"for,omitzero"`
}

// MarshalJSON implements json.Marshaler.
func (f Fault) MarshalJSON() ([]byte, error) {
	return json.Marshal(wireFault{
		Operation: f.Operation, Kind: f.Kind, Next: f.Next, Rate: f.Rate,
		RetryAfter: Span(f.RetryAfter), Delay: Span(f.Delay), Status: f.Status, After: f.After, For: Span(f.For),
	})
}

// UnmarshalJSON implements json.Unmarshaler. It refuses members that a fault does
// not have.
func (f *Fault) UnmarshalJSON(b []byte) error {
	var w wireFault
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&w); err != nil {
		return err
	}
	*f = Fault{
		Operation: w.Operation, Kind: w.Kind, Next: w.Next, Rate: w.Rate,
		RetryAfter: time.Duration(w.RetryAfter), Delay: time.Duration(w.Delay), Status: w.Status, After: w.After, For: time.Duration(w.For),
	}
	return nil
}

// Span is a duration that is written as a text.
type Span time.Duration

// MarshalText writes "5s".
func (d Span) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalText reads "5s".
func (d *Span) UnmarshalText(b []byte) error {
	v, err := time.ParseDuration(string(b))
	if err != nil || v < 0 {
		return fmt.Errorf("want a duration such as 5s, got %q", b)
	}
	*d = Span(v)
	return nil
}

// Package secret keeps secrets out of sight.
//
// A [String] prints, marshals and logs as stars; only [String.Reveal] gives the
// text, so every place that needs it can be found by that word. A [Redactor]
// removes known secrets from text that comes from elsewhere.
package secret

import (
	"slices"
	"strings"
	"sync"

	"github.com/rs/zerolog"
)

// Stars is what a secret prints as.
const Stars = "*****"

// String is a text that must not be shown. The zero value is the empty secret.
type String struct {
	text string
}

// New makes a secret of a text.
func New(text string) String { return String{text: text} }

// Reveal returns the text itself. Only code that sends it may call this.
func (s String) Reveal() string { return s.text }

// Empty reports whether there is no secret.
func (s String) Empty() bool { return s.text == "" }

// String returns stars, or nothing for the empty secret.
func (s String) String() string {
	if s.text == "" {
		return ""
	}
	return Stars
}

// GoString returns what String returns, for %#v.
func (s String) GoString() string { return s.String() }

// MarshalText returns what String returns.
func (s String) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// MarshalZerologObject logs stars.
func (s String) MarshalZerologObject(e *zerolog.Event) { e.Str("secret", s.String()) }

// Redactor replaces known secrets by stars. The zero value replaces nothing. It is safe
// for concurrent use.
type Redactor struct {
	mu      sync.RWMutex
	secrets []string
	recent  []string    // those of Add, the oldest first
	living  []*Redactor // those of Follow
}

// mostRecent is how many secrets of Add a redactor knows: tokens that end soon, so that
// the oldest of so many is worth nothing any more.
const mostRecent = 64

// NewRedactor makes a redactor for some secrets. Secrets shorter than four
// letters are left alone: replacing them would destroy the text and hide little.
func NewRedactor(secrets ...String) *Redactor {
	r := &Redactor{}
	for _, s := range secrets {
		if len(s.text) >= 4 {
			r.secrets = append(r.secrets, s.text)
		}
	}
	return r
}

// Redact returns the text with every known secret replaced by stars.
func (r *Redactor) Redact(text string) string {
	if r == nil {
		return text
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	for _, s := range r.secrets {
		text = strings.ReplaceAll(text, s, Stars)
	}
	for _, s := range r.recent {
		text = strings.ReplaceAll(text, s, Stars)
	}
	for _, other := range r.living {
		text = other.Redact(text)
	}
	return text
}

// Add also replaces some secrets that are used for a time only, such as tokens that are
// renewed: the last 64 of them are known.
func (r *Redactor) Add(secrets ...String) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range secrets {
		if len(s.text) >= 4 && !slices.Contains(r.recent, s.text) {
			r.recent = append(r.recent, s.text)
		}
	}
	if over := len(r.recent) - mostRecent; over > 0 {
		r.recent = slices.Delete(r.recent, 0, over)
	}
}

// Follow also replaces whatever another redactor replaces, now and later. The other one
// must not follow this one.
func (r *Redactor) Follow(other *Redactor) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if other != nil && other != r && !slices.Contains(r.living, other) {
		r.living = append(r.living, other)
	}
}

// Learn also replaces the secrets of another redactor from now on, and follows whom that
// one follows.
func (r *Redactor) Learn(other *Redactor) {
	if r == nil || other == nil || r == other {
		return
	}
	other.mu.RLock()
	more, living := slices.Concat(other.secrets, other.recent), slices.Clone(other.living)
	other.mu.RUnlock()
	for _, l := range living {
		r.Follow(l)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range more {
		if !slices.Contains(r.secrets, s) {
			r.secrets = append(r.secrets, s)
		}
	}
}

package overview

import (
	"slices"
	"strings"
	"time"

	"github.com/pollux-automation/pollux/connectors/auth"
	"github.com/pollux-automation/pollux/internal/show"
)

// SignInView is the sign-in of an account with OAuth 2.0. Times are null where there is
// none or nobody knows. Missing are scopes that the recipes need and it lacks.
type SignInView struct {
	SignedIn *string           `json:"signed_in"`
	Expires  *string           `json:"expires"`
	Scopes   []string          `json:"scopes"`
	Missing  []string          `json:"missing_scopes"`
	Facts    map[string]string `json:"facts"`
	Trouble  *string           `json:"error"`
	hint     string
}

// SignIn is a sign-in, held against the scopes that the recipes need.
func SignIn(s auth.State, needed []string) *SignInView {
	v := &SignInView{Scopes: s.Scopes, Missing: []string{}, Facts: s.Facts}
	v.SignedIn, v.Expires = optional(show.Stamp(s.SignedIn)), optional(show.Stamp(s.Expires))
	if v.Scopes == nil {
		v.Scopes = []string{}
	}
	if v.Facts == nil {
		v.Facts = map[string]string{}
	}
	for _, scope := range needed {
		if s.Scopes != nil && !slices.Contains(s.Scopes, scope) {
			v.Missing = append(v.Missing, scope)
		}
	}
	if s.Trouble != nil {
		words := s.Trouble.Words
		v.Trouble, v.hint = &words, s.Trouble.Hint
	}
	return v
}

// words tell of a sign-in in one line.
func (v *SignInView) words(now time.Time) string {
	if v == nil {
		return ""
	}
	var parts []string
	switch {
	case v.Trouble != nil:
		parts = append(parts, *v.Trouble, v.hint)
	case v.SignedIn != nil:
		parts = append(parts, "signed in "+ago(*v.SignedIn, now))
		if at, err := time.Parse(time.RFC3339, deref(v.Expires)); err == nil && at.After(now) {
			parts = append(parts, "token until "+at.UTC().Format("2006-01-02 15:04Z"))
		}
	}
	if len(v.Missing) > 0 {
		parts = append(parts, "lacks "+strings.Join(v.Missing, ", "))
	}
	return strings.Join(slices.DeleteFunc(parts, func(p string) bool { return p == "" }), "; ")
}

// ago says how long ago a time in a view was.
func ago(text string, now time.Time) string {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return text
	}
	return show.Ago(at, now)
}

// deref is a text that may be nil.
func deref(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

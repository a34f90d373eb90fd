// Package position reads and checks where the pages of lists begin.
package position

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"strings"

	"github.com/pollux-automation/pollux/connectors/manifest/lists"
)

// MaxBytes is the longest position; what is longer belongs to no list.
const MaxBytes = 64 << 10

// Position is where a page begins. Its JSON text is what callers store. A stored one
// has exactly one member, that of the list's style.
type Position struct {
	// Number is the page's number, or how many records come before it.
	Number int `json:"n,omitempty"`
	// Carry are inputs with the values of an earlier answer, as they were sent.
	Carry map[string]json.RawMessage `json:"c,omitempty"`
	// Query is the query of the link to the page.
	Query string `json:"q,omitempty"`
}

// Read reads a stored position; empty is the beginning of the list. The error is for texts
// that are no JSON of one, or for a list whose paging changed since.
func Read(p lists.Paging, text string) (Position, error) {
	if text == "" {
		return Position{Number: p.First}, nil
	}
	var at Position
	dec := json.NewDecoder(strings.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&at); err != nil || dec.More() || len(text) > MaxBytes {
		return Position{}, fmt.Errorf("%.80q is not a position", text)
	}
	if !at.Fits(p) {
		return Position{}, fmt.Errorf("%.80q is not a position of this list", text)
	}
	return at, nil
}

// Fits reports whether a position has what the style of paging needs, and nothing
// else.
func (p Position) Fits(paging lists.Paging) bool {
	switch paging.Style {
	case lists.Numbered, lists.Offset:
		return p.Number > paging.First && p.Carry == nil && p.Query == ""
	case lists.Cursor:
		for _, c := range paging.Carry {
			if len(p.Carry[c.Input]) == 0 {
				return false
			}
		}
		return len(p.Carry) == len(paging.Carry) && p.Number == 0 && p.Query == ""
	case lists.NextLink:
		return p.Query != "" && p.Number == 0 && p.Carry == nil
	case lists.NoPaging:
	}
	return false
}

// Follow puts the query of a link into the address of a request. Its values win over
// those of the inputs with the same names.
func (p Position) Follow(u *url.URL) error {
	if p.Query == "" {
		return nil
	}
	link, err := url.ParseQuery(p.Query)
	if err != nil {
		return errors.New("the position holds a broken query")
	}
	q := u.Query()
	maps.Copy(q, link)
	u.RawQuery = q.Encode()
	return nil
}

// OfLink returns the query of a link to the next page, without the value that carries the
// credential; secret is its name, empty without one. Only the query is taken: a service
// cannot send us to another host or path.
func OfLink(link, secret string) (string, error) {
	if link == "" {
		return "", nil
	}
	u, err := url.Parse(link)
	if err != nil {
		return "", errors.New("the link to the next page is not an address")
	}
	q, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return "", errors.New("the link to the next page has a broken query")
	}
	if secret != "" {
		q.Del(secret)
	}
	if len(q) == 0 {
		return "", errors.New("the link to the next page has no query")
	}
	return q.Encode(), nil
}

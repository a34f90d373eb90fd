package httpapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"strings"

	"github.com/pollux-automation/pollux/connectors/auth"
	"github.com/pollux-automation/pollux/connectors/manifest"
	"github.com/pollux-automation/pollux/connectors/manifest/lists"
)

// maxPositionBytes is the longest position; what is longer belongs to no list.
const maxPositionBytes = 64 << 10

// position is where a page begins. Its JSON text is what callers store. A stored one
// has exactly one member, that of the list's style.
type position struct {
	// Number is the page's number, or how many records come before it.
	Number int `json:"n,omitempty"`
	// Carry are inputs with the values of an earlier answer, as they were sent.
	Carry map[string]json.RawMessage `json:"c,omitempty"`
	// Query is the query of the link to the page.
	Query string `json:"q,omitempty"`
}

// readPosition reads a stored position; empty is the beginning of the list. The error
// is for texts that were not made by next, or for a list whose paging changed since.
func readPosition(op *manifest.Operation, text string) (position, error) {
	p := op.Paging
	if text == "" {
		return position{Number: p.First}, nil
	}
	var at position
	dec := json.NewDecoder(strings.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&at); err != nil || dec.More() || len(text) > maxPositionBytes {
		return position{}, fmt.Errorf("%.80q is not a position", text)
	}
	if !at.fits(p) {
		return position{}, fmt.Errorf("%.80q is not a position of this list", text)
	}
	return at, nil
}

// fits reports whether a position has what the style of paging needs, and nothing
// else.
func (p position) fits(paging lists.Paging) bool {
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

// follow puts the query of a link into the address of a request. Its values win over
// those of the inputs with the same names.
func (p position) follow(u *url.URL) error {
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

// linkQuery returns the query of a link to the next page, without the credential.
// Only the query is taken: a service cannot send us to another host or path.
func (s *session) linkQuery(link string) (string, error) {
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
	if s.method.Name == auth.APIKey && s.method.In == "query" {
		q.Del(s.method.Param)
	}
	if len(q) == 0 {
		return "", errors.New("the link to the next page has no query")
	}
	return q.Encode(), nil
}

package connectors

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// Record is one thing as a service showed it at one moment.
type Record struct {
	// ID identifies the record within its source; never empty.
	ID string
	// Created and Updated are the service's own times; zero when it has none.
	Created time.Time
	Updated time.Time
	// Raw is the record as JSON, as it was sent. It belongs to the record.
	Raw []byte
}

// Hash is the first half of a SHA-256.
type Hash [16]byte

// RawHash returns a hash over the record as it was sent, whatever the order of
// its fields. Equal hashes mean that nothing changed; different ones mean only
// that it is worth looking.
func (r Record) RawHash() Hash {
	v := jsontext.Value(bytes.Clone(r.Raw))
	err := v.Format(jsontext.ReorderRawObjects(true),
		jsontext.CanonicalizeRawInts(false), jsontext.CanonicalizeRawFloats(false),
		jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if err != nil {
		v = r.Raw // not JSON: its bytes are all there is to compare
	}
	sum := sha256.Sum256(v)
	return Hash(sum[:16])
}

// Items splits the array at a path of member names inside a JSON document into
// its elements. The path is dotted ("messages.messages"); empty means the whole
// document. found is false when the path leads nowhere or not to an array; null
// is an empty array. The elements are copies.
func Items(doc []byte, path string) (items [][]byte, found bool, err error) {
	dec := jsontext.NewDecoder(bytes.NewReader(doc), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if path != "" {
		for name := range strings.SplitSeq(path, ".") {
			found, err = descend(dec, name)
			if err != nil || !found {
				return nil, false, err
			}
		}
	}
	switch dec.PeekKind() {
	case '[':
	case 'n':
		return nil, true, nil
	default:
		_, err := dec.ReadValue()
		return nil, false, err
	}
	if _, err := dec.ReadToken(); err != nil {
		return nil, false, err
	}
	for dec.PeekKind() != ']' {
		v, err := dec.ReadValue()
		if err != nil {
			return nil, false, fmt.Errorf("element %d: %w", len(items), err)
		}
		items = append(items, bytes.Clone(v))
	}
	return items, true, nil
}

// descend moves the decoder to the value of the named member of the object that
// comes next.
func descend(dec *jsontext.Decoder, name string) (bool, error) {
	if dec.PeekKind() != '{' {
		_, err := dec.ReadValue()
		return false, err
	}
	if _, err := dec.ReadToken(); err != nil {
		return false, err
	}
	for dec.PeekKind() != '}' {
		key, err := dec.ReadToken()
		if err != nil {
			return false, err
		}
		if key.String() == name {
			return true, nil
		}
		if err := dec.SkipValue(); err != nil {
			return false, err
		}
	}
	return false, nil
}

// Texts reads some members of a JSON object without decoding the rest: strings
// without their quotes, numbers and other values as they are written. A member
// that is missing or null is empty. Each result is at the place of its name.
func Texts(object []byte, names ...string) ([]string, error) {
	out := make([]string, len(names))
	dec := jsontext.NewDecoder(bytes.NewReader(object), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if dec.PeekKind() != '{' {
		return nil, fmt.Errorf("want a JSON object, got %.20q", object)
	}
	if _, err := dec.ReadToken(); err != nil {
		return nil, err
	}
	for dec.PeekKind() != '}' {
		key, err := dec.ReadToken()
		if err != nil {
			return nil, err
		}
		at := -1
		for i, name := range names {
			if name != "" && key.String() == name {
				at = i
			}
		}
		if at < 0 {
			if err := dec.SkipValue(); err != nil {
				return nil, err
			}
			continue
		}
		if out[at], err = text(dec); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// text reads the next value as text.
func text(dec *jsontext.Decoder) (string, error) {
	switch dec.PeekKind() {
	case '"':
		tok, err := dec.ReadToken()
		if err != nil {
			return "", err
		}
		return tok.String(), nil
	case 'n':
		return "", dec.SkipValue()
	default:
		v, err := dec.ReadValue()
		return string(v), err
	}
}

package connectors

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/pollux-automation/pollux/connectors/schema"
)

// Record is one thing as a service showed it at one moment.
type Record struct {
	// ID identifies the record within its source; never empty.
	ID string
	// Created and Updated are the service's own times; zero when it has none.
	Created time.Time
	Updated time.Time
	// At is the time by which the list is sorted or cut, see [Poll.By]; zero for
	// other lists.
	At time.Time
	// Raw is the record as JSON, as it was sent. It belongs to the record.
	Raw []byte
}

// Hash is the first half of a SHA-256.
type Hash [16]byte

// RawHash returns a hash over the record as it was sent. Equal hashes mean that
// nothing changed; different ones mean only that it is worth looking.
func (r Record) RawHash() Hash {
	sum := sha256.Sum256(r.Raw)
	return Hash(sum[:16])
}

// Decode turns JSON text into values with plain numbers: int where they are whole
// and fit, else float64.
func Decode(text []byte) (any, error) {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, err
	}
	return schema.Plain(v), nil
}

// Items splits the array at a path of member names inside a JSON document into
// its elements. The path is dotted ("messages.messages"); empty means the whole
// document. found is false when the path leads nowhere or not to an array; null
// is an empty array. The elements are copies. A document that is cut off or goes
// on after its end is an error, also where the array itself is whole.
//
// A star in the path stands for every member of an object, in order ("*.slots"). The
// arrays that the rest of the path leads to are put behind each other; members from
// which it leads nowhere are skipped.
func Items(doc []byte, path string) (items [][]byte, found bool, err error) {
	dec := decoder(doc)
	path, rest, star := cutStar(path)
	if found, err = follow(dec, path); err != nil || !found {
		return nil, false, err
	}
	if star {
		return everyMember(dec, rest)
	}
	switch dec.PeekKind() {
	case '[':
	case 'n':
		err = finish(dec)
		return nil, err == nil, err
	default:
		return nil, false, finish(dec)
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
	if err := finish(dec); err != nil {
		return nil, false, err
	}
	return items, true, nil
}

// cutStar splits a path at its first star.
func cutStar(path string) (before, after string, star bool) {
	names := strings.Split(path, ".")
	i := slices.Index(names, "*")
	if i < 0 {
		return path, "", false
	}
	return strings.Join(names[:i], "."), strings.Join(names[i+1:], "."), true
}

// everyMember returns the elements of the arrays at a path inside the members of the
// object that comes next. A path that leads to something else than an array means that
// the answer has another shape; nothing is found then.
func everyMember(dec *jsontext.Decoder, path string) (items [][]byte, found bool, err error) {
	switch dec.PeekKind() {
	case '{':
	case 'n': // no member
		err = finish(dec)
		return nil, err == nil, err
	default:
		return nil, false, finish(dec)
	}
	if _, err := dec.ReadToken(); err != nil {
		return nil, false, err
	}
	for dec.PeekKind() != '}' {
		if err := dec.SkipValue(); err != nil { // the name
			return nil, false, notEOF(err)
		}
		member, err := dec.ReadValue()
		if err != nil {
			return nil, false, notEOF(err)
		}
		more, fits, err := memberItems(member, path)
		if err != nil || !fits {
			return nil, false, err
		}
		items = append(items, more...)
	}
	if err := finish(dec); err != nil {
		return nil, false, err
	}
	return items, true, nil
}

// memberItems returns the elements of the arrays at a path inside one member; none if
// the path leads nowhere. fits is false if it leads to something else than an array.
func memberItems(member []byte, path string) (items [][]byte, fits bool, err error) {
	before, rest, star := cutStar(path)
	leadsOn := byte('[')
	if star {
		leadsOn, rest = '{', strings.TrimSuffix("*."+rest, ".")
	}
	value, leads, err := Value(member, before)
	if err != nil {
		return nil, false, err
	}
	if !leads || before == "" && value[0] != leadsOn {
		return nil, true, nil
	}
	return Items(value, rest)
}

// Value returns the value at a path inside a JSON document as it is written;
// paths are those of [Items]. found is false when the path leads nowhere. The
// value is a copy. The rest of the document is not looked at.
func Value(doc []byte, path string) (value []byte, found bool, err error) {
	dec := decoder(doc)
	if found, err = follow(dec, path); err != nil || !found {
		return nil, false, err
	}
	v, err := dec.ReadValue()
	if err != nil {
		return nil, false, err
	}
	return bytes.Clone(v), true, nil
}

// decoder reads what services send: sloppy in form, whole in structure. It does
// not copy doc.
func decoder(doc []byte) *jsontext.Decoder {
	return jsontext.NewDecoder(bytes.NewBuffer(doc), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
}

// follow moves the decoder to the value at a path.
func follow(dec *jsontext.Decoder, path string) (found bool, err error) {
	if path == "" {
		return true, nil
	}
	for name := range strings.SplitSeq(path, ".") {
		if found, err = descend(dec, name); err != nil || !found {
			return false, err
		}
	}
	return true, nil
}

// finish reads the rest of a document, which must end after its one value.
func finish(dec *jsontext.Decoder) error {
	for dec.StackDepth() > 0 {
		var err error
		if k := dec.PeekKind(); k == ']' || k == '}' {
			_, err = dec.ReadToken()
		} else {
			err = dec.SkipValue()
		}
		if err != nil {
			return notEOF(err)
		}
	}
	if dec.InputOffset() == 0 { // nothing was read yet
		if err := dec.SkipValue(); err != nil {
			return notEOF(err)
		}
	}
	switch _, err := dec.ReadToken(); {
	case errors.Is(err, io.EOF):
		return nil
	case err != nil:
		return err
	}
	return errors.New("the document goes on after its end")
}

// notEOF makes the end of the input an error where it comes too early.
func notEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
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
// that is missing or null is empty, as is an empty name. Each result is at the
// place of its name. What stands behind the last member asked for is not looked
// at.
func Texts(object []byte, names ...string) ([]string, error) {
	out := make([]string, len(names))
	dec := decoder(object)
	if dec.PeekKind() != '{' {
		return nil, fmt.Errorf("want a JSON object, got %.20q", object)
	}
	if _, err := dec.ReadToken(); err != nil {
		return nil, err
	}
	done := make([]bool, len(names))
	for i, name := range names {
		done[i] = name == ""
	}
	for slices.Contains(done, false) && dec.PeekKind() != '}' {
		key, err := dec.ReadToken()
		if err != nil {
			return nil, notEOF(err)
		}
		name := key.String()
		if name == "" || !slices.Contains(names, name) {
			if err := dec.SkipValue(); err != nil {
				return nil, notEOF(err)
			}
			continue
		}
		value, err := text(dec)
		if err != nil {
			return nil, notEOF(err)
		}
		for i := range names {
			if names[i] == name {
				out[i], done[i] = value, true
			}
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

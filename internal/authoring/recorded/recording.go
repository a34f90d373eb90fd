package recorded

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/pollux-automation/pollux/connectors"
)

// version is the version of the file's format.
const version = "v1"

// maxBytes is the largest file that is read.
const maxBytes = 64 << 20

// Recording is what a service was asked and answered while a connector was tried.
type Recording struct {
	Recording string `json:"recording"` // the version of the format
	Connector string `json:"connector"`
	// Settings are those of the account; personal ones are made up.
	Settings map[string]any `json:"settings,omitempty"`
	// Inputs are those that were given by hand, as INPUT or OPERATION:INPUT.
	Inputs map[string]string `json:"inputs,omitempty"`
	// Operations are those that were named; none means that all were tried.
	Operations []string `json:"operations,omitempty"`
	// Writes says that operations that change something were called, Refusals that the
	// service was let to refuse.
	Writes   bool `json:"writes"`
	Refusals bool `json:"refusals"`
	// Key begins the keys by which the service knows repetitions.
	Key       string     `json:"key"`
	Exchanges []Exchange `json:"exchanges"`
}

// Exchange is one request and the answer to it.
type Exchange struct {
	Operation string  `json:"operation"` // that was being tried
	Request   Request `json:"request"`
	Answer    Answer  `json:"answer"`
}

// Request is a request without its headers. Path is what stands behind the base address,
// or the whole address of another host.
type Request struct {
	Method string `json:"method"`
	Path   string `json:"path"`
	Query  Values `json:"query,omitempty"`
	Body   any    `json:"body,omitempty"`
}

// Values are the values of a query by name. In a file, a single one is a text.
type Values map[string][]string

// MarshalJSON implements json.Marshaler.
func (v Values) MarshalJSON() ([]byte, error) {
	out := make(map[string]any, len(v))
	for name, list := range v {
		if out[name] = list; len(list) == 1 {
			out[name] = list[0]
		}
	}
	return connectors.Encode(out)
}

// UnmarshalJSON implements json.Unmarshaler.
func (v *Values) UnmarshalJSON(text []byte) error {
	var in map[string]json.RawMessage
	if err := json.Unmarshal(text, &in); err != nil {
		return err
	}
	*v = Values{}
	for name, raw := range in {
		var one string
		if json.Unmarshal(raw, &one) == nil {
			(*v)[name] = []string{one}
			continue
		}
		var list []string
		if err := json.Unmarshal(raw, &list); err != nil {
			return fmt.Errorf("the value of %s in a query: %w", name, err)
		}
		(*v)[name] = list
	}
	return nil
}

// Answer is an answer. Body is its JSON; Text is a body that is none; File is how many
// bytes a file had, of which nothing is kept. Lost says that no answer came.
type Answer struct {
	Status int               `json:"status,omitempty"`
	Header map[string]string `json:"header,omitempty"`
	Body   any               `json:"body,omitempty"`
	Text   string            `json:"text,omitempty"`
	File   int               `json:"file,omitempty"`
	Null   bool              `json:"null,omitempty"` // the body is the JSON null
	Lost   string            `json:"lost,omitempty"`
}

// Load reads a recording. The error says what is wrong with the file.
func Load(file string) (*Recording, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // read only
	text, err := io.ReadAll(io.LimitReader(f, maxBytes+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxBytes {
		return nil, fmt.Errorf("%s is larger than %d MiB", file, maxBytes>>20)
	}
	r := &Recording{}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	dec.DisallowUnknownFields()
	if err := dec.Decode(r); err != nil {
		return nil, fmt.Errorf("%s is no recording: %w", file, err)
	}
	if r.Recording != version {
		return nil, fmt.Errorf("%s is no recording: want \"recording\": %q, got %q", file, version, r.Recording)
	}
	return r, nil
}

// Save writes a recording, and the folder that it lies in. A file that is there is
// replaced at once or not at all.
func (r *Recording) Save(file string) (err error) {
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(r); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(file), ".recorded-*")
	if err != nil {
		return err
	}
	_, err = f.Write(text.Bytes())
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), file)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

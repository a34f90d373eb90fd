package formats

import (
	"errors"
	"fmt"

	"github.com/pollux-automation/pollux/connectors/schema"
)

// Kind is the language that an answer is written in.
type Kind string

// The kinds. The zero value is JSON, which stays as it is.
const (
	JSON   Kind = ""
	CSV    Kind = "csv"    // a line of names, then one line for each record
	XML    Kind = "xml"    // elements inside elements
	NDJSON Kind = "ndjson" // one JSON object a line
)

// The bounds. An answer itself is at most 10 MiB.
const (
	maxBytes    = 64 << 20 // of the JSON that is made
	maxColumns  = 1000
	maxName     = 256 // bytes of the name of a column
	maxDepth    = 100
	maxElements = 500_000
)

// Format says how an answer is written.
type Format struct {
	Kind Kind
	// Separator stands between the cells of CSV; 0 means a comma.
	Separator rune
	// Charset is what the bytes mean, by its name in the registry of HTML; empty means what
	// the answer says of itself, or UTF-8.
	Charset string
}

// Accept returns the types of content that are asked for.
func (f Format) Accept() string {
	switch f.Kind {
	case CSV:
		return "text/csv, text/*;q=0.5"
	case XML:
		return "application/xml, text/xml;q=0.9"
	case NDJSON:
		return "application/x-ndjson, application/jsonl, */*;q=0.5"
	case JSON:
	}
	return "application/json"
}

// Answer is what is expected in an answer.
type Answer struct {
	// Object describes the records: texts become the types of its fields. nil leaves them
	// texts.
	Object *schema.Object
	// Paths lead to the list or the record, see [connectors.Items]. Only XML looks at them.
	Paths []string
	// List is true when they lead to a list. An element that is there once is then a list of
	// one.
	List bool
}

// JSON returns the JSON of an answer: for CSV and NDJSON the list of its records, for XML an
// object whose one member is the root. contentType is the answer's header. The error says in
// which line the trouble is, where there is one.
func (f Format) JSON(body []byte, contentType string, a Answer) ([]byte, error) {
	if f.Kind == JSON {
		return body, nil
	}
	text, err := f.decode(body, contentType)
	if err != nil {
		return nil, err
	}
	if isHTML(text) {
		return nil, fmt.Errorf("the answer is an HTML page and not %s", f.Kind.title())
	}
	switch f.Kind {
	case CSV:
		return readCSV(text, f.Separator, a.Object)
	case XML:
		return readXML(text, a)
	case NDJSON:
		return readLines(text)
	case JSON:
	}
	return nil, fmt.Errorf("there is no format %q", f.Kind)
}

// title is the name of a kind in sentences.
func (k Kind) title() string {
	return map[Kind]string{JSON: "JSON", CSV: "CSV", XML: "XML", NDJSON: "NDJSON"}[k]
}

// errTooLarge tells that the JSON of an answer would be larger than maxBytes.
var errTooLarge = errors.New("the answer is too large when its names are written with every record")

// atLine is an error in a line of an answer.
func atLine(line int, format string, args ...any) error {
	return fmt.Errorf("line %d: %w", line, fmt.Errorf(format, args...))
}

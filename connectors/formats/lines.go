package formats

import (
	"bytes"
	"encoding/json"
)

// readLines returns the list of the objects in a text that has one in each line. Empty lines
// are skipped. A text without any is an empty list.
func readLines(text []byte) ([]byte, error) {
	out := make([]byte, 0, len(text)+2)
	out = append(out, '[')
	number := 0
	for line := range bytes.Lines(text) {
		number++
		whole := bytes.HasSuffix(line, []byte("\n"))
		line = bytes.TrimSpace(line)
		switch {
		case len(line) == 0:
			continue
		case line[0] != '{':
			return nil, atLine(number, "want a JSON object, got %.40q", line)
		case !json.Valid(line) && !whole:
			return nil, atLine(number, "the last line is cut off")
		case !json.Valid(line):
			return nil, atLine(number, "this is no JSON object: %.40q", line)
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(out, line...)
	}
	return append(out, ']'), nil
}

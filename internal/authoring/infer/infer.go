package infer

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/pollux-automation/pollux/connectors"

	"github.com/pollux-automation/pollux/internal/authoring/wording"
)

// Sample is one answer of a service to the request for a list.
type Sample struct {
	URL    *url.URL // that was asked; without a credential
	Header http.Header
	Body   []byte
}

// Wishes are what somebody knows better than the sample tells; empty for what nobody does.
type Wishes struct {
	List string // path of the list in the answer, "." for the answer itself
	ID   string // field that identifies a record
	Time string // field with the time of the last update
}

// Guess is something that was not certain, and why it was decided so.
type Guess struct{ About, Why string }

// Draft is what a sample tells of a service.
type Draft struct {
	BaseURL string
	Path    string // of the list, below BaseURL
	Object  string // key of the object, "repair"
	List    string // where the records stand in the answer
	Fields  []Field
	ID      string
	Created string // fields; empty for none
	Updated string
	// Query are the values that were asked for and stay as they are.
	Query  map[string]string
	Paging Paging
	Poll   Poll
	Limit  *Limit // nil where the answer says nothing
	// Guesses say why, in the order of the file.
	Guesses []Guess
	// Records is how many the sample has.
	Records int
}

// ProblemError reports a sample that tells too little. Hint says what can be done.
type ProblemError struct{ What, Hint string }

// Error says both.
func (e *ProblemError) Error() string { return e.What + "; " + e.Hint }

// Read guesses what a service is like. The error is a [*ProblemError].
func Read(s Sample, w Wishes) (*Draft, error) {
	doc, err := decode(s)
	if err != nil {
		return nil, err
	}
	d := &Draft{}
	d.address(s.URL)
	rows, err := d.list(doc, w.List)
	if err != nil {
		return nil, err
	}
	d.Records = len(rows)
	d.Fields = fieldsOf(rows)
	if err := d.identity(rows, w.ID); err != nil {
		return nil, err
	}
	if err := d.times(w.Time); err != nil {
		return nil, err
	}
	d.paging(s, doc)
	d.poll(s.URL.Query(), rows)
	d.limits(s.Header)
	return d, nil
}

// guess notes why something was decided.
func (d *Draft) guess(about, format string, args ...any) {
	d.Guesses = append(d.Guesses, Guess{About: about, Why: fmt.Sprintf(format, args...)})
}

// decode reads the body as JSON.
func decode(s Sample) (any, error) {
	text := strings.TrimSpace(string(s.Body))
	switch {
	case text == "":
		return nil, &ProblemError{"the answer is empty", "ask for an address that lists records"}
	case strings.HasPrefix(text, "<") && strings.Contains(strings.ToLower(text[:min(len(text), 500)]), "<html"):
		return nil, &ProblemError{"the answer is a web page, no JSON", "ask the address of the API, not that of the site; the service's documents name it"}
	}
	doc, err := connectors.Decode(s.Body)
	if err != nil {
		return nil, &ProblemError{"the answer is no JSON", "connectors of YAML alone need a service that answers JSON; see docs/writing-a-connector.md for others"}
	}
	return doc, nil
}

// address splits the address into base, path and what the path is a list of.
func (d *Draft) address(u *url.URL) {
	path := strings.TrimRight(u.EscapedPath(), "/")
	at := strings.LastIndexByte(path, '/')
	d.BaseURL, d.Path = u.Scheme+"://"+u.Host, "/"
	if at >= 0 {
		d.BaseURL, d.Path = d.BaseURL+path[:at], path[at:]
	}
	word := wording.Underscored(strings.TrimSuffix(strings.Trim(d.Path, "/"), ".json"))
	d.Object = wording.Singular(word)
	if d.Object == "" || !isLetter(d.Object[0]) {
		d.Object = "record"
	}
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' }

// found is a list of objects in an answer.
type found struct {
	path string
	rows []map[string]any
}

// list finds where the records are.
func (d *Draft) list(doc any, wish string) ([]map[string]any, error) {
	all, empty := lists(doc, "", 0)
	if wish != "" {
		at := slices.IndexFunc(all, func(f found) bool { return f.path == wish })
		if at < 0 {
			return nil, &ProblemError{fmt.Sprintf("%q leads to no list of objects", wish), "say one of: " + paths(all)}
		}
		all = all[at : at+1]
	}
	if len(all) > 1 {
		return nil, &ProblemError{"the answer has several lists: " + paths(all), "say which one with --list PATH"}
	}
	if len(all) == 0 && empty != "" {
		return nil, &ProblemError{fmt.Sprintf("the list %q is empty, so that nothing tells what is in it", empty), "make a record at the service first, or ask without a filter"}
	}
	if len(all) == 0 {
		return nil, &ProblemError{"the answer has no list of objects", "ask for an address that lists records, not for one of them"}
	}
	d.List = all[0].path
	if wish == "" {
		d.guess("list", "it is the only list of objects in the answer")
	}
	return all[0].rows, nil
}

// paths writes where lists are.
func paths(all []found) string {
	words := make([]string, len(all))
	for i, f := range all {
		words[i] = f.path
	}
	return strings.Join(words, ", ")
}

// deepest is how deep a list may lie.
const deepest = 3

// lists collects the lists of objects, those inside records aside. empty is one without
// anything in it.
func lists(v any, path string, depth int) (all []found, empty string) {
	switch x := v.(type) {
	case []any:
		if path == "" {
			path = "."
		}
		if len(x) == 0 {
			return nil, path
		}
		rows := make([]map[string]any, 0, len(x))
		for _, e := range x {
			row, ok := e.(map[string]any)
			if !ok {
				return nil, ""
			}
			rows = append(rows, row)
		}
		return []found{{path, rows}}, ""
	case map[string]any:
		if depth == deepest {
			return nil, ""
		}
		for _, name := range sortedKeys(x) {
			if strings.ContainsAny(name, ".*") {
				continue
			}
			inner, none := lists(x[name], strings.TrimPrefix(path+"."+name, "."), depth+1)
			all = append(all, inner...)
			if empty == "" {
				empty = none
			}
		}
	}
	return all, empty
}

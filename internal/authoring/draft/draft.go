// Package draft is a connector that is being made: what the folder of it will say, and what
// of that is a guess.
package draft

import (
	"fmt"

	"github.com/pollux-automation/pollux/internal/authoring/wording"
	"github.com/pollux-automation/pollux/internal/openapi"
)

// Connector is a draft of a connector.
type Connector struct {
	Key     string
	Title   string
	Docs    string
	BaseURL string
	// Hosts are other addresses of the service, by name.
	Hosts map[string]string
	// Version is the header that carries the version of the API; nil without one.
	Version *Version
	Auth    []Auth
	// AuthGuess says why the ways to sign in are a guess; empty for none.
	AuthGuess string
	Check     string // the key of the read that checks a credential; may be empty
	Settings  []Field
	Code      []string // where an error's code may stand
	Message   []string // where its text may stand
	Notes     []string
	Warnings  []string // what somebody should look at before anything else
	Files     []*File
	LeftOut   []LeftOut
}

// Version is the header that carries the version of the API.
type Version struct{ Header, Value string }

// Auth is a way to sign in.
type Auth struct {
	Method       string // bearer, basic, api_key, oauth2, client_credentials
	In, Name     string // of api_key
	AuthorizeURL string // of oauth2
	TokenURL     string // of client_credentials empty where each account names its own
}

// File is a file of a connector: what belongs to one tag.
type File struct {
	Name       string // without ending
	Objects    []*Object
	Operations []*Operation
}

// LeftOut is an operation that is not in the connector.
type LeftOut struct {
	Method, Path string
	Pointer      string
	Reason       string
}

// Object is a kind of record.
type Object struct {
	Key, Title           string
	ID, Created, Updated string
	Fields               []Field
	Guess                string // what of it is a guess; empty for nothing
	Note                 string
}

// Field is a member of a record, or an input.
type Field struct {
	Name        string
	Type        string
	Description string
	Note        string
	Options     []string
	Items       *Field
	Fields      []Field
	Open        bool
	Secret      bool
	Personal    bool
	// Of inputs.
	Required bool
	Nullable bool
	Default  any
	In       string // empty where the usual place is meant
	At       string // empty for its own name
	Setting  string
	File     bool
	Guess    string
	// Place is where it goes: path, query, header or body.
	Place            string
	Minimum, Maximum *float64 // of numbers; nil where nobody says
}

// Operation is a call.
type Operation struct {
	Key, Title, Description string
	Read                    bool
	Method, Path            string
	Host                    string // empty for the usual address
	Version                 string
	Scopes                  []string
	Inputs                  []Field
	Form                    bool
	Headers                 map[string]string
	Answer                  *Answer
	Paging                  *Paging
	Poll                    *Poll
	Repeat                  string // of writes
	IdempotencyHeader       string
	Danger                  string
	Deprecated              string
	Notes                   []string
	// KindGuess, RepeatGuess, AnswerGuess say why these are guesses; empty where they are none.
	KindGuess, RepeatGuess, AnswerGuess string
	// NoPoll says of a list why it cannot be polled; empty otherwise.
	NoPoll string
	// Pointer is where it stands in the document.
	Pointer string
	// Route is what its path says.
	Route wording.Route
	// Tag is the name of its file.
	Tag string
}

// Answer is where the value of an answer stands.
type Answer struct {
	Object      *Object // nil where nobody says what it looks like
	List, Value string  // one of them
	File        bool
	// Schema is what the document says of the record, or of each of a list; nil for nothing.
	Schema *openapi.Schema
}

// Paging is how a list is read page by page.
type Paging struct {
	Style       string
	Input       string
	First       *int
	Carry       map[string]string
	Link        string
	SizeInput   string
	SizeMax     int
	SizeDefault int
	Last        string
	Total       string
	Guess       string
}

// Poll is how changes in a list are found.
type Poll struct {
	Strategy     string
	By           string
	With         map[string]any
	SinceInput   string
	SinceFormat  string
	Parent       string
	ParentInput  string
	ConfirmRead  string
	ConfirmInput string
	Guess        string
	// NeedsByRecipe are inputs that a recipe must give.
	NeedsByRecipe []string
	// Alone is true for a list that nobody has to give anything.
	Alone bool
}

// Guesses lists all guesses of an operation, for a report.
func (o *Operation) Guesses() []string {
	var all []string
	add := func(what, why string) {
		if why != "" {
			all = append(all, what+": "+why)
		}
	}
	add("kind", o.KindGuess)
	add("answer", o.AnswerGuess)
	if o.Paging != nil {
		add("paging", o.Paging.Guess)
	}
	if o.Poll != nil {
		add("poll", o.Poll.Guess)
	}
	add("repeat", o.RepeatGuess)
	for i := range o.Inputs {
		add(o.Inputs[i].Name, o.Inputs[i].Guess)
	}
	return all
}

// InPath reports whether an input fills a hole of the path.
func (f *Field) InPath() bool { return f.Place == "path" }

// InputNamed returns the first input in the query or body with one of some names.
func (o *Operation) InputNamed(names []string) *Field {
	for _, name := range names {
		for i := range o.Inputs {
			in := &o.Inputs[i]
			if (in.Place == "query" || in.Place == "body") && wording.Fold(in.Wire()) == name {
				return in
			}
		}
	}
	return nil
}

// Wire is the name under which an input is sent.
func (f *Field) Wire() string {
	if f.At != "" {
		return f.At
	}
	return f.Name
}

// Unfilled reports inputs that somebody must give.
func (f *Field) Unfilled(op *Operation) bool {
	paged := op.Paging != nil && (f.Name == op.Paging.Input || f.Name == op.Paging.SizeInput || op.Paging.Carry[f.Name] != "")
	return f.Required && f.Default == nil && f.Setting == "" && !paged
}

// MissingHole returns the hole in the path that nothing fills, "" for none.
func (o *Operation) MissingHole() string {
	for i := range o.Inputs {
		if in := &o.Inputs[i]; in.Place == "path" && in.Unfilled(o) {
			return in.Name
		}
	}
	return ""
}

// Holes returns the names of the inputs in the path.
func (o *Operation) Holes() []string {
	var names []string
	for i := range o.Inputs {
		if o.Inputs[i].Place == "path" {
			names = append(names, o.Inputs[i].Name)
		}
	}
	return names
}

// Note adds a note.
func (c *Connector) Note(format string, args ...any) {
	c.Notes = append(c.Notes, wording.Line(fmt.Sprintf(format, args...), 2*wording.MaxText))
}

// Warn adds something that somebody should look at, as a note too.
func (c *Connector) Warn(format string, args ...any) {
	text := wording.Line(fmt.Sprintf(format, args...), 2*wording.MaxText)
	c.Warnings = append(c.Warnings, text)
	c.Notes = append(c.Notes, text)
}

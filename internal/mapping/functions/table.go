package functions

import (
	"fmt"
	"slices"

	"github.com/pollux-automation/pollux/internal/diag"
)

// Doc describes a function for people.
type Doc struct {
	Name      string
	Signature string // lower(text)
	Summary   string
	// Example is an expression and Result the JSON of what it gives.
	Example string
	Result  string
}

// Func is the form in which a function is called. The number of arguments is one
// that [Function.Types] allow; their types may be any.
type Func = func(args ...any) (any, error)

// Function is one function that expressions can call. The types check constants and
// fields of the schema while the recipe is loaded; Call checks again, because of
// other values nothing is known then.
type Function struct {
	Doc Doc
	// Types are pointers to Go functions whose types say what arguments are
	// possible; the compiler checks calls against them.
	Types []any
	Call  Func
	// Constants check arguments that are written as constants, by position, so
	// that a misspelt time zone is found when the recipe is loaded.
	Constants map[int]func(string) *ArgumentError
}

// ArgumentError says why a constant argument cannot be used.
type ArgumentError struct {
	Text string
	Hint string // what to write instead
}

// The types of functions, for [Function.Types].
type (
	textToText  = func(string) string
	textToText2 = func(string, string) string
	textToText3 = func(string, string, string) string
	anyToInt    = func(any) int
	anyToText   = func(any) string
)

// table is the list of all functions, in the order of the documentation. It is built
// once and only read.
//
//nolint:gochecknoglobals // a table
var table = slices.Concat(textFunctions(), contactFunctions(), timeFunctions(), listFunctions(), changeFunctions())

// Table returns all functions, in the order of the documentation. The caller does
// not write to it.
func Table() []Function { return table }

// ByName returns the function with that name.
func ByName(name string) (Function, bool) {
	i := slices.IndexFunc(table, func(f Function) bool { return f.Doc.Name == name })
	if i < 0 {
		return Function{}, false
	}
	return table[i], true
}

// Names returns the names of all functions, in the order of the documentation.
func Names() []string {
	names := make([]string, len(table))
	for i, f := range table {
		names[i] = f.Doc.Name
	}
	return names
}

// Changed is the name of the function that looks at the change itself. The compiler
// carries it out, because it needs more than its arguments.
const Changed = "changed"

// changeFunctions are those that look at the change. changed is listed for its
// documentation and its type.
func changeFunctions() []Function {
	return []Function{{
		Doc: Doc{
			Name: Changed, Signature: `changed("field", ...)`, Example: `changed("email", "tags")`, Result: "true",
			Summary: "true if one of the fields changed; for a new record, if one of them has a value; and always while Pollux does not know how the record was before",
		},
		Types: []any{new(func(...string) bool)},
		Call:  func(...any) (any, error) { return nil, ErrUnknownValue }, // never called; see Changed
	}}
}

// onText makes a function of one text: nil gives nil, another value is an error, and
// so is a result that passes the bound. name stands in the messages.
func onText(name string, do func(string) (any, error)) Func {
	return func(args ...any) (any, error) {
		if len(args) == 0 || args[0] == nil {
			return nil, nil
		}
		s, ok := args[0].(string)
		if !ok {
			return nil, fmt.Errorf("%s wants text, found %s", name, SortOf(args[0]))
		}
		v, err := do(s)
		if err != nil {
			return nil, err
		}
		if out, isText := v.(string); isText && len(out) > MaxText {
			return nil, ErrTextTooLong
		}
		return v, nil
	}
}

// texts reads the arguments from a position on as texts; nil is an error there. name
// is the function that asks. The callers answer a nil first argument themselves.
func texts(name string, args []any, from int) ([]string, error) {
	out := make([]string, 0, len(args))
	for _, arg := range args[min(from, len(args)):] {
		s, ok := arg.(string)
		if !ok {
			return nil, fmt.Errorf("%s wants text, found %s", name, SortOf(arg))
		}
		out = append(out, s)
	}
	return out, nil
}

// oneOf makes a check for constants that must be one of some words. what names the
// kind of word in the message, and example is shown where no word is near.
func oneOf(what, example string, words []string) func(string) *ArgumentError {
	return func(s string) *ArgumentError {
		if slices.Contains(words, s) {
			return nil
		}
		hint := diag.DidYouMean(s, words)
		if hint == "" {
			hint = "write it as in " + Quote(example)
		}
		return &ArgumentError{Text: "there is no " + what + " " + Quote(s), Hint: hint}
	}
}

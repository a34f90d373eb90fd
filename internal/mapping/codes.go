package mapping

import (
	"slices"

	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/mapping/expression"
)

// The codes of the findings that this package adds, beside those of expressions.
const (
	CodeNeedless      = "needless-equals"
	CodeNotList       = "not-a-list"
	CodeNotTime       = "not-a-time"
	CodeHole          = "hole-syntax"
	CodeUnknownInput  = "unknown-input"
	CodeMissingInput  = "missing-input"
	CodeInputType     = "input-type"
	CodeQuoteNumber   = "quote-number"
	CodeOption        = "input-option"
	CodeNotNullable   = "not-nullable"
	CodeSecretInClear = diag.CodeSecretInClear
)

// CodeUnknownField is used by other packages for the fields of records too.
const CodeUnknownField = expression.CodeUnknownField

// Codes explains the codes of expressions and of this package, in the order of the
// documentation.
func Codes() []diag.Code {
	return slices.Concat(expression.Codes(), []diag.Code{
		{Name: CodeNeedless, Meaning: "A condition begins with =; conditions are expressions without it."},
		{Name: CodeNotList, Meaning: "The expression of an each is not a list."},
		{Name: CodeNotTime, Meaning: "The time until which a wait lasts is not a time."},
		{Name: CodeHole, Meaning: "A hole ${...} in a text is empty or not closed, or gives a list or an object."},
		{Name: CodeUnknownInput, Meaning: "An operation has no such input."},
		{Name: CodeMissingInput, Meaning: "A required input of an operation is not given."},
		{Name: CodeInputType, Meaning: "A value has another type than the input that it is for."},
		{Name: CodeQuoteNumber, Meaning: "An input is text, but its value is written as a number; ids must be quoted."},
		{Name: CodeOption, Meaning: "The value of an input is none of those that the service allows, or does not have the form that it needs."},
		{Name: CodeNotNullable, Meaning: "=clear is used for an input that cannot be null."},
		{Name: CodeSecretInClear, Meaning: "A secret is written out in a file."},
	})
}

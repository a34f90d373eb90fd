package expression

import "github.com/pollux-automation/pollux/internal/diag"

// The codes of the findings that this package adds.
const (
	CodeTooLong         = "expression-too-long"
	CodeTooComplex      = "expression-too-complex"
	CodeTooMany         = "too-many-expressions"
	CodeSyntax          = "expression-syntax"
	CodeUnknownName     = "unknown-name"
	CodeUnknownField    = "unknown-field"
	CodeLaterStep       = "later-step"
	CodeInnerStep       = "inner-step"
	CodeUnknownFunction = "unknown-function"
	CodeArgument        = "wrong-argument"
	CodeTypeMismatch    = "type-mismatch"
	CodeNotCondition    = "not-a-condition"
	CodeKind            = "kind-value"
	CodePattern         = "bad-pattern"
	CodeNotAllowed      = "not-allowed"
)

// Codes explains the codes of this package, in the order of the documentation.
func Codes() []diag.Code {
	return []diag.Code{
		{Name: CodeSyntax, Meaning: "An expression cannot be read."},
		{Name: CodeTooLong, Meaning: "An expression is longer than 4 KiB."},
		{Name: CodeTooComplex, Meaning: "An expression has more than 500 parts."},
		{Name: CodeTooMany, Meaning: "A recipe has more than 2,000 expressions."},
		{Name: CodeNotAllowed, Meaning: "An expression uses something that recipes may not use, such as a method."},
		{Name: CodeUnknownName, Meaning: "An expression uses a name that does not exist or is not in reach there."},
		{Name: CodeUnknownField, Meaning: "An expression uses a field that the record or answer does not have."},
		{Name: CodeLaterStep, Meaning: "An expression uses the result of a step that has not run yet."},
		{Name: CodeInnerStep, Meaning: "An expression uses the result of a step that is inside another one and out of reach there."},
		{Name: CodeUnknownFunction, Meaning: "An expression calls a function that does not exist."},
		{Name: CodeArgument, Meaning: "A function is called with the wrong number or type of arguments."},
		{Name: CodeTypeMismatch, Meaning: "An operator is used on values that do not fit together, such as text and a number."},
		{Name: CodeNotCondition, Meaning: "A condition is not true or false."},
		{Name: CodeKind, Meaning: "kind is compared with something that is none of its values."},
		{Name: CodePattern, Meaning: "The pattern of matches is not a constant, not valid, or too large."},
	}
}

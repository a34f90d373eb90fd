package steps

// The codes of the findings that this package adds.
const (
	CodeNoSteps         = "no-steps"
	CodeTooManySteps    = "too-many-steps"
	CodeStepKind        = "step-kind"
	CodeMisplaced       = "misplaced-key"
	CodeNothingToFind   = "nothing-to-find"
	CodeNoProof         = "no-proof"
	CodeUnsafeRepeat    = "unsafe-repeat"
	CodeLoop            = "loop"
	CodeRetry           = "bad-retry"
	CodeRule            = "bad-rule"
	CodeUnreachableRule = "unreachable-rule"
	CodeDuplicateID     = "duplicate-id"
	CodeReservedID      = "reserved-id"
	CodeNesting         = "nested-too-deep"
	CodeCase            = "bad-case"
	CodeNoTarget        = "no-target"
	CodeUnguarded       = "unguarded"
)

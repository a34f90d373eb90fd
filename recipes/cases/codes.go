package cases

// The codes of the findings that this package adds. Package recipes explains them.
const (
	CodeDuplicateValue = "duplicate-value"
	CodeNeverCalled    = "never-called"
	CodeUnknownStep    = "unknown-step"
	CodeTestRecord     = "test-record"
)

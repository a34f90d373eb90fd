package catalog

// The codes of the findings that this package adds.
const (
	CodeConnector      = "unknown-connector"
	CodeAccount        = "unknown-account"
	CodeOtherConnector = "other-connector"
	CodeUnused         = "unused-connection"
	CodeTarget         = "bad-target"
	CodeConnection     = "unknown-connection"
	CodeOperation      = "unknown-operation"
	CodeNeedsAllow     = "needs-allow"
	CodeDeprecated     = "deprecated"
	CodePattern        = "account-pattern"
	CodeNoMatch        = "no-account"
)

package finding

import "github.com/pollux-automation/pollux/internal/diag"

// The codes of the findings about manifests, besides those of yamlnode.
const (
	CodeNoConnector   = "no-connector-file"
	CodeUnreadable    = "unreadable-file"
	CodeKeyForm       = "key-form"
	CodeKeyTaken      = "key-taken"
	CodeAddress       = "bad-address"
	CodePath          = "bad-path"
	CodePathHole      = "path-hole"
	CodeInputNowhere  = "input-nowhere"
	CodeInputPlace    = "input-place"
	CodeUnknownName   = "unknown-name"
	CodeDefault       = "bad-default"
	CodeTimeField     = "no-time-field"
	CodeIDField       = "no-id-field"
	CodePoll          = "bad-poll"
	CodePaging        = "bad-paging"
	CodeRepeat        = "bad-repeat"
	CodeIdempotency   = "bad-idempotency"
	CodeTarget        = "bad-target"
	CodeBreaker       = "bad-breaker"
	CodeWebhooks      = "bad-webhooks"
	CodeParts         = "bad-parts"
	CodeReadOrWrite   = "read-or-write"
	CodeAnswer        = "bad-answer"
	CodeHeader        = "bad-header"
	CodeErrorRule     = "bad-error-rule"
	CodeCheck         = "bad-check"
	CodeCompose       = "bad-compose"
	CodeNamed         = "bad-named"
	CodeNoOperations  = "no-operations"
	CodeFieldOption   = "bad-field"
	CodeConnectorForm = "connector-version"
)

// Codes explains the codes of manifests, in the order of the documentation.
func Codes() []diag.Code {
	return []diag.Code{
		{Name: CodeNoConnector, Meaning: "A connector's folder has no connector.yaml."},
		{Name: CodeUnreadable, Meaning: "A file or folder of a connector cannot be read."},
		{Name: CodeConnectorForm, Meaning: "The file is not written in a version of the format that Pollux knows."},
		{Name: CodeKeyForm, Meaning: "A key does not have the form that keys have here."},
		{Name: CodeKeyTaken, Meaning: "Two objects, operations or inputs of a connector have the same key."},
		{Name: CodeNoOperations, Meaning: "A connector has no operation."},
		{Name: CodeAddress, Meaning: "An address of a service is not a full http or https address, or nothing is behind it."},
		{Name: CodeHeader, Meaning: "A header cannot be sent as it is written."},
		{Name: CodeReadOrWrite, Meaning: "An operation must say either read or write, with a method and a path."},
		{Name: CodePath, Meaning: "The path of an operation is not one that can be filled in."},
		{Name: CodePathHole, Meaning: "A path has a hole that no input fills."},
		{Name: CodeInputNowhere, Meaning: "An input goes nowhere: the path has no hole for it."},
		{Name: CodeInputPlace, Meaning: "An input goes to a place where it cannot go, or that is taken."},
		{Name: CodeUnknownName, Meaning: "A name of another part of the manifest is not known."},
		{Name: CodeFieldOption, Meaning: "A field says something that does not go with its type."},
		{Name: CodeDefault, Meaning: "A default value does not have the type of its input."},
		{Name: CodeIDField, Meaning: "An object lacks the field that identifies its records."},
		{Name: CodeTimeField, Meaning: "An object lacks a field with the time that is needed."},
		{Name: CodeAnswer, Meaning: "An operation does not say where its records stand in the answer."},
		{Name: CodePaging, Meaning: "The paging of a list lacks something, or says something that goes with another style."},
		{Name: CodePoll, Meaning: "A list cannot be polled in the way that it says."},
		{Name: CodeRepeat, Meaning: "The repeat rule of a write is missing or cannot work."},
		{Name: CodeIdempotency, Meaning: "A write cannot carry its key as it is said."},
		{Name: CodeTarget, Meaning: "The read that shows what a write is about to change cannot be made."},
		{Name: CodeBreaker, Meaning: "A breaker could never close the host, or would never let go of it."},
		{Name: CodeWebhooks, Meaning: "What is said about the webhooks of a service could not be obeyed."},
		{Name: CodeParts, Meaning: "The parts of an account cannot be found as it is said."},
		{Name: CodeErrorRule, Meaning: "A rule for errors fits nothing or gives no kind."},
		{Name: CodeCheck, Meaning: "The call that checks a credential cannot be made."},
		{Name: CodeCompose, Meaning: "An operation that is made of others cannot be carried out as it is said."},
		{Name: CodeNamed, Meaning: "The names that users give to the elements of a list cannot be learned or used."},
	}
}

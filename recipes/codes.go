package recipes

import (
	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/recipes/cases"
	"github.com/pollux-automation/pollux/recipes/catalog"
	"github.com/pollux-automation/pollux/recipes/steps"
	"github.com/pollux-automation/pollux/recipes/values"
)

// The codes of the findings that this package adds, beside those of the packages
// that read YAML and compile expressions.
const (
	CodeNotYet          = values.CodeNotYet
	CodeLanguage        = "unknown-language"
	CodeNoFolder        = "no-folder"
	CodeUnreadable      = "unreadable"
	CodeFileName        = "file-name"
	CodeBadID           = values.CodeBadID
	CodeDuplicateID     = steps.CodeDuplicateID
	CodeReservedID      = steps.CodeReservedID
	CodeSecretInClear   = diag.CodeSecretInClear
	CodeNotConstant     = "not-constant"
	CodeConnector       = catalog.CodeConnector
	CodeAccount         = catalog.CodeAccount
	CodeOtherConnector  = catalog.CodeOtherConnector
	CodeUnused          = catalog.CodeUnused
	CodeTarget          = catalog.CodeTarget
	CodeConnection      = catalog.CodeConnection
	CodeOperation       = catalog.CodeOperation
	CodeNeedsAllow      = catalog.CodeNeedsAllow
	CodeCannotPoll      = "cannot-poll"
	CodeDeprecated      = catalog.CodeDeprecated
	CodePattern         = catalog.CodePattern
	CodeNoMatch         = catalog.CodeNoMatch
	CodeKindFamily      = "kind-family"
	CodeDeletesUnused   = "deletes-unused"
	CodeStrategy        = "other-strategy"
	CodeParentInput     = "parent-input"
	CodeNoTimes         = "no-times"
	CodeBadTime         = "bad-time"
	CodeSchedule        = "bad-schedule"
	CodeTooOften        = "too-often"
	CodeCron            = "bad-cron"
	CodeTimezone        = "unknown-timezone"
	CodeDuplicateValue  = cases.CodeDuplicateValue
	CodeNoSteps         = steps.CodeNoSteps
	CodeTooManySteps    = steps.CodeTooManySteps
	CodeStepKind        = steps.CodeStepKind
	CodeMisplaced       = steps.CodeMisplaced
	CodeNesting         = steps.CodeNesting
	CodeCase            = steps.CodeCase
	CodeNoTarget        = steps.CodeNoTarget
	CodeNothingToFind   = steps.CodeNothingToFind
	CodeNoProof         = steps.CodeNoProof
	CodeUnsafeRepeat    = steps.CodeUnsafeRepeat
	CodeLoop            = steps.CodeLoop
	CodeUnguarded       = steps.CodeUnguarded
	CodeRetry           = steps.CodeRetry
	CodeTimeout         = values.CodeTimeout
	CodeRule            = steps.CodeRule
	CodeUnreachableRule = steps.CodeUnreachableRule
	CodeNeverCalled     = cases.CodeNeverCalled
	CodeUnknownStep     = cases.CodeUnknownStep
	CodeTestRecord      = cases.CodeTestRecord
)

// Codes explains the codes of this package, in the order of the documentation.
func Codes() []diag.Code {
	return []diag.Code{
		{Name: CodeNotYet, Meaning: "A word of the language that this version does not carry out."},
		{Name: CodeLanguage, Meaning: "The file is written in a version of the language that does not exist."},
		{Name: CodeNoFolder, Meaning: "The folder of recipes cannot be read."},
		{Name: CodeUnreadable, Meaning: "A file cannot be read."},
		{Name: CodeFileName, Meaning: "A file in the folder of recipes is not read because its name does not end in .yaml."},
		{Name: CodeBadID, Meaning: "An id or name has characters that it may not have."},
		{Name: CodeDuplicateID, Meaning: "Two recipes or two steps have the same id."},
		{Name: CodeReservedID, Meaning: "The id of a step is a word of the expression language."},
		{Name: CodeSecretInClear, Meaning: "A text looks like a secret, or is one; recipes must not hold secrets."},
		{Name: CodeNotConstant, Meaning: "An expression stands where only a constant is possible."},
		{Name: CodeConnector, Meaning: "There is no such connector."},
		{Name: CodeAccount, Meaning: "There is no such account."},
		{Name: CodeOtherConnector, Meaning: "The account belongs to another connector."},
		{Name: CodePattern, Meaning: "A pattern for accounts is none, or stands where one account is meant."},
		{Name: CodeNoMatch, Meaning: "No account fits the pattern of a connection yet."},
		{Name: CodeUnused, Meaning: "A connection is never used."},
		{Name: CodeTarget, Meaning: "An operation is not written as connection.object.verb."},
		{Name: CodeConnection, Meaning: "The recipe has no such connection."},
		{Name: CodeOperation, Meaning: "The connector has no such operation."},
		{Name: CodeNeedsAllow, Meaning: "A step does something that its account does not allow: it moves money."},
		{Name: CodeCannotPoll, Meaning: "An operation cannot be polled."},
		{Name: CodeDeprecated, Meaning: "An operation is deprecated."},
		{Name: CodeKindFamily, Meaning: "A kind of change is only for recipes with a scope, or only for those without one."},
		{Name: CodeDeletesUnused, Meaning: "deletes says how to find deletions, but the recipe does not run for them."},
		{Name: CodeStrategy, Meaning: "A key of the trigger does nothing for lists that are polled in this way."},
		{Name: CodeParentInput, Meaning: "The input that takes the parent of a record is given by hand."},
		{Name: CodeNoTimes, Meaning: "start is a time, but the records of the list carry no times."},
		{Name: CodeBadTime, Meaning: "A time is not written as RFC 3339 says."},
		{Name: CodeSchedule, Meaning: "A schedule has neither every nor cron, or both, or keys that do not go together."},
		{Name: CodeTooOften, Meaning: "A schedule asks more often than every 10 seconds."},
		{Name: CodeCron, Meaning: "A cron expression cannot be read, or never comes true."},
		{Name: CodeTimezone, Meaning: "There is no such time zone."},
		{Name: CodeDuplicateValue, Meaning: "A value stands in a list twice."},
		{Name: CodeNoSteps, Meaning: "A recipe, a case or an each has no steps."},
		{Name: CodeTooManySteps, Meaning: "A recipe has more than 200 steps or tests."},
		{Name: CodeStepKind, Meaning: "A step has none, or more than one, of call, set, switch, each, wait and stop."},
		{Name: CodeMisplaced, Meaning: "A key, or an answer to an error, belongs to another kind of step."},
		{Name: CodeNesting, Meaning: "Steps are nested too deep: five levels, of which three can be an each."},
		{Name: CodeCase, Meaning: "A switch has no cases, or a case that is neither {if, steps} nor an else at the end."},
		{Name: CodeNoTarget, Meaning: "only_if is asked of a write whose record cannot be read before."},
		{Name: CodeNothingToFind, Meaning: "unsure: find is asked of an operation whose writes cannot be looked up."},
		{Name: CodeNoProof, Meaning: "Nothing in a write could prove that it arrived; a lost answer will park the run."},
		{Name: CodeUnsafeRepeat, Meaning: "unsure: safe is asked of an operation whose repetition leaves two effects."},
		{Name: CodeLoop, Meaning: "A step writes fields of the records that the recipe itself watches."},
		{Name: CodeUnguarded, Meaning: "A step that cannot be undone is reached by every change."},
		{Name: CodeRetry, Meaning: "A retry has waits that are too short or the wrong way round."},
		{Name: CodeTimeout, Meaning: "A timeout or another duration is outside its bounds."},
		{Name: CodeRule, Meaning: "A rule of on_error matches nothing."},
		{Name: CodeUnreachableRule, Meaning: "A rule of on_error comes after one that matches everything."},
		{Name: CodeNeverCalled, Meaning: "A test expects a call that no step makes."},
		{Name: CodeUnknownStep, Meaning: "A test answers for a step that does not exist or calls nothing, or gives a target to one without only_if."},
		{Name: CodeTestRecord, Meaning: "The record of a test lacks its id."},
	}
}

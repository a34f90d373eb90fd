package project

import "github.com/pollux-automation/pollux/internal/diag"

// Codes explains the codes of findings about how the parts of a project fit together, in the
// order of the documentation. What a single file says has codes of its own.
func Codes() []diag.Code {
	return []diag.Code{
		{Name: "unknown-connector", Meaning: "An account names a connector that there is not, or one that has findings of its own."},
		{Name: "connector-taken", Meaning: "A connector of the project has the key of another one; built-in connectors cannot be replaced."},
		{Name: "connector-hook", Meaning: "A connector of the project asks for a hook in Go, which only built-in connectors have."},
		{Name: "wrong-method", Meaning: "The service does not take the account's way of signing in."},
		{Name: codeMissingKey, Meaning: "The account lacks something that its connector cannot know, such as base_url or auth."},
		{Name: "missing-setting", Meaning: "The account lacks a setting without which its connector cannot work."},
		{Name: "unknown-setting", Meaning: "The connector has no setting of that name."},
		{Name: "budget-too-high", Meaning: "The account's budget is higher than what the service allows. This is a warning."},
		{Name: "unknown-version", Meaning: "Nothing is known of a version of the service's API that an account chose."},
		{Name: codeScope, Meaning: "What recipes do needs a right that the account's sign-in does not have. This is a warning."},
		{Name: "no-webhooks", Meaning: "Nothing is known of how the service announces changes, or nothing listens for it."},
		{Name: "bad-key", Meaning: "The service does not sign its deliveries with keys of that kind. This is a warning."},
	}
}

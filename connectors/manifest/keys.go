package manifest

import "slices"

// The keys that each mapping of a manifest may have. schema.json has the same
// ones; a test compares them.
//
//nolint:gochecknoglobals // tables
var (
	connectorKeys = []string{
		"connector", "key", "title", "docs", "base_url", "headers", "version", "auth", "check", "settings", "limits", "breaker", "webhooks", "parts", "named", "errors", "notes",
	}
	versionKeys = []string{"header", "value", "others"}
	checkKeys   = []string{"operation", "with", "when"}
	limitKeys   = []string{"requests", "per", "by", "remaining", "max", "reset", "operations"}
	errorsKeys  = []string{"code", "message", "rules"}
	ruleKeys    = []string{"status", "code", "message", "kind", "hint", "wait"}

	partKeys      = []string{"objects", "inputs", "operations"}
	objectKeys    = []string{"title", "id", "created", "updated", "open", "fields", "note"}
	valueKeys     = []string{"type", "description", "secret", "personal", "options", "items", "fields", "open", "note"}
	fieldKeys     = slices.Concat(valueKeys, []string{"volatile", "normal", "key", "values", "named"})
	memberKeys    = slices.Concat(valueKeys, []string{"required", "nullable"})
	settingKeys   = slices.Concat(valueKeys, []string{"required", "default"})
	inputKeys     = slices.Concat(valueKeys, []string{"required", "nullable", "default", "in", "at", "setting", "file", "named"})
	operationKeys = []string{
		"title", "description", "read", "write", "version", "scopes", "token", "use", "inputs", "fixed", "answer", "paging", "poll",
		"repeat", "idempotency", "target", "danger", "errors", "deprecated", "timeout", "versions", "notes",
	}
	fixedKeys  = []string{"body", "query", "headers", "form"}
	answerKeys = []string{"object", "list", "value", "file", "optional", "absent"}
	repeatKeys = []string{"find", "with", "match", "settle"}
	keyKeys    = []string{"header"}
	otherKeys  = []string{"path", "at", "gone", "deprecated"}
	targetKeys = []string{"operation", "with"}
)

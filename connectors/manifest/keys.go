package manifest

// The keys that each mapping of a manifest may have. schema.json has the same
// ones; a test compares them.
//
//nolint:gochecknoglobals // tables
var (
	connectorKeys = []string{
		"connector", "key", "title", "docs", "base_url", "hosts", "headers", "version", "auth", "check", "settings", "limits", "breaker", "webhooks", "parts", "named", "errors", "notes",
	}
	versionKeys = []string{"header", "value", "others"}
	checkKeys   = []string{"operation", "with", "when"}
	limitKeys   = []string{"requests", "per", "by", "remaining", "max", "reset", "operations"}
	errorsKeys  = []string{"code", "message", "rules"}
	ruleKeys    = []string{"status", "code", "message", "kind", "hint", "wait"}

	partKeys      = []string{"objects", "inputs", "operations"}
	operationKeys = []string{
		"title", "description", "read", "write", "find", "with", "where", "compose", "host", "version", "scopes", "token", "use", "inputs", "fixed", "answer", "paging", "poll",
		"repeat", "idempotency", "target", "danger", "errors", "deprecated", "timeout", "versions", "notes",
	}
	fixedKeys  = []string{"body", "query", "headers", "form"}
	answerKeys = []string{"object", "list", "value", "file", "text", "rows", "optional", "absent", "format"}
	repeatKeys = []string{"find", "with", "match", "settle"}
	keyKeys    = []string{"header"}
	otherKeys  = []string{"path", "at", "gone", "deprecated"}
	targetKeys = []string{"operation", "with"}
)

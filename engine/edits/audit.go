package edits

import (
	"fmt"
	"strings"
	"time"

	"github.com/pollux-automation/pollux/engine/store"
)

// mostNamed is how many recipes of one kind the audit trail names.
const mostNamed = 200

// Audit returns what the audit trail says of recipes that were loaded: which are new, have
// another text, or are gone. nil means that none is.
func Audit(list []Edit, at time.Time) *store.AuditEntry {
	names := map[Kind][]string{}
	for _, e := range list {
		if e.Kind != Same {
			names[e.Kind] = append(names[e.Kind], e.Recipe)
		}
	}
	if len(names) == 0 {
		return nil
	}
	details := map[string]string{}
	for kind, of := range names {
		text := strings.Join(of[:min(mostNamed, len(of))], ", ")
		if more := len(of) - mostNamed; more > 0 {
			text += fmt.Sprintf(" and %d more", more)
		}
		details[string(kind)] = text
	}
	return &store.AuditEntry{At: at.UTC(), Actor: "program", Action: "recipe.load", Details: details}
}

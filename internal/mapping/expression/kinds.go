package expression

import (
	"strings"

	"github.com/pollux-automation/pollux/internal/diag"
)

// The kinds of change that an expression can compare kind with: those of recipes
// without a scope, and those of recipes with one.
const (
	Created = "created"
	Updated = "updated"
	Deleted = "deleted"

	Entered = "entered"
	Changed = "changed"
	Left    = "left"
)

// Kinds returns the kinds of change that a recipe can run for. scoped tells whether it
// has a scope. The kinds at the same place are each other's nearest: created and entered,
// updated and changed, deleted and left.
func Kinds(scoped bool) []string {
	if scoped {
		return []string{Entered, Changed, Left}
	}
	return []string{Created, Updated, Deleted}
}

// suggestKind says which kind to write instead of a word that is none here.
func (n *Names) suggestKind(word string) string {
	own := n.kinds
	instead := `write "` + strings.Join(own[:len(own)-1], `", "`) + `" or "` + own[len(own)-1] + `"`
	for _, other := range Kinds(own[0] == Created) {
		switch {
		case word != other:
		case own[0] == Created:
			return `"` + word + `" needs a scope; ` + instead
		default:
			return "with a scope " + instead
		}
	}
	if near := diag.DidYouMean(word, own); near != "" {
		return near
	}
	return instead
}

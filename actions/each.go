package actions

import (
	"fmt"

	"github.com/pollux-automation/pollux/internal/mapping"
)

// MaxItems is how many items an [Each] goes through at most. Each of them has results
// that are kept until the run has ended.
const MaxItems = 10_000

// Each is the step that carries out others for each item of a list.
type Each struct {
	List *mapping.Expression
}

// Prepare computes the list. Nil counts as a list without items. Anything else that is
// no list is an error, and so are more than [MaxItems] items.
func (a Each) Prepare(s *mapping.Scope) (Prepared, error) {
	items, err := a.List.Items(s)
	if err != nil {
		return Prepared{}, err
	}
	if len(items) > MaxItems {
		return Prepared{}, fmt.Errorf("evaluate %q: the list has %d items, more than %d", a.List, len(items), MaxItems)
	}
	if items == nil {
		items = []any{}
	}
	return Prepared{Items: items}, nil
}

package derive

import (
	"cmp"
	"slices"

	"github.com/pollux-automation/pollux/internal/authoring/draft"
	"github.com/pollux-automation/pollux/internal/authoring/wording"
)

// keyed is an operation that waits for its key.
type keyed struct {
	op       *draft.Operation
	resource string
	verb     string
	id       string   // of the document
	holes    []string // in the path
}

// assignKeys gives each operation a key of its own. Where several would have the same,
// the one with the shortest path gets it; the others say by which value they go, or what
// the document calls them. The order of the operations is of no matter.
func assignKeys(all []keyed) {
	slices.SortFunc(all, func(a, b keyed) int {
		return cmp.Or(cmp.Compare(len(a.op.Route.Segments), len(b.op.Route.Segments)), cmp.Compare(a.op.Path, b.op.Path), cmp.Compare(a.op.Method, b.op.Method))
	})
	taken := map[string]bool{}
	for _, k := range all {
		plain := k.resource + "." + k.verb
		candidates := []string{plain}
		if n := len(k.holes); n > 0 {
			candidates = append(candidates, plain+"_by_"+cmp.Or(wording.Snake(k.holes[n-1]), "value"))
		}
		if id := wording.Snake(k.id); id != "" {
			candidates = append(candidates, k.resource+"."+id)
		}
		key := ""
		for _, c := range candidates {
			if !taken[c] {
				key = c
				break
			}
		}
		if key == "" {
			key = plain
		}
		k.op.Key = wording.Unique(key, taken)
	}
}

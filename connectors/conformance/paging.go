package conformance

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/pollux-automation/pollux/connectors"
)

const (
	// maxPages bounds a walk.
	maxPages = 10_000
	// largest is more records than any page has; the connector cuts it.
	largest = 1_000_000
)

// paging walks through a list in the smallest and in the largest pages.
func (t *trial) paging(ctx context.Context) error {
	if !t.op.List {
		return skip("the operation is no list")
	}
	if t.op.Answer == nil || t.op.Answer.ID == "" {
		return skip("nothing tells the records of the list apart")
	}
	in, err := t.inputs(ctx)
	if err != nil {
		return err
	}
	t.leavePaging(in)
	size := max(1, t.world.Smallest[t.op.Key])
	small, pages, err := t.walk(ctx, in, size)
	if t.refusesSize(err) {
		size = 10
		small, pages, err = t.walk(ctx, in, size)
	}
	if err != nil {
		return fmt.Errorf("in pages of %d: %w", size, err)
	}
	large, _, err := t.walk(ctx, in, largest)
	if err != nil {
		return fmt.Errorf("in the largest pages: %w", err)
	}
	small, large = t.cut(small, large)
	slices.Sort(small)
	slices.Sort(large)
	switch {
	case !slices.Equal(small, large):
		return fmt.Errorf("pages of %d give %v, the largest %v", size, small, large)
	case pages > 1 && pages*size < len(small) && !t.op.Split:
		return fmt.Errorf("%d records came in %d pages of %d", len(small), pages, size)
	case len(small) <= size:
		return skip(fmt.Sprintf("the list has %d records here, too few to go through", len(small)))
	}
	return nil
}

// leavePaging takes out the inputs that a poll sets by itself.
func (t *trial) leavePaging(in map[string]any) {
	for _, input := range t.op.Inputs {
		if input.Paging && t.op.Poll != nil {
			delete(in, input.Name)
		}
	}
}

// refusesSize reports that the service may have refused pages of one record, which nobody
// has told a world that is somebody's account.
func (t *trial) refusesSize(err error) bool {
	return t.world.Pages > 0 && connectors.KindOf(err) == connectors.Invalid && t.world.Smallest[t.op.Key] == 0
}

// cut leaves of two readings that may have ended early what both have read.
func (t *trial) cut(small, large []string) (a, b []string) {
	if t.world.Pages == 0 {
		return small, large
	}
	n := min(len(small), len(large))
	return small[:n], large[:n]
}

// walk reads a list to its end and returns the ids of its records.
func (t *trial) walk(ctx context.Context, in map[string]any, size int) (ids []string, pages int, err error) {
	seen, positions := map[string]bool{}, map[string]bool{"": true}
	position := ""
	for pages < maxPages {
		if t.world.Pages > 0 && pages == t.world.Pages {
			return ids, pages, nil
		}
		page, err := t.real.Page(ctx, t.op, connectors.Query{Inputs: maps.Clone(in), Position: position, Size: size})
		if err != nil {
			return nil, pages, err
		}
		pages++
		for _, r := range page.Records {
			if r.ID == "" || seen[r.ID] {
				return nil, pages, fmt.Errorf("the record %q comes twice", r.ID)
			}
			seen[r.ID] = true
			ids = append(ids, r.ID)
			if _, err := t.op.Answer.Decode(r.Raw); err != nil {
				return nil, pages, fmt.Errorf("the record %q: %w", r.ID, err)
			}
		}
		if page.Next == "" {
			return ids, pages, nil
		}
		if positions[page.Next] {
			return nil, pages, fmt.Errorf("the page %s comes twice", page.Next)
		}
		positions[page.Next], position = true, page.Next
	}
	return nil, pages, fmt.Errorf("there is no end after %d pages", pages)
}

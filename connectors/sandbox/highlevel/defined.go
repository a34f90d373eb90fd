package highlevel

import (
	"maps"
	"slices"

	"github.com/pollux-automation/pollux/connectors/sandbox/service"
)

// defined keeps those of the custom fields of a request that contacts have a definition
// for, and names them by their ids. Others are ignored without a word, as a user reports of
// an upsert (highlevel-api-docs #313); that all writes do so is a guess.
func (h *Location) defined(written any) []any {
	list, known := []any{}, []any{}
	if l, ok := written.([]any); ok {
		list = l
	}
	for _, e := range list {
		m, _ := e.(map[string]any)
		if id, ok := h.setup.Field("contact", service.Text(m["id"]), service.Text(m["key"])); ok {
			m = maps.Clone(m)
			m["id"] = id
			known = append(known, m)
		}
	}
	return known
}

// tagsOf are the tags among the fields of a contact, as they are decoded or as merge left
// them.
func tagsOf(fields map[string]any) []string {
	if tags, ok := fields["tags"].([]string); ok {
		return tags
	}
	return service.Texts(fields["tags"])
}

// renameTag gives all contacts with a tag another one in its place, or none. That it moves
// their dateUpdated is a guess.
func (h *Location) renameTag(from, to string) {
	for _, id := range slices.Clone(h.order) {
		c := h.live[id]
		tags := tagsOf(c.Fields())
		at := slices.Index(tags, from)
		if at < 0 {
			continue
		}
		kept := make([]any, 0, len(tags))
		for i, tag := range tags {
			if i == at {
				tag = to
			}
			if tag != "" {
				kept = append(kept, tag)
			}
		}
		h.change(c, map[string]any{"tags": kept})
	}
}

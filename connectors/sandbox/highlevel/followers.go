package highlevel

import (
	"net/http"
	"slices"

	"github.com/pollux-automation/pollux/connectors/sandbox/highlevel/wire"
	"github.com/pollux-automation/pollux/connectors/sandbox/service"
)

//nolint:gochecknoglobals // a table
var followersShape = &service.Shape{Fields: map[string]service.Kind{"followers": service.List}, Required: []string{"followers"}}

// follow and unfollow list all followers after the change, and beside them those that it
// concerned (spec file of 2026-06-19). Any id is a user here, and a change moves the
// contact's dateUpdated; both are guesses.
func (h *Location) follow(c *service.Call) service.Answer {
	return h.followers(c, "followersAdded", http.StatusCreated, retag)
}

func (h *Location) unfollow(c *service.Call) service.Answer {
	return h.followers(c, "followersRemoved", http.StatusOK, untag)
}

// followers carries out both; member is the name under which the answer lists those that
// changed.
func (h *Location) followers(c *service.Call, member string, status int, f func(have, ids []string) (after, changed []string)) service.Answer {
	found, refused := h.contact(c)
	if refused.Status != 0 {
		return refused
	}
	body, refused := wire.Read(c, followersShape)
	if refused.Status != 0 {
		return refused
	}
	after, changed := f(service.Texts(found.Fields()["followers"]), slices.Compact(slices.Sorted(slices.Values(service.Texts(body["followers"])))))
	if len(changed) > 0 {
		h.change(found, map[string]any{"followers": after})
	}
	return h.site.Say(status, map[string]any{"followers": append([]string{}, after...), member: append([]string{}, changed...)})
}

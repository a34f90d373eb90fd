package highlevel

import (
	"net/http"
	"strings"

	"github.com/pollux-automation/pollux/connectors/sandbox/highlevel/wire"
	"github.com/pollux-automation/pollux/connectors/sandbox/service"
)

// Version v3 came on 2026-06-11 with nearly the same paths. What differs is in the spec files
// of both (GoHighLevel/highlevel-api-docs, commit of 2026-06-19).
const (
	oldRemoveAll = "/campaigns/removeAll"
	newRemoveAll = "/campaigns/remove-all"
)

// renamed are the names in the query of the older search for opportunities, by those of v3.
//
//nolint:gochecknoglobals // a table
var renamed = map[string]string{
	"locationId": "location_id", "contactId": "contact_id", "pipelineId": "pipeline_id", "pipelineStageId": "pipeline_stage_id",
	"assignedTo": "assigned_to",
}

// unknownPath is what a path gets that a version does not have.
func unknownPath(c *service.Call) service.Answer {
	return wire.Refuse(http.StatusNotFound, "Cannot "+c.Method+" "+c.URL.Path)
}

// inDates refuses what only v3 has.
func inDates(c *service.Call) service.Answer {
	if strings.HasSuffix(c.URL.Path, newRemoveAll) {
		return unknownPath(c)
	}
	return service.Answer{}
}

// inThree refuses what v3 does not have any more, and reads the names that it has changed.
func inThree(c *service.Call) service.Answer {
	if c.Operation == "contact.list_legacy" || c.Operation == "user.list_by_location" || strings.HasSuffix(c.URL.Path, oldRemoveAll) {
		return unknownPath(c)
	}
	if c.Operation != "opportunity.search_legacy" {
		return service.Answer{}
	}
	q := c.URL.Query()
	for name, old := range renamed {
		if q.Has(old) {
			return wire.Refuse(http.StatusUnprocessableEntity, "property "+old+" should not exist")
		}
		if q.Has(name) {
			q.Set(old, q.Get(name))
			q.Del(name)
		}
	}
	c.URL.RawQuery = q.Encode()
	return service.Answer{}
}

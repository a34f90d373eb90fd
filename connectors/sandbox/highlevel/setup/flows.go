package setup

import (
	"net/http"

	"github.com/pollux-automation/pollux/connectors/sandbox/highlevel/wire"
	"github.com/pollux-automation/pollux/connectors/sandbox/service"
)

//nolint:gochecknoglobals // a table
var enrolmentShape = &service.Shape{Fields: map[string]service.Kind{"eventStartTime": service.String}}

// WorkflowID is the workflow that there is at the start.
const WorkflowID = "5a9d0b0c-0000-4000-8000-000000000001"

// seedFlows makes a workflow and a campaign. People make them in the web app; there are no
// calls for it.
func (s *Setup) seedFlows() {
	s.workflows = wire.Objects{Site: s.site, Name: "Workflow", Var: "workflowId", Many: "workflows", Added: "createdAt", Updated: "updatedAt"}
	s.workflows.Add(wire.Object{"id": WorkflowID, "name": "Welcome", "status": "published", "version": 1})
	s.campaigns = wire.Objects{Site: s.site, Name: "Campaign", Var: "campaignId", Many: "campaigns"}
	s.campaigns.Add(wire.Object{"id": "sandboxCampaign00001", "name": "Spring", "status": "published"})
}

// listCampaigns shows those with a status. Which there are is not documented, so any may
// be asked for.
func (s *Setup) listCampaigns(c *service.Call) service.Answer {
	status := c.URL.Query().Get("status")
	return s.campaigns.List(c, s.campaigns.Where(func(row wire.Object) bool { return status == "" || row["status"] == status }))
}

// Campaign refuses a call whose path names a campaign that there is not.
func (s *Setup) Campaign(c *service.Call) (refused service.Answer) {
	if _, ok := s.campaigns.Get(c.Vars["campaignId"]); !ok {
		return s.campaigns.Unknown(c.Vars["campaignId"])
	}
	return service.Answer{}
}

// enrolment returns the workflow and the contact that a path names. The body is documented
// as required; a recorded call without one worked.
func (s *Setup) enrolment(c *service.Call) (contact, workflow string, refused service.Answer) {
	contact, workflow = c.Vars["contactId"], c.Vars["workflowId"]
	if !s.site.Knows(contact) {
		return "", "", wire.Refuse(http.StatusBadRequest, "Contact not found for id: "+contact)
	}
	if _, refused := s.workflows.Named(c); refused.Status != 0 {
		return "", "", refused
	}
	c.Target = contact
	if _, refused := wire.Read(c, enrolmentShape); refused.Status != 0 {
		return "", "", refused
	}
	return contact, workflow, service.Answer{}
}

// enrol does not move the contact's dateUpdated (recorded answers of 2026-07). A second
// call finds the contact there; whether the service starts the workflow again is unknown.
func (s *Setup) enrol(c *service.Call) service.Answer {
	contact, workflow, refused := s.enrolment(c)
	if refused.Status != 0 {
		return refused
	}
	if s.enrolled[contact] == nil {
		s.enrolled[contact] = map[string]bool{}
	}
	s.enrolled[contact][workflow] = true
	return s.site.Succeeded(http.StatusOK)
}

// leave says yes also to a contact that is not in the workflow (a guess).
func (s *Setup) leave(c *service.Call) service.Answer {
	contact, workflow, refused := s.enrolment(c)
	if refused.Status != 0 {
		return refused
	}
	delete(s.enrolled[contact], workflow)
	return s.site.Succeeded(http.StatusOK)
}

// Forget removes what is known of a contact that goes.
func (s *Setup) Forget(contact string) { delete(s.enrolled, contact) }

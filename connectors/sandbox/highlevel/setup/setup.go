package setup

import (
	"slices"

	"github.com/pollux-automation/pollux/connectors/sandbox/highlevel/wire"
	"github.com/pollux-automation/pollux/connectors/sandbox/service"
)

// Setup is what one location is set up with. The lock of its service guards it.
type Setup struct {
	// Retag puts another tag in the place of one, on all contacts that have it; no tag when
	// the other is empty.
	Retag func(from, to string)

	site                            *wire.Site
	fields, values                  wire.Objects
	tags                            wire.Objects
	named                           map[string]bool // the names of the tags
	workflows, campaigns            wire.Objects
	enrolled                        map[string]map[string]bool // by contact and workflow
	companies, locations, snapshots wire.Objects
}

// New returns the setup of a location, with a few things of each kind.
func New(site *wire.Site) *Setup {
	s := &Setup{site: site, named: map[string]bool{}, enrolled: map[string]map[string]bool{}}
	for _, seed := range []func(){s.seedFields, s.seedValues, s.seedTags, s.seedFlows, s.seedAgency} {
		seed()
	}
	return s
}

// Kinds are the kinds of things that people make in the web app, by their names.
func (s *Setup) Kinds() map[string]*wire.Objects {
	return map[string]*wire.Objects{"workflow": &s.workflows, "campaign": &s.campaigns, "snapshot": &s.snapshots, "company": &s.companies}
}

// Routes are the calls for all of it.
func (s *Setup) Routes() []service.Route {
	const here, workflow = "/locations/{locationId}", "/contacts/{contactId}/workflow/{workflowId}"
	return slices.Concat(
		s.routes(here+"/customFields", "custom_field", &s.fields, s.listFields, s.fields.ServeGone),
		s.routes(here+"/customValues", "custom_value", &s.values, s.values.ServeAll, s.values.ServeGone),
		s.routes(here+"/tags", "tag", &s.tags, s.tags.ServeAll, s.deleteTag),
		[]service.Route{
			service.At("GET", "/workflows", "workflow.list", s.site.Local(s.workflows.ServeAll)),
			service.At("GET", "/campaigns", "campaign.list", s.site.Local(s.listCampaigns)),
			service.At("POST", workflow, "contact.workflow.add", s.enrol),
			service.At("DELETE", workflow, "contact.workflow.remove", s.leave),
			service.At("GET", "/companies/{companyId}", "company.get", s.getCompany),
			service.At("GET", "/snapshots", "snapshot.list", s.listSnapshots),
			service.At("GET", "/locations/search", "location.search", s.searchLocations),
			service.At("POST", "/locations", "location.create", s.locations.ServeNew),
			service.At("GET", here, "location.get", s.getLocation),
			service.At("PUT", here, "location.update", s.locations.ServeEdit),
			service.At("DELETE", here, "location.delete", s.deleteLocation),
		},
	)
}

// routes are the usual five of one kind below the location.
func (s *Setup) routes(path, name string, o *wire.Objects, list, gone func(*service.Call) service.Answer) []service.Route {
	one := path + "/{" + o.Var + "}"
	return []service.Route{
		service.At("GET", path, name+".list", s.site.Local(list)),
		service.At("POST", path, name+".create", s.site.Local(o.ServeNew)),
		service.At("GET", one, name+".get", s.site.Local(o.ServeOne)),
		service.At("PUT", one, name+".update", s.site.Local(o.ServeEdit)),
		service.At("DELETE", one, name+".delete", s.site.Local(gone)),
	}
}

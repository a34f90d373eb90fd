package setup

import (
	"slices"

	"github.com/pollux-automation/pollux/connectors/sandbox/highlevel/wire"
	"github.com/pollux-automation/pollux/connectors/sandbox/service"
)

// Setup is what one location is set up with. The lock of its service guards it.
type Setup struct {
	site           *wire.Site
	fields, values wire.Objects
}

// New returns the setup of a location, with a few things of each kind.
func New(site *wire.Site) *Setup {
	s := &Setup{site: site}
	s.seedFields()
	s.seedValues()
	return s
}

// Routes are the calls for all of it.
func (s *Setup) Routes() []service.Route {
	return slices.Concat(
		s.routes("/locations/{locationId}/customFields", "custom_field", &s.fields, s.listFields),
		s.routes("/locations/{locationId}/customValues", "custom_value", &s.values, s.values.ServeAll),
	)
}

// routes are the usual five of one kind below the location.
func (s *Setup) routes(path, name string, o *wire.Objects, list func(*service.Call) service.Answer) []service.Route {
	one := path + "/{" + o.Var + "}"
	return []service.Route{
		service.At("GET", path, name+".list", s.site.Here(list)),
		service.At("POST", path, name+".create", s.site.Here(o.ServeNew)),
		service.At("GET", one, name+".get", s.site.Here(o.ServeOne)),
		service.At("PUT", one, name+".update", s.site.Here(o.ServeEdit)),
		service.At("DELETE", one, name+".delete", s.site.Here(o.ServeGone)),
	}
}

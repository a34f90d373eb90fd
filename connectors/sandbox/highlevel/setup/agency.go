package setup

import (
	"maps"
	"net/http"
	"slices"

	"github.com/pollux-automation/pollux/connectors/sandbox/highlevel/wire"
	"github.com/pollux-automation/pollux/connectors/sandbox/service"
)

// The bodies of the calls for locations, as in the spec file of 2026-06-19.
//
//nolint:gochecknoglobals // tables
var (
	locationFields = map[string]service.Kind{
		"name": service.String, "phone": service.String, "companyId": service.String, "address": service.String, "city": service.String,
		"state": service.String, "country": service.String, "postalCode": service.String, "website": service.String, "timezone": service.String,
		"prospectInfo": service.Object, "settings": service.Object, "social": service.Object, "twilio": service.Object, "mailgun": service.Object,
	}
	newLocationShape = &service.Shape{Fields: with(locationFields, "snapshotId", service.String), Required: []string{"name", "companyId"}}
	locationShape    = &service.Shape{Fields: with(locationFields, "snapshot", service.Object), Required: []string{"companyId"}}
	locationInside   = map[string]*service.Shape{
		"prospectInfo": texts("firstName", "lastName", "email"),
		"twilio":       texts("sid", "authToken"),
		"mailgun":      texts("apiKey", "domain"),
		"settings": {Fields: map[string]service.Kind{
			"allowDuplicateContact": service.Bool, "allowDuplicateOpportunity": service.Bool, "allowFacebookNameMerge": service.Bool, "disableContactTimezone": service.Bool,
		}},
		"snapshot": {Fields: map[string]service.Kind{"id": service.String, "override": service.Bool}, Required: []string{"id"}},
	}
)

// with returns some fields and one more.
func with(fields map[string]service.Kind, name string, kind service.Kind) map[string]service.Kind {
	all := maps.Clone(fields)
	all[name] = kind
	return all
}

// texts is the shape of an object of texts that must all be there.
func texts(names ...string) *service.Shape {
	sh := &service.Shape{Fields: map[string]service.Kind{}, Required: names}
	for _, name := range names {
		sh.Fields[name] = service.String
	}
	return sh
}

// seedAgency makes the agency, its one location, and a snapshot.
func (s *Setup) seedAgency() {
	s.companies = wire.Objects{Site: s.site, Name: "Company", Var: "companyId", One: "company", Unplaced: true}
	s.companies.Add(wire.Object{
		"id": wire.CompanyID, "name": "Sandbox agency", "email": "agency@example.com", "country": "US", "timezone": "America/Chicago", "status": "active",
	})
	s.snapshots = wire.Objects{Site: s.site, Name: "Snapshot", Many: "snapshots", Unplaced: true}
	s.snapshots.Add(wire.Object{"id": "sandboxSnapshot00001", "name": "Studio", "type": "own"})
	// Locations have no dateUpdated (highlevel-api-docs #154, read 2026-09), and a dateAdded
	// that no document names (recorded answers of 2026-07).
	s.locations = wire.Objects{
		Site: s.site, Name: "Location", Var: "locationId", New: newLocationShape, Edit: locationShape, Write: s.writeLocation, Unplaced: true, Added: "dateAdded",
		Created: http.StatusOK,
	}
	s.locations.Add(wire.Object{
		"id": s.site.ID, "companyId": wire.CompanyID, "name": "Sandbox", "email": "studio@example.com", "country": "US", "timezone": "America/Chicago",
	})
}

// own refuses an agency that the token does not belong to. The sandbox's token is one of
// the location and of the agency at once.
func own(companyID string) service.Answer {
	if companyID == wire.CompanyID {
		return service.Answer{}
	}
	return wire.Refuse(http.StatusForbidden, "The token does not have access to this company.")
}

// getCompany counts the locations, as the service shows it.
func (s *Setup) getCompany(c *service.Call) service.Answer {
	if refused := own(c.Vars["companyId"]); refused.Status != 0 {
		return refused
	}
	row, refused := s.companies.Named(c)
	if refused.Status != 0 {
		return refused
	}
	row = maps.Clone(row)
	row["locationCount"] = len(s.locations.All())
	return s.companies.Show(http.StatusOK, row)
}

func (s *Setup) listSnapshots(c *service.Call) service.Answer {
	params, refused := wire.Query(c, nil, "companyId")
	if refused.Status == 0 {
		refused = own(params.Get("companyId"))
	}
	if refused.Status != 0 {
		return refused
	}
	return s.snapshots.List(c, s.snapshots.All())
}

// writeLocation makes the fields of a location. Where its address comes from is a guess:
// that of the person who is asked about it. Credentials are taken and never shown.
func (s *Setup) writeLocation(_, body wire.Object) (wire.Object, service.Answer) {
	var wrong []string
	for _, name := range slices.Sorted(maps.Keys(locationInside)) {
		wrong = append(wrong, wire.Inside(body, name, locationInside[name])...)
	}
	if country := service.Text(body["country"]); body["country"] != nil && (len(country) != 2 || country[0] < 'A' || country[0] > 'Z' || country[1] < 'A' || country[1] > 'Z') {
		wrong = append(wrong, "country must be a code of two letters")
	}
	refused := wire.RefuseAll(wrong)
	if refused.Status == 0 {
		refused = own(service.Text(body["companyId"]))
	}
	if id := service.Text(body["snapshotId"]); refused.Status == 0 && id != "" {
		if _, ok := s.snapshots.Get(id); !ok {
			refused = s.snapshots.Unknown(id)
		}
	}
	if refused.Status != 0 {
		return nil, refused
	}
	row := maps.Clone(body)
	if person, ok := body["prospectInfo"].(map[string]any); ok {
		row["email"] = person["email"]
	}
	for _, hidden := range []string{"prospectInfo", "twilio", "mailgun", "snapshotId", "snapshot"} {
		delete(row, hidden)
	}

	return row, service.Answer{}
}

// searchLocations lists those of the agency, or without one the token's own (a guess).
// They come by their time of creation. The rows show less than the single location; how
// many there are is not said (highlevel-api-docs #164, read 2026-09).
func (s *Setup) searchLocations(c *service.Call) service.Answer {
	params, refused := wire.Query(c, wire.Choices{"order": {"asc", "desc"}})
	if refused.Status != 0 {
		return refused
	}
	company := params.Get("companyId")
	if company != "" {
		if refused := own(company); refused.Status != 0 {
			return refused
		}
	}
	rows := s.locations.Where(func(row wire.Object) bool {
		return (company != "" || row["id"] == s.site.ID) && (params.Get("email") == "" || row["email"] == params.Get("email"))
	})
	if params.Get("order") == "desc" {
		slices.Reverse(rows)
	}
	for i := range rows {
		rows[i] = maps.Clone(rows[i])
		delete(rows[i], "companyId")
	}
	part, refused := wire.PartOf(c, rows, "skip", 10)
	if refused.Status != 0 {
		return refused
	}
	return s.site.Say(http.StatusOK, wire.Object{"locations": part})
}

// known refuses a location that the agency does not have.
func (s *Setup) known(c *service.Call) (wire.Object, service.Answer) {
	row, ok := s.locations.Get(c.Vars["locationId"])
	if !ok {
		return nil, s.site.Foreign(c.Vars["locationId"])
	}
	return row, service.Answer{}
}

func (s *Setup) getLocation(c *service.Call) service.Answer {
	row, refused := s.known(c)
	if refused.Status != 0 {
		return refused
	}
	return s.site.Say(http.StatusOK, wire.Object{"location": row})
}

// deleteLocation keeps the location in which the sandbox lives.
func (s *Setup) deleteLocation(c *service.Call) service.Answer {
	_, refused := wire.Query(c, wire.Choices{"deleteTwilioAccount": {"true", "false"}}, "deleteTwilioAccount")
	if refused.Status == 0 {
		_, refused = s.known(c)
	}
	id := c.Vars["locationId"]
	if refused.Status == 0 && id == s.site.ID {
		refused = wire.Refuse(http.StatusBadRequest, "This location cannot be deleted.")
	}
	if refused.Status != 0 {
		return refused
	}
	c.Target = id
	s.locations.Delete(id)
	return s.site.Say(http.StatusOK, wire.Object{"success": true, "message": "Deleted location with id: " + id})
}

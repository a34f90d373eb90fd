package users

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/pollux-automation/pollux/connectors/sandbox/highlevel/wire"
	"github.com/pollux-automation/pollux/connectors/sandbox/service"
)

// ID is the user that is there at the start: an admin of the agency.
const ID = "sandboxUser000000001"

// The bodies and queries (spec file of 2026-06-19). It types type and role as any text
// and shows these words.
//
//nolint:gochecknoglobals // tables
var (
	common = `phone profilePhoto permissions:object scopes:array scopesAssignedToOnly:array twilioPhone:object
		platformLanguage=en_US|es|fr_CA|fr_FR|nl|de|pt_PT|pt_BR|it|sv|da|fi|no `
	newForm = wire.NewForm(common + `companyId! firstName! lastName! email! password! type!=account|agency role!=admin|user locationIds!:array`)
	form    = wire.NewForm(common + `companyId firstName lastName email password type=account|agency role=admin|user locationIds:array`)

	searchForm = wire.NewForm(`companyId! query skip limit locationId type role ids sort sortDirection=asc|desc enabled2waySync:boolean`)
	emailForm  = wire.NewForm(`companyId! emails! deleted:boolean skip limit projection`)
	placeForm  = wire.NewForm(`locationId!`)
)

// Staff is the users of an agency.
type Staff struct {
	kind wire.Kind
}

// New returns the users of a location's agency: one at the start.
func New(site *wire.Site) *Staff {
	s := &Staff{kind: wire.Kind{Site: site, Title: "User", Var: "userId", Created: "dateAdded", Updated: "dateUpdated"}}
	s.kind.Add(user(wire.Record{"lcPhone": wire.Record{}}, wire.Record{
		"id": ID, "firstName": "Sandy", "lastName": "Box", "email": "sandy.box@example.com", "phone": "+15555550100",
		"type": "agency", "role": "admin", "locationIds": []any{site.ID},
	}))
	return s
}

// user is an object after a write of a body: what bodies have flat stands in roles, and the
// password shows nowhere. Scopes are shown as the list that was written; recorded so,
// documented as a text.
func user(former, body wire.Record) wire.Record {
	after := maps.Clone(former)
	roles, _ := former["roles"].(wire.Record)
	roles = maps.Clone(roles)
	if roles == nil {
		roles = wire.Record{}
	}
	for name, value := range body {
		switch name {
		case "type", "role", "locationIds":
			roles[name] = value
		case "password", "companyId", "twilioPhone":
		default:
			after[name] = value
		}
	}
	after["roles"] = roles
	after["name"] = strings.TrimSpace(service.Text(after["firstName"]) + " " + service.Text(after["lastName"]))
	return after
}

// Routes are the routes of users.
func (s *Staff) Routes() []service.Route {
	const one = "/users/{userId}"
	return []service.Route{
		service.At("GET", "/users/search", "user.search", s.search),
		service.At("POST", "/users/search/filter-by-email", "user.filter_by_email", s.byEmail).Reading(),
		service.At("GET", "/users", "user.list_by_location", s.byLocation),
		service.At("POST", "/users", "user.create", s.create),
		service.At("GET", one, "user.get", s.kind.Read),
		service.At("PUT", one, "user.update", s.update),
		service.At("DELETE", one, "user.delete", s.delete),
	}
}

// foreign refuses an agency that the token does not belong to; the wording is a guess.
func foreign(company string) service.Answer {
	if company == wire.CompanyID {
		return service.Answer{}
	}
	return wire.Refuse(http.StatusForbidden, "The token does not have access to this company.")
}

// withEmail returns the user with an address, whatever its case.
func (s *Staff) withEmail(email string) (wire.Record, bool) {
	found := s.kind.Where(func(u wire.Record) bool { return strings.EqualFold(service.Text(u["email"]), email) })
	if len(found) == 0 {
		return nil, false
	}
	return found[0], true
}

// create refuses an address that somebody has (a guess).
func (s *Staff) create(c *service.Call) service.Answer {
	body, refused := newForm.Read(c)
	if refused.Status == 0 {
		refused = foreign(service.Text(body["companyId"]))
	}
	if refused.Status != 0 {
		return refused
	}
	email := service.Text(body["email"])
	if !service.PlausibleEmail(email) {
		return wire.Refuse(http.StatusUnprocessableEntity, "email must be an email")
	}
	if _, taken := s.withEmail(email); taken {
		return wire.Refuse(http.StatusBadRequest, "A user with this email already exists")
	}
	made := s.kind.Add(user(wire.Record{"permissions": wire.Record{}, "scopes": []any{}, "lcPhone": wire.Record{}, "extension": ""}, body))
	c.Target = service.Text(made["id"])
	return s.kind.Show(http.StatusCreated, made)
}

// update changes no address: the spec file of 2026-06-19 says that it does not any more.
// That it refuses one, and does not ignore it, is a guess.
func (s *Staff) update(c *service.Call) service.Answer {
	found, body, refused := s.kind.FindAndRead(c, form)
	if company, ok := body["companyId"]; ok && refused.Status == 0 {
		refused = foreign(service.Text(company))
	}
	if refused.Status != 0 {
		return refused
	}
	if email := service.Text(body["email"]); email != "" && !strings.EqualFold(email, service.Text(found["email"])) {
		return wire.Refuse(http.StatusBadRequest, "Email update is not supported")
	}
	return s.kind.Show(http.StatusOK, s.kind.Change(found, user(found, body)))
}

// delete takes the user away at once; the service puts the deletion into a queue.
func (s *Staff) delete(c *service.Call) service.Answer {
	found, refused := s.kind.Find(c)
	if refused.Status != 0 {
		return refused
	}
	s.kind.Delete(c.Target)
	return s.kind.Site.Say(http.StatusOK, map[string]any{
		wire.SpelledOddly: true,
		"message":         fmt.Sprintf("Queued deleting user with e-mail %v and name %v. Will take effect in a few minutes.", found["email"], found["name"]),
	})
}

// at reports whether a user belongs to a location. The agency's own have access to all.
func at(u wire.Record, location string) bool {
	roles, _ := u["roles"].(wire.Record)
	return roles["type"] == "agency" || slices.Contains(service.Texts(roles["locationIds"]), location)
}

// byLocation has no pages.
func (s *Staff) byLocation(c *service.Call) service.Answer {
	q, refused := s.kind.Site.Here(c, placeForm, "locationId")
	if refused.Status != 0 {
		return refused
	}
	list := s.kind.Where(func(u wire.Record) bool { return at(u, q["locationId"]) })
	return s.kind.Site.Say(http.StatusOK, map[string]any{"users": service.Rows(c, list)})
}

// page answers with a part of some users, as both searches do. Their largest limit is not
// documented.
func (s *Staff) page(c *service.Call, list []wire.Record, skipText, limitText string) service.Answer {
	skip, limit, refused := wire.SkipLimit(skipText, limitText, 25)
	if refused.Status != 0 {
		return refused
	}
	list = service.Rows(c, list)
	return s.kind.Site.Say(http.StatusOK, map[string]any{"users": wire.Part(c, list, skip, limit), "count": len(list)})
}

// search sorts by first and last name unless it is told otherwise. Which other fields it
// sorts by is not documented; here all that are texts.
func (s *Staff) search(c *service.Call) service.Answer {
	q, refused := searchForm.Query(c)
	if refused.Status == 0 {
		refused = foreign(q["companyId"])
	}
	if location := q["locationId"]; location != "" && refused.Status == 0 {
		refused = s.kind.Site.Foreign(location)
	}
	if refused.Status != 0 {
		return refused
	}
	if c.Suffers(service.Unfiltered) {
		q = map[string]string{"skip": q["skip"], "limit": q["limit"], "sort": q["sort"], "sortDirection": q["sortDirection"]}
	}
	list := s.kind.Where(func(u wire.Record) bool { return wanted(u, q) })
	if !c.Suffers(service.Unsorted) {
		order(list, cmp.Or(q["sort"], "name"), q["sortDirection"] == "desc")
	}
	return s.page(c, list, q["skip"], q["limit"])
}

// wanted reports whether a search lets a user pass.
func wanted(u wire.Record, q map[string]string) bool {
	roles, _ := u["roles"].(wire.Record)
	text := fmt.Sprintf("%v %v %v", u["name"], u["email"], u["phone"])
	switch {
	case q["locationId"] != "" && !at(u, q["locationId"]),
		q["type"] != "" && roles["type"] != q["type"],
		q["role"] != "" && roles["role"] != q["role"],
		q["ids"] != "" && !slices.Contains(strings.Split(q["ids"], ","), service.Text(u["id"])):
		return false
	}
	return service.ContainsFold(text, q["query"])
}

// order sorts users by a text.
func order(list []wire.Record, field string, desc bool) {
	slices.SortStableFunc(list, func(a, b wire.Record) int {
		n := strings.Compare(service.Text(a[field]), service.Text(b[field]))
		if desc {
			return -n
		}
		return n
	})
}

// byEmail shows the id and the address alone unless a projection asks for more (spec file
// of 2026-06-19). It is for agencies; the sandbox has one token for all. Nothing is shown
// as deleted here: who is deleted is gone.
func (s *Staff) byEmail(c *service.Call) service.Answer {
	body, refused := emailForm.Read(c)
	if refused.Status == 0 {
		refused = foreign(service.Text(body["companyId"]))
	}
	if refused.Status != 0 {
		return refused
	}
	var addresses []string
	for address := range strings.SplitSeq(strings.ToLower(service.Text(body["emails"])), ",") {
		addresses = append(addresses, strings.TrimSpace(address))
	}
	deleted, _ := body["deleted"].(bool)
	list := []wire.Record{}
	for _, u := range s.kind.All() {
		known := slices.Contains(addresses, strings.ToLower(service.Text(u["email"])))
		if !deleted && (known || c.Suffers(service.Unfiltered)) {
			list = append(list, project(u, service.Text(body["projection"])))
		}
	}
	return s.page(c, list, service.Text(body["skip"]), service.Text(body["limit"]))
}

// project is a user with the fields that are asked for.
func project(u wire.Record, fields string) wire.Record {
	if fields == "all" {
		return u
	}
	part := wire.Record{"id": u["id"]}
	for name := range strings.SplitSeq(cmp.Or(fields, "email"), ",") {
		if v, ok := u[strings.TrimSpace(name)]; ok {
			part[strings.TrimSpace(name)] = v
		}
	}
	return part
}

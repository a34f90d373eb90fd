package links

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/pollux-automation/pollux/connectors/sandbox/highlevel/wire"
	"github.com/pollux-automation/pollux/connectors/sandbox/service"
)

// The bodies of the calls, as in the spec file of 2026-06-19. It calls keys and labels
// objects and shows texts, so any value passes.
//
//nolint:gochecknoglobals // tables
var (
	labels = map[string]service.Kind{"firstObjectLabel": service.Any, "secondObjectLabel": service.Any}
	edit   = &service.Shape{Fields: labels, Required: []string{"firstObjectLabel", "secondObjectLabel"}}
	create = &service.Shape{
		Fields: map[string]service.Kind{
			"locationId": service.String, "key": service.String, "firstObjectLabel": service.Any, "firstObjectKey": service.Any,
			"secondObjectLabel": service.Any, "secondObjectKey": service.Any,
		},
		Required: []string{"locationId", "key", "firstObjectLabel", "firstObjectKey", "secondObjectLabel", "secondObjectKey"},
	}
	relate = &service.Shape{
		Fields: map[string]service.Kind{
			"locationId": service.String, "associationId": service.String, "firstRecordId": service.String, "secondRecordId": service.String,
		},
		Required: []string{"locationId", "associationId", "firstRecordId", "secondRecordId"},
	}
)

// userDefined are those that can be changed and deleted.
const userDefined = "USER_DEFINED"

// Links are those of one location. The lock of its service guards them.
type Links struct {
	site      *wire.Site
	all       wire.Objects
	relations wire.Objects
}

// New returns the associations of a location, with one of the service's own and one that
// was made. The file shows a single association where lists are asked for; that lists stand
// under associations and relations is a guess.
func New(site *wire.Site) *Links {
	l := &Links{site: site}
	l.all = wire.Objects{Site: site, Name: "Association", Var: "associationId", Many: "associations", New: create, Edit: edit, Write: l.write}
	l.relations = wire.Objects{Site: site, Name: "Relation", Var: "relationId", Many: "relations", New: relate, Write: l.relate}
	l.all.Add(wire.Object{
		"id": "sandboxAssociation01", "key": "contact_opportunity", "firstObjectKey": "contact", "firstObjectLabel": "Contact",
		"secondObjectKey": "opportunity", "secondObjectLabel": "Opportunity", "associationType": "SYSTEM_DEFINED",
	})
	l.all.Add(wire.Object{
		"id": "sandboxAssociation02", "key": "friend", "firstObjectKey": "contact", "firstObjectLabel": "Friend",
		"secondObjectKey": "contact", "secondObjectLabel": "Friend", "associationType": userDefined,
	})
	return l
}

// Routes are the calls for associations and relations, those with literal segments first.
func (l *Links) Routes() []service.Route {
	const path, relations, one = "/associations", "/associations/relations", "/associations/{associationId}"
	return []service.Route{
		service.At("POST", relations, "relation.create", l.relations.ServeNew),
		service.At("GET", relations+"/{recordId}", "relation.list_by_record", l.site.Local(l.listRelations)),
		service.At("DELETE", relations+"/{relationId}", "relation.delete", l.site.Local(l.unrelate)),
		service.At("GET", path+"/key/{keyName}", "association.get_by_key", l.site.Local(l.byKey)),
		service.At("GET", path+"/objectKey/{objectKey}", "association.list_by_object_key", l.byObject),
		service.At("GET", path, "association.list", l.site.Local(l.list)),
		service.At("POST", path, "association.create", l.all.ServeNew),
		service.At("GET", one, "association.get", l.all.ServeOne),
		service.At("PUT", one, "association.update", l.all.ServeEdit),
		service.At("DELETE", one, "association.delete", l.delete),
	}
}

// Forget removes the relations of a record that goes.
func (l *Links) Forget(record string) {
	for _, row := range l.of(record) {
		l.relations.Delete(l.relations.IDOf(row))
	}
}

// of are the relations of a record.
func (l *Links) of(record string) []wire.Object {
	return l.relations.Where(func(row wire.Object) bool { return row["firstRecordId"] == record || row["secondRecordId"] == record })
}

// write refuses a second association with the same key (a guess), and changes of the
// service's own.
func (l *Links) write(former, body wire.Object) (wire.Object, service.Answer) {
	if former != nil {
		return body, changeable(former)
	}
	if len(l.all.Where(func(row wire.Object) bool { return row["key"] == body["key"] })) > 0 {
		return nil, wire.Refuse(http.StatusBadRequest, "An association with this key is already there.")
	}
	body["associationType"] = userDefined
	return body, service.Answer{}
}

// changeable refuses what the service itself has made.
func changeable(row wire.Object) service.Answer {
	if row["associationType"] == userDefined {
		return service.Answer{}
	}
	return wire.Refuse(http.StatusBadRequest, "Only associations of the type "+userDefined+" can be changed.")
}

func (l *Links) list(c *service.Call) service.Answer {
	return l.all.Pages(c, l.all.All(), "skip", 0)
}

func (l *Links) byKey(c *service.Call) service.Answer {
	rows := l.all.Where(func(row wire.Object) bool { return row["key"] == c.Vars["keyName"] })
	if len(rows) == 0 {
		return l.all.Unknown(c.Vars["keyName"])
	}
	return l.all.Show(http.StatusOK, rows[0])
}

// byObject takes the location as one that may be left out (spec file of 2026-06-19).
func (l *Links) byObject(c *service.Call) service.Answer {
	if params := c.URL.Query(); params.Has("locationId") {
		if refused := l.site.Foreign(params.Get("locationId")); refused.Status != 0 {
			return refused
		}
	}
	key := c.Vars["objectKey"]
	return l.all.List(c, l.all.Where(func(row wire.Object) bool { return row["firstObjectKey"] == key || row["secondObjectKey"] == key }))
}

// delete takes the relations along, as the service's documents say.
func (l *Links) delete(c *service.Call) service.Answer {
	row, refused := l.all.Named(c)
	if refused.Status == 0 {
		refused = changeable(row)
	}
	if refused.Status != 0 {
		return refused
	}
	id := l.all.IDOf(row)
	for _, r := range l.relations.Where(func(r wire.Object) bool { return r["associationId"] == id }) {
		l.relations.Delete(l.relations.IDOf(r))
	}
	l.all.Delete(id)
	return l.site.Say(http.StatusOK, wire.Object{"deleted": true, "id": id, "message": "Association deleted successfully"})
}

// relate refuses an association or a contact that there is not. A second relation of the
// same two records is made (a guess); records of other kinds are not looked for.
func (l *Links) relate(_, body wire.Object) (wire.Object, service.Answer) {
	of, ok := l.all.Get(service.Text(body["associationId"]))
	if !ok {
		return nil, l.all.Unknown(service.Text(body["associationId"]))
	}
	for _, place := range []string{"first", "second"} {
		if id := service.Text(body[place+"RecordId"]); of[place+"ObjectKey"] == "contact" && !l.site.Knows(id) {
			return nil, wire.Refuse(http.StatusBadRequest, "Contact not found for id: "+id)
		}
	}
	return body, service.Answer{}
}

// listRelations shows none of a record that there is not. Ids of associations come with
// commas, or one for each parameter.
func (l *Links) listRelations(c *service.Call) service.Answer {
	var wanted []string
	for _, text := range c.URL.Query()["associationIds"] {
		wanted = append(wanted, strings.Split(text, ",")...)
	}
	rows := slices.DeleteFunc(l.of(c.Vars["recordId"]), func(row wire.Object) bool {
		return len(wanted) > 0 && !slices.Contains(wanted, service.Text(row["associationId"]))
	})
	return l.relations.Pages(c, rows, "skip", 0)
}

// unrelate answers with the relation that goes, as far as the documents can be read so.
func (l *Links) unrelate(c *service.Call) service.Answer {
	row, refused := l.relations.Named(c)
	if refused.Status != 0 {
		return refused
	}
	l.relations.Delete(l.relations.IDOf(row))
	return l.site.Say(http.StatusOK, maps.Clone(row))
}

package highlevel

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/pollux-automation/pollux/connectors/sandbox/highlevel/search"
	"github.com/pollux-automation/pollux/connectors/sandbox/highlevel/wire"
	"github.com/pollux-automation/pollux/connectors/sandbox/service"
)

// contactFields are the fields that a contact's body may have. They are those that
// create, update and upsert share in the spec file (GoHighLevel/highlevel-api-docs,
// commit of 2026-06-19); any other is refused with 422 (highlevel-api-docs #313). The
// spec file calls dateOfBirth an object and shows a text, so any value passes.
//
//nolint:gochecknoglobals // a table
var contactFields = map[string]service.Kind{
	"firstName": service.String, "lastName": service.String, "name": service.String, "email": service.String, "phone": service.String, "address1": service.String,
	"city": service.String, "state": service.String, "postalCode": service.String, "website": service.String, "timezone": service.String, "dnd": service.Bool,
	"dndSettings": service.Object, "inboundDndSettings": service.Object, "tags": service.List, "customFields": service.List, "source": service.String,
	"dateOfBirth": service.Any, "country": service.String, "assignedTo": service.String,
}

// also returns a shape of contactFields and more.
func also(more map[string]service.Kind, required ...string) *service.Shape {
	fields := maps.Clone(contactFields)
	maps.Copy(fields, more)
	return &service.Shape{Fields: fields, Required: required}
}

// The bodies of the three writes. Only create and upsert take a gender and a company:
// an update that has them is refused for unknown fields (spec file of 2026-06-19).
// createNewIfDuplicateAllowed is taken and has no effect here.
//
//nolint:gochecknoglobals // tables
var (
	createShape = also(map[string]service.Kind{"locationId": service.String, "gender": service.String, "companyName": service.String}, "locationId")
	updateShape = also(nil)
	upsertShape = also(map[string]service.Kind{
		"locationId": service.String, "gender": service.String, "companyName": service.String, "createNewIfDuplicateAllowed": service.Bool,
	}, "locationId")
)

// nullable are the fields that a contact shows as null when they are not set.
//
//nolint:gochecknoglobals // a table
var nullable = []string{
	"firstName", "lastName", "email", "phone", "companyName", "source", "assignedTo", "address1", "city",
	"state", "postalCode", "country", "website", "timezone", "dateOfBirth", "businessId",
}

// merge returns fields after a write of a body. Tags of a body take the place of
// the former ones; whether the service does so is not documented.
func merge(fields, body map[string]any) map[string]any {
	if name := strings.Fields(service.Text(body["name"])); len(name) > 0 && body["firstName"] == nil {
		fields["firstName"], fields["lastName"] = name[0], strings.Join(name[1:], " ")
	}
	for key, value := range body {
		switch key {
		case "name", "locationId", "createNewIfDuplicateAllowed":
		case "email":
			fields[key] = orNil(strings.ToLower(strings.TrimSpace(service.Text(value))))
		case "tags":
			fields[key] = cleanTags(service.Texts(value))
		case "customFields":
			fields[key] = mergeCustom(fields[key], value)
		default:
			fields[key] = value
		}
	}
	fields["contactName"] = orNil(strings.TrimSpace(service.Text(fields["firstName"]) + " " + service.Text(fields["lastName"])))
	return fields
}

// orNil shows an empty text as null: a field that was cleared looks like one that was
// never set (a guess).
func orNil(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// cleanTags lower-cases tags and drops doubles, keeping the order. That the service
// does all of this is a guess.
func cleanTags(tags []string) []string {
	out := make([]string, 0, len(tags))
	for _, t := range tags {
		if t = strings.ToLower(strings.TrimSpace(t)); t != "" && !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	return out
}

// mergeCustom turns what is written, {id or key, field_value}, into what is read,
// {id, value}, in place of the former value of the same field. The two forms differ
// in the service itself (spec file of 2026-06-19). A value that is written as it was
// read, {id, value}, is taken too.
func mergeCustom(former, written any) []any {
	out, _ := former.([]any)
	news, _ := written.([]any)
	for _, e := range news {
		m, _ := e.(map[string]any)
		id := service.Text(m["id"])
		if id == "" {
			id = service.Text(m["key"])
		}
		value, ok := m["field_value"]
		if !ok {
			value = m["value"]
		}
		out = slices.DeleteFunc(out, func(o any) bool {
			old, _ := o.(map[string]any)
			return service.Text(old["id"]) == id
		})
		out = append(out, map[string]any{"id": id, "value": value})
	}
	return out
}

// newFields are the fields of a contact that nothing was written to yet.
func newFields() map[string]any {
	fields := map[string]any{"dnd": false, "type": "lead", "tags": []string{}, "customFields": []any{}}
	for _, name := range nullable {
		fields[name] = nil
	}
	return fields
}

// put stores a new version of a contact; an empty id makes a new contact. It is the
// only place that writes contacts: direct reads and the search for duplicates know
// the new version at once, searches after the lag. The caller gives up the map.
func (h *Location) put(id string, fields map[string]any, added, updated time.Time) *search.Row {
	if id == "" {
		id = h.site.World.Dice.ID(20)
	}
	fields["id"], fields["locationId"] = id, h.site.ID
	fields["dateAdded"], fields["dateUpdated"] = wire.Stamp(added), wire.Stamp(updated)
	c := &search.Row{ID: id, Added: added.UnixMilli(), Updated: updated.UnixMilli(), Doc: service.Encode(fields)}
	// The former address goes before the new one comes, or a contact would still be
	// found by the address that it gave up.
	if former := h.live[id]; former != nil {
		h.forgetKeys(former)
	} else {
		h.place[id] = len(h.order)
		h.order = append(h.order, id)
	}
	h.live[id] = c
	h.setup.Tagged(tagsOf(fields))
	if email := service.Text(fields["email"]); email != "" {
		h.byEmail[email] = id
	}
	if phone := service.Text(fields["phone"]); phone != "" {
		h.byPhone[phone] = id
	}
	h.search.Later(h.site.World.Now().Add(h.lag), id, c)
	return c
}

// forgetKeys removes a contact's address and number from the indexes. A key that
// another contact took over in the meantime stays.
func (h *Location) forgetKeys(c *search.Row) {
	fields := c.Fields()
	if email := service.Text(fields["email"]); h.byEmail[email] == c.ID {
		delete(h.byEmail, email)
	}
	if phone := service.Text(fields["phone"]); h.byPhone[phone] == c.ID {
		delete(h.byPhone, phone)
	}
}

// change writes a body to a contact that exists. The updated time moves even if the
// body brings nothing new (a guess).
func (h *Location) change(c *search.Row, body map[string]any) *search.Row {
	return h.put(c.ID, merge(c.Fields(), body), time.UnixMilli(c.Added), h.site.World.Now())
}

// drop deletes a contact with everything that hangs on it.
func (h *Location) drop(c *search.Row) {
	h.forgetKeys(c)
	delete(h.live, c.ID)
	h.setup.Forget(c.ID)
	h.links.Forget(c.ID)
	h.messages.Forget(c.ID)
	delete(h.notes, c.ID)
	delete(h.tasks, c.ID)
	delete(h.campaigns, c.ID)
	h.calendars.Forget(c.ID)
	h.opportunities.Forget(c.ID)
	// The last id takes the free place: to move all behind it would make deletes slow
	// in a large location.
	at, last := h.place[c.ID], len(h.order)-1
	h.order[at] = h.order[last]
	h.place[h.order[at]] = at
	h.order = h.order[:last]
	delete(h.place, c.ID)
	h.search.Later(h.site.World.Now().Add(h.lag), c.ID, nil)
}

// contact returns the contact that a path names, and marks it as the target. The
// documentation knows no 404 for an unknown one, only 400. It reads directly, so it
// sees writes that searches do not show yet.
func (h *Location) contact(c *service.Call) (*search.Row, service.Answer) {
	found := h.live[c.Vars["contactId"]]
	if found == nil {
		return nil, wire.Refuse(http.StatusBadRequest, "Contact not found for id: "+c.Vars["contactId"])
	}
	c.Target = found.ID
	return found, service.Answer{}
}

// twin returns the contact with the same address, else with the same number. Which of
// the two wins is a setting of the location (service docs, read 2026-09); here the
// address does. The second result is the field's name, as the refusal of a create has
// it.
func (h *Location) twin(body map[string]any) (*search.Row, string) {
	if id, ok := h.byEmail[strings.ToLower(strings.TrimSpace(service.Text(body["email"])))]; ok {
		return h.live[id], "email"
	}
	if id, ok := h.byPhone[service.Text(body["phone"])]; ok {
		return h.live[id], "phone"
	}
	return nil, ""
}

// checkContact refuses what no contact can be, and drops what a contact does not have. sent tells that the body must name the
// location, as those of create and upsert do; an update has no such field.
func (h *Location) checkContact(body map[string]any, sent bool) service.Answer {
	if id, ok := body["locationId"]; ok || sent {
		if a := h.site.Foreign(service.Text(id)); a.Status != 0 {
			return a
		}
	}
	if email := service.Text(body["email"]); email != "" && !service.PlausibleEmail(email) {
		return wire.Refuse(http.StatusUnprocessableEntity, "email must be an email")
	}
	if fields, ok := body["customFields"]; ok {
		body["customFields"] = h.defined(fields)
	}
	return service.Answer{}
}

// show answers with a contact, and with more members beside it.
func (h *Location) show(status int, c *search.Row, more map[string]any) service.Answer {
	members := map[string]any{"contact": json.RawMessage(c.Doc)}
	maps.Copy(members, more)
	return h.site.Say(status, members)
}

// getContact is a direct read: it shows a write at once, the search only after the
// lag.
func (h *Location) getContact(c *service.Call) service.Answer {
	found, refused := h.contact(c)
	if refused.Status != 0 {
		return refused
	}
	return h.show(http.StatusOK, found, nil)
}

// createContact refuses a twin and names it in meta, as a location does that forbids
// duplicates; one that allows them is not simulated. It creates nothing when it
// refuses, although a user reports that a 422 did (highlevel-api-docs #64).
func (h *Location) createContact(c *service.Call) service.Answer {
	body, refused := wire.Read(c, createShape)
	if refused.Status == 0 {
		refused = h.checkContact(body, true)
	}
	if refused.Status != 0 {
		return refused
	}
	if twin, field := h.twin(body); twin != nil {
		a := wire.Refuse(http.StatusBadRequest, "This location does not allow duplicated contacts.")
		a.Value.(map[string]any)["meta"] = map[string]any{"contactId": twin.ID, "matchingField": field} //nolint:forcetypeassert // made one line above
		return a
	}
	now := h.site.World.Now()
	made := h.put("", merge(newFields(), body), now, now)
	c.Target = made.ID
	return h.show(http.StatusCreated, made, nil)
}

// updateContact answers with the contact and the misspelt yes (spec file of
// 2026-06-19). It does not look for twins; whether the service does is not
// documented.
func (h *Location) updateContact(c *service.Call) service.Answer {
	found, refused := h.contact(c)
	if refused.Status != 0 {
		return refused
	}
	body, refused := wire.Read(c, updateShape)
	if refused.Status == 0 {
		refused = h.checkContact(body, false)
	}
	if refused.Status != 0 {
		return refused
	}
	return h.show(http.StatusOK, h.change(found, body), map[string]any{wire.SpelledOddly: true})
}

// upsertContact answers 200 both ways; only the member new tells a create from an
// update (spec file of 2026-06-19).
func (h *Location) upsertContact(c *service.Call) service.Answer {
	body, refused := wire.Read(c, upsertShape)
	if refused.Status == 0 {
		refused = h.checkContact(body, true)
	}
	if refused.Status != 0 {
		return refused
	}
	twin, _ := h.twin(body)
	var made *search.Row
	if twin != nil {
		delete(body, "gender") // ignored on update, as users report
		made = h.change(twin, body)
	} else {
		now := h.site.World.Now()
		made = h.put("", merge(newFields(), body), now, now)
	}
	c.Target = made.ID
	return h.show(http.StatusOK, made, map[string]any{"new": twin == nil})
}

// deleteContact refuses a second delete, because the contact is then unknown.
func (h *Location) deleteContact(c *service.Call) service.Answer {
	found, refused := h.contact(c)
	if refused.Status != 0 {
		return refused
	}
	h.drop(found)
	return h.site.Succeeded(http.StatusOK)
}

// findDuplicate answers with null when nothing matches; what the service does
// then is not documented.
func (h *Location) findDuplicate(c *service.Call) service.Answer {
	q := c.URL.Query()
	if a := h.site.Foreign(q.Get("locationId")); a.Status != 0 {
		return a
	}
	found, _ := h.twin(map[string]any{"email": q.Get("email"), "phone": q.Get("number")})
	if found == nil {
		return h.site.Say(http.StatusOK, map[string]any{"contact": nil})
	}
	return h.show(http.StatusOK, found, nil)
}

//nolint:gochecknoglobals // a table
var tagShape = &service.Shape{Fields: map[string]service.Kind{"tags": service.List}, Required: []string{"tags"}}

// addTags answers 201 and removeTags 200. Both list all tags after the change, and
// beside them those that it concerned (spec file of 2026-06-19).
func (h *Location) addTags(c *service.Call) service.Answer {
	return h.tag(c, "tagsAdded", http.StatusCreated, retag)
}

func (h *Location) removeTags(c *service.Call) service.Answer {
	return h.tag(c, "tagsRemoved", http.StatusOK, untag)
}

// retag and untag return the tags after a change and those that it concerned.
func retag(have, tags []string) (after, changed []string) {
	for _, t := range tags {
		if !slices.Contains(have, t) {
			have, changed = append(have, t), append(changed, t)
		}
	}
	return have, changed
}

// untag writes into the list that it is given, which is a copy of the contact's.
func untag(have, tags []string) (after, changed []string) {
	after = slices.DeleteFunc(have, func(t string) bool {
		gone := slices.Contains(tags, t)
		if gone {
			changed = append(changed, t)
		}
		return gone
	})
	return after, changed
}

// tag carries out both; member is the name under which the answer lists the tags that
// changed.
func (h *Location) tag(c *service.Call, member string, status int, f func(have, tags []string) (after, changed []string)) service.Answer {
	found, refused := h.contact(c)
	if refused.Status != 0 {
		return refused
	}
	body, refused := wire.Read(c, tagShape)
	if refused.Status != 0 {
		return refused
	}
	after, changed := h.retag(found, service.Texts(body["tags"]), f)
	return h.site.Say(status, map[string]any{"tags": after, member: append([]string{}, changed...)})
}

// retag changes the tags of a contact. Only a true change moves dateUpdated.
func (h *Location) retag(c *search.Row, tags []string, f func(have, tags []string) (after, changed []string)) (after, changed []string) {
	after, changed = f(service.Texts(c.Fields()["tags"]), cleanTags(tags))
	if len(changed) > 0 {
		elements := make([]any, len(after))
		for i, t := range after {
			elements[i] = t
		}
		h.change(c, map[string]any{"tags": elements})
	}
	return after, changed
}

//nolint:gochecknoglobals // a table
var bulkShape = &service.Shape{
	Fields:   map[string]service.Kind{"contacts": service.List, "tags": service.List, "locationId": service.String, "removeAllTags": service.Bool},
	Required: []string{"contacts", "tags", "locationId"},
}

// bulkTags takes the types add and remove; the documentation does not name them. A
// contact that is unknown fails alone, with a row of its own in an answer that is 201
// all the same (spec file of 2026-06-19). There removeAllTags goes with removals
// only; here it is harmless with additions.
func (h *Location) bulkTags(c *service.Call) service.Answer {
	body, refused := wire.Read(c, bulkShape)
	if refused.Status == 0 {
		refused = h.site.Foreign(service.Text(body["locationId"]))
	}
	if refused.Status != 0 {
		return refused
	}
	f := retag
	switch c.Vars["type"] {
	case "add":
	case "remove":
		f = untag
	default:
		return wire.Refuse(http.StatusUnprocessableEntity, "type must be add or remove")
	}
	responses, failed := []any{}, 0
	for _, id := range service.Texts(body["contacts"]) {
		found := h.live[id]
		if found == nil {
			failed++
			responses = append(responses, map[string]any{"contactId": id, "message": "Contact not found", "type": "error"})
			continue
		}
		tags := service.Texts(body["tags"])
		if body["removeAllTags"] == true {
			tags = append(tags, service.Texts(found.Fields()["tags"])...)
		}
		_, changed := h.retag(found, tags, f)
		responses = append(responses, map[string]any{"contactId": id, "message": fmt.Sprintf("%d tags changed", len(changed)), "type": "success"})
	}
	return h.site.Say(http.StatusCreated, map[string]any{wire.SpelledOddly: failed == 0, "errorCount": failed, "responses": responses})
}

//nolint:gochecknoglobals // a table
var businessForm = wire.NewForm("locationId! ids!:array businessId")

// bulkBusiness puts contacts into a business, or takes them out of theirs: then the
// businessId is null (spec file of 2026-06-19). That it refuses an unknown contact or
// business, and changes none then, is a guess.
func (h *Location) bulkBusiness(c *service.Call) service.Answer {
	body, refused := businessForm.Read(c)
	if refused.Status == 0 {
		refused = h.site.Foreign(service.Text(body["locationId"]))
	}
	if refused.Status != 0 {
		return refused
	}
	business, given := body["businessId"]
	if !given {
		return wire.Refuse(http.StatusUnprocessableEntity, "businessId should not be undefined")
	}
	if business != nil && !h.businesses.Has(service.Text(business)) {
		return wire.Refuse(http.StatusBadRequest, "Business not found")
	}
	ids := service.Texts(body["ids"])
	for _, id := range ids {
		if h.live[id] == nil {
			return wire.Refuse(http.StatusBadRequest, "Contact not found for id: "+id)
		}
	}
	for _, id := range ids {
		h.change(h.live[id], map[string]any{"businessId": business})
	}
	return h.site.Say(http.StatusOK, map[string]any{"success": true, "ids": ids})
}

// listByBusiness reads the whole location; businesses are rare. They come in the
// order of their ids: the call has no sort and no filter by time (spec file of
// 2026-06-19).
func (h *Location) listByBusiness(c *service.Call) service.Answer {
	q := c.URL.Query()
	if a := h.site.Foreign(q.Get("locationId")); a.Status != 0 {
		return a
	}
	skip, limit, refused := wire.SkipLimit(q.Get("skip"), q.Get("limit"), 25)
	if refused.Status != 0 {
		return refused
	}
	all := []json.RawMessage{}
	for _, id := range slices.Sorted(maps.Keys(h.live)) {
		if service.Text(h.live[id].Fields()["businessId"]) == c.Vars["businessId"] {
			all = append(all, h.live[id].Doc)
		}
	}
	all = service.Rows(c, all)
	return h.site.Say(http.StatusOK, map[string]any{"contacts": wire.Part(c, all, skip, limit), "count": len(all)})
}

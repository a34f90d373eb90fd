package opportunities

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/pollux-automation/pollux/connectors/sandbox/highlevel/search"
	"github.com/pollux-automation/pollux/connectors/sandbox/highlevel/wire"
	"github.com/pollux-automation/pollux/connectors/sandbox/service"
)

// What is there at the start: a pipeline with three stages, and an opportunity once there
// is a contact.
const (
	PipelineID = "sandboxPipeline00001"
	StageNew   = "sandboxStage00000001"
	StageOffer = "sandboxStage00000002"
	StageClose = "sandboxStage00000003"
	ID         = "sandboxOpportunity01"
)

// The bodies (spec file of 2026-06-19). The documents take the status all too, which is one
// of searches; it says nothing of an opportunity, and what becomes of it is not documented.
//
//nolint:gochecknoglobals // tables
var (
	fields  = `pipelineStageId monetaryValue:number assignedTo customFields:array status=open|won|lost|abandoned|all `
	newForm = custom(wire.NewForm(`pipelineStageId monetaryValue:number assignedTo customFields:array
		pipelineId! locationId! name! status!=open|won|lost|abandoned|all contactId!`))
	form       = custom(wire.NewForm(fields + `pipelineId name`))
	statusForm = wire.NewForm(`status!=open|won|lost|abandoned|all lostReasonId`)
	upsertForm = wire.NewForm(`id pipelineId! locationId! followers!:array isRemoveAllFollowers!:boolean followersActionType!=add|remove name
		status=open|won|lost|abandoned|all pipelineStageId monetaryValue:any assignedTo lostReasonId`)
	followersForm = wire.NewForm(`followers!:array`)
	removalForm   = wire.NewForm(`isRemoveAllFollowers:boolean`)
)

// custom adds what the values of custom fields may have.
func custom(f *wire.Form) *wire.Form {
	return f.Each("customFields", wire.NewForm("id key field_value:any"))
}

// Board is the opportunities of a location.
type Board struct {
	site *wire.Site
	// lag is how long a write stays invisible to searches.
	lag func() time.Duration
	// contact returns the fields of a contact, as opportunities show them.
	contact func(id string) map[string]any

	pipelines, opportunities wire.Kind
	index                    search.Index
}

// New returns the opportunities of a location: none, and one pipeline. lag tells how long a
// write stays invisible to searches, contact the fields of a contact.
func New(site *wire.Site, lag func() time.Duration, contact func(id string) map[string]any) *Board {
	b := &Board{
		site: site, lag: lag, contact: contact, index: search.New(words()),
		// That pipelines have times is not documented, but recorded (2026-07).
		pipelines: wire.Kind{Site: site, Title: "Pipeline", Created: "dateAdded", Updated: "dateUpdated"},
		opportunities: wire.Kind{
			Site: site, Title: "Opportunity", Var: "id", Member: "opportunity", Created: "createdAt", Updated: "updatedAt",
			Hides: []string{"isRemoveAllFollowers", "followersActionType"},
		},
	}
	b.SetPipeline(PipelineID, "Guests", StageNew, StageOffer, StageClose)
	return b
}

// SetPipeline adds a pipeline with some stages, or gives the one with that id another name
// and other stages. No operation of the service does that.
func (b *Board) SetPipeline(id, name string, stages ...string) {
	list := []any{}
	for i, stage := range stages {
		list = append(list, wire.Record{"id": stage, "name": "Stage " + string(service.Encode(i+1)), "position": i, "showInFunnel": true, "showInPieChart": true})
	}
	members := wire.Record{"name": name, "stages": list}
	if former, ok := b.pipelines.Get(id); ok {
		b.pipelines.Change(former, members)
		return
	}
	maps.Copy(members, wire.Record{"id": id, "locationId": b.site.ID, "showInFunnel": true, "showInPieChart": true, "colorRenderMode": "dot"})
	b.pipelines.Add(members)
}

// DeletePipeline takes a pipeline away. Its opportunities stay.
func (b *Board) DeletePipeline(id string) { b.pipelines.Delete(id) }

// Begin makes the first opportunity: that of a contact.
func (b *Board) Begin(contact string) {
	b.put(nil, wire.Record{
		"id": ID, "contactId": contact, "name": "A tour", "pipelineId": PipelineID, "pipelineStageId": StageNew, "status": "open", "monetaryValue": json.Number("120"),
	})
	b.index.CatchUp(b.site.World.Now().Add(b.lag()))
}

// Forget drops the opportunities of a contact that is gone (a guess).
func (b *Board) Forget(contact string) {
	for _, o := range b.opportunities.Where(func(o wire.Record) bool { return o["contactId"] == contact }) {
		b.drop(service.Text(o["id"]))
	}
}

func (b *Board) drop(id string) {
	b.opportunities.Delete(id)
	b.index.Later(b.site.World.Now().Add(b.lag()), id, nil)
}

// Routes are the routes of opportunities and pipelines.
func (b *Board) Routes() []service.Route {
	const all, one = "/opportunities", "/opportunities/{id}"
	return []service.Route{
		service.At("GET", all+"/pipelines", "pipeline.list", b.listPipelines),
		service.At("POST", all+"/search", "opportunity.search", b.search).Reading(),
		service.At("GET", all+"/search", "opportunity.search_legacy", b.searchLegacy),
		service.At("POST", all+"/upsert", "opportunity.upsert", b.upsert),
		service.At("POST", all, "opportunity.create", b.create),
		service.At("GET", one, "opportunity.get", b.opportunities.Read),
		service.At("PUT", one, "opportunity.update", b.update),
		service.At("DELETE", one, "opportunity.delete", b.delete),
		service.At("PUT", one+"/status", "opportunity.update_status", b.updateStatus),
		service.At("POST", one+"/followers", "opportunity.follower.add", b.addFollowers),
		service.At("DELETE", one+"/followers", "opportunity.follower.remove", b.removeFollowers),
	}
}

//nolint:gochecknoglobals // a table
var pipelinesForm = wire.NewForm("locationId!")

func (b *Board) listPipelines(c *service.Call) service.Answer {
	if _, refused := b.site.Here(c, pipelinesForm, "locationId"); refused.Status != 0 {
		return refused
	}
	return b.site.Say(http.StatusOK, map[string]any{"pipelines": service.Rows(c, b.pipelines.All())})
}

// put writes a body to an opportunity, nil for a new one, and lets the index know after the
// lag. A change of the status or the stage moves a time of its own.
func (b *Board) put(former, body wire.Record) wire.Record {
	after := maps.Clone(former)
	if after == nil {
		after = wire.Record{
			"locationId": b.site.ID, "monetaryValue": json.Number("0"), "assignedTo": nil, "source": nil, "status": "open", "followers": []any{},
			"customFields": []any{}, "lostReasonId": nil,
		}
	}
	maps.Copy(after, body)
	after["customFields"] = valued(former["customFields"], body["customFields"])
	now := wire.Stamp(b.site.World.Now())
	for field, moved := range map[string]string{"status": "lastStatusChangeAt", "pipelineStageId": "lastStageChangeAt"} {
		if former == nil || former[field] != after[field] {
			after[moved] = now
		}
	}
	after["lastActionDate"] = now
	after["contact"] = b.person(service.Text(after["contactId"]))
	if former == nil {
		after = b.opportunities.Add(after)
	} else {
		after = b.opportunities.Change(former, after)
	}
	b.index.Later(b.site.World.Now().Add(b.lag()), service.Text(after["id"]), row(after))
	return after
}

// person is what an opportunity shows of its contact.
func (b *Board) person(id string) wire.Record {
	contact := b.contact(id)
	return wire.Record{
		"id": id, "name": contact["contactName"], "companyName": contact["companyName"], "email": contact["email"], "phone": contact["phone"], "tags": contact["tags"],
	}
}

// valued turns what is written, {id or key, field_value}, into what is read, {id,
// fieldValue}, beside the former values of other fields (spec file of 2026-06-19; that the
// others stay is a guess). A key stands in for an id: there are no definitions here.
func valued(former, written any) []any {
	had, _ := former.([]any)
	out := slices.Clone(had)
	news, _ := written.([]any)
	for _, e := range news {
		m, _ := e.(map[string]any)
		id := service.Text(m["id"])
		if id == "" {
			id = service.Text(m["key"])
		}
		out = slices.DeleteFunc(out, func(o any) bool {
			old, _ := o.(map[string]any)
			return old["id"] == id
		})
		out = append(out, map[string]any{"id": id, "fieldValue": m["field_value"]})
	}
	if out == nil {
		return []any{}
	}
	return out
}

// place refuses a pipeline that there is not and a stage that is not of it, and fills in the
// first stage for a new place; the wordings are guesses.
func (b *Board) place(former, body wire.Record) service.Answer {
	id, ok := body["pipelineId"]
	if !ok {
		id = former["pipelineId"]
	}
	pipeline, there := b.pipelines.Get(service.Text(id))
	if !there {
		return wire.Refuse(http.StatusBadRequest, "The pipeline id is invalid.")
	}
	stages, _ := pipeline["stages"].([]any)
	stage, given := body["pipelineStageId"]
	if !given && len(stages) > 0 && id != former["pipelineId"] {
		first, _ := stages[0].(wire.Record)
		stage = first["id"]
		body["pipelineStageId"] = stage
		given = true
	}
	if given && !slices.ContainsFunc(stages, func(e any) bool {
		s, _ := e.(wire.Record)
		return s["id"] == stage
	}) {
		return wire.Refuse(http.StatusBadRequest, "The pipeline stage id is invalid.")
	}
	return service.Answer{}
}

// create makes a second opportunity of a second request. It does not move the contact's
// dateUpdated (recorded answers of 2026-07).
func (b *Board) create(c *service.Call) service.Answer {
	body, refused := newForm.Read(c)
	if refused.Status == 0 {
		refused = b.site.Foreign(service.Text(body["locationId"]))
	}
	if refused.Status != 0 {
		return refused
	}
	if who := service.Text(body["contactId"]); !b.site.Knows(who) {
		return wire.Refuse(http.StatusBadRequest, "Contact not found for id: "+who)
	}
	if refused := b.place(nil, body); refused.Status != 0 {
		return refused
	}
	made := b.put(nil, body)
	c.Target = service.Text(made["id"])
	return b.opportunities.Show(http.StatusCreated, made)
}

func (b *Board) update(c *service.Call) service.Answer {
	found, body, refused := b.opportunities.FindAndRead(c, form)
	if refused.Status == 0 && (body["pipelineId"] != nil || body["pipelineStageId"] != nil) {
		refused = b.place(found, body)
	}
	if refused.Status != 0 {
		return refused
	}
	return b.opportunities.Show(http.StatusOK, b.put(found, body))
}

// delete says yes in two spellings: one is documented, the other was recorded (2026-07).
func (b *Board) delete(c *service.Call) service.Answer {
	if _, refused := b.opportunities.Find(c); refused.Status != 0 {
		return refused
	}
	b.drop(c.Target)
	return b.site.Say(http.StatusOK, map[string]any{wire.SpelledOddly: true, "success": true})
}

func (b *Board) updateStatus(c *service.Call) service.Answer {
	found, body, refused := b.opportunities.FindAndRead(c, statusForm)
	if refused.Status != 0 {
		return refused
	}
	b.put(found, body)
	return b.site.Succeeded(http.StatusOK)
}

// upsert goes by the id alone. By what else the service finds an opportunity is not
// documented, and the documents name no contact; that an unknown id makes a new one, and
// what one without a contact looks like, are guesses.
func (b *Board) upsert(c *service.Call) service.Answer {
	body, refused := upsertForm.Read(c)
	if refused.Status == 0 {
		refused = b.site.Foreign(service.Text(body["locationId"]))
	}
	if refused.Status != 0 {
		return refused
	}
	found, there := b.opportunities.Get(service.Text(body["id"]))
	if refused := b.place(found, body); refused.Status != 0 {
		return refused
	}
	have := texts(found["followers"])
	if body["isRemoveAllFollowers"] == true {
		have = nil
	}
	named := service.Texts(body["followers"])
	if body["followersActionType"] == "add" {
		have, _ = union(have, named)
	} else {
		have, _ = without(have, named)
	}
	body["followers"] = elements(have)
	if !there {
		delete(body, "id")
		body = merged(wire.Record{"name": "", "contactId": ""}, body)
	}
	made := b.put(found, body)
	c.Target = service.Text(made["id"])
	return b.site.Say(http.StatusOK, map[string]any{"opportunity": made, "new": !there})
}

func merged(fields, body wire.Record) wire.Record {
	maps.Copy(fields, body)
	return fields
}

// texts are the strings of a member; elements makes a member of them.
func texts(v any) []string { return service.Texts(v) }

func elements(list []string) []any {
	out := make([]any, 0, len(list))
	for _, s := range list {
		out = append(out, s)
	}
	return out
}

// union and without return a list after a change, and what the change concerned.
func union(have, more []string) (after, changed []string) {
	for _, s := range more {
		if !slices.Contains(have, s) {
			have, changed = append(have, s), append(changed, s)
		}
	}
	return have, changed
}

func without(have, less []string) (after, changed []string) {
	for _, s := range have {
		if slices.Contains(less, s) {
			changed = append(changed, s)
		} else {
			after = append(after, s)
		}
	}
	return after, changed
}

// addFollowers answers 201 and removeFollowers 200 (spec file of 2026-06-19). Only a true
// change moves updatedAt (a guess).
func (b *Board) addFollowers(c *service.Call) service.Answer {
	return b.follow(c, http.StatusCreated, "followersAdded", union)
}

func (b *Board) removeFollowers(c *service.Call) service.Answer {
	q, refused := removalForm.Query(c)
	if refused.Status != 0 {
		return refused
	}
	if q["isRemoveAllFollowers"] == "true" {
		return b.follow(c, http.StatusOK, "followersRemoved", func(have, _ []string) (after, changed []string) { return nil, have })
	}
	return b.follow(c, http.StatusOK, "followersRemoved", without)
}

func (b *Board) follow(c *service.Call, status int, member string, change func(have, named []string) (after, changed []string)) service.Answer {
	found, body, refused := b.opportunities.FindAndRead(c, followersForm)
	if refused.Status != 0 {
		return refused
	}
	after, changed := change(texts(found["followers"]), service.Texts(body["followers"]))
	if len(changed) > 0 {
		b.put(found, wire.Record{"followers": elements(after)})
	}
	return b.site.Say(status, map[string]any{"followers": elements(after), member: elements(changed)})
}

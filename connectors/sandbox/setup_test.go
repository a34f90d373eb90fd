package sandbox_test

import (
	"testing"

	"github.com/pollux-automation/pollux/connectors/sandbox"
)

func TestHighLevel_CustomFieldsAreDefinedAndUsed(t *testing.T) {
	t.Parallel()
	c := open(sandbox.Options{Contacts: 1})
	path := "/locations/" + c.at.LocationID + "/customFields"
	c.hl(t, "GET", path, "").wantText(t, "those of the start", 200, `"fieldKey":"contact.plan"`)
	c.hl(t, "GET", path+"?model=company", "").wantText(t, "an unknown model", 422, "model must be one of")
	c.hl(t, "GET", "/locations/elsewhere/customFields", "").want(t, "another location", 403)
	c.hl(t, "POST", path, `{"name":"Size"}`).wantText(t, "no kind of data", 422, "dataType should not be empty")
	c.hl(t, "POST", path, `{"name":"Size","dataType":"TEXT","options":[]}`).wantText(t, "an unknown property", 422, "property options should not exist")
	c.hl(t, "POST", path, `{"name":"Size","dataType":"TEXT","model":"user"}`).wantText(t, "an unknown model", 422, "model must be one of")
	made := c.hl(t, "POST", path, `{"name":"Shoe size","dataType":"SINGLE_OPTIONS","textBoxListOptions":["S",{"label":"M"}]}`).want(t, "create", 201)
	id := made.text1("customField", "id")
	if got := made.text1("customField", "fieldKey"); got != "contact.shoe_size" {
		t.Errorf("key: got %q, want contact.shoe_size", got)
	}
	made.wantText(t, "options", 201, `"picklistOptions":["S","M"]`)
	contact := "/contacts/" + c.Contacts()[0]
	c.hl(t, "PUT", contact, `{"customFields":[{"id":"`+id+`","field_value":"M"},{"key":"contact.nothing","field_value":1}]}`).want(t, "write a contact", 200)
	c.hl(t, "GET", contact, "").wantText(t, "read it", 200, `"customFields":[{"id":"`+id+`","value":"M"}]`)
	c.hl(t, "PUT", path+"/"+id, `{"name":"Size"}`).want(t, "update", 200)
	c.hl(t, "GET", path+"/"+id, "").wantText(t, "the key stays", 200, `"contact.shoe_size"`)
	c.hl(t, "GET", path+"?model=opportunity", "").wantText(t, "another model", 200, `"customFields":[]`)
	c.hl(t, "DELETE", path+"/"+id, "").want(t, "delete", 200)
	c.hl(t, "DELETE", path+"/"+id, "").wantText(t, "delete again", 400, "not found")
}

// asked is a request and what its answer must be like.
type asked struct {
	what, method, path, body string
	status                   int
	part                     string
}

// all sends requests one after the other.
func (c *client) all(t *testing.T, list []asked) {
	t.Helper()
	for _, a := range list {
		c.hl(t, a.method, a.path, a.body).wantText(t, a.what, a.status, a.part)
	}
}

func TestHighLevel_TagsAreThoseOfContactsAndThoseMade(t *testing.T) {
	t.Parallel()
	c := open(sandbox.Options{})
	who := c.AddContact(map[string]any{"tags": []string{"guest", "vip"}})
	tags := "/locations/" + c.at.LocationID + "/tags"
	id := c.hl(t, "POST", tags, `{"name":"Friend"}`).want(t, "create", 200).text1("tag", "id")
	guest := c.hl(t, "GET", tags, "").want(t, "list", 200).object["tags"].([]any)[0].(map[string]any)["id"].(string)
	c.all(t, []asked{
		{"that of the contact", "GET", tags + "/" + guest, "", 200, `"name":"guest"`},
		{"one that is there", "POST", tags, `{"name":"VIP"}`, 400, "already"},
		{"no name", "POST", tags, `{"name":" "}`, 422, "name should not be empty"},
		{"another location", "GET", "/locations/x/tags", "", 403, "location"},
		{"rename", "PUT", tags + "/" + guest, `{"name":"visitor"}`, 200, `"name":"visitor"`},
		{"the contact has it", "GET", "/contacts/" + who, "", 200, `"tags":["visitor","vip"]`},
		{"delete", "DELETE", tags + "/" + guest, "", 200, `"succeeded":true`},
		{"the contact has not", "GET", "/contacts/" + who, "", 200, `"tags":["vip"]`},
		{"the former name comes back", "POST", "/contacts/" + who + "/tags", `{"tags":["guest"]}`, 201, "guest"},
		{"and is listed", "GET", tags, "", 200, `"name":"guest"`},
		{"the one that was made", "GET", tags + "/" + id, "", 200, `"name":"friend"`},
		{"delete it", "DELETE", tags + "/" + id, "", 200, ""},
		{"it is gone", "GET", tags + "/" + id, "", 400, "not found"},
	})
}

func TestHighLevel_LocationsWorkflowsAndTheAgency(t *testing.T) {
	t.Parallel()
	c := open(sandbox.Options{Contacts: 1})
	const company = `"companyId":"sandboxCompany000001"`
	here, flow := "/locations/"+c.at.LocationID, "/contacts/"+c.Contacts()[0]+"/workflow/"
	made := "/locations/" + c.hl(t, "POST", "/locations/", `{"name":"Second",`+company+`,"twilio":{"sid":"a","authToken":"b"}}`).want(t, "create", 200).text1("id")
	c.all(t, []asked{
		{"another agency", "POST", "/locations/", `{"name":"x","companyId":"x"}`, 403, "company"},
		{"no name", "POST", "/locations/", `{` + company + `}`, 422, "name should not be empty"},
		{"inside", "POST", "/locations/", `{"name":"x",` + company + `,"prospectInfo":{"firstName":"Ann","age":1},"settings":{"allowDuplicateContact":1}}`, 422, "prospectInfo.age should not exist"},
		{"country", "POST", "/locations/", `{"name":"x",` + company + `,"country":"Germany"}`, 422, "country"},
		{"snapshot", "POST", "/locations/", `{"name":"x",` + company + `,"snapshotId":"x"}`, 400, "not found"},
		{"read", "GET", made, "", 200, `"name":"Second"`},
		{"all of them", "GET", "/locations/search?companyId=sandboxCompany000001&order=desc&limit=1", "", 200, `"name":"Second"`},
		{"its own", "GET", "/locations/search", "", 200, `"name":"Sandbox"`},
		{"an order", "GET", "/locations/search?order=up", "", 422, "order must be"},
		{"how many", "GET", "/companies/sandboxCompany000001", "", 200, `"locationCount":2`},
		{"elsewhere", "GET", "/companies/x", "", 403, ""},
		{"no flag", "DELETE", made, "", 422, "deleteTwilioAccount"},
		{"delete", "DELETE", made + "?deleteTwilioAccount=false", "", 200, "Deleted"},
		{"gone", "GET", made, "", 403, ""},
		{"the sandbox itself", "DELETE", here + "?deleteTwilioAccount=false", "", 400, ""},
		{"snapshots", "GET", "/snapshots/?companyId=sandboxCompany000001", "", 200, `"type":"own"`},
		{"snapshots of nobody", "GET", "/snapshots/", "", 422, "companyId"},
		{"workflows", "GET", "/workflows/?locationId=" + c.at.LocationID, "", 200, `"name":"Welcome"`},
		{"workflows of nobody", "GET", "/workflows/", "", 422, "locationId"},
		{"campaigns", "GET", "/campaigns/?status=draft&locationId=" + c.at.LocationID, "", 200, `"campaigns":[]`},
		{"enrol", "POST", flow + "5a9d0b0c-0000-4000-8000-000000000001", `{"eventStartTime":"2027-01-01T00:00:00Z"}`, 200, "succeeded"},
		{"enrol with more", "POST", flow + "5a9d0b0c-0000-4000-8000-000000000001", `{"when":1}`, 422, "when should not exist"},
		{"no such workflow", "POST", flow + "x", "", 400, "Workflow not found"},
		{"follow", "POST", "/contacts/" + c.Contacts()[0] + "/followers", `{"followers":["u1","u1"]}`, 201, `"followersAdded":["u1"]`},
		{"follow again", "POST", "/contacts/" + c.Contacts()[0] + "/followers", `{"followers":["u1"]}`, 201, `"followersAdded":[]`},
		{"follow nobody", "POST", "/contacts/" + c.Contacts()[0] + "/followers", `{}`, 422, "followers"},
		{"unfollow", "DELETE", "/contacts/" + c.Contacts()[0] + "/followers", `{"followers":["u1"]}`, 200, `"followers":[]`},
		{"leave", "DELETE", flow + "5a9d0b0c-0000-4000-8000-000000000001", "", 200, "succeeded"},
	})
}

func TestKeepThing_KnowsItsKinds(t *testing.T) {
	t.Parallel()
	c := open(sandbox.Options{})
	if _, err := c.KeepThing("castle", nil); err == nil {
		t.Error("a castle was kept, want an error")
	}
	if err := c.DiscardThing("workflow", "x"); err == nil {
		t.Error("an unknown workflow was removed, want an error")
	}
	things := c.at.ControlURL + "/things/"
	id := c.must(t, "POST", things+"workflow", `{"name":"Reminder"}`, nil).want(t, "keep", 200).text1("id")
	list := "/workflows/?locationId=" + c.at.LocationID
	c.hl(t, "GET", list, "").wantText(t, "list", 200, id)
	c.must(t, "POST", things+"castle", `{}`, nil).want(t, "a castle", 404)
	c.must(t, "DELETE", things+"workflow/"+id, "", nil).want(t, "discard", 204)
	c.must(t, "DELETE", things+"workflow/"+id, "", nil).want(t, "discard again", 404)
}

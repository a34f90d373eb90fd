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

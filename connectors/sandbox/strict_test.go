package sandbox_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/pollux-automation/pollux/connectors/sandbox"
)

// refusal is a request that HighLevel refuses. In the path and the body, LOC and COM stand
// for the ids of the location and the agency, CON for that of a contact.
type refusal struct {
	name, method, path, body string
	status                   int
	part                     string
}

// refusals are those of all parts of the location.
func refusals() []refusal { return slices.Concat(peopleRefusals()) }

func TestHighLevel_IsAsStrictAsItsDocuments(t *testing.T) {
	t.Parallel()
	c := open(sandbox.Options{Contacts: 1, HighLevelLimit: sandbox.Limit{Requests: -1}})
	fill := strings.NewReplacer("LOC", c.at.LocationID, "COM", c.at.CompanyID, "CON", c.Contacts()[0])
	for _, tt := range refusals() {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := c.hl(t, tt.method, fill.Replace(tt.path), fill.Replace(tt.body))
			r.wantText(t, tt.method+" "+tt.path, tt.status, tt.part)
		})
	}
	if n := c.Written(); n != 0 {
		t.Errorf("got %d writes in the log, want none of what was refused", n)
	}
}

func peopleRefusals() []refusal {
	const business, user = "/businesses/sandboxBusiness00001", "/users/sandboxUser000000001"
	return []refusal{
		{"a business without a name", "POST", "/businesses/", `{"locationId":"LOC"}`, 422, "name should not be empty"},
		{"a business elsewhere", "POST", "/businesses/", `{"locationId":"x","name":"A"}`, 403, "location"},
		{"a business with more", "PUT", business, `{"colour":"red"}`, 422, "property colour should not exist"},
		{"a business with a number", "PUT", business, `{"name":1}`, 422, "name must be string"},
		{"a business's location", "PUT", business, `{"locationId":"LOC"}`, 422, "property locationId should not exist"},
		{"an unknown business", "GET", "/businesses/x", "", 400, "not found"},
		{"an unknown business again", "DELETE", "/businesses/x", "", 400, "not found"},
		{"businesses elsewhere", "GET", "/businesses/?locationId=x", "", 403, "location"},
		{"businesses of nowhere", "GET", "/businesses/", "", 422, "locationId should not be empty"},
		{"businesses by more", "GET", "/businesses/?locationId=LOC&name=A", "", 422, "property name should not exist"},
		{"too many businesses", "GET", "/businesses/?locationId=LOC&limit=101", "", 422, "limit"},
		{"contacts into an unknown business", "POST", "/contacts/bulk/business", `{"locationId":"LOC","ids":["CON"],"businessId":"x"}`, 400, "Business not found"},
		{"an unknown contact into a business", "POST", "/contacts/bulk/business", `{"locationId":"LOC","ids":["x"],"businessId":null}`, 400, "Contact not found"},
		{"contacts into no business", "POST", "/contacts/bulk/business", `{"locationId":"LOC","ids":["CON"]}`, 422, "businessId"},
		{"a user without a password", "POST", "/users/", `{"companyId":"COM","firstName":"A","lastName":"B","email":"a@example.com","type":"account","role":"user","locationIds":["LOC"]}`, 422, "password"},
		{"a user with a strange role", "PUT", user, `{"role":"king"}`, 422, "role must be one of"},
		{"a user with another address", "PUT", user, `{"email":"b@example.com"}`, 400, "Email"},
		{"a user of another agency", "PUT", user, `{"companyId":"x"}`, 403, "company"},
		{"a user's address twice", "POST", "/users/", `{"companyId":"COM","firstName":"A","lastName":"B","email":"Sandy.Box@example.com","password":"p","type":"account","role":"user","locationIds":["LOC"]}`, 400, "already"},
		{"an unknown user", "GET", "/users/x", "", 400, "not found"},
		{"users of another agency", "GET", "/users/search?companyId=x", "", 403, "company"},
		{"users of no agency", "GET", "/users/search", "", 422, "companyId"},
		{"users in a strange order", "GET", "/users/search?companyId=COM&sortDirection=up", "", 422, "sortDirection must be one of"},
		{"users by no address", "POST", "/users/search/filter-by-email", `{"companyId":"COM"}`, 422, "emails"},
		{"users elsewhere", "GET", "/users/?locationId=x", "", 403, "location"},
	}
}

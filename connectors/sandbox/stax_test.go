package sandbox_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/connectors/sandbox"
	"github.com/pollux-automation/pollux/connectors/sandbox/stax"
)

// sx asks Stax.
func (c *client) sx(t *testing.T, method, path, body string) *reply {
	t.Helper()
	return c.must(t, method, c.at.StaxURL+path, body, map[string]string{"Authorization": "Bearer " + c.at.StaxKey})
}

// made makes something at Stax and returns its id.
func (c *client) made(t *testing.T, path, body string) string {
	t.Helper()
	r := c.sx(t, "POST", path, body)
	if r.status > 299 {
		t.Fatalf("POST %s: got %d %s", path, r.status, r.text)
	}
	id, _ := r.member("id").(string)
	return id
}

const (
	staxInvoice  = `{"customer_id":"` + stax.CustomerID + `","total":12.5,"meta":{},"url":"https://example.com"}`
	staxCharge   = `{"payment_method_id":"` + stax.PaymentMethodID + `","total":20,"meta":{}}`
	staxSchedule = `{"customer_id":"` + stax.CustomerID + `","total":5,"meta":{},"rule":"DTSTART=20990101T120000Z;FREQ=MONTHLY"}`
)

func TestStax_RefusesAsTheServiceDoes(t *testing.T) {
	t.Parallel()
	c := open(sandbox.Options{StaxLimit: sandbox.Limit{Requests: -1}})
	invoice, charge, schedule := c.made(t, "/invoice", staxInvoice), c.made(t, "/charge", staxCharge), c.made(t, "/invoice/schedule", staxSchedule)
	c.made(t, "/item", `{"item":"Mat","code":"m1"}`)
	c.made(t, "/webhook", `{"event":"create_item","target_url":"https://example.com"}`)
	gone := c.made(t, "/customer", `{"firstname":"Ann"}`)
	c.sx(t, "DELETE", "/customer/"+gone, "").want(t, "delete", 200)
	stranger := c.made(t, "/customer", `{"firstname":"Bea"}`)
	foreign := c.Stax().AddPaymentMethod(stranger, false)
	c.must(t, "GET", c.at.StaxURL+"/self", "", map[string]string{"Authorization": "Bearer x"}).wantText(t, "a wrong key", 401, "error")
	pay := "/invoice/" + invoice + "/pay"
	for name, tc := range map[string]struct {
		method, path, body string
		status             int
		text               string
	}{
		"nobody in particular":       {"POST", "/customer", `{"phone":"1234567890"}`, 422, `"firstname":["`},
		"an unknown member":          {"POST", "/customer", `{"firstname":"A","status":"x"}`, 422, `"status":["`},
		"another type":               {"POST", "/customer", `{"firstname":1}`, 422, `"firstname":["`},
		"no address":                 {"POST", "/customer", `{"email":"x"}`, 422, "valid email"},
		"a phone with letters":       {"POST", "/customer", `{"firstname":"A","phone":"call me"}`, 422, `"phone":["`},
		"a country of two words":     {"POST", "/customer", `{"firstname":"A","address_country":"Some Land"}`, 422, `"address_country":["`},
		"notes that are too long":    {"POST", "/customer", `{"firstname":"A","notes":"` + strings.Repeat("x", 21845) + `"}`, 422, `"notes":["`},
		"a list as body":             {"POST", "/customer", `[1]`, 400, "message"},
		"a deleted customer":         {"PUT", "/customer/" + gone, `{"company":"B"}`, 422, "deleted"},
		"an unknown customer":        {"GET", "/customer/nobody", "", 404, "not found"},
		"deleted twice":              {"DELETE", "/customer/" + gone, "", 404, "not found"},
		"an order that is none":      {"GET", "/customer?sort=created_at&order=up", "", 422, `"order":["`},
		"a sort that is none":        {"GET", "/invoice?sort=colour", "", 422, `"sort":["The selected sort is invalid."]`},
		"items in an order":          {"GET", "/item?sort=created_at", "", 422, `"sort":["`},
		"another name for a size":    {"GET", "/invoice/schedule?per_page=5", "", 422, `"per_page":["`},
		"a page that is none":        {"GET", "/customer?page=0", "", 422, `"page":["`},
		"an invoice for nothing":     {"POST", "/invoice", `{"total":0,"meta":{},"url":"x"}`, 422, `"total":["`},
		"an invoice without a url":   {"POST", "/invoice", `{"total":1,"meta":{}}`, 422, "The url field is required."},
		"an invoice with a status":   {"POST", "/invoice", `{"total":1,"meta":{},"url":"x","status":"PAID"}`, 422, `"status":["`},
		"an invoice of the deleted":  {"POST", "/invoice", `{"customer_id":"` + gone + `","total":1,"meta":{},"url":"x"}`, 422, `"customer_id":["`},
		"an invoice due some day":    {"PUT", "/invoice/" + invoice, `{"due_at":"some day"}`, 422, `"due_at":["`},
		"sent to no phone":           {"PUT", "/invoice/" + invoice + "/send/sms", `{}`, 422, "no phone"},
		"sent by pigeon":             {"PUT", "/invoice/" + invoice + "/send/pigeon", `{}`, 404, "not found"},
		"paid by somebody else":      {"POST", pay, `{"payment_method_id":"` + foreign + `"}`, 422, `"payment_method_id":["`},
		"paid with a long key":       {"POST", pay, `{"payment_method_id":"` + stax.PaymentMethodID + `","idempotency_id":"` + strings.Repeat("x", 256) + `"}`, 422, `"idempotency_id":["`},
		"refunded too much":          {"POST", "/transaction/" + charge + "/refund", `{"total":20.01}`, 422, `"total":["`},
		"captured without pre_auth":  {"POST", "/transaction/" + charge + "/capture", `{}`, 422, "capture"},
		"charged without a method":   {"POST", "/charge", `{"payment_method_id":"x","total":1,"meta":{}}`, 422, `"payment_method_id":["`},
		"a rule of the past":         {"POST", "/invoice/schedule", strings.Replace(staxSchedule, "2099", "1999", 1), 422, `"rule":["`},
		"a rule without a start":     {"POST", "/invoice/schedule", strings.Replace(staxSchedule, "DTSTART=20990101T120000Z;", "", 1), 422, `"rule":["`},
		"resumed without a time":     {"PUT", "/invoice/schedule/" + schedule, `{"active":true}`, 422, `"next_run_at":["`},
		"resumed in the past":        {"PUT", "/invoice/schedule/" + schedule, `{"active":true,"next_run_at":"1999-01-01 00:00:00"}`, 422, `"next_run_at":["`},
		"an item without a name":     {"POST", "/item", `{"price":1}`, 422, "The item field is required."},
		"an item twice":              {"POST", "/item", `{"item":"Mat","code":"m1"}`, 409, "duplicate"},
		"a webhook twice":            {"POST", "/webhook", `{"event":"create_item","target_url":"https://example.com"}`, 409, "duplicate"},
		"a webhook for nothing":      {"POST", "/webhook", `{"event":"sunrise","target_url":"https://example.com"}`, 422, `"event":["`},
		"a webhook that is not here": {"DELETE", "/webhook/x", "", 422, `"id":["Webhook could not be found"]`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.sx(t, tc.method, tc.path, tc.body).wantText(t, name, tc.status, tc.text)
		})
	}
}

func TestStax_PagesAreThoseOfLaravel(t *testing.T) {
	t.Parallel()
	c := open(sandbox.Options{Seed: 1})
	for i := range 4 {
		c.Stax().AddCustomer(map[string]any{"firstname": fmt.Sprint("Ann", i)})
	}
	r := c.sx(t, "GET", "/customer?page=2&per_page=2&sort=firstname&order=ASC", "").want(t, "a page", 200)
	data, _ := r.object["data"].([]any)
	var names []any
	for _, row := range data {
		fields, _ := row.(map[string]any)
		names = append(names, fields["firstname"])
		if at, _ := fields["created_at"].(string); len(at) != len(time.DateTime) {
			t.Errorf("created_at %q, want date and time without a zone", at)
		}
	}
	if diff := cmp.Diff([]any{"Ann2", "Ann3"}, names); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	delete(r.object, "data")
	path := "http://sandbox.test//customer"
	want := map[string]any{
		"current_page": 2.0, "per_page": 2.0, "from": 3.0, "to": 4.0, "last_page": 3.0, "total": 5.0, "path": path, "first_page_url": path + "?page=1",
		"last_page_url": path + "?page=3", "next_page_url": path + "?page=3", "prev_page_url": path + "?page=1",
	}
	if diff := cmp.Diff(want, r.object); diff != "" {
		t.Errorf("envelope (-want +got):\n%s", diff)
	}
	c.sx(t, "GET", "/customer?email=nobody%40example.com", "").wantText(t, "nobody", 200, `"data":[]`)
	c.sx(t, "GET", "/customer?keywords%5B%5D=ann3", "").wantText(t, "a word", 200, `"total":1`)
}

func TestStax_DeletedCustomersLeaveTheListsAlone(t *testing.T) {
	t.Parallel()
	c := open(sandbox.Options{})
	c.sx(t, "DELETE", "/customer/"+stax.CustomerID, "").want(t, "delete", 200)
	c.sx(t, "GET", "/customer", "").wantText(t, "the list", 200, `"total":0`)
	if r := c.sx(t, "GET", "/customer/"+stax.CustomerID, ""); r.status != 200 || r.member("deleted_at") == nil {
		t.Errorf("got %d %s, want the customer with deleted_at", r.status, r.text)
	}
	c.sx(t, "GET", "/customer/"+stax.CustomerID+"/payment-method", "").wantText(t, "payment methods", 200, stax.PaymentMethodID)
	if err := c.Stax().RestoreCustomer(stax.CustomerID); err != nil {
		t.Fatal(err)
	}
	c.sx(t, "GET", "/customer", "").wantText(t, "the list with the restored", 200, `"total":1`)
}

// TestStax_PaymentsMoveBalances pays, is paid twice with one key, gives back, and fails.
func TestStax_PaymentsMoveBalances(t *testing.T) {
	t.Parallel()
	c := open(sandbox.Options{StaxLimit: sandbox.Limit{Requests: -1}})
	invoice := c.made(t, "/invoice", staxInvoice)
	shows := func(what, status string, paid, due float64) {
		t.Helper()
		r := c.sx(t, "GET", "/invoice/"+invoice, "")
		if r.member("status") != status || r.member("total_paid") != paid || r.member("balance_due") != due {
			t.Errorf("%s: got %v, paid %v, due %v; want %s, %v, %v", what, r.member("status"), r.member("total_paid"), r.member("balance_due"), status, paid, due)
		}
	}
	shows("at first", "DRAFT", 0, 12.5)
	bad := c.Stax().AddPaymentMethod(stax.CustomerID, true)
	c.sx(t, "POST", "/invoice/"+invoice+"/pay", `{"payment_method_id":"`+bad+`"}`).wantText(t, "declined", 400, "declined")
	shows("after it was declined", "ATTEMPTED", 0, 12.5)
	for range 2 {
		c.sx(t, "POST", "/invoice/"+invoice+"/pay", `{"payment_method_id":"`+stax.PaymentMethodID+`","idempotency_id":"k"}`).want(t, "pay", 200)
	}
	shows("after it was paid", "PAID", 12.5, 0)
	c.sx(t, "POST", "/invoice/"+invoice+"/pay", `{"payment_method_id":"`+stax.PaymentMethodID+`"}`).wantText(t, "paid again", 422, "is paid")
	c.sx(t, "PUT", "/invoice/"+invoice, `{"total":1}`).wantText(t, "changed", 422, "closed")
	r := c.sx(t, "GET", "/transaction?success=true", "")
	rows, _ := r.object["data"].([]any)
	first, _ := rows[0].(map[string]any)
	if len(rows) != 1 {
		t.Fatalf("got %d payments, want one for one key", len(rows))
	}
	c.sx(t, "POST", fmt.Sprintf("/transaction/%v/refund", first["id"]), `{"total":2.5}`).want(t, "refund", 200)
	shows("after some was given back", "PARTIAL", 10, 2.5)
	c.sx(t, "POST", fmt.Sprintf("/transaction/%v/void-or-refund", first["id"]), `{}`).want(t, "the rest", 200)
	shows("after all was given back", "SENT", 0, 12.5)
	c.sx(t, "DELETE", "/invoice/"+invoice, "").want(t, "delete", 204)
	c.sx(t, "GET", "/invoice", "").wantText(t, "the list", 200, `"total":0`)
}

func TestStax_SchedulesHaveStates(t *testing.T) {
	t.Parallel()
	c := open(sandbox.Options{StaxLimit: sandbox.Limit{Requests: -1}})
	path := "/invoice/schedule/" + c.made(t, "/invoice/schedule", staxSchedule)
	for _, tt := range []struct{ body, status string }{
		{`{}`, "NOT STARTED"},
		{`{"active":false}`, "PAUSED"},
		{`{"active":true,"next_run_at":"2099-02-01 12:00:00"}`, "WAITING"},
	} {
		c.sx(t, "PUT", path, tt.body).wantText(t, tt.body, 200, `"status":"`+tt.status+`"`)
	}
	if err := c.Stax().FinishSchedule(strings.TrimPrefix(path, "/invoice/schedule/")); err != nil {
		t.Fatal(err)
	}
	c.sx(t, "PUT", path, `{"active":false}`).wantText(t, "a completed one", 422, "completed")
	c.sx(t, "DELETE", path, "").wantText(t, "delete", 200, `"status":"DELETED"`)
	c.sx(t, "GET", "/invoice/schedule", "").wantText(t, "the list", 200, `"total":0`)
}

// TestStax_BlocksAnAddressForAnHour calls too often, and wrongly too often.
func TestStax_BlocksAnAddressForAnHour(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		path   string
		before int // calls that are answered
		status int
	}{"200 calls": {"/self", 200, 200}, "ten refusals": {"/customer/nobody", 10, 404}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := open(sandbox.Options{})
				for range tt.before {
					c.sx(t, "GET", tt.path, "").want(t, name, tt.status)
				}
				c.sx(t, "GET", "/self", "").want(t, "the next call", 429)
				pass(59 * time.Minute)
				if r := c.sx(t, "GET", "/self", ""); r.status != 429 || r.header.Get("Retry-After") != "" {
					t.Errorf("after 59 minutes: got %d, Retry-After %q, want a block that does not say how long", r.status, r.header.Get("Retry-After"))
				}
				pass(2 * time.Minute)
				c.sx(t, "GET", "/self", "").want(t, "after an hour", 200)
				for range 5 { // nine within a minute are forgiven
					for range 9 {
						c.sx(t, "GET", "/customer/nobody", "").want(t, "a refusal", 404)
					}
					pass(time.Minute)
				}
			})
		})
	}
}

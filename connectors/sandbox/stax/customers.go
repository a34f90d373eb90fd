package stax

import (
	"regexp"
	"unicode/utf8"

	"github.com/pollux-automation/pollux/connectors/sandbox/service"
)

// What can be written to a customer (service docs, read 2026-11).
//
//nolint:gochecknoglobals // a table
var customerForm = newForm(`firstname lastname company email cc_emails:array cc_sms:array phone address_1 address_2 address_city address_state
	address_zip address_country notes reference options:object allow_invoice_credit_card_payments:boolean`)

var phoneForm = regexp.MustCompile(`^[0-9]{10,15}$`)

// longest are the documented lengths of texts.
//
//nolint:gochecknoglobals // a table
var longest = map[string]int{
	"firstname": 255, "lastname": 255, "company": 255, "email": 255, "address_1": 255, "address_2": 255, "address_city": 255, "address_state": 2,
	"address_zip": 16, "address_country": 3, "notes": 21844, "reference": 255,
}

func blankCustomer() map[string]any {
	blank := map[string]any{"parent_merge": nil, "child_merges": []any{}, "has_address": false, "missing_address_components": []any{}}
	for name := range customerForm.fields {
		blank[name] = nil
	}
	return blank
}

// readCustomer reads a body and refuses what does not fit.
func readCustomer(c *service.Call) (map[string]any, service.Answer) {
	body, refused := customerForm.read(c)
	if refused.Status != 0 {
		return nil, refused
	}
	bad := map[string][]string{}
	for name, most := range longest {
		if utf8.RuneCountInString(service.Text(body[name])) > most {
			bad[name] = []string{"The " + words(name) + " is too long."}
		}
	}
	if email := service.Text(body["email"]); email != "" && !service.PlausibleEmail(email) {
		bad["email"] = []string{"The email must be a valid email address."}
	}
	if phone := service.Text(body["phone"]); phone != "" && !phoneForm.MatchString(phone) {
		bad["phone"] = []string{"The phone format is invalid."}
	}
	if len(bad) > 0 {
		return nil, wrong(bad)
	}
	return body, service.Answer{}
}

// listCustomers sorts by any attribute, as the documentation says.
func (m *Merchant) listCustomers(c *service.Call) service.Answer {
	q := question{size: "per_page", usual: 50, sorts: []string{"created_at", "updated_at"}, filters: map[string]func(*record, string) bool{
		"keywords[]": anywhere("firstname", "lastname", "company", "email", "phone", "reference"),
	}}
	for name, kind := range customerForm.fields {
		if kind == "string" {
			q.sorts = append(q.sorts, name)
			q.filters[name] = same(name)
		}
	}
	return m.customers.list(c, q)
}

// createCustomer wants a name, a company or an address. Two customers may share an address:
// the documentation does not say that they may not.
func (m *Merchant) createCustomer(c *service.Call) service.Answer {
	body, refused := readCustomer(c)
	if refused.Status != 0 {
		return refused
	}
	named := map[string][]string{}
	for _, name := range []string{"firstname", "lastname", "email", "company"} {
		if service.Text(body[name]) != "" {
			return m.newCustomer(c, body)
		}
		named[name] = []string{"The " + name + " field is required when none of the others are present."}
	}
	return wrong(named)
}

func (m *Merchant) newCustomer(c *service.Call, body map[string]any) service.Answer {
	r := m.customers.add(m.newID(), c.Now, body, blankCustomer())
	c.Target = r.id
	return ok(r.render())
}

// findOrCreateCustomer goes by the address, else by the reference; both is a guess.
func (m *Merchant) findOrCreateCustomer(c *service.Call) service.Answer {
	body, refused := readCustomer(c)
	if refused.Status != 0 {
		return refused
	}
	for _, by := range []string{"email", "reference"} {
		value := service.Text(body[by])
		for _, r := range m.customers.order {
			if value != "" && r.deleted.IsZero() && same(by)(r, value) {
				c.Target = r.id
				return ok(r.render())
			}
		}
	}
	return m.createCustomer(c)
}

// updateCustomer fails on a deleted customer (service docs, read 2026-11); with which status
// is a guess.
func (m *Merchant) updateCustomer(c *service.Call) service.Answer {
	body, refused := readCustomer(c)
	if refused.Status != 0 {
		return refused
	}
	r := m.customers.live(c)
	if r == nil && m.customers.byID[c.Vars["id"]] != nil {
		return odd("id", "The customer is deleted.")
	}
	if r == nil {
		return unknown()
	}
	r.write(c.Now, body)
	return ok(r.render())
}

func blankMethod() map[string]any {
	return map[string]any{
		"customer_id": nil, "method": "card", "nickname": "VISA: Sandy Box (ending in: 1111)", "person_name": "Sandy Box", "card_type": "visa",
		"card_last_four": "1111", "card_exp": "1230", "bank_name": nil, "bank_type": nil, "is_default": 1,
	}
}

// listMethods answers with a bare list, as the official clients read it. Those of a deleted
// customer stay (service docs, read 2026-11).
func (m *Merchant) listMethods(c *service.Call) service.Answer {
	if m.customers.byID[c.Vars["id"]] == nil {
		return unknown()
	}
	rows := []any{}
	for _, r := range service.Rows(c, m.methods.order) {
		if r.fields["customer_id"] == c.Vars["id"] && r.deleted.IsZero() {
			shown := r.render()
			delete(shown, "declines")
			rows = append(rows, shown)
		}
	}
	return ok(rows)
}

package stax

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/pollux-automation/pollux/connectors/sandbox/service"
)

// The key and the ids that a [Merchant] knows. They are no secrets.
const (
	// Key goes with every request, as a bearer token.
	Key = "sandbox-stax-key"
	// CustomerID and PaymentMethodID are there from the start.
	CustomerID      = "5ff4e048-c9f3-4993-81be-f7253d132c19"
	PaymentMethodID = "6ba7b811-9dad-41d1-80b4-00c04fd430c8"

	merchantID = "dd36b936-1eb7-4ece-bebc-b514c6a36ebd"
	userID     = "b58d7eee-e68d-4d12-a1f8-62f5e71382ae"
)

// Options say what a merchant does.
type Options struct {
	// Limit replaces how many calls an address may make; below 0 nothing blocks it.
	Limit service.Limit
}

// Merchant is one simulated merchant. All methods are safe for concurrent use; the lock of
// its service guards the tables.
type Merchant struct {
	service *service.Service
	world   *service.World
	guard   *guard

	customers, methods, invoices, schedules, transactions, items, webhooks *table
	// payments are the answers to payments by invoice and idempotency_id.
	payments map[string]service.Answer
}

// New returns a merchant with one customer, who has a payment method.
func New(w *service.World, o Options) *Merchant {
	m := &Merchant{world: w, guard: newGuard(o.Limit), payments: map[string]service.Answer{}}
	for _, t := range []**table{&m.customers, &m.methods, &m.invoices, &m.schedules, &m.transactions, &m.items, &m.webhooks} {
		*t = &table{byID: map[string]*record{}}
	}
	now := w.Now()
	m.customers.add(CustomerID, now, map[string]any{"firstname": "Sandy", "lastname": "Box", "email": "sandy.box@example.com"}, blankCustomer())
	m.methods.add(PaymentMethodID, now, map[string]any{"customer_id": CustomerID}, blankMethod())
	m.service = &service.Service{
		Name: "stax", World: w,
		Admit: func(c *service.Call) service.Answer { return m.guard.admit(c) },
		Limit: func(*service.Call) service.Answer { return service.Answer{} },
		Saw:   func(c *service.Call, status int) { m.guard.saw(c, status) },
		Refuse: func(status int, message string) service.Answer {
			return service.Answer{Status: status, Value: map[string]any{"message": message}}
		},
	}
	m.service.Routes = m.routes()
	return m
}

// Handler returns the merchant's interface, to be reached at the root of an address.
func (m *Merchant) Handler() http.Handler { return m.service }

func (m *Merchant) routes() []service.Route {
	const customer, invoice, schedule, transaction = "/customer/{id}", "/invoice/{id}", "/invoice/schedule/{id}", "/transaction/{id}"
	return []service.Route{
		service.At("GET", "/self", "self.get", m.self),
		service.At("GET", "/customer", "customer.list", m.listCustomers),
		service.At("POST", "/customer", "customer.create", m.createCustomer),
		service.At("POST", "/customer/find-or-create", "customer.find_or_create", m.findOrCreateCustomer),
		service.At("GET", customer, "customer.get", reading(m.customers)),
		service.At("PUT", customer, "customer.update", m.updateCustomer),
		service.At("DELETE", customer, "customer.delete", m.deleting(m.customers, http.StatusOK)),
		service.At("GET", customer+"/payment-method", "customer.payment_method.list", m.listMethods),
		service.At("GET", "/invoice/schedule", "schedule.list", m.listSchedules),
		service.At("POST", "/invoice/schedule", "schedule.create", m.createSchedule),
		service.At("GET", schedule, "schedule.get", reading(m.schedules)),
		service.At("PUT", schedule, "schedule.update", m.updateSchedule),
		service.At("DELETE", schedule, "schedule.delete", m.deleting(m.schedules, http.StatusOK)),
		service.At("GET", "/invoice", "invoice.list", m.listInvoices),
		service.At("POST", "/invoice", "invoice.create", m.createInvoice),
		service.At("GET", invoice, "invoice.get", reading(m.invoices)),
		service.At("PUT", invoice, "invoice.update", m.updateInvoice),
		service.At("PUT", invoice+"/send/{channel}", "invoice.send", m.sendInvoice),
		service.At("POST", invoice+"/pay", "invoice.pay", m.payInvoice),
		service.At("DELETE", invoice, "invoice.delete", m.deleting(m.invoices, http.StatusNoContent)),
		service.At("GET", "/transaction", "transaction.list", m.listTransactions),
		service.At("GET", transaction, "transaction.get", reading(m.transactions)),
		service.At("POST", transaction+"/refund", "transaction.refund", m.refund),
		service.At("POST", transaction+"/void", "transaction.void", m.void),
		service.At("POST", transaction+"/void-or-refund", "transaction.void_or_refund", m.voidOrRefund),
		service.At("POST", transaction+"/capture", "transaction.capture", m.capture),
		service.At("POST", "/charge", "charge.create", m.charge),
		service.At("GET", "/item", "item.list", m.listItems),
		service.At("POST", "/item", "item.create", m.createItem),
		service.At("PUT", "/item/{id}", "item.update", m.updateItem),
		service.At("DELETE", "/item/{id}", "item.delete", m.deleting(m.items, http.StatusOK)),
		service.At("GET", "/webhook", "webhook.list", m.listWebhooks),
		service.At("POST", "/webhook", "webhook.create", m.createWebhook),
		service.At("DELETE", "/webhook/{id}", "webhook.delete", m.deleteWebhook),
	}
}

// self tells who the key belongs to.
func (m *Merchant) self(*service.Call) service.Answer {
	return ok(map[string]any{
		"user":     map[string]any{"id": userID, "name": "Sandy Box", "email": "sandy.box@example.com", "is_api_key": true},
		"merchant": map[string]any{"id": merchantID, "company_name": "Sandbox"},
	})
}

func ok(v any) service.Answer { return service.Answer{Status: http.StatusOK, Value: v} }

// wrong refuses a request because of its fields: an object of field and messages, as the
// documentation shows it for customers, invoices, items and webhooks.
func wrong(fields map[string][]string) service.Answer {
	return service.Answer{Status: http.StatusUnprocessableEntity, Value: fields}
}

// odd refuses a request because of one field.
func odd(field, message string) service.Answer { return wrong(map[string][]string{field: {message}}) }

// unknown is the refusal for an id that is not there; its words are a guess.
func unknown() service.Answer {
	return service.Answer{Status: http.StatusNotFound, Value: map[string]any{"message": "not found"}}
}

// reading answers with a record, deleted ones included: that is documented for customers
// and a guess for the others.
func reading(t *table) func(*service.Call) service.Answer {
	return func(c *service.Call) service.Answer {
		if r := t.byID[c.Vars["id"]]; r != nil {
			return ok(r.render())
		}
		return unknown()
	}
}

// deleting deletes a record softly. That a second delete finds nothing is a guess.
func (m *Merchant) deleting(t *table, status int) func(*service.Call) service.Answer {
	return func(c *service.Call) service.Answer {
		r := t.live(c)
		if r == nil {
			return unknown()
		}
		r.remove(c.Now)
		if status == http.StatusNoContent {
			return service.Answer{Status: status, Raw: []byte{}}
		}
		return service.Answer{Status: status, Value: r.render()}
	}
}

// newID returns an id of the service's form.
func (m *Merchant) newID() string {
	var b strings.Builder
	for i, n := range []int{4, 2, 2, 2, 6} {
		if i > 0 {
			b.WriteByte('-')
		}
		for range n {
			fmt.Fprintf(&b, "%02x", m.world.Dice.Below(256))
		}
	}
	return b.String()
}

// instant reads a time of a body: date and time without a zone, or ISO 8601.
func instant(v any) (time.Time, bool) {
	for _, layout := range []string{time.DateTime, time.RFC3339Nano, time.DateOnly} {
		if t, err := time.Parse(layout, service.Text(v)); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

package stax

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/pollux-automation/pollux/connectors/sandbox/service"
)

// What can be written to an invoice. The service alone sets its status (service docs, read
// 2026-11).
//
//nolint:gochecknoglobals // tables
var (
	newInvoiceForm = newForm("customer_id total!:number meta!:object url! due_at send_now:boolean")
	invoiceForm    = newForm("customer_id total:number meta:object url due_at")
	payForm        = newForm("payment_method_id! idempotency_id")
	emptyForm      = newForm("")
)

func (m *Merchant) blankInvoice() map[string]any {
	return map[string]any{
		"user_id": userID, "merchant_id": merchantID, "customer_id": nil, "payment_method_id": nil, "schedule_id": nil, "status": "DRAFT",
		"total_paid": money(0), "payment_attempt_failed": false, "payment_attempt_message": "", "is_webpayment": false, "is_merchant_present": false,
		"due_at": nil, "sent_at": nil, "viewed_at": nil, "paid_at": nil,
	}
}

// listInvoices can be sorted by its times; the documentation promises an order and does not
// say by what. Filters are the keywords alone: a name, an id or a status.
func (m *Merchant) listInvoices(c *service.Call) service.Answer {
	return m.invoices.list(c, question{
		size: "per_page", usual: 25, sorts: []string{"created_at", "updated_at", "due_at", "status"},
		filters: map[string]func(*record, string) bool{"keywords[]": func(r *record, word string) bool {
			who := m.customers.byID[service.Text(r.fields["customer_id"])]
			return anywhere("status")(r, word) || who != nil && anywhere("firstname", "lastname", "company")(who, word)
		}},
	})
}

// readInvoice reads a body and refuses what does not fit.
func (m *Merchant) readInvoice(c *service.Call, f form) (map[string]any, service.Answer) {
	body, refused := f.read(c)
	if refused.Status != 0 {
		return nil, refused
	}
	if id := body["customer_id"]; id != nil && !m.customers.has(id) {
		return nil, odd("customer_id", "The selected customer id is invalid.")
	}
	if total := body["total"]; total != nil {
		if cents(total) < 0 {
			return nil, odd("total", "The total must be at least 0.01.")
		}
		body["total"] = money(cents(total))
	}
	if due := body["due_at"]; due != nil {
		t, isTime := instant(due)
		if !isTime {
			return nil, odd("due_at", "The due at is not a valid date.")
		}
		body["due_at"] = stamp(t)
	}
	return body, service.Answer{}
}

// createInvoice makes a draft, or sends it at once.
func (m *Merchant) createInvoice(c *service.Call) service.Answer {
	body, refused := m.readInvoice(c, newInvoiceForm)
	if refused.Status != 0 {
		return refused
	}
	send := body["send_now"] == true
	delete(body, "send_now")
	r := m.invoices.add(m.newID(), c.Now, body, m.blankInvoice())
	c.Target = r.id
	m.settle(r, c.Now)
	if send {
		r.write(c.Now, map[string]any{"status": "SENT", "sent_at": stamp(c.Now)})
	}
	return service.Answer{Status: http.StatusCreated, Value: r.render()}
}

// updateInvoice refuses to change what is paid (a guess).
func (m *Merchant) updateInvoice(c *service.Call) service.Answer {
	body, refused := m.readInvoice(c, invoiceForm)
	if refused.Status != 0 {
		return refused
	}
	r := m.invoices.live(c)
	switch {
	case r == nil:
		return unknown()
	case r.fields["status"] == "PAID" || r.fields["status"] == "VOID":
		return odd("status", "The invoice is closed.")
	}
	r.write(c.Now, body)
	m.settle(r, c.Now)
	return ok(r.render())
}

// sendInvoice needs somebody to send it to.
func (m *Merchant) sendInvoice(c *service.Call) service.Answer {
	if _, refused := emptyForm.read(c); refused.Status != 0 {
		return refused
	}
	r := m.invoices.live(c)
	field, known := map[string]string{"email": "email", "sms": "phone"}[c.Vars["channel"]]
	if r == nil || !known {
		return unknown()
	}
	who := m.customers.byID[service.Text(r.fields["customer_id"])]
	if who == nil || service.Text(who.fields[field]) == "" {
		return odd("customer_id", "The customer has no "+field+".")
	}
	sent := map[string]any{"sent_at": stamp(c.Now)}
	if r.fields["status"] == "DRAFT" {
		sent["status"] = "SENT"
	}
	r.write(c.Now, sent)
	return ok(r.render())
}

// payInvoice takes all that is due. A payment with an idempotency_id that came before gets
// the same answer and takes nothing.
func (m *Merchant) payInvoice(c *service.Call) service.Answer {
	body, refused := payForm.read(c)
	if refused.Status != 0 {
		return refused
	}
	key := service.Text(body["idempotency_id"])
	if len(key) > 255 {
		return odd("idempotency_id", "The idempotency id may not be greater than 255 characters.")
	}
	r := m.invoices.live(c)
	if r == nil {
		return unknown()
	}
	if before, known := m.payments[r.id+" "+key]; known && key != "" {
		return before
	}
	a := m.pay(c, r, service.Text(body["payment_method_id"]))
	if a.Status < 300 && key != "" {
		m.payments[r.id+" "+key] = a
	}
	return a
}

func (m *Merchant) pay(c *service.Call, r *record, method string) service.Answer {
	due := paid(r, "total") - paid(r, "total_paid")
	switch {
	case r.fields["customer_id"] == nil:
		return odd("customer_id", "The invoice has no customer.")
	case !m.methods.has(method) || m.methods.byID[method].fields["customer_id"] != r.fields["customer_id"]:
		return odd("payment_method_id", "The selected payment method id is invalid.")
	case due <= 0:
		return odd("total", "The invoice is paid.")
	}
	t := m.take(c.Now, m.methods.byID[method], due, map[string]any{"invoice_id": r.id})
	if t.fields["success"] != true {
		r.write(c.Now, map[string]any{"status": "ATTEMPTED", "payment_attempt_failed": true, "payment_attempt_message": t.fields["message"]})
		return declined(t)
	}
	r.write(c.Now, map[string]any{"payment_method_id": method, "payment_attempt_failed": false, "payment_attempt_message": ""})
	m.settle(r, c.Now)
	return ok(r.render())
}

// settle computes what is paid and due, and the status that follows.
func (m *Merchant) settle(r *record, now time.Time) {
	got := 0
	for _, t := range m.transactions.order {
		if t.fields["invoice_id"] == r.id && t.fields["success"] == true && t.fields["is_voided"] != true && t.fields["type"] == "charge" {
			got += paid(t, "total") - paid(t, "total_refunded")
		}
	}
	total := paid(r, "total")
	next := map[string]any{"total_paid": money(got), "balance_due": money(total - got)}
	switch before := r.fields["status"]; {
	case got >= total && total > 0:
		next["status"] = "PAID"
		if before != "PAID" {
			next["paid_at"] = stamp(now)
		}
	case got > 0:
		next["status"], next["paid_at"] = "PARTIAL", nil
	case before == "PAID" || before == "PARTIAL": // given back
		next["status"], next["paid_at"] = "SENT", nil
	}
	r.write(now, next)
}

// declined is the answer to a payment that the bank refused; 400 is a guess.
func declined(t *record) service.Answer {
	return service.Answer{Status: http.StatusBadRequest, Value: map[string]any{"message": t.fields["message"]}}
}

// number writes a whole number as a body holds it.
func number(n int) json.Number { b, _ := json.Marshal(n); return json.Number(b) } //nolint:errchkjson // a number

package stax

import (
	"slices"
	"time"

	"github.com/pollux-automation/pollux/connectors/sandbox/service"
)

// What can be written about payments.
//
//nolint:gochecknoglobals // tables
var (
	chargeForm = newForm("payment_method_id! total!:number meta!:object pre_auth:boolean")
	refundForm = newForm("total!:number")
	amountForm = newForm("total:number")
)

// settledAfter is when a payment is settled: it can be voided until then (a guess).
const settledAfter = 24 * time.Hour

// take takes money from a payment method. One that declines leaves a transaction without
// success.
func (m *Merchant) take(now time.Time, method *record, amount int, fields map[string]any) *record {
	t := m.transactions.add(m.newID(), now, fields, map[string]any{
		"invoice_id": nil, "customer_id": method.fields["customer_id"], "payment_method_id": method.id, "type": "charge", "success": true, "message": nil,
		"total": money(amount), "total_refunded": money(0), "method": method.fields["method"], "last_four": method.fields["card_last_four"],
		"pre_auth": false, "is_captured": 0, "is_voided": false, "meta": nil, "source": nil, "settled_at": nil,
	})
	if method.fields["declines"] == true {
		t.fields["success"], t.fields["message"] = false, "The card was declined."
	}
	return t
}

// listTransactions filters as third parties do.
func (m *Merchant) listTransactions(c *service.Call) service.Answer {
	day := func(t time.Time) string { return t.Format(time.DateOnly) }
	return m.transactions.list(c, question{
		size: "per_page", usual: 20, sorts: []string{"created_at", "updated_at"},
		filters: map[string]func(*record, string) bool{
			"keywords[]": anywhere("message", "last_four", "customer_id", "invoice_id"),
			"startDate":  func(r *record, v string) bool { return day(r.created) >= v },
			"endDate":    func(r *record, v string) bool { return day(r.created) <= v },
			"type":       same("type"),
			"success":    func(r *record, v string) bool { return (v == "true" || v == "1") == (r.fields["success"] == true) },
		},
	})
}

// charge takes money, or only makes sure that it can be taken.
func (m *Merchant) charge(c *service.Call) service.Answer {
	body, refused := chargeForm.read(c)
	if refused.Status != 0 {
		return refused
	}
	method := m.methods.byID[service.Text(body["payment_method_id"])]
	switch {
	case method == nil || !method.deleted.IsZero():
		return odd("payment_method_id", "The selected payment method id is invalid.")
	case cents(body["total"]) < 0:
		return odd("total", "The total must be at least 0.01.")
	}
	fields := map[string]any{"meta": body["meta"]}
	if body["pre_auth"] == true {
		fields["type"], fields["pre_auth"] = "pre_auth", true
	}
	t := m.take(c.Now, method, cents(body["total"]), fields)
	c.Target = t.id
	if t.fields["success"] != true {
		return declined(t)
	}
	return ok(t.render())
}

// reversible returns the transaction that a path names, if money can still be given back.
func (m *Merchant) reversible(c *service.Call, f form) (*record, int, service.Answer) {
	body, refused := f.read(c)
	if refused.Status != 0 {
		return nil, 0, refused
	}
	t := m.transactions.live(c)
	if t == nil {
		return nil, 0, unknown()
	}
	left, amount := paid(t, "total")-paid(t, "total_refunded"), cents(body["total"])
	if body["total"] == nil {
		amount = left
	}
	switch kinds := []string{"charge", "pre_auth"}; {
	case t.fields["success"] != true || t.fields["is_voided"] == true || !slices.Contains(kinds, service.Text(t.fields["type"])):
		return nil, 0, odd("id", "The transaction cannot be reversed.")
	case amount <= 0 || amount > left:
		return nil, 0, odd("total", "The total may not be greater than what is left.")
	}
	return t, amount, service.Answer{}
}

// reverse notes what was given back, as a transaction of its own, and what follows for the
// invoice.
func (m *Merchant) reverse(c *service.Call, t *record, kind string, amount int, fields map[string]any) service.Answer {
	m.transactions.add(m.newID(), c.Now, map[string]any{"type": kind, "success": true, "total": money(amount), "reference_id": t.id}, copied(t, "customer_id", "payment_method_id", "method", "last_four"))
	t.write(c.Now, fields)
	if r := m.invoices.byID[service.Text(t.fields["invoice_id"])]; r != nil {
		m.settle(r, c.Now)
	}
	return ok(t.render())
}

func copied(r *record, names ...string) map[string]any {
	v := map[string]any{"message": nil, "meta": nil, "source": nil, "settled_at": nil, "invoice_id": nil, "pre_auth": false, "is_captured": 0}
	for _, name := range names {
		v[name] = r.fields[name]
	}
	return v
}

func (m *Merchant) giveBack(c *service.Call, t *record, amount int) service.Answer {
	return m.reverse(c, t, "refund", amount, map[string]any{"total_refunded": money(paid(t, "total_refunded") + amount)})
}

func (m *Merchant) undo(c *service.Call, t *record) service.Answer {
	return m.reverse(c, t, "void", paid(t, "total"), map[string]any{"is_voided": true})
}

func (m *Merchant) refund(c *service.Call) service.Answer {
	t, amount, refused := m.reversible(c, refundForm)
	if refused.Status != 0 {
		return refused
	}
	return m.giveBack(c, t, amount)
}

func (m *Merchant) void(c *service.Call) service.Answer {
	t, _, refused := m.reversible(c, emptyForm)
	switch {
	case refused.Status != 0:
		return refused
	case c.Now.Sub(t.created) >= settledAfter:
		return odd("id", "The transaction is settled.")
	}
	return m.undo(c, t)
}

func (m *Merchant) voidOrRefund(c *service.Call) service.Answer {
	t, amount, refused := m.reversible(c, amountForm)
	switch {
	case refused.Status != 0:
		return refused
	case c.Now.Sub(t.created) >= settledAfter || amount < paid(t, "total"):
		return m.giveBack(c, t, amount)
	}
	return m.undo(c, t)
}

func (m *Merchant) capture(c *service.Call) service.Answer {
	t, amount, refused := m.reversible(c, amountForm)
	switch {
	case refused.Status != 0:
		return refused
	case t.fields["pre_auth"] != true || t.fields["is_captured"] != 0:
		return odd("id", "The transaction has nothing to capture.")
	}
	t.write(c.Now, map[string]any{"is_captured": 1, "total": money(amount)})
	return ok(t.render())
}

package stax

import (
	"net/http"

	"github.com/pollux-automation/pollux/connectors/sandbox/service"
)

// What can be written to items and webhooks.
//
//nolint:gochecknoglobals // tables
var (
	newItemForm = newForm("item! " + itemFields)
	itemForm    = newForm("item " + itemFields)
	webhookForm = newForm("event! target_url!")
)

const itemFields = "code category details price:number in_stock:integer is_active:boolean is_taxable:boolean is_service:boolean is_discount:boolean"

// events are those of merchants (service docs, read 2026-11).
//
//nolint:gochecknoglobals // a table
var events = map[string]bool{
	"create_customer": true, "update_customer": true, "create_invoice": true, "update_invoice": true, "send_invoice": true,
	"create_scheduled_invoice": true, "update_scheduled_invoice": true, "delete_scheduled_invoice": true, "create_transaction": true,
	"update_transaction": true, "create_deposit": true, "create_dispute": true, "update_dispute": true, "create_item": true, "update_item": true,
	"delete_item": true, "create_user": true, "create_webhook": true, "delete_webhook": true, "set_branding": true, "set_gateway": true, "set_plan": true,
}

// listItems cannot be sorted: by what the service sorts is not documented.
func (m *Merchant) listItems(c *service.Call) service.Answer {
	return m.items.list(c, question{size: "per_page", usual: 25})
}

// conflict is the refusal of what is there already.
func conflict() service.Answer {
	return service.Answer{Status: http.StatusConflict, Value: map[string]any{"message": "duplicate"}}
}

// taken reports whether another item has the code. That codes are unique is a guess.
func (m *Merchant) taken(code any, but *record) bool {
	for _, r := range m.items.order {
		if service.Text(code) != "" && r != but && r.deleted.IsZero() && r.fields["code"] == code {
			return true
		}
	}
	return false
}

func (m *Merchant) createItem(c *service.Call) service.Answer {
	body, refused := newItemForm.read(c)
	switch {
	case refused.Status != 0:
		return refused
	case m.taken(body["code"], nil):
		return conflict()
	}
	r := m.items.add(m.newID(), c.Now, body, map[string]any{
		"user_id": userID, "merchant_id": merchantID, "code": nil, "category": nil, "details": nil, "price": money(0), "in_stock": number(0),
		"is_active": true, "is_taxable": false, "is_service": false, "is_discount": false, "meta": []any{},
	})
	c.Target = r.id
	return ok(r.render())
}

func (m *Merchant) updateItem(c *service.Call) service.Answer {
	body, refused := itemForm.read(c)
	if refused.Status != 0 {
		return refused
	}
	r := m.items.live(c)
	switch {
	case r == nil:
		return unknown()
	case m.taken(body["code"], r):
		return conflict()
	}
	r.write(c.Now, body)
	return ok(r.render())
}

func (m *Merchant) listWebhooks(c *service.Call) service.Answer {
	return m.webhooks.list(c, question{size: "per_page", usual: 20})
}

// createWebhook answers with url for what was sent as target_url, as the documentation
// shows it. That the same one cannot be made twice is a guess.
func (m *Merchant) createWebhook(c *service.Call) service.Answer {
	body, refused := webhookForm.read(c)
	switch {
	case refused.Status != 0:
		return refused
	case !events[service.Text(body["event"])]:
		return odd("event", "The selected event is invalid.")
	}
	for _, r := range m.webhooks.order {
		if r.deleted.IsZero() && r.fields["event"] == body["event"] && r.fields["url"] == body["target_url"] {
			return conflict()
		}
	}
	r := m.webhooks.add(m.newID(), c.Now, map[string]any{"event": body["event"], "url": body["target_url"]},
		map[string]any{"user_id": userID, "merchant_id": merchantID, "reference_id": nil})
	c.Target = r.id
	return ok(r.render())
}

// deleteWebhook refuses an id that is not there with 422, as the documentation shows it.
func (m *Merchant) deleteWebhook(c *service.Call) service.Answer {
	r := m.webhooks.live(c)
	if r == nil {
		return odd("id", "Webhook could not be found")
	}
	r.remove(c.Now)
	return ok(r.render())
}

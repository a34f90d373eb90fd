package project_test

import (
	"fmt"
	"strings"
	"time"
)

// staxCosts are the idle costs of Stax. Lists that are sorted newest first cost one
// request however long they are.
func staxCosts() []idle {
	const end = "N/P, with one more for the end"
	people := func(s *sandboxed) {
		for i := range 119 { // one is there from the start
			pass(time.Second)
			s.world.Stax().AddCustomer(map[string]any{"firstname": fmt.Sprintf("Ann %d", i), "notes": strings.Repeat("Called.\n", i%70/69)})
		}
	}
	many := func(operation string, fields map[string]any) func(s *sandboxed) {
		return func(s *sandboxed) {
			for range 60 {
				pass(2 * time.Second) // or the budget would be used up
				s.call("stax", operation, fields)
			}
		}
	}
	invoices, schedules, charges := many("invoice.create", newInvoice()), many("schedule.create", newSchedule()), many("charge.create", newCharge())
	return []idle{
		{operation: "stax.customer.list", rule: "1", fill: people, want: map[string]int{"customer.list": 1}},
		{operation: "stax.customer.changed", rule: "1", fill: people, want: map[string]int{"customer.list": 1}},
		{operation: "stax.customer.scan", rule: "N/P", fill: people, want: map[string]int{"customer.list": 3}},
		{operation: "stax.customer.note.list", rule: "1", fill: people, want: map[string]int{"customer.list": 1}},
		{operation: "stax.customer.note.scan", rule: "N/P", fill: people, want: map[string]int{"customer.list": 3}},
		{operation: "stax.customer.get", with: "customerId: " + staxCustomer, rule: "1", want: map[string]int{"customer.get": 1}},
		{operation: "stax.customer.payment_method.list", with: "customerId: " + staxCustomer, rule: "1", want: map[string]int{"customer.payment_method.list": 1}},
		{operation: "stax.invoice.list", rule: "1", fill: invoices, want: map[string]int{"invoice.list": 1}},
		{operation: "stax.invoice.changed", rule: "1", fill: invoices, want: map[string]int{"invoice.list": 1}},
		{operation: "stax.invoice.scan", rule: end, fill: invoices, want: map[string]int{"invoice.list": 2 + 1}},
		{operation: "stax.invoice.get", with: "invoiceId: i", rule: "1", want: map[string]int{"invoice.get": 1}},
		{operation: "stax.schedule.list", rule: "1", fill: schedules, want: map[string]int{"schedule.list": 1}},
		{operation: "stax.schedule.changed", rule: "1", fill: schedules, want: map[string]int{"schedule.list": 1}},
		{operation: "stax.schedule.get", with: "scheduleId: s", rule: "1", want: map[string]int{"schedule.get": 1}},
		{operation: "stax.transaction.list", rule: "1", fill: charges, want: map[string]int{"transaction.list": 1}},
		{operation: "stax.transaction.scan", rule: end, fill: charges, want: map[string]int{"transaction.list": 2 + 1}},
		{operation: "stax.transaction.get", with: "transactionId: t", rule: "1", want: map[string]int{"transaction.get": 1}},
		{
			operation: "stax.item.list", rule: end, want: map[string]int{"item.list": 1 + 1},
			fill: func(s *sandboxed) { s.call("stax", "item.create", newItem()) },
		},
		{
			operation: "stax.webhook.list", rule: end, want: map[string]int{"webhook.list": 1 + 1},
			fill: func(s *sandboxed) { s.call("stax", "webhook.create", newWebhook()) },
		},
	}
}

package project_test

import (
	"fmt"
	"slices"
)

// staxShows reads an object and says which fields are not as wanted.
func (s *sandboxed) staxShows(operation, idInput, id string, want map[string]any) string {
	s.t.Helper()
	return unlike(s.call("stax", operation, map[string]any{idInput: id}), want)
}

// staxRows reads what a list shows.
func (s *sandboxed) staxRows(operation string) []map[string]any {
	s.t.Helper()
	answer, err := s.try("stax", operation, nil)
	s.must(err)
	var rows []map[string]any
	for _, e := range answer.([]any) { //nolint:forcetypeassert // a list
		row, _ := e.(map[string]any)
		rows = append(rows, row)
	}
	return rows
}

// staxAmong looks for a row with some fields in a list.
func (s *sandboxed) staxAmong(operation string, want map[string]any) string {
	s.t.Helper()
	rows := s.staxRows(operation)
	for _, row := range rows {
		if unlike(row, want) == "" {
			return ""
		}
	}
	return fmt.Sprintf("%s shows no row with %v, it has %v", operation, want, rows)
}

// made is the deed that makes a record, which a list shows.
func made(operation, list string, fields, want map[string]any) deed {
	return deed{
		operation: "stax." + operation,
		inputs:    func(*sandboxed) map[string]any { return fields },
		seen: func(s *sandboxed, answer map[string]any) string {
			return s.staxAmong(list, plus(want, map[string]any{"id": idOf(answer)}))
		},
		rows: func(s *sandboxed) int {
			starts := func(row map[string]any) bool { return row["reference"] == "deed" } // the recipe
			return len(slices.DeleteFunc(s.staxRows(list), starts))
		},
	}
}

// adjusted is the deed that changes a record, which its read shows.
func adjusted(operation, kind string, fields, edit, want map[string]any) deed {
	var it string
	return deed{
		operation: "stax." + operation,
		inputs: func(s *sandboxed) map[string]any {
			it = s.staxID(kind+".create", fields)
			return plus(map[string]any{kind + "Id": it}, edit)
		},
		seen: func(s *sandboxed, _ map[string]any) string { return s.staxShows(kind+".get", kind+"Id", it, want) },
	}
}

// dropped is the deed that deletes a record softly: its read tells of it, the list has it no
// more.
func dropped(kind, list string, fields map[string]any) deed {
	var it string
	return deed{
		operation: "stax." + kind + ".delete",
		inputs: func(s *sandboxed) map[string]any {
			it = s.staxID(kind+".create", fields)
			return map[string]any{kind + "Id": it}
		},
		seen: func(s *sandboxed, _ map[string]any) string {
			for _, row := range s.staxRows(list) {
				if idOf(row) == it {
					return list + " still shows it"
				}
			}
			return ""
		},
	}
}

// moved is a deed that moves money of a payment of 20.00.
func moved(operation string, preAuth bool, edit, want map[string]any) deed {
	var it string
	return deed{
		operation: "stax." + operation,
		inputs: func(s *sandboxed) map[string]any {
			it = s.staxID("charge.create", plus(newCharge(), map[string]any{"pre_auth": preAuth}))
			return plus(map[string]any{"transactionId": it}, edit)
		},
		seen: func(s *sandboxed, _ map[string]any) string {
			return s.staxShows("transaction.get", "transactionId", it, want)
		},
	}
}

// staxDeeds are the writes of Stax.
func staxDeeds() []deed {
	person := plus(newStaxCustomer(), map[string]any{"email": "bea@example.com"})
	notes, due := map[string]any{"notes": "Called."}, map[string]any{"due_at": "2027-01-31 23:59:59"}
	found := made("customer.find_or_create", "customer.list", plus(person, map[string]any{"email": "cleo@example.com"}), map[string]any{"firstname": "Ann"})
	return []deed{
		made("customer.create", "customer.scan", person, map[string]any{"email": "bea@example.com"}),
		found,
		made("customer.upsert", "customer.scan", plus(person, map[string]any{"email": "dora@example.com"}), map[string]any{"email": "dora@example.com"}),
		adjusted("customer.note.append", "customer", plus(newStaxCustomer(), notes), map[string]any{"note": "Called twice."}, map[string]any{"notes": "Called.\nCalled twice."}),
		adjusted("customer.update", "customer", newStaxCustomer(), notes, notes),
		dropped("customer", "customer.scan", newStaxCustomer()),
		made("invoice.create", "invoice.scan", newInvoice(), map[string]any{"status": "DRAFT", "balance_due": 12.5}),
		adjusted("invoice.update", "invoice", newInvoice(), due, map[string]any{"due_at": "2027-01-31T23:59:59Z"}),
		adjusted("invoice.send", "invoice", newInvoice(), map[string]any{"channel": "email"}, map[string]any{"status": "SENT"}),
		adjusted("invoice.pay", "invoice", newInvoice(), map[string]any{"payment_method_id": staxMethod}, map[string]any{"status": "PAID", "balance_due": 0, "total_paid": 12.5}),
		dropped("invoice", "invoice.scan", newInvoice()),
		made("schedule.create", "schedule.list", newSchedule(), map[string]any{"status": "NOT STARTED"}),
		made("schedule.create_autopay", "schedule.list", plus(newSchedule(), map[string]any{"payment_method_id": staxMethod}), map[string]any{"payment_method_id": staxMethod}),
		adjusted("schedule.update", "schedule", newSchedule(), map[string]any{"total": 14.0}, map[string]any{"total": 14}),
		adjusted("schedule.pause", "schedule", newSchedule(), nil, map[string]any{"active": false, "status": "PAUSED"}),
		adjusted("schedule.resume", "schedule", newSchedule(), map[string]any{"next_run_at": "2030-02-01 12:00:00"}, map[string]any{"active": true, "status": "WAITING"}),
		dropped("schedule", "schedule.list", newSchedule()),
		made("charge.create", "transaction.scan", newCharge(), map[string]any{"total": 20, "type": "pre_auth"}),
		moved("transaction.capture", true, nil, map[string]any{"is_captured": 1}),
		moved("transaction.refund", false, map[string]any{"total": 5.0}, map[string]any{"total_refunded": 5}),
		moved("transaction.void", false, nil, map[string]any{"is_voided": true}),
		moved("transaction.void_or_refund", false, nil, map[string]any{"is_voided": true}),
		made("item.create", "item.list", newItem(), map[string]any{"price": 7.11}),
		itemDeed(),
		dropped("item", "item.list", newItem()),
		made("webhook.create", "webhook.list", newWebhook(), map[string]any{"url": "https://example.com/hook"}),
		dropped("webhook", "webhook.list", newWebhook()),
	}
}

// itemDeed changes an item, which only the list shows.
func itemDeed() deed {
	d := adjusted("item.update", "item", newItem(), map[string]any{"price": 9.0}, nil)
	d.seen = func(s *sandboxed, _ map[string]any) string {
		return s.staxAmong("item.list", map[string]any{"price": 9})
	}
	return d
}

// makersOfPayments are ways to make a record that a list of Stax shows.
func (g *ground) makersOfPayments() map[string]func(word string) {
	customer := func(word string) {
		g.write("customer.create", plus(newStaxCustomer(), map[string]any{"email": "ann" + word + "@example.com"}))
	}
	noted := func(word string) {
		g.write("customer.create", plus(newStaxCustomer(), map[string]any{"email": "ann" + word + "@example.com", "notes": "Called " + word}))
	}
	invoice := func(string) { g.write("invoice.create", newInvoice()) }
	schedule := func(string) { g.write("schedule.create", newSchedule()) }
	charge := func(string) { g.write("charge.create", newCharge()) }
	return map[string]func(word string){
		"customer.list": customer, "customer.changed": customer, "customer.scan": customer,
		"customer.note.list": noted, "customer.note.scan": noted,
		"customer.payment_method.list": func(string) { g.world.Stax().AddPaymentMethod(staxCustomer, false) },
		"invoice.list":                 invoice, "invoice.changed": invoice, "invoice.scan": invoice,
		"schedule.list": schedule, "schedule.changed": schedule,
		"transaction.list": charge, "transaction.scan": charge,
		"item.list": func(string) { g.write("item.create", newItem()) },
		"webhook.list": func(word string) {
			g.write("webhook.create", plus(newWebhook(), map[string]any{"target_url": "https://example.com/hook" + word}))
		},
	}
}

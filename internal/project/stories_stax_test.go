package project_test

import "maps"

// staxID writes at Stax and returns the id of what came back.
func (s *sandboxed) staxID(operation string, inputs map[string]any) string {
	s.t.Helper()
	return idOf(s.call("stax", operation, inputs))
}

// staxEdit writes to a record of Stax and returns its id.
func (s *sandboxed) staxEdit(operation, idInput, id string, fields map[string]any) string {
	s.t.Helper()
	in := map[string]any{idInput: id}
	maps.Copy(in, fields)
	_, err := s.try("stax", operation, in)
	s.must(err)
	return id
}

// What the records of Stax are made of.
const (
	staxCustomer = "5ff4e048-c9f3-4993-81be-f7253d132c19"
	staxMethod   = "6ba7b811-9dad-41d1-80b4-00c04fd430c8"
)

func newStaxCustomer() map[string]any {
	return map[string]any{"firstname": "Ann", "email": "ann@example.com", "phone": "15550100200"}
}

func newInvoice() map[string]any {
	return map[string]any{"customer_id": staxCustomer, "total": 12.5, "meta": map[string]any{"subtotal": 12.5}, "url": "https://app.staxpayments.com/#/bill/"}
}

func newSchedule() map[string]any {
	return plus(newInvoice(), map[string]any{"rule": "DTSTART=20300101T120000Z;FREQ=MONTHLY;COUNT=12"})
}

func newCharge() map[string]any {
	return map[string]any{"payment_method_id": staxMethod, "total": 20.0, "meta": map[string]any{}, "pre_auth": true}
}

func newItem() map[string]any { return map[string]any{"item": "Yoga mat", "price": 7.11} }

func newWebhook() map[string]any {
	return map[string]any{"event": "create_customer", "target_url": "https://example.com/hook"}
}

// staxStory is that of a record which has operations of its own kind.
func staxStory(kind, idInput string, fields, edit map[string]any, st story) story {
	var it string
	st.create = func(s *sandboxed, _ string) string {
		it = s.staxID(kind+".create", fields)
		return it
	}
	if edit != nil {
		st.change = func(s *sandboxed, _ string) string { return s.staxEdit(kind+".update", idInput, it, edit) }
	}
	st.remove = func(s *sandboxed, _ string) string { return s.staxEdit(kind+".delete", idInput, it, nil) }
	return st
}

// staxSingle is the story of such a record that is read by its id.
func staxSingle(kind, idInput string, fields, edit map[string]any) story {
	return single(story{
		with:   idInput + ": $id",
		before: func(s *sandboxed) string { return s.staxID(kind+".create", fields) },
		change: func(s *sandboxed, id string) string { return s.staxEdit(kind+".update", idInput, id, edit) },
		remove: func(s *sandboxed, id string) string { return s.staxEdit(kind+".delete", idInput, id, nil) },
	})
}

// staxStories are the stories of Stax's operations.
func staxStories() map[string]story {
	customer := func(st story) story {
		return staxStory("customer", "customerId", newStaxCustomer(), map[string]any{"company": "Ann & Co"}, st)
	}
	due := map[string]any{"due_at": "2027-01-31 23:59:59"}
	invoice := func(st story) story { return staxStory("invoice", "invoiceId", newInvoice(), due, st) }
	schedule := func(st story) story {
		return staxStory("schedule", "scheduleId", newSchedule(), map[string]any{"total": 13.0}, st)
	}
	return map[string]story{
		"stax.customer.list":                customer(story{trigger: walk, confirmed: true}),
		"stax.customer.changed":             customer(story{trigger: walk, confirmed: true}),
		"stax.customer.scan":                customer(story{confirmed: true}),
		"stax.customer.get":                 staxSingle("customer", "customerId", newStaxCustomer(), map[string]any{"notes": "Called."}),
		"stax.customer.payment_method.list": methodStory(),
		"stax.customer.note.list":           lineStory(story{trigger: walk}),
		"stax.customer.note.scan":           lineStory(story{}),
		"stax.invoice.list":                 invoice(story{trigger: walk}),
		"stax.invoice.changed":              invoice(story{trigger: walk}),
		"stax.invoice.scan":                 invoice(story{}),
		"stax.invoice.get":                  staxSingle("invoice", "invoiceId", newInvoice(), due),
		"stax.schedule.list":                schedule(story{trigger: walk}),
		"stax.schedule.changed":             schedule(story{trigger: walk}),
		"stax.schedule.get":                 staxSingle("schedule", "scheduleId", newSchedule(), map[string]any{"total": 13.0}),
		"stax.transaction.list":             paymentStory(story{trigger: walk}),
		"stax.transaction.scan":             paymentStory(story{}),
		"stax.transaction.get": {
			with:   "transactionId: $id",
			before: func(s *sandboxed) string { return s.staxID("charge.create", newCharge()) },
			change: func(s *sandboxed, id string) string {
				return s.staxEdit("transaction.capture", "transactionId", id, nil)
			},
			impossible: "created: the id is known only once the record is there; removed: nothing deletes transactions",
		},
		"stax.item.list":    staxStory("item", "itemId", newItem(), map[string]any{"price": 8.0}, story{}),
		"stax.webhook.list": staxStory("webhook", "webhookId", newWebhook(), nil, story{impossible: "changed: no operation changes webhooks"}),
	}
}

// lineStory is that of a line in the notes on a customer who has some already.
func lineStory(st story) story {
	var it string
	write := func(s *sandboxed, text string) {
		s.staxEdit("customer.update", "customerId", staxCustomer, map[string]any{"notes": text})
	}
	st.before = func(s *sandboxed) string {
		write(s, "Met at the fair.\nLikes tea.")
		return ""
	}
	st.create = func(s *sandboxed, _ string) string {
		write(s, "Met at the fair.\nLikes tea.\n\nCalled.")
		for _, row := range s.staxRows("customer.note.list") {
			if row["text"] == "Called." {
				it = idOf(row)
			}
		}
		return it
	}
	st.remove = func(s *sandboxed, _ string) string {
		write(s, "Met at the fair.\nLikes tea.")
		return it
	}
	st.impossible = "changed: a line that is edited is another note"
	return st
}

// methodStory is that of a payment method, which people add in the service's own form.
func methodStory() story {
	var it string
	return story{
		with: "customerId: " + staxCustomer,
		create: func(s *sandboxed, _ string) string {
			it = s.world.Stax().AddPaymentMethod(staxCustomer, false)
			return it
		},
		change: func(s *sandboxed, _ string) string {
			s.must(s.world.Stax().UpdatePaymentMethod(it, map[string]any{"card_exp": "1131"}))
			return it
		},
		remove: func(s *sandboxed, _ string) string {
			s.must(s.world.Stax().DeletePaymentMethod(it))
			return it
		},
	}
}

// paymentStory is that of a payment that is authorised, then captured.
func paymentStory(st story) story {
	var it string
	st.create = func(s *sandboxed, _ string) string {
		it = s.staxID("charge.create", newCharge())
		return it
	}
	st.change = func(s *sandboxed, _ string) string {
		return s.staxEdit("transaction.capture", "transactionId", it, nil)
	}
	st.impossible = "removed: nothing deletes transactions"
	return st
}

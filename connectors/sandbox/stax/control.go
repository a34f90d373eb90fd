package stax

import (
	"errors"
	"fmt"
	"maps"
	"time"
)

// ErrUnknown is returned for an id of something that does not exist.
var ErrUnknown = errors.New("there is no record with that id at Stax")

// AddCustomer adds a customer with some fields, as somebody does in the web app, and
// returns the id.
func (m *Merchant) AddCustomer(fields map[string]any) string {
	m.service.Lock()
	defer m.service.Unlock()
	return m.customers.add(m.newID(), m.world.Now(), maps.Clone(fields), blankCustomer()).id
}

// UpdateCustomer writes some fields of a customer. The error is [ErrUnknown].
func (m *Merchant) UpdateCustomer(id string, fields map[string]any) error {
	return m.change(m.customers, id, func(r *record) { r.write(m.world.Now(), fields) })
}

// RestoreCustomer brings a deleted customer back, with its old created_at. The error is
// [ErrUnknown].
func (m *Merchant) RestoreCustomer(id string) error {
	return m.change(m.customers, id, func(r *record) { r.deleted, r.updated = time.Time{}, m.world.Now() })
}

// AddPaymentMethod gives a customer a payment method, as the service's own form does, and
// returns its id. One that declines lets every payment fail.
func (m *Merchant) AddPaymentMethod(customer string, declines bool) string {
	m.service.Lock()
	defer m.service.Unlock()
	return m.methods.add(m.newID(), m.world.Now(), map[string]any{"customer_id": customer, "declines": declines}, blankMethod()).id
}

// UpdatePaymentMethod writes some fields of a payment method. The error is [ErrUnknown].
func (m *Merchant) UpdatePaymentMethod(id string, fields map[string]any) error {
	return m.change(m.methods, id, func(r *record) { r.write(m.world.Now(), fields) })
}

// DeletePaymentMethod takes a payment method away. The error is [ErrUnknown].
func (m *Merchant) DeletePaymentMethod(id string) error {
	return m.change(m.methods, id, func(r *record) { r.remove(m.world.Now()) })
}

// FinishSchedule lets a schedule make its last invoice. The error is [ErrUnknown].
func (m *Merchant) FinishSchedule(id string) error {
	return m.change(m.schedules, id, func(r *record) {
		now := m.world.Now()
		r.write(now, map[string]any{"status": "COMPLETED", "active": false, "next_run_at": nil, "last_run_at": stamp(now), "count": 1})
	})
}

// change changes a record.
func (m *Merchant) change(t *table, id string, write func(*record)) error {
	m.service.Lock()
	defer m.service.Unlock()
	r := t.byID[id]
	if r == nil {
		return fmt.Errorf("%w: %s", ErrUnknown, id)
	}
	write(r)
	return nil
}

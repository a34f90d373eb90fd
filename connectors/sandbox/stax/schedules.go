package stax

import (
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/pollux-automation/pollux/connectors/sandbox/service"
)

// What can be written to a schedule.
//
//nolint:gochecknoglobals // tables
var (
	newScheduleForm = newForm("customer_id! rule! total!:number meta!:object url payment_method_id email_notification:boolean")
	scheduleForm    = newForm("rule total:number meta:object active:boolean next_run_at email_notification:boolean")
)

var startForm = regexp.MustCompile(`(?:^|[;:\s])DTSTART[=:](\d{8}T\d{6}Z)`)

// listSchedules calls the size of a page limit, and sorts by what the documentation names.
func (m *Merchant) listSchedules(c *service.Call) service.Answer {
	return m.schedules.list(c, question{size: "limit", usual: 20, sorts: []string{"created_at", "updated_at", "next_run_at", "last_run_at", "count"}})
}

// starts returns when a rule starts. One that starts in the past is refused with 422
// (service docs, read 2026-11).
func starts(rule string, now time.Time) (time.Time, bool) {
	found := startForm.FindStringSubmatch(rule)
	if found == nil || !strings.Contains(rule, "FREQ=") {
		return time.Time{}, false
	}
	t, err := time.Parse("20060102T150405Z", found[1])
	return t, err == nil && t.After(now)
}

// readSchedule reads a body and refuses what does not fit.
func (m *Merchant) readSchedule(c *service.Call, f form) (map[string]any, service.Answer) {
	body, refused := f.read(c)
	if refused.Status != 0 {
		return nil, refused
	}
	if total := body["total"]; total != nil {
		if cents(total) < 0 {
			return nil, odd("total", "The total must be at least 0.01.")
		}
		body["total"] = money(cents(total))
	}
	if rule := body["rule"]; rule != nil {
		t, future := starts(service.Text(rule), c.Now)
		if !future {
			return nil, odd("rule", "The rule must have a FREQ and a DTSTART in the future.")
		}
		body["next_run_at"] = stamp(t)
	}
	return body, service.Answer{}
}

// createSchedule makes a schedule that has not started.
func (m *Merchant) createSchedule(c *service.Call) service.Answer {
	body, refused := m.readSchedule(c, newScheduleForm)
	if refused.Status != 0 {
		return refused
	}
	method := body["payment_method_id"]
	switch {
	case !m.customers.has(body["customer_id"]):
		return odd("customer_id", "The selected customer id is invalid.")
	case method != nil && (!m.methods.has(method) || m.methods.byID[service.Text(method)].fields["customer_id"] != body["customer_id"]):
		return odd("payment_method_id", "The selected payment method id is invalid.")
	}
	r := m.schedules.add(m.newID(), c.Now, body, map[string]any{
		"payment_method_id": nil, "email_notification": true, "active": true, "status": "NOT STARTED", "count": 0, "last_run_at": nil,
	})
	c.Target = r.id
	return service.Answer{Status: http.StatusCreated, Value: r.render()}
}

// updateSchedule pauses with active false; to resume needs a time in the future.
func (m *Merchant) updateSchedule(c *service.Call) service.Answer {
	body, refused := m.readSchedule(c, scheduleForm)
	if refused.Status != 0 {
		return refused
	}
	r := m.schedules.live(c)
	switch {
	case r == nil:
		return unknown()
	case r.fields["status"] == "COMPLETED":
		return odd("status", "The schedule is completed.")
	}
	if next := body["next_run_at"]; next != nil {
		t, isTime := instant(next)
		if !isTime || !t.After(c.Now) {
			return odd("next_run_at", "The next run at must be in the future.")
		}
		body["next_run_at"] = stamp(t)
	}
	switch {
	case body["active"] == false:
		body["status"] = "PAUSED"
	case body["active"] == true && body["next_run_at"] == nil:
		return odd("next_run_at", "The next run at field is required.")
	case body["active"] == true:
		body["status"] = "WAITING"
	}
	r.write(c.Now, body)
	return ok(r.render())
}

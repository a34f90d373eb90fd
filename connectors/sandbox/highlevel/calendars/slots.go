package calendars

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pollux-automation/pollux/connectors/sandbox/highlevel/wire"
	"github.com/pollux-automation/pollux/connectors/sandbox/service"
)

// mostDays is how many days one request for free slots may span (spec file of 2026-06-19).
const mostDays = 31

//nolint:gochecknoglobals // a table
var slotsForm = wire.NewForm("startDate!:number endDate!:number timezone userId userIds:array")

// span is a piece of time; the end is not part of it.
type span struct{ from, to time.Time }

func (s span) meets(other span) bool { return s.from.Before(other.to) && other.from.Before(s.to) }

// whole reads a whole number of a calendar.
func whole(v any) int {
	n, _ := v.(json.Number)
	i, _ := strconv.Atoi(n.String())
	return i
}

// length is a duration that stands in two members, as in slotDuration and slotDurationUnit.
func length(calendar wire.Record, name string) time.Duration {
	unit := time.Minute
	if calendar[name+"Unit"] == "hours" {
		unit = time.Hour
	}
	if n := whole(calendar[name]); n > 0 {
		return time.Duration(n) * unit
	}
	return 30 * time.Minute
}

// busy are the pieces of time in which a calendar takes no booking: its appointments that
// were not called off, and what is blocked on it.
func (d *Desk) busy(calendar string) []span {
	var list []span
	taken := d.appointments.Where(func(a wire.Record) bool {
		return a["calendarId"] == calendar && a["deleted"] != true && a["appointmentStatus"] != "cancelled" && a["appointmentStatus"] != "invalid"
	})
	for _, e := range slices.Concat(taken, d.blocks.Where(func(b wire.Record) bool { return b["calendarId"] == calendar })) {
		from, err := time.Parse(time.RFC3339, service.Text(e["startTime"]))
		to, errTo := time.Parse(time.RFC3339, service.Text(e["endTime"]))
		if err == nil && errTo == nil {
			list = append(list, span{from, to})
		}
	}
	return list
}

// slots are the free slots of a calendar that begin within a piece of time and not before
// now.
func (d *Desk) slots(calendar wire.Record, within span) []time.Time {
	long, step := length(calendar, "slotDuration"), length(calendar, "slotInterval")
	busy := d.busy(service.Text(calendar["id"]))
	now := d.site.World.Now()
	var free []time.Time
	for _, open := range d.open(calendar, within) {
		for at := open.from; !at.Add(long).After(open.to); at = at.Add(step) {
			slot := span{at, at.Add(long)}
			if at.Before(within.from) || at.Before(now) || at.After(within.to) || slices.ContainsFunc(busy, slot.meets) {
				continue
			}
			free = append(free, at)
		}
	}
	return free
}

// open are the hours in which a calendar is open on the days of a piece of time.
func (d *Desk) open(calendar wire.Record, within span) []span {
	rules, _ := calendar["openHours"].([]any)
	first := within.from.In(d.zone)
	var list []span
	for day := time.Date(first.Year(), first.Month(), first.Day(), 0, 0, 0, 0, d.zone); !day.After(within.to); day = day.AddDate(0, 0, 1) {
		for _, e := range rules {
			rule, _ := e.(map[string]any)
			days, _ := rule["daysOfTheWeek"].([]any)
			if !slices.ContainsFunc(days, func(v any) bool { return whole(v) == int(day.Weekday()) }) {
				continue
			}
			hours, _ := rule["hours"].([]any)
			for _, h := range hours {
				hour, _ := h.(map[string]any)
				at := func(h, m string) time.Time {
					return time.Date(day.Year(), day.Month(), day.Day(), whole(hour[h]), whole(hour[m]), 0, 0, d.zone)
				}
				list = append(list, span{at("openHour", "openMinute"), at("closeHour", "closeMinute")})
			}
		}
	}
	return list
}

// freeSlots answers with a member for each day that has some, beside the trace id (spec file
// of 2026-06-19). Users have no hours of their own here.
func (d *Desk) freeSlots(c *service.Call) service.Answer {
	calendar, refused := d.calendars.Find(c)
	if refused.Status != 0 {
		return refused
	}
	q, refused := slotsForm.Query(c)
	if refused.Status != 0 {
		return refused
	}
	within, refused := window(q["startDate"], q["endDate"])
	if refused.Status != 0 {
		return refused
	}
	if within.to.Sub(within.from) > mostDays*24*time.Hour {
		return wire.Refuse(http.StatusBadRequest, "Date range cannot be more than 31 days")
	}
	zone := d.zone
	if name := q["timezone"]; name != "" {
		named, err := time.LoadLocation(name)
		if err != nil || strings.EqualFold(name, "local") {
			return wire.Refuse(http.StatusUnprocessableEntity, "timezone must be a valid time zone")
		}
		zone = named
	}
	days := map[string]any{}
	for _, at := range service.Rows(c, d.slots(calendar, within)) {
		day := at.In(zone).Format(time.DateOnly)
		one, _ := days[day].(map[string][]string)
		if one == nil {
			one = map[string][]string{}
			days[day] = one
		}
		one["slots"] = append(one["slots"], at.In(zone).Format(time.RFC3339))
	}
	return d.site.Say(http.StatusOK, days)
}

// window reads two times in milliseconds.
func window(from, to string) (span, service.Answer) {
	first, err := strconv.ParseInt(from, 10, 64)
	last, errLast := strconv.ParseInt(to, 10, 64)
	if err != nil || errLast != nil || last < first {
		return span{}, wire.Refuse(http.StatusUnprocessableEntity, "the times must be milliseconds since 1970, and the end not before the start")
	}
	return span{time.UnixMilli(first), time.UnixMilli(last)}, service.Answer{}
}

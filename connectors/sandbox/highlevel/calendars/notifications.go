package calendars

import (
	"maps"
	"net/http"

	"github.com/pollux-automation/pollux/connectors/sandbox/highlevel/wire"
	"github.com/pollux-automation/pollux/connectors/sandbox/service"
)

// The bodies and queries (spec file of 2026-06-19).
//
//nolint:gochecknoglobals // tables
var (
	noticeFields = `isActive:boolean templateId body subject afterTime:array beforeTime:array additionalEmailIds:array additionalPhoneNumbers:array
		selectedUsers:array fromAddress fromName fromNumber `
	newNoticeForm = timed(wire.NewForm(noticeFields + `receiverType!=contact|guest|assignedUser|emails|phoneNumbers|business channel!=email|inApp|sms|whatsapp
		notificationType!=booked|confirmation|cancellation|reminder|followup|reschedule`))
	noticeForm = timed(wire.NewForm(noticeFields + `receiverType=contact|guest|assignedUser|emails|phoneNumbers|business channel=email|inApp|sms|whatsapp
		notificationType=booked|confirmation|cancellation|reminder|followup|reschedule deleted:boolean`))
	noticesForm = wire.NewForm("isActive:boolean deleted:boolean limit:number skip:number")
)

func timed(f *wire.Form) *wire.Form {
	offset := wire.NewForm("timeOffset:number unit")
	return f.Each("afterTime", offset).Each("beforeTime", offset)
}

func (d *Desk) notificationRoutes() []service.Route {
	const all, one = "/calendars/{calendarId}/notifications", "/calendars/{calendarId}/notifications/{notificationId}"
	return []service.Route{
		service.At("GET", all, "calendar_notification.list", d.withNotices((*Desk).listNotices)),
		service.At("POST", all, "calendar_notification.create", d.withNotices((*Desk).createNotices)),
		service.At("GET", one, "calendar_notification.get", d.withNotices(func(_ *Desk, c *service.Call, k *wire.Kind) service.Answer { return k.Read(c) })),
		service.At("PUT", one, "calendar_notification.update", d.withNotices((*Desk).updateNotice)),
		service.At("DELETE", one, "calendar_notification.delete", d.withNotices((*Desk).deleteNotice)),
	}
}

// notificationsOf returns the notifications of a calendar.
func (d *Desk) notificationsOf(calendar string) *wire.Kind {
	if d.notifications[calendar] == nil {
		d.notifications[calendar] = &wire.Kind{Site: d.site, Title: "Notification", Var: "notificationId", ID: "_id"}
	}
	return d.notifications[calendar]
}

// withNotices finds the calendar that a path names.
func (d *Desk) withNotices(handle func(*Desk, *service.Call, *wire.Kind) service.Answer) func(*service.Call) service.Answer {
	return func(c *service.Call) service.Answer {
		if _, refused := d.calendars.Find(c); refused.Status != 0 {
			return refused
		}
		return handle(d, c, d.notificationsOf(c.Target))
	}
}

// listNotices answers with a bare list (spec file of 2026-06-19). Those that were deleted
// show only when they are asked for (a guess).
func (d *Desk) listNotices(c *service.Call, k *wire.Kind) service.Answer {
	q, refused := noticesForm.Query(c)
	if refused.Status != 0 {
		return refused
	}
	skip, limit, refused := wire.SkipLimit(q["skip"], q["limit"], 100)
	if refused.Status != 0 {
		return refused
	}
	all := k.Where(func(n wire.Record) bool {
		return n["deleted"] == (q["deleted"] == "true") && (q["isActive"] == "" || n["isActive"] == (q["isActive"] == "true"))
	})
	return service.Answer{Status: http.StatusOK, Value: wire.Part(c, service.Rows(c, all), skip, limit)}
}

// createNotices takes a list and answers with one.
func (d *Desk) createNotices(c *service.Call, k *wire.Kind) service.Answer {
	list, refused := newNoticeForm.ReadList(c)
	if refused.Status != 0 {
		return refused
	}
	made := make([]wire.Record, 0, len(list))
	for _, body := range list {
		fields := wire.Record{"isActive": true, "deleted": false}
		maps.Copy(fields, body)
		made = append(made, k.Add(fields))
	}
	return service.Answer{Status: http.StatusOK, Value: made}
}

func (d *Desk) updateNotice(c *service.Call, k *wire.Kind) service.Answer {
	found, body, refused := k.FindAndRead(c, noticeForm)
	if refused.Status != 0 {
		return refused
	}
	k.Change(found, body)
	return d.site.Say(http.StatusOK, map[string]any{"message": "Notification updated successfully"})
}

// deleteNotice marks the notification: the update of the service can do so too, and its
// list can show those that are deleted (spec file of 2026-06-19).
func (d *Desk) deleteNotice(c *service.Call, k *wire.Kind) service.Answer {
	found, refused := k.Find(c)
	if refused.Status != 0 {
		return refused
	}
	k.Change(found, wire.Record{"deleted": true})
	return d.site.Say(http.StatusOK, map[string]any{"message": "Notification deleted successfully"})
}

package calendars

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"time"
	_ "time/tzdata" // the location has a zone, also on machines that have none

	"github.com/pollux-automation/pollux/connectors/sandbox/highlevel/wire"
	"github.com/pollux-automation/pollux/connectors/sandbox/service"
)

// What is there at the start. The calendar is open from Monday to Friday, from nine to
// five.
const (
	ID             = "sandboxCalendar00001"
	GroupID        = "sandboxGroup00000001"
	NotificationID = "sandboxNotification1"
	ResourceID     = "sandboxResource00001"
	BlockID        = "sandboxBlock00000001"
	AppointmentID  = "sandboxAppointment01"
)

// The bodies and queries (spec file of 2026-06-19).
//
//nolint:gochecknoglobals // tables
var (
	fields = `notifications:array groupId teamMembers:array eventType=RoundRobin_OptimizeForAvailability|RoundRobin_OptimizeForEqualDistribution
		description slug widgetSlug widgetType=default|classic eventTitle eventColor meetingLocation locationConfigurations:array
		slotDuration:number slotDurationUnit=mins|hours slotInterval:number slotIntervalUnit=mins|hours slotBuffer:number
		preBuffer:number preBufferUnit=mins|hours appoinmentPerSlot:number appoinmentPerDay:number
		allowBookingAfter:number allowBookingAfterUnit=hours|days|weeks|months allowBookingFor:number allowBookingForUnit=days|weeks|months
		openHours:array enableRecurring:boolean recurring:object formId stickyContact:boolean isLivePaymentMode:boolean autoConfirm:boolean
		shouldSendAlertEmailsToAssignedMember:boolean alertEmail googleInvitationEmails:boolean allowReschedule:boolean allowCancellation:boolean
		shouldAssignContactToTeamMember:boolean shouldSkipAssigningContactForExisting:boolean notes pixelId formSubmitType=RedirectURL|ThankYouMessage
		formSubmitRedirectURL formSubmitThanksMessage availabilityType:number=0|1 availabilities:array guestType=count_only|collect_detail
		consentLabel calendarCoverImage lookBusyConfig:object isActive:boolean `
	newForm = parts(wire.NewForm(fields + "name! locationId! slotBufferUnit=mins|hours calendarType=round_robin|event|class_booking|collective|service_booking|personal"))
	form    = parts(wire.NewForm(fields + "name"))

	placesForm = wire.NewForm("kind!=custom|zoom_conference|google_conference|inbound_call|outbound_call|physical|booker|ms_teams_conference location")
	hoursForm  = wire.NewForm("openHour!:number openMinute!:number closeHour!:number closeMinute!:number")

	listForm      = wire.NewForm("locationId! groupId showDrafted:boolean")
	groupFields   = "name! description! slug! "
	newGroupForm  = wire.NewForm(groupFields + "locationId! isActive:boolean")
	groupForm     = wire.NewForm(groupFields)
	statusForm    = wire.NewForm("isActive!:boolean")
	slugForm      = wire.NewForm("locationId! slug!")
	locationForm  = wire.NewForm("locationId!")
	resourceForm  = wire.NewForm("locationId name description quantity:number outOfService:number capacity:number calendarIds:array isActive:boolean")
	newThingForm  = wire.NewForm("locationId! name! description! quantity!:number outOfService!:number capacity!:number calendarIds!:array")
	resourcesForm = wire.NewForm("locationId! limit!:number skip!:number")
)

// parts adds what the lists and objects of a calendar may have.
func parts(f *wire.Form) *wire.Form {
	return f.
		Each("notifications", wire.NewForm("type=email shouldSendToContact!:boolean shouldSendToGuest!:boolean shouldSendToUser!:boolean shouldSendToSelectedUsers!:boolean selectedUsers!")).
		Each("teamMembers", wire.NewForm(`userId! priority:number=0|0.5|1 meetingLocationType=custom|zoom|gmeet|phone|address|teams|booker
			meetingLocation isPrimary:boolean locationConfigurations:array`).Each("locationConfigurations", placesForm)).
		Each("locationConfigurations", placesForm).
		Each("openHours", wire.NewForm("daysOfTheWeek!:array hours!:array").Each("hours", hoursForm)).
		Each("availabilities", wire.NewForm("date! hours!:array deleted:boolean").Each("hours", hoursForm)).
		Each("recurring", wire.NewForm("freq=DAILY|WEEKLY|MONTHLY count:number bookingOption=skip|continue|book_next bookingOverlapDefaultStatus=confirmed|new")).
		Each("lookBusyConfig", wire.NewForm("enabled!:boolean LookBusyPercentage!:number"))
}

// Desk is the calendars of a location.
type Desk struct {
	site *wire.Site
	zone *time.Location

	calendars, groups, resources wire.Kind
	appointments, blocks         wire.Kind
	notifications                map[string]*wire.Kind // by calendar
	notes                        map[string]*wire.Kind // by appointment
}

// New returns the calendars of a location in a zone, one of each kind at the start.
func New(site *wire.Site, zone *time.Location) *Desk {
	d := &Desk{
		site: site, zone: zone, notifications: map[string]*wire.Kind{}, notes: map[string]*wire.Kind{},
		calendars: wire.Kind{Site: site, Title: "Calendar", Var: "calendarId", Member: "calendar"},
		groups:    wire.Kind{Site: site, Title: "Group", Var: "groupId", Member: "group"},
		// The documents name no id of a resource; _id stands beside it in notifications.
		resources:    wire.Kind{Site: site, Title: "Resource", Var: "id", ID: "_id"},
		appointments: wire.Kind{Site: site, Title: "Appointment", Var: "eventId", Created: "dateAdded", Updated: "dateUpdated", Hides: steering()},
		blocks:       wire.Kind{Site: site, Title: "Event", Var: "eventId", Created: "dateAdded", Updated: "dateUpdated"},
	}
	d.groups.Add(wire.Record{"id": GroupID, "locationId": site.ID, "name": "Visits", "description": "For guests", "slug": "visits", "isActive": true})
	workday := wire.Record{"openHour": number(9), "openMinute": number(0), "closeHour": number(17), "closeMinute": number(0)}
	calendar := defaults()
	maps.Copy(calendar, wire.Record{
		"id": ID, "locationId": site.ID, "groupId": GroupID, "name": "Tours", "description": "A walk through the house", "slug": "tours", "calendarType": "event",
		"openHours": []any{wire.Record{"daysOfTheWeek": []any{number(1), number(2), number(3), number(4), number(5)}, "hours": []any{workday}}},
	})
	d.calendars.Add(calendar)
	d.notificationsOf(ID).Add(wire.Record{
		"_id": NotificationID, "receiverType": "contact", "channel": "email", "notificationType": "confirmation", "isActive": true, "deleted": false,
		"subject": "Your tour", "body": "See you soon.",
	})
	d.resources.Add(wire.Record{
		"_id": ResourceID, "locationId": site.ID, "resourceType": "rooms", "name": "Hall", "description": "The large one", "isActive": true,
		"quantity": number(1), "outOfService": number(0), "capacity": number(40), "calendarIds": []any{ID},
	})
	tomorrow := site.World.Now().In(zone).AddDate(0, 0, 1)
	noon := time.Date(tomorrow.Year(), tomorrow.Month(), tomorrow.Day(), 12, 0, 0, 0, zone)
	d.blocks.Add(wire.Record{
		"id": BlockID, "locationId": site.ID, "calendarId": ID, "title": "Lunch",
		"startTime": noon.Format(time.RFC3339), "endTime": noon.Add(time.Hour).Format(time.RFC3339),
	})
	return d
}

// number is a number as bodies have them.
func number(n int) json.Number { return json.Number(service.Encode(n)) }

// defaults are what a calendar has that its body does not name (spec file of 2026-06-19).
func defaults() wire.Record {
	return wire.Record{
		"isActive": true, "eventType": "RoundRobin_OptimizeForAvailability", "widgetType": "classic", "eventTitle": "{{contact.name}}", "eventColor": "#039be5",
		"slotDuration": number(30), "slotDurationUnit": "mins", "slotInterval": number(30), "slotIntervalUnit": "mins", "appoinmentPerSlot": number(1),
		"openHours": []any{}, "enableRecurring": false, "autoConfirm": true, "googleInvitationEmails": false, "allowReschedule": true, "allowCancellation": true,
		"formSubmitType": "ThankYouMessage", "teamMembers": []any{}, "notifications": []any{}, "locationConfigurations": []any{}, "availabilities": []any{},
	}
}

// Routes are the routes of calendars. Those with literal segments stand before those that
// would match them with a variable.
func (d *Desk) Routes() []service.Route {
	const one = "/calendars/{calendarId}"
	return slices.Concat(d.groupRoutes(), d.resourceRoutes(), d.eventRoutes(), d.noteRoutes(), d.notificationRoutes(), []service.Route{
		service.At("GET", "/calendars", "calendar.list", d.list),
		service.At("POST", "/calendars", "calendar.create", d.calendars.Creates(newForm, http.StatusOK, defaults())),
		service.At("GET", one, "calendar.get", d.calendars.Read),
		service.At("PUT", one, "calendar.update", d.calendars.Updates(form)),
		service.At("DELETE", one, "calendar.delete", d.delete),
		service.At("GET", one+"/free-slots", "calendar.free_slots", d.freeSlots),
	})
}

// list has no pages. A draft is a calendar that is not active.
func (d *Desk) list(c *service.Call) service.Answer {
	q, refused := d.site.Here(c, listForm, "locationId")
	if refused.Status != 0 {
		return refused
	}
	all := d.calendars.Where(func(v wire.Record) bool {
		return (q["groupId"] == "" || v["groupId"] == q["groupId"]) && (q["showDrafted"] != "false" || v["isActive"] == true)
	})
	return d.site.Say(http.StatusOK, map[string]any{"calendars": service.Rows(c, all)})
}

// delete leaves the appointments of the calendar as they are (a guess).
func (d *Desk) delete(c *service.Call) service.Answer {
	delete(d.notifications, c.Vars["calendarId"])
	return d.calendars.Deletes(wire.Record{"success": true})(c)
}

func (d *Desk) groupRoutes() []service.Route {
	const all, one = "/calendars/groups", "/calendars/groups/{groupId}"
	return []service.Route{
		service.At("GET", all, "calendar_group.list", d.listGroups),
		service.At("POST", all, "calendar_group.create", d.createGroup),
		service.At("POST", all+"/validate-slug", "calendar_group.validate_slug", d.validateSlug).Reading(),
		service.At("PUT", one, "calendar_group.update", d.groups.Updates(groupForm)),
		service.At("PUT", one+"/status", "calendar_group.set_status", d.setStatus),
		service.At("DELETE", one, "calendar_group.delete", d.groups.Deletes(wire.Record{"success": true})),
	}
}

func (d *Desk) listGroups(c *service.Call) service.Answer {
	if _, refused := d.site.Here(c, locationForm, "locationId"); refused.Status != 0 {
		return refused
	}
	return d.site.Say(http.StatusOK, map[string]any{"groups": service.Rows(c, d.groups.All())})
}

// free reports whether no group has a slug.
func (d *Desk) free(slug string) bool {
	return len(d.groups.Where(func(g wire.Record) bool { return g["slug"] == slug })) == 0
}

// createGroup refuses a slug that a group has; the wording is a guess.
func (d *Desk) createGroup(c *service.Call) service.Answer {
	body, refused := newGroupForm.Read(c)
	if refused.Status == 0 && !d.free(service.Text(body["slug"])) {
		refused = wire.Refuse(http.StatusBadRequest, "The slug is already in use")
	}
	if refused.Status != 0 {
		return refused
	}
	return d.groups.Creates(newGroupForm, http.StatusCreated, wire.Record{"isActive": true})(c)
}

func (d *Desk) validateSlug(c *service.Call) service.Answer {
	body, refused := slugForm.Read(c)
	if refused.Status == 0 {
		refused = d.site.Foreign(service.Text(body["locationId"]))
	}
	if refused.Status != 0 {
		return refused
	}
	return d.site.Say(http.StatusOK, map[string]any{"available": d.free(service.Text(body["slug"]))})
}

func (d *Desk) setStatus(c *service.Call) service.Answer {
	found, body, refused := d.groups.FindAndRead(c, statusForm)
	if refused.Status != 0 {
		return refused
	}
	d.groups.Change(found, body)
	return d.site.Say(http.StatusOK, map[string]any{"success": true})
}

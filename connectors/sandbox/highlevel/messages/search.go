package messages

import (
	"cmp"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pollux-automation/pollux/connectors/sandbox/highlevel/wire"
	"github.com/pollux-automation/pollux/connectors/sandbox/service"
)

// searchChoices are the values that parameters of the search may have (spec file of
// 2026-06-19).
//
//nolint:gochecknoglobals // a table
var searchChoices = wire.Choices{
	"sort": {"asc", "desc"}, "lastMessageAction": {"automated", "manual"}, "lastMessageDirection": {"inbound", "outbound"},
	"status": {"all", "read", "unread", "starred", "recents"},
	"sortBy": {"last_manual_message_date", "last_message_date", "score_profile", "overdue_at", "due_at"},
	"lastMessageType": {
		"TYPE_CALL", "TYPE_SMS", "TYPE_RCS", "TYPE_EMAIL", "TYPE_SMS_REVIEW_REQUEST", "TYPE_WEBCHAT", "TYPE_SMS_NO_SHOW_REQUEST", "TYPE_CAMPAIGN_SMS",
		"TYPE_CAMPAIGN_CALL", "TYPE_CAMPAIGN_EMAIL", "TYPE_CAMPAIGN_VOICEMAIL", "TYPE_FACEBOOK", "TYPE_CAMPAIGN_FACEBOOK", "TYPE_CAMPAIGN_MANUAL_CALL",
		"TYPE_CAMPAIGN_MANUAL_SMS", "TYPE_GMB", "TYPE_CAMPAIGN_GMB", "TYPE_REVIEW", "TYPE_INSTAGRAM", "TYPE_WHATSAPP", "TYPE_CUSTOM_SMS", "TYPE_CUSTOM_EMAIL",
		"TYPE_CUSTOM_PROVIDER_SMS", "TYPE_CUSTOM_PROVIDER_EMAIL", "TYPE_IVR_CALL", "TYPE_ACTIVITY_CONTACT", "TYPE_ACTIVITY_INVOICE", "TYPE_ACTIVITY_PAYMENT",
		"TYPE_ACTIVITY_OPPORTUNITY", "TYPE_LIVE_CHAT", "TYPE_LIVE_CHAT_INFO_MESSAGE", "TYPE_ACTIVITY_APPOINTMENT", "TYPE_FACEBOOK_COMMENT",
		"TYPE_INSTAGRAM_COMMENT", "TYPE_CUSTOM_CALL", "TYPE_INTERNAL_COMMENT", "TYPE_ACTIVITY_EMPLOYEE_ACTION_LOG", "TYPE_TIKTOK", "TYPE_TIKTOK_COMMENT",
		"TYPE_ACTIVITY_WHATSAPP", "TYPE_FORM_SUBMISSION", "TYPE_SMS_REACTION",
	},
}

// search lists conversations by the time of their last message, the latest first, unless
// another order is asked for. It shows writes at once; the service reads an index (a
// guess, platform notes read 2026-09). The dates in the query are ignored, as a probe of
// 2026-04 found.
func (m *Messages) search(c *service.Call) service.Answer {
	params, refused := wire.Query(c, searchChoices)
	if refused.Status != 0 {
		return refused
	}
	_, limit, refused := wire.SkipLimit("", params.Get("limit"), 20)
	if refused.Status != 0 {
		return refused
	}
	after, follows, refused := startAfter(params.Get("startAfterDate"))
	if refused.Status != 0 {
		return refused
	}
	m.settle(c.Now)
	found := m.conversations.Where(func(one *conversation) bool {
		return !one.deleted && (c.Suffers(service.Unfiltered) || m.wanted(one, params))
	})
	by, ascending := order(params)
	if !c.Suffers(service.Unsorted) {
		slices.SortStableFunc(found, func(a, b *conversation) int {
			d := cmp.Compare(by(a), by(b))
			if d == 0 {
				d = cmp.Compare(a.id, b.id)
			}
			if ascending {
				return d
			}
			return -d
		})
	}
	found = service.Rows(c, found)
	total := len(found)
	if follows && !c.Suffers(service.Stuck) {
		found = slices.DeleteFunc(slices.Clone(found), func(one *conversation) bool {
			if ascending {
				return by(one) <= after
			}
			return by(one) >= after
		})
	}
	rows := make([]wire.Object, 0, limit)
	for _, one := range found[:min(limit, len(found))] {
		row := m.row(one)
		row["sort"] = []int64{by(one)}
		rows = append(rows, row)
	}
	return m.site.Say(http.StatusOK, wire.Object{"conversations": rows, "total": total})
}

// order is what a search sorts by. The sandbox knows neither scores nor due dates.
func order(params url.Values) (by func(*conversation) int64, ascending bool) {
	ascending = params.Get("sort") == "asc"
	switch params.Get("sortBy") {
	case "", "last_message_date":
		return func(c *conversation) int64 { return c.lastDate().UnixMilli() }, ascending
	case "last_manual_message_date":
		return func(c *conversation) int64 { return max(c.manual.UnixMilli(), 0) }, ascending
	}
	return func(*conversation) int64 { return 0 }, ascending
}

// startAfter reads the place after which a page begins: a number, or a list of one.
func startAfter(text string) (after int64, given bool, refused service.Answer) {
	if text == "" {
		return 0, false, service.Answer{}
	}
	after, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		var list []int64
		if json.Unmarshal([]byte(text), &list) != nil || len(list) == 0 {
			return 0, false, wire.Refuse(http.StatusUnprocessableEntity, "startAfterDate must be a number")
		}
		after = list[0]
	}
	return after, true, service.Answer{}
}

// wanted reports whether a search lets a conversation pass. That a query looks at the
// contact and at the last message is a guess.
func (m *Messages) wanted(one *conversation, params url.Values) bool {
	row := m.row(one)
	among := func(name, value string) bool {
		return !params.Has(name) || slices.Contains(strings.Split(params.Get(name), ","), value)
	}
	words := strings.Join([]string{text(row, "fullName"), text(row, "email"), text(row, "phone"), text(row, "lastMessageBody")}, " ")
	return one.is(params.Get("status")) && among("id", one.id) && among("contactId", one.contact) && among("assignedTo", one.assigned) && among("followers", "") && among("mentions", "") &&
		among("lastMessageType", one.lastType()) && among("lastMessageDirection", text(row, "lastMessageDirection")) && among("lastMessageAction", one.action()) &&
		!params.Has("scoreProfile") && service.ContainsFold(words, params.Get("query"))
}

// is reports whether a conversation has a status of the search. All have those of all and
// of recents.
func (c *conversation) is(status string) bool {
	unread := service.Whole(number(c.unread)) > 0
	switch status {
	case "read":
		return !unread
	case "unread":
		return unread
	case "starred":
		return c.starred
	}
	return true
}

// action says who has sent the last message, if the location has.
func (c *conversation) action() string {
	switch {
	case c.last == nil || c.last.direction != "outbound":
		return ""
	case c.last.source == "workflow" || c.last.source == "campaign":
		return "automated"
	}
	return "manual"
}

// listTypes are the kinds that the list of a conversation can be narrowed to (spec file of
// 2026-06-19).
//
//nolint:gochecknoglobals // a table
var listTypes = []string{
	"TYPE_CALL", "TYPE_SMS", "TYPE_RCS", "TYPE_EMAIL", "TYPE_FACEBOOK", "TYPE_GMB", "TYPE_INSTAGRAM", "TYPE_WHATSAPP", "TYPE_ACTIVITY_APPOINTMENT",
	"TYPE_ACTIVITY_CONTACT", "TYPE_ACTIVITY_INVOICE", "TYPE_ACTIVITY_PAYMENT", "TYPE_ACTIVITY_OPPORTUNITY", "TYPE_LIVE_CHAT", "TYPE_INTERNAL_COMMENTS",
	"TYPE_ACTIVITY_EMPLOYEE_ACTION_LOG", "TYPE_TIKTOK", "TYPE_ACTIVITY_WHATSAPP", "TYPE_FORM_SUBMISSION",
}

// list shows the messages of a conversation, the latest first. They stand one step deeper
// than documented, under messages twice (recorded answers of 2026-07, highlevel-api-docs
// #54).
func (m *Messages) list(c *service.Call) service.Answer {
	found, refused := m.conversation(c, c.Vars["id"])
	if refused.Status != 0 {
		return refused
	}
	params := c.URL.Query()
	_, limit, refused := wire.SkipLimit("", params.Get("limit"), 20)
	if refused.Status != 0 {
		return refused
	}
	var types []string
	if params.Get("type") != "" {
		types = strings.Split(params.Get("type"), ",")
	}
	for _, kind := range types {
		if !slices.Contains(listTypes, kind) {
			return wire.Refuse(http.StatusUnprocessableEntity, "type must be one of the following values: "+strings.Join(listTypes, ", "))
		}
	}
	all := m.of(found.id)
	if len(types) > 0 {
		all = slices.DeleteFunc(all, func(one *message) bool { return !slices.Contains(types, one.kind) })
	}
	if !c.Suffers(service.Unsorted) {
		newest(all, func(one *message) time.Time { return one.added })
	}
	all = service.Rows(c, all)
	if last := params.Get("lastMessageId"); last != "" && !c.Suffers(service.Stuck) {
		at := slices.IndexFunc(all, func(one *message) bool { return one.id == last })
		if at < 0 {
			return wire.Refuse(http.StatusBadRequest, "Message not found for id: "+last)
		}
		all = all[at+1:]
	}
	part := all[:min(limit, len(all))]
	last := ""
	if len(part) > 0 {
		last = part[len(part)-1].id
	}
	return m.site.Say(http.StatusOK, wire.Object{"messages": wire.Object{
		"messages": m.all(part), "lastMessageId": last, "nextPage": len(part) < len(all),
	}})
}

package messages

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/pollux-automation/pollux/connectors/sandbox/highlevel/wire"
	"github.com/pollux-automation/pollux/connectors/sandbox/service"
)

// exportChoices are the values that parameters of the export may have, and channels the
// kinds of messages of a channel.
//
//nolint:gochecknoglobals // tables
var (
	exportChoices = wire.Choices{
		"sortBy": {"createdAt", "updatedAt"}, "sortOrder": {"asc", "desc"}, "channel": {"Call", "SMS", "Email", "WhatsApp", "Instagram", "Facebook"},
	}
	channels = map[string]string{
		"Call": "TYPE_CALL", "SMS": "TYPE_SMS", "Email": "TYPE_EMAIL", "WhatsApp": "TYPE_WHATSAPP", "Instagram": "TYPE_INSTAGRAM", "Facebook": "TYPE_FACEBOOK",
	}
)

// place is what a cursor of the export holds: the last row that was shown. The service's
// own holds the time of its index besides.
type place struct {
	Sort int64  `json:"lastSort"`
	ID   string `json:"lastId"`
}

func (p place) encode() string { return base64.URLEncoding.EncodeToString(service.Encode(p)) }

// export lists the messages of the location, without e-mails unless they are asked for
// (spec file of 2026-06-19).
func (m *Messages) export(c *service.Call) service.Answer {
	params, refused := wire.Query(c, exportChoices)
	if refused.Status != 0 {
		return refused
	}
	limit := 100
	if text := params.Get("limit"); text != "" {
		var err error
		if limit, err = strconv.Atoi(text); err != nil || limit < 10 || limit > 500 {
			return wire.Refuse(http.StatusUnprocessableEntity, "limit must be a number from 10 to 500")
		}
	}
	pass, refused := exported(params)
	if refused.Status != 0 {
		return refused
	}
	m.settle(c.Now)
	all := m.messages.Where(func(one *message) bool { return c.Suffers(service.Unfiltered) || pass(one) })
	by := func(one *message) time.Time { return one.added }
	if params.Get("sortBy") == "updatedAt" {
		by = func(one *message) time.Time { return one.updated }
	}
	ascending := params.Get("sortOrder") == "asc"
	if !c.Suffers(service.Unsorted) {
		newest(all, by)
		if ascending {
			slices.Reverse(all)
		}
	}
	all = service.Rows(c, all)
	rest, refused := following(all, params.Get("cursor"), c.Suffers(service.Stuck))
	if refused.Status != 0 {
		return refused
	}
	part := rest[:min(limit, len(rest))]
	answer := wire.Object{"messages": m.all(part), "total": len(all)}
	if len(part) < len(rest) {
		last := part[len(part)-1]
		answer["nextCursor"] = place{by(last).UnixMilli(), last.id}.encode()
	}
	return m.site.Say(http.StatusOK, answer)
}

// following are the messages behind a cursor.
func following(all []*message, cursor string, stuck bool) ([]*message, service.Answer) {
	if cursor == "" || stuck {
		return all, service.Answer{}
	}
	raw, err := base64.URLEncoding.DecodeString(cursor)
	var p place
	if err != nil || json.Unmarshal(raw, &p) != nil {
		return nil, wire.Refuse(http.StatusBadRequest, "Invalid cursor")
	}
	at := slices.IndexFunc(all, func(one *message) bool { return one.id == p.ID })
	if at < 0 {
		return nil, wire.Refuse(http.StatusBadRequest, "Invalid cursor")
	}
	return all[at+1:], service.Answer{}
}

// exported is which messages an export lets pass. The form of its times is not documented:
// milliseconds and ISO 8601 are taken.
func exported(params url.Values) (pass func(*message) bool, refused service.Answer) {
	from, until := time.Time{}, time.Time{}
	for name, to := range map[string]*time.Time{"startDate": &from, "endDate": &until} {
		value := params.Get(name)
		if value == "" {
			continue
		}
		if ms, err := strconv.ParseInt(value, 10, 64); err == nil {
			*to = time.UnixMilli(ms)
		} else if *to, err = time.Parse(time.RFC3339, value); err != nil {
			return nil, wire.Refuse(http.StatusUnprocessableEntity, name+" must be a date")
		}
	}
	channel, conversation, contact := channels[params.Get("channel")], params.Get("conversationId"), params.Get("contactId")
	return func(one *message) bool {
		switch {
		case channel == "" && one.email != "", channel != "" && one.kind != channel:
			return false
		case conversation != "" && one.conversation != conversation, contact != "" && one.contact != contact:
			return false
		}
		return !one.added.Before(from) && (until.IsZero() || !one.added.After(until))
	}, service.Answer{}
}

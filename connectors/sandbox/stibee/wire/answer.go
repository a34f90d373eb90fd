package wire

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/pollux-automation/pollux/connectors/sandbox/service"
)

// Failure makes an error as Stibee sends it. The documentation writes the codes with
// two prefixes; the sandbox uses that of the examples. A message is absent from many
// of its examples, so most refusals here have none.
func Failure(status int, code, message string) service.Answer {
	v := map[string]any{"code": "stberror.Errors." + code, "httpStatusCode": status}
	if message != "" {
		v["message"] = message
	}
	return service.Answer{Status: status, Value: v}
}

// Refuse is the failure of a request that was not carried out: 400, whatever the
// reason, also for what does not exist (service docs, read 2026-09).
func Refuse(code string) service.Answer { return Failure(http.StatusBadRequest, code, "") }

// Invalid refuses a request that does not have the form of its operation. The message
// names what is wrong; the service's own is a Korean text that nobody should match.
func Invalid(message string) service.Answer {
	return Failure(http.StatusBadRequest, "Data.InvalidRequest", message)
}

// OK is how Stibee says yes. The documentation says that JSON may come instead of the
// text; here it never does.
func OK() service.Answer { return service.Answer{Status: http.StatusOK, Text: "ok"} }

// Say answers with a value as JSON.
func Say(v any) service.Answer { return service.Answer{Status: http.StatusOK, Value: v} }

// Page reads offset and limit and cuts n things to the page's first and last. Without a
// limit a page has 20; a limit over the largest is refused with LimitExceeded, which is no
// throttling (service docs, read 2026-09).
func Page(c *service.Call, n, largest int) (from, to int, refused service.Answer) {
	limit := 20
	q := c.URL.Query()
	for name, into := range map[string]*int{"offset": &from, "limit": &limit} {
		if v := q.Get(name); v != "" {
			i, err := strconv.Atoi(v)
			if err != nil || i < 0 {
				return 0, 0, Invalid(name + " must be a number not below 0")
			}
			*into = i
		}
	}
	if limit > largest {
		return 0, 0, Refuse("Data.LimitExceeded")
	}
	from = min(c.Skips(from), n)
	return from, min(from+limit, n), service.Answer{}
}

// Word reads a parameter of the query that must be one of some words, of which the first
// stands for none.
func Word(c *service.Call, name string, words ...string) (string, service.Answer) {
	switch v := c.URL.Query().Get(name); {
	case v == "":
		return words[0], service.Answer{}
	case slices.Contains(words, v):
		return v, service.Answer{}
	}
	return "", Invalid(name + " is none of its words")
}

// The plans of a workspace, each with what the ones before it have (OpenAPI file of
// 2026-05-15).
const (
	Standard   = "standard"
	Pro        = "pro"
	Enterprise = "enterprise"
)

// Plans lists the plans, the smallest first.
func Plans() []string { return []string{Standard, Pro, Enterprise} }

// Lacks refuses what a plan does not have. Which code a subscriber or list operation gives
// then is not documented; that of sending stands for all (read 2026-09).
func Lacks(plan, needed string) service.Answer {
	if slices.Index(Plans(), plan) >= slices.Index(Plans(), needed) {
		return service.Answer{}
	}
	return Refuse("Service.NeedProPlan")
}

// Korea is the zone of the times that Stibee shows. The zone is fixed and needs no
// database: Korea has no summer time.
func Korea() *time.Location { return time.FixedZone("KST", 9*60*60) }

// Time writes a time as everything but subscribers has it (OpenAPI file of 2026-05-15).
func Time(t time.Time) string { return t.In(Korea()).Format(time.RFC3339) }

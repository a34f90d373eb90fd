package wire

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/pollux-automation/pollux/connectors/sandbox/service"
)

// Site is one location, as the parts that it is made of see it. The lock of its service
// guards all of them.
type Site struct {
	ID    string
	World *service.World
	// Knows reports whether the location has a contact with an id, as direct reads see it.
	Knows func(contact string) bool
}

// Refuse makes an error as HighLevel sends it. A message is one text; a 422 has a
// list of them. The list comes out of the lines of the message.
func Refuse(status int, message string) service.Answer {
	v := map[string]any{"statusCode": status, "message": message, "error": http.StatusText(status), "traceId": "sandbox-refused"}
	if status == http.StatusUnprocessableEntity {
		v["message"] = strings.Split(message, "\n")
	}
	return service.Answer{Status: status, Value: v}
}

// Say answers with members of an object and a trace id.
func (s *Site) Say(status int, members map[string]any) service.Answer {
	members["traceId"] = s.TraceID()
	return service.Answer{Status: status, Value: members}
}

// TraceID makes the id that every answer of the service carries (service docs, read
// 2026-09).
func (s *Site) TraceID() string { return "trace-" + s.World.Dice.ID(16) }

// SpelledOddly is the member that says yes in most answers. It should not be relied
// on: the status tells (spec file and recorded answers, read 2026-09).
const SpelledOddly = "succeded" //nolint:misspell // the service's own spelling

// Succeeded answers a write that returns nothing, with both spellings that the
// service uses.
func (s *Site) Succeeded(status int) service.Answer {
	return s.Say(status, map[string]any{SpelledOddly: true, "succeeded": true})
}

// Foreign refuses a location that the token does not belong to. The text is the
// one that a user of n8n met (n8n-io/n8n #11353).
func (s *Site) Foreign(id string) service.Answer {
	if id == s.ID {
		return service.Answer{}
	}
	return Refuse(http.StatusForbidden, "The token does not have access to this location.")
}

// Read decodes a body and refuses what does not fit its shape with 422, as the
// service does: it names every property that should not exist. Numbers stay as they
// were written, so that a time in milliseconds keeps all its digits. A request
// without a body has an empty one.
func Read(c *service.Call, sh *service.Shape) (map[string]any, service.Answer) {
	body := map[string]any{}
	if len(bytes.TrimSpace(c.Body)) > 0 {
		dec := json.NewDecoder(bytes.NewReader(c.Body))
		dec.UseNumber()
		if err := dec.Decode(&body); err != nil || body == nil {
			return nil, Refuse(http.StatusBadRequest, "Unexpected token in JSON")
		}
	}
	if wrong := sh.Check(body); len(wrong) > 0 {
		return nil, Refuse(http.StatusUnprocessableEntity, strings.Join(wrong, "\n"))
	}
	return body, service.Answer{}
}

// Stamp writes a time as HighLevel does.
func Stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// SkipLimit reads the two numbers of an offset listing. The largest limit, 100, is
// documented for the legacy list alone (spec file of 2026-06-19); the sandbox holds
// all to it. size is the limit of a request that names none.
func SkipLimit(skipText, limitText string, size int) (skip, limit int, refused service.Answer) {
	limit = size
	var err error
	if skipText != "" {
		if skip, err = strconv.Atoi(skipText); err != nil || skip < 0 {
			return 0, 0, Refuse(http.StatusUnprocessableEntity, "skip must be a number not below 0")
		}
	}
	if limitText != "" {
		if limit, err = strconv.Atoi(limitText); err != nil || limit < 1 || limit > 100 {
			return 0, 0, Refuse(http.StatusUnprocessableEntity, "limit must be a number from 1 to 100")
		}
	}
	return skip, limit, service.Answer{}
}

// Set writes a string of a body to a place, if the body has it.
func Set(body map[string]any, name string, to *string) {
	if v, ok := body[name]; ok {
		*to = service.Text(v)
	}
}

// Part returns the rows of a list that an answer shows.
func Part[T any](c *service.Call, all []T, skip, limit int) []T {
	from := min(c.Skips(skip), len(all))
	return all[from:min(from+limit, len(all))]
}

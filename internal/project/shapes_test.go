package project_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/auth"
	"github.com/pollux-automation/pollux/connectors/httpapi"
	"github.com/pollux-automation/pollux/connectors/manifest"
	"github.com/pollux-automation/pollux/internal/secret"
)

type object = map[string]any

// studio is the service of the invented manifest. It is written to only between polls.
type studio struct {
	lists   map[string]map[string]object // members, messages, rooms, bookings, by id
	remarks map[string]map[string]object // by member and id
	slots   []string
	plan    object
	names   map[string]any // whether they are taken; nil is no answer
	report  object
	take    string // the content of a file, empty without one
	limit   int    // rows of a page
}

func newStudio() *studio {
	return &studio{lists: map[string]map[string]object{}, remarks: map[string]map[string]object{}, names: map[string]any{}, limit: 2}
}

// set writes a record of a list; more than one pair of name and value may follow.
func (s *studio) set(list, id string, pairs ...any) {
	if s.lists[list] == nil {
		s.lists[list] = map[string]object{}
	}
	s.lists[list][id] = with(s.lists[list][id], id, pairs)
}

// remark writes a remark on a member.
func (s *studio) remark(member, id, text string) {
	if s.remarks[member] == nil {
		s.remarks[member] = map[string]object{}
	}
	s.remarks[member][id] = object{"id": id, "text": text}
}

// with returns a copy of a record with some fields written.
func with(record object, id string, pairs []any) object {
	next := object{"id": id}
	maps.Copy(next, record)
	for i := 0; i < len(pairs); i += 2 {
		next[pairs[i].(string)] = pairs[i+1] //nolint:forcetypeassert // a test fails either way
	}
	return next
}

// rows returns a list in an order.
func (s *studio) rows(list string, order func(a, b object) int) []object {
	return slices.SortedFunc(maps.Values(s.lists[list]), order)
}

// by orders records by a text, then by id.
func by(name string) func(a, b object) int {
	return func(a, b object) int {
		text := func(o object, name string) string { v, _ := o[name].(string); return v }
		return cmp.Or(strings.Compare(text(a, name), text(b, name)), strings.Compare(text(a, "id"), text(b, "id")))
	}
}

// at is now, some time ahead, as the studio writes times.
func at(ahead time.Duration) string { return time.Now().Add(ahead).UTC().Format(time.RFC3339) }

// seconds is the other way in which it writes them.
func seconds() object { return object{"_seconds": time.Now().Unix(), "_nanoseconds": 0} }

// ServeHTTP answers as the comments of the manifest say.
func (s *studio) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	part := strings.Split(strings.TrimPrefix(r.URL.Path, "/api/"), "/")
	value, ok := s.answer(r, part)
	if !ok {
		w.WriteHeader(http.StatusNotFound)
		value = object{"message": "not found"}
	}
	if file, is := value.([]byte); is {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = w.Write(file)
		return
	}
	_ = json.NewEncoder(w).Encode(value)
}

func (s *studio) answer(r *http.Request, part []string) (value any, ok bool) {
	number := func(name string) int { n, _ := strconv.Atoi(r.URL.Query().Get(name)); return n }
	page := func(rows []object, skip int) []object {
		return append([]object{}, rows[min(skip, len(rows)):min(skip+s.limit, len(rows))]...)
	}
	switch strings.Join(part, "/") {
	case "members":
		rows := slices.DeleteFunc(s.rows("members", by("changed")), func(m object) bool {
			changed, _ := time.Parse(time.RFC3339, m["changed"].(string)) //nolint:forcetypeassert // a test fails either way
			return changed.Unix() < int64(number("after"))
		})
		return object{"members": page(rows, number("skip"))}, true
	case "messages":
		rows := s.rows("messages", by("sent"))
		slices.Reverse(rows)
		from := 0
		if before := r.URL.Query().Get("before"); before != "" {
			from = slices.IndexFunc(rows, func(m object) bool { return m["sent"].(string) < before }) //nolint:forcetypeassert // a test fails either way
			if from < 0 {
				from = len(rows)
			}
		}
		return page(rows, from), true
	case "messages/read":
		rows := slices.DeleteFunc(s.rows("messages", by("id")), func(m object) bool { return m["read"] == nil })
		slices.SortFunc(rows, func(a, b object) int {
			return cmp.Compare(b["read"].(object)["_seconds"].(int64), a["read"].(object)["_seconds"].(int64)) //nolint:forcetypeassert // a test fails either way
		})
		return rows, true
	case "rooms":
		rows := s.rows("rooms", by("id"))
		return object{"rooms": page(rows, (number("page")-1)*s.limit)}, len(rows) > 0
	case "plan":
		return object{"plan": s.plan}, true
	case "names":
		return object{"taken": s.names[r.URL.Query().Get("name")]}, true
	case "slots":
		return s.slotsBetween(int64(number("start")), int64(number("end"))), true
	}
	return s.answerBelow(r, part)
}

// answerBelow answers for paths with an id in them.
func (s *studio) answerBelow(r *http.Request, part []string) (value any, ok bool) {
	switch {
	case len(part) == 2 && part[0] == "members":
		m := s.lists["members"][part[1]]
		return object{"member": m}, m != nil
	case len(part) == 3 && part[2] == "remarks":
		rows := slices.SortedFunc(maps.Values(s.remarks[part[1]]), by("id"))
		return object{"remarks": append([]object{}, rows...)}, s.lists["members"][part[1]] != nil
	case len(part) == 3 && part[2] == "bookings":
		from, to := r.URL.Query().Get("from"), r.URL.Query().Get("to")
		rows := slices.DeleteFunc(s.rows("bookings", by("starts")), func(b object) bool {
			starts, _ := b["starts"].(string)
			return starts < from || starts > to
		})
		return object{"bookings": rows}, true
	case len(part) == 2 && part[0] == "reports":
		return s.report, s.report != nil
	case len(part) == 2 && part[0] == "takes":
		return []byte(s.take), s.take != ""
	}
	return nil, false
}

// slotsBetween lists slots by day.
func (s *studio) slotsBetween(from, to int64) object {
	days := object{"traceId": "t"}
	for _, slot := range s.slots {
		start, _ := time.Parse(time.RFC3339, slot)
		if ms := start.UnixMilli(); ms < from || ms > to {
			continue
		}
		day, _ := days[slot[:10]].(object)
		if day == nil {
			day = object{"times": []string{}}
			days[slot[:10]] = day
		}
		day["times"] = append(day["times"].([]string), slot) //nolint:forcetypeassert // made above
	}
	return days
}

// event is something that happens at the studio, and the runs that follow at the polls
// after it.
type event struct {
	what string
	do   func(s *studio)
	wait time.Duration // before the first poll; 0 is twenty minutes
	want [][]string    // at the first poll, the second …
}

// none is a poll that brings no run.
func none() []string { return nil }

// shape is how one kind of list is polled.
type shape struct {
	with, trigger string
	before        func(s *studio)
	events        []event
}

// soon is a plain event: the first poll after it tells.
func soon(what, want string, do func(s *studio)) event {
	return event{what: what, do: do, want: [][]string{{want}, none()}}
}

// gone is a deletion that no read confirms: the second walk that misses it tells.
func gone(what, want string, do func(s *studio)) event {
	return event{what: what, do: do, want: [][]string{none(), {want}, none()}}
}

// longAgo is when those records were made that are there before the recipe.
const longAgo = -30 * 24 * time.Hour

func pagedShapes() map[string]shape {
	return map[string]shape{
		"studio.member.changed": {
			trigger: walk,
			before: func(s *studio) {
				for _, id := range []string{"m1", "m2", "m3"} {
					s.set("members", id, "changed", at(longAgo))
				}
			},
			events: []event{
				soon("a new one", "created m4", func(s *studio) { s.set("members", "m4", "changed", at(0)) }),
				soon("a change", "updated m1", func(s *studio) {
					s.set("members", "m1", "changed", at(0), "answers", []any{object{"question": "q", "answer": "a"}})
				}),
				soon("a deletion, which a read confirms", "deleted m2", func(s *studio) { delete(s.lists["members"], "m2") }),
				{what: "three at one time", do: func(s *studio) {
					for _, id := range []string{"n1", "n2", "n3"} {
						s.set("members", id, "changed", at(0))
					}
				}, want: [][]string{{"created n1", "created n2", "created n3"}, none()}},
			},
		},
		"studio.message.list": {
			trigger: walk,
			before: func(s *studio) {
				for i, id := range []string{"a", "b", "c"} {
					s.set("messages", id, "sent", at(longAgo+time.Duration(i)*time.Minute))
				}
			},
			events: []event{
				soon("a new one", "created d", func(s *studio) { s.set("messages", "d", "sent", at(0)) }),
				soon("an old one changes where it stands", "updated a", func(s *studio) { s.set("messages", "a", "read", object{"by": "ann"}) }),
				gone("a deletion", "deleted b", func(s *studio) { delete(s.lists["messages"], "b") }),
				{what: "more than a page", do: func(s *studio) {
					for i, id := range []string{"e", "f", "g", "h", "i"} {
						s.set("messages", id, "sent", at(time.Duration(i)*time.Second))
					}
				}, want: [][]string{{"created e", "created f", "created g", "created h", "created i"}, none()}},
			},
		},
		"studio.message.read": {
			trigger: walk,
			before:  func(s *studio) { s.set("messages", "a", "sent", at(longAgo)) },
			events: []event{
				soon("one is read and comes into the list", "created a", func(s *studio) { s.set("messages", "a", "read", seconds()) }),
				soon("it is read again and goes to the top", "updated a", func(s *studio) { s.set("messages", "a", "read", seconds()) }),
				gone("it is unread again", "deleted a", func(s *studio) { s.set("messages", "a", "read", nil) }),
			},
		},
		"studio.room.list": { // the list is not found while there are no rooms
			events: []event{
				{what: "three come", do: func(s *studio) {
					for _, id := range []string{"r1", "r2", "r3"} {
						s.set("rooms", id, "closed", nil)
					}
				}, want: [][]string{{"created r1", "created r2", "created r3"}, none()}},
				soon("a change", "updated r1", func(s *studio) { s.set("rooms", "r1", "closed", false) }),
				gone("one is closed and stays in the list", "deleted r2", func(s *studio) { s.set("rooms", "r2", "closed", true) }),
				gone("one is deleted", "deleted r3", func(s *studio) { delete(s.lists["rooms"], "r3") }),
				soon("the closed one opens again", "created r2", func(s *studio) { s.set("rooms", "r2", "closed", false) }),
			},
		},
		"studio.remark.list": {
			before: func(s *studio) {
				s.set("members", "m1", "changed", at(longAgo))
				s.set("members", "m2", "changed", at(longAgo))
				s.remark("m1", "1", "old")
			},
			events: []event{
				soon("a remark on one that did not change", "created 2", func(s *studio) { s.remark("m1", "2", "new") }),
				soon("a change", "updated 1", func(s *studio) { s.remark("m1", "1", "other") }),
				{what: "one with the same id on another", do: func(s *studio) { s.remark("m2", "1", "mine") }, want: [][]string{{"created 1"}, none()}},
				gone("a deletion", "deleted 2", func(s *studio) { delete(s.remarks["m1"], "2") }),
				{what: "a new parent with a remark", do: func(s *studio) {
					s.set("members", "m3", "changed", at(0))
					s.remark("m3", "9", "hello")
				}, want: [][]string{{"created 9"}, none()}},
			},
		},
	}
}

func windowShapes() map[string]shape {
	hours := func(n int) time.Duration { return time.Duration(n) * time.Hour }
	// A bubble begins at the start of the year 2000.
	const first, taken, later = "2000-01-01T02:00:00Z", "2000-01-01T05:00:00Z", "2000-01-02T06:00:00Z"
	return map[string]shape{
		"studio.booking.list": { // from 24 hours before to 48 hours after now
			with: "roomId: r1",
			before: func(s *studio) {
				s.set("bookings", "past", "starts", at(-hours(23)))
				s.set("bookings", "next", "starts", at(hours(1)))
				s.set("bookings", "far", "starts", at(hours(60)))
			},
			events: []event{
				soon("a new one", "created b1", func(s *studio) { s.set("bookings", "b1", "starts", at(hours(2))) }),
				soon("a change", "updated b1", func(s *studio) { s.set("bookings", "b1", "cancelled", true) }),
				{what: "one is passed by, nothing is told of it", do: func(*studio) {}, wait: hours(2), want: [][]string{none(), none()}},
				gone("a deletion", "deleted b1", func(s *studio) { delete(s.lists["bookings"], "b1") }),
				{what: "the window reaches one from afar", do: func(*studio) {}, wait: hours(12), want: [][]string{{"created far"}, none()}},
				{what: "what was passed by is deleted", do: func(s *studio) { delete(s.lists["bookings"], "past") }, want: [][]string{none(), none(), none()}},
				{what: "one beyond the window is deleted", do: func(s *studio) {
					s.set("bookings", "beyond", "starts", at(hours(100)))
					delete(s.lists["bookings"], "beyond")
				}, want: [][]string{none(), none(), none()}},
			},
		},
		"studio.slot.list": { // texts cannot change: another text is another slot
			before: func(s *studio) { s.slots = []string{first, taken, later} },
			events: []event{
				{what: "one passes, nothing is told of it", do: func(*studio) {}, wait: hours(3), want: [][]string{none(), none()}},
				{what: "one is taken", do: func(s *studio) {
					s.slots = slices.DeleteFunc(s.slots, func(v string) bool { return v == taken })
				}, want: [][]string{none(), {"deleted " + taken}, none()}},
				{what: "it is free again", do: func(s *studio) { s.slots = append(s.slots, taken) }, wait: time.Minute, want: [][]string{{"created " + taken}, none()}},
				{what: "the window reaches another", do: func(*studio) {}, wait: hours(4), want: [][]string{{"created " + later}, none()}},
			},
		},
	}
}

func singleShapes() map[string]shape {
	return map[string]shape{
		"studio.plan.get": {
			before: func(s *studio) { s.plan = object{"id": "p1", "price": 3} },
			events: []event{
				soon("a change", "updated p1", func(s *studio) { s.plan = object{"id": "p1", "price": 4} }),
				gone("it says that it is deleted", "deleted p1", func(s *studio) { s.plan = object{"id": "p1", "deleted": true} }),
				soon("it comes back", "created p1", func(s *studio) { s.plan = object{"id": "p1", "price": 5} }),
			},
		},
		"studio.name.check": {
			with:   "name: ann",
			before: func(s *studio) { s.names["ann"] = false },
			events: []event{
				soon("it is taken", "updated ann", func(s *studio) { s.names["ann"] = true }),
				gone("there is no answer any more", "deleted ann", func(s *studio) { s.names["ann"] = nil }),
				soon("there is one again", "created ann", func(s *studio) { s.names["ann"] = false }),
			},
		},
		"studio.take.get": { // a file, which has no id
			with: "takeId: t1",
			events: []event{
				soon("it appears", "created t1", func(s *studio) { s.take = "one" }),
				soon("it becomes another", "updated t1", func(s *studio) { s.take = "two" }),
				gone("it is thrown away", "deleted t1", func(s *studio) { s.take = "" }),
			},
		},
		"studio.report.get": { // not found until it is made
			with: "reportId: r1",
			events: []event{
				soon("it appears", "created r1", func(s *studio) { s.report = object{"id": "r1", "made": at(0)} }),
				soon("it is made anew", "updated r1", func(s *studio) { s.report = object{"id": "r1", "made": at(0)} }),
				gone("it is thrown away", "deleted r1", func(s *studio) { s.report = nil }),
			},
		},
	}
}

// TestEveryShape_WorksWithNothingButAManifest polls a service that has one operation for
// each shape of what can be polled.
func TestEveryShape_WorksWithNothingButAManifest(t *testing.T) {
	t.Parallel()
	m, err := manifest.Load(os.DirFS("../../connectors/httpapi/testdata/studio"), "studio")
	if err != nil {
		t.Fatal(err)
	}
	var registry connectors.Registry
	if err := registry.Add(httpapi.New(m)); err != nil {
		t.Fatal(err)
	}
	shapes := pagedShapes()
	maps.Copy(shapes, windowShapes())
	maps.Copy(shapes, singleShapes())
	knowsAll(t, &registry, slices.Collect(maps.Keys(shapes)))
	for name, sh := range shapes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				at := newStudio()
				sh.live(newHouse(t, &registry, atStudio(at)), at, name)
			})
		})
	}
}

// atStudio is an account at a studio.
func atStudio(s *studio) tenant {
	return tenant{connector: "studio", service: s, Account: connectors.Account{
		Name: "studio", Credential: auth.Credential{Method: auth.Bearer, Secret: secret.New("t0ken")},
	}}
}

// live lets the events of a shape happen one after the other.
func (sh shape) live(h *house, at *studio, name string) {
	with := ""
	if sh.with != "" {
		with = "with: {" + sh.with + "}"
	}
	text := []string{watching("shape", "studio", strings.TrimPrefix(name, "studio."), with, sh.trigger)}
	if sh.before != nil {
		sh.before(at)
	}
	h.expect("the first poll", 0, text)
	h.expect("a poll after it", 20*time.Minute, text)
	for _, e := range sh.events {
		e.do(at)
		wait := cmp.Or(e.wait, 20*time.Minute)
		for i, want := range e.want {
			h.expect(fmt.Sprintf("%s, poll %d", e.what, i+1), wait, text, want...)
			wait = 20 * time.Minute
		}
	}
}

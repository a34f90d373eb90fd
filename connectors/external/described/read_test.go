package described_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/external/described"
	"github.com/pollux-automation/pollux/connectors/protocol"
	"github.com/pollux-automation/pollux/internal/diag"
)

const good = `{
	"key": "desk", "title": "Desk", "auth": ["bearer"],
	"settings": [{"name": "team", "type": "string", "required": true}],
	"limits": [{"name": "burst", "requests": 10, "per": "10s", "operations": ["ticket.list"]}],
	"objects": [
		{"key": "ticket", "id": "id", "created": "made", "updated": "changed", "fields": [
			{"name": "id", "type": "string"}, {"name": "made", "type": "time"}, {"name": "changed", "type": "time"},
			{"name": "title"}, {"name": "tags", "type": "array", "items": {"type": "string"}, "normal": "set"}]},
		{"key": "note", "id": "id", "fields": [{"name": "id", "type": "string"}, {"name": "text", "type": "string"}]}],
	"operations": [
		{"key": "ticket.list", "title": "List tickets", "kind": "read", "answer": "ticket", "list": true,
			"inputs": [{"name": "team", "type": "string", "required": true, "setting": "team"}],
			"poll": {"strategy": "keyset", "overlap": "2m", "confirm": {"operation": "ticket.get", "input": "id"}}},
		{"key": "ticket.get", "title": "Get a ticket", "kind": "read", "answer": "ticket", "path": "/tickets/{id}", "inputs": [{"name": "id", "type": "string"}]},
		{"key": "note.list", "title": "List notes", "kind": "read", "answer": "note", "list": true,
			"inputs": [{"name": "ticketId", "type": "string", "required": true}],
			"poll": {"strategy": "fan_out", "parents": {"operation": "ticket.list", "input": "ticketId"}}},
		{"key": "note.create", "title": "Create a note", "kind": "write", "answer": "note", "danger": "send",
			"inputs": [{"name": "ticketId", "type": "string", "required": true}, {"name": "text", "type": "string", "required": true}],
			"repeat": "find", "find": {"operation": "note.list", "with": {"ticketId": "ticketId"}, "match": "text"},
			"target": {"operation": "ticket.get", "with": {"id": "ticketId"}}}]
}`

// read reads a description.
func read(t *testing.T, text string) (*connectors.Description, string) {
	t.Helper()
	var p protocol.Description
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		t.Fatal(err)
	}
	var found diag.List
	d := described.Read(p, diag.Place{File: "connectors/desk/plugin.yaml", Line: 2, Column: 10}, &found)
	var lines []string
	for _, f := range found.Sorted() {
		lines = append(lines, f.String())
	}
	return d, strings.Join(lines, "\n")
}

func TestRead_MakesADescriptionThatEverybodyKnows(t *testing.T) {
	t.Parallel()
	d, found := read(t, good)
	if d == nil || found != "" {
		t.Fatalf("got the findings %s, want none", found)
	}
	list, _ := d.Operation("ticket.list")
	if list.Poll.Overlap != 2*time.Minute || list.Poll.Confirm.Operation != "ticket.get" || list.Answer.Updated != "changed" || !d.Program {
		t.Errorf("got %+v of %+v", list, d)
	}
	get, _ := d.Operation("ticket.get")
	if in := get.Inputs[0]; in.In != "path" || !in.Required || get.Method != described.Method {
		t.Errorf("got the input %+v, want one in the path", in)
	}
	create, _ := d.Operation("note.create")
	if create.Find.Settle != 2*time.Minute || create.Name() != "desk.note.create" || create.Path != "/note.create" || create.Danger != connectors.DangerSend {
		t.Errorf("got %+v with %+v", create, create.Find)
	}
	if l := d.Limits[0]; l.Per != 10*time.Second || l.By != "account" {
		t.Errorf("got the limit %+v", l)
	}
}

func TestRead_ReportsWhatIsWrong(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ old, with, want string }{
		{`"key": "desk"`, `"key": "My Desk"`, `key: the key "My Desk" is not written like todo [key-form]`},
		{`"title": "Desk"`, `"title": ""`, "the connector has no title [bad-field]"},
		{`["bearer"]`, `["oauth2"]`, `a plugin cannot sign in by "oauth2" [bad-field]`},
		{`["bearer"]`, `[]`, "nobody could sign in"},
		{`"per": "10s"`, `"per": "soon"`, `"soon" is no duration`},
		{`"per": "10s"`, `"per": "10s", "by": "moon"`, `nothing is counted by "moon"`},
		{`"requests": 10`, `"requests": 0`, "0 requests are too few"},
		{`["ticket.list"]`, `["ticket.lits"]`, `limit burst: there is no operation called "ticket.lits" [unknown-name]`},
		{`"id": "id", "created"`, `"id": "number", "created"`, `object ticket: there is no field called "number" [unknown-name]`},
		{`"id": "id", "created": "made", "updated"`, `"created": "made", "updated"`, `operation ticket.list: the object "ticket" does not say which field identifies a record [no-id-field]`},
		{`"updated": "changed", `, ``, `operation ticket.list: the object "ticket" has no time of its last update [no-time-field]`},
		{`"strategy": "keyset"`, `"strategy": "guess"`, `operation ticket.list: there is no strategy "guess" [bad-poll]`},
		{`"strategy": "keyset"`, `"strategy": "snapshot"`, "only lists that are walked by time have an overlap [bad-poll]"},
		{`"strategy": "fan_out", "parents"`, `"strategy": "snapshot", "parents"`, "parents go with fan_out"},
		{`{"operation": "ticket.list", "input": "ticketId"}`, `{"operation": "note.list", "input": "ticketId"}`, "note.list needs parents itself [bad-poll]"},
		{`"overlap": "2m"`, `"by": "made"`, "only lists of the strategy newest and those with a window"},
		{`"overlap": "2m"`, `"window": {"back": "1h", "ahead": "0s"}`, "a list that is walked by time has no window"},
		{`"overlap": "2m"`, `"page_size": -1`, "a page of -1 records is too small"},
		{`"operation": "ticket.get", "input": "id"`, `"operation": "note.create", "input": "text"`, "note.create does not read a single record [bad-poll]"},
		{`"answer": "ticket", "list"`, `"answer": "ticked", "list"`, `operation ticket.list: there is no object called "ticked" [unknown-name]`},
		{`"answer": "ticket", "list": true`, `"list": true`, "a list must say of which object its records are [bad-answer]"},
		{`"key": "ticket.get"`, `"key": "ticket.list"`, `the key "ticket.list" is there twice [key-taken]`},
		{`"key": "ticket.get"`, `"key": "get"`, `the key "get" is not written like item.list [key-form]`},
		{`"kind": "write"`, `"kind": "dance"`, `there is no kind "dance" [read-or-write]`},
		{`"kind": "write"`, `"kind": "read"`, "a read changes nothing [read-or-write]"},
		{`"repeat": "find"`, `"repeat": ""`, "the write does not say whether it may be sent twice [bad-repeat]"},
		{`"repeat": "find"`, `"repeat": "safe"`, "repeat: find and the member find go together [bad-repeat]"},
		{`"match": "text"`, `"match": "txt"`, `operation note.create: there is no field of note called "txt" [unknown-name]`},
		{`"with": {"ticketId": "ticketId"}`, `"with": {}`, `note.list needs "ticketId" [bad-repeat]`},
		{`"danger": "send"`, `"danger": "smile"`, `there is no danger "smile"`},
		{`{"operation": "ticket.get", "with": {"id": "ticketId"}}`, `{"operation": "ticket.list", "with": {}}`, "ticket.list does not read a single record [bad-target]"},
		{`"setting": "team"`, `"setting": "town"`, `there is no setting called "town" [unknown-name]`},
		{`"path": "/tickets/{id}"`, `"path": "/tickets/{number}"`, "no input fills {number} in the path [path-hole]"},
		{`"path": "/tickets/{id}"`, `"path": "tickets/{id}"`, `does not begin with a slash [bad-path]`},
		{`{"name": "title"}`, `{"name": "id"}`, `object ticket: the field "id" is there twice [key-taken]`},
		{`{"name": "title"}`, `{"name": ""}`, "a field has no name"},
		{`{"name": "title"}`, `{"name": "title", "type": "txt"}`, `there is no type "txt" [bad-field]`},
		{`{"name": "title"}`, `{"name": "title", "normal": "set"}`, "only arrays are compared as set [bad-field]"},
		{`{"name": "title"}`, `{"name": "title", "normal": "upper"}`, `nothing is compared as "upper" [bad-field]`},
		{`{"name": "title"}`, `{"name": "n", "type": "integer", "options": ["a"]}`, "only strings have options [bad-field]"},
		{`{"name": "title"}`, `{"name": "title", "items": {"type": "string"}}`, "only arrays have items [bad-field]"},
		{`{"name": "title"}`, `{"name": "title", "open": true}`, "only objects have fields [bad-field]"},
		{`"required": true, "setting"`, `"default": 7, "setting"`, "field team: the default does not fit: want text, got a number [bad-default]"},
	} {
		text := strings.Replace(good, c.old, c.with, 1)
		if text == good {
			t.Errorf("%s is not there", c.old)
			continue
		}
		d, found := read(t, text)
		if d != nil || !strings.Contains(found, c.want) || !strings.Contains(found, "connectors/desk/plugin.yaml:2:10: error: ") {
			t.Errorf("%s: got %s, want %s", c.with, found, c.want)
		}
	}
}

func TestRead_BoundsWhatANonsensicalPluginSays(t *testing.T) {
	t.Parallel()
	var operations []string
	for i := range 200 {
		operations = append(operations, fmt.Sprintf(`{"key": "%d%s"}`, i, strings.Repeat("x", 5000)))
	}
	_, found := read(t, `{"operations": [`+strings.Join(operations, ",")+`]}`)
	if n := strings.Count(found, "\n"); n > 31 || len(found) > 20_000 {
		t.Errorf("got %d findings with %d bytes, want them bounded", n, len(found))
	}
	if !strings.Contains(found, "more findings from here on are not shown") {
		t.Errorf("got %.500s, want that some are not shown", found)
	}
}

package derive_test

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/internal/authoring/derive"
	"github.com/pollux-automation/pollux/internal/authoring/draft"
	"github.com/pollux-automation/pollux/internal/openapi"
)

// from makes the draft of a document, given as YAML.
func from(t *testing.T, text string) *draft.Connector {
	t.Helper()
	doc, err := openapi.Read("api.yaml", []byte("openapi: 3.0.0\ninfo: {title: Things}\n"+text), nil)
	if err != nil {
		t.Fatalf("read: %v", err)
	}
	return derive.From(doc, "things")
}

// all returns the operations of a draft by key.
func all(c *draft.Connector) map[string]*draft.Operation {
	out := map[string]*draft.Operation{}
	for _, f := range c.Files {
		for _, o := range f.Operations {
			out[o.Key] = o
		}
	}
	return out
}

// list is an answer with a list of records.
func list(record string) string {
	return "responses: {'200': {content: {application/json: {schema: {type: array, items: " + record + "}}}}}"
}

// thing is a record with an id and two times.
const thing = "{type: object, properties: {id: {type: string}, created_at: {type: string, format: date-time}, updatedAt: {type: string, format: date-time}}}"

func TestFrom_NamesOperations(t *testing.T) {
	t.Parallel()
	for request, want := range map[string]string{
		"get /contacts":                                "contact.list",
		"get /contacts/{id}":                           "contact.get",
		"post /contacts":                               "contact.create",
		"put /contacts/{id}":                           "contact.update",
		"patch /contacts/{id}":                         "contact.update",
		"delete /contacts/{id}":                        "contact.delete",
		"delete /contacts":                             "contact.delete_all",
		"post /contacts/{id}":                          "contact.update",
		"get /api/v2/contacts/":                        "contact.list",
		"get /contacts/{contactId}/notes":              "contact.note.list",
		"post /contacts/{contactId}/notes":             "contact.note.create",
		"delete /contacts/{contactId}/tags":            "contact.tag.delete_all",
		"post /tickets/{id}/close":                     "ticket.close",
		"post /contacts/search":                        "contact.search",
		"post /contacts/bulk/tags/update/{type}":       "contact.bulk_tags_update",
		"get /companies/{id}/addresses/{addressId}":    "company.address.get",
		"get /a/{a}/categories/{b}/statuses/{c}/boxes": "category.status.box.list",
		"get /custom-fields/{id}":                      "custom_field.get",
		"get /UserProfiles":                            "user_profile.list",
		"get /users/{id}.json":                         "user.json.list",
		"get /":                                        "service.list",
		"get /2024-01-01/people":                       "person.list",
		"get /1things":                                 "n1thing.list",
		"get /orders/{orderId}/orders":                 "order.list",
	} {
		method, path, _ := strings.Cut(request, " ")
		answer := list(thing)
		if strings.HasSuffix(path, "}") {
			answer = "responses: {'200': {content: {application/json: {schema: " + thing + "}}}}"
		}
		c := from(t, fmt.Sprintf("paths: {%q: {%s: {%s}}}", path, method, answer))
		if got := slices.Collect(maps.Keys(all(c))); len(got) != 1 || got[0] != want {
			t.Errorf("%s: got %v, want %s", request, got, want)
		}
	}
}

func TestFrom_GivesEachOperationAKeyOfItsOwn(t *testing.T) {
	t.Parallel()
	c := from(t, `paths:
  /contacts: {get: {`+list(thing)+`}}
  "/contacts/of/{business}": {get: {operationId: x, `+list(thing)+`}}
  "/v2/contacts": {get: {operationId: listContactsTwo, `+list(thing)+`}}
  "/v3/contacts": {get: {`+list(thing)+`}}
  "/contacts/{id}": {put: {}, patch: {}}
`)
	got := map[string]string{}
	for key, o := range all(c) {
		got[key] = o.Method + " " + o.Path
	}
	want := map[string]string{
		"contact.list": "GET /contacts", "contact.of.list": "GET /contacts/of/{business}", "contact.list_contacts_two": "GET /v2/contacts", "contact.list_2": "GET /v3/contacts",
		"contact.update": "PATCH /contacts/{contactId}", "contact.replace": "PUT /contacts/{contactId}",
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
}

// inputs writes the inputs of the only operation.
func inputs(c *draft.Connector) string {
	var out []string
	for _, o := range all(c) {
		for i := range o.Inputs {
			f := &o.Inputs[i]
			text := f.Name + " " + f.Type
			if f.Required {
				text += "!"
			}
			if f.In != "" {
				text += " in " + f.In
			}
			if f.At != "" {
				text += " at " + f.At
			}
			if f.Default != nil {
				text += fmt.Sprintf(" = %v", f.Default)
			}
			if len(f.Options) > 0 {
				text += " (" + strings.Join(f.Options, "|") + ")"
			}
			if f.File {
				text += " file"
			}
			if len(f.Fields) > 0 {
				text += fmt.Sprintf(" with %d", len(f.Fields))
			}
			out = append(out, text)
		}
	}
	return strings.Join(out, ", ")
}

func TestFrom_MakesInputs(t *testing.T) {
	t.Parallel()
	parameter := func(p string) string { return "paths: {/a: {get: {parameters: [" + p + "]}}}" }
	body := func(media, schema string) string {
		return "paths: {/a: {put: {requestBody: {required: true, content: {" + media + ": {schema: " + schema + "}}}}}}"
	}
	tests := []struct{ name, text, want string }{
		{"query", parameter("{name: q, in: query, required: true, schema: {type: integer, default: 5}}"), "q integer! = 5"},
		{"a default of another type", parameter("{name: q, in: query, schema: {type: integer, default: five}}"), "q integer"},
		{"a default that is no option", parameter("{name: q, in: query, schema: {type: string, enum: [a], default: b}}"), "q string (a)"},
		{"time", parameter("{name: q, in: query, schema: {type: string, format: date-time}}"), "q time"},
		{"header", parameter("{name: X-Team, in: header, schema: {type: string}}"), "X-Team string in header"},
		{"own headers", parameter("{name: Authorization, in: header, required: true, schema: {type: string}}, {name: accept, in: header, schema: {type: string}}"), ""},
		{"odd name", parameter("{name: 'page[size]', in: query, schema: {type: integer}}"), "page_size integer at page[size]"},
		{"taken name", parameter("{name: a, in: header, schema: {type: string}}, {name: a, in: query, schema: {type: string}}"), "a string in header, query_a string at a"},
		{"deep object", parameter("{name: filter, in: query, style: deepObject, schema: {type: object, properties: {state: {type: string}}}}"), "filter_state string at filter[state]"},
		{"optional cookie", parameter("{name: c, in: cookie, schema: {type: string}}"), ""},
		{"hole", `paths: {"/lists/{id}/x/{b-c}": {get: {parameters: [{name: id, in: path, required: true, schema: {type: integer}}]}}}`, "listId string!, b_c string!"},
		{"members", body("application/json", "{type: object, required: [a], properties: {a: {type: string}, b: {type: object, properties: {c: {type: string}}}, id: {type: string, readOnly: true}}}"), "a string!, b object with 1"},
		{"default of an optional member", body("application/json", "{type: object, properties: {a: {type: boolean, default: true}}}"), "a boolean"},
		{"default of a required member", body("application/json", "{type: object, required: [a], properties: {a: {type: boolean, default: true}}}"), "a boolean! = true"},
		{"array", body("application/json", "{type: array, items: {type: string}}"), "items array! at ."},
		{"text", body("application/json", "{type: string}"), "text string! at ."},
		{"anything", body("application/json", "{}"), "body any! at ."},
		{"dots", body("application/json", "{type: object, properties: {a.b: {type: string}}}"), "body object! at . with 1"},
		{"body of a delete", "paths: {/a: {delete: {requestBody: {content: {application/json: {schema: {type: object, properties: {a: {type: string}}}}}}}}}", "a string in body"},
		{"form", body("multipart/form-data", "{type: object, properties: {f: {type: string, format: binary}, n: {type: integer}, l: {type: array, items: {type: string}}, o: {type: object}}}"), "f string file, l array, n integer, o string"},
		{"file", body("application/pdf", "{type: string, format: binary}"), "content string! at . file"},
		{"constant header", parameter("{name: X-Kind, in: header, required: true, schema: {type: string, enum: [a]}}"), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := from(t, tt.text)
			if got := inputs(c); got != tt.want || len(all(c)) != 1 {
				t.Errorf("got %q of %d operations, want %q of one", got, len(all(c)), tt.want)
			}
		})
	}
}

func TestFrom_LeavesOutWhatCannotBeExpressed(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ text, want string }{
		"head":            {"paths: {/b: {get: {}}, /a: {head: {}}}", "HEAD /a: the method HEAD is not one"},
		"cookie":          {"paths: {/b: {get: {}}, /a: {get: {parameters: [{name: c, in: cookie, required: true}]}}}", "GET /a: it needs the cookie"},
		"get with a body": {"paths: {/b: {get: {}}, /a: {get: {requestBody: {required: true, content: {application/json: {}}}}}}", "GET /a: it is a GET with a body"},
		"coded form":      {"paths: {/b: {get: {}}, /a: {post: {requestBody: {content: {application/x-www-form-urlencoded: {}}}}}}", "POST /a: its body is a form of the type application/x-www-form-urlencoded"},
		"other server":    {"paths: {/b: {get: {}}, /a: {servers: [{url: 'https://u:p@b.example.com'}], get: {}}}", "GET /a: it has an address of its own, \"…@b.example.com\", which has a name or password in it"},
		"odd path":        {`paths: {/b: {get: {}}, "/a?b=c": {get: {}}}`, "GET /a?b=c: the path \"/a?b=c\" holds characters"},
		"climbing path":   {`paths: {/b: {get: {}}, "/a/../c": {get: {}}}`, "GET /a/../c: the path \"/a/../c\" holds"},
		"nameless hole":   {`paths: {/b: {get: {}}, "/a/{}": {get: {}}}`, "GET /a/{}: the path has the hole \"\""},
	} {
		c := from(t, tt.text)
		var got []string
		for _, l := range c.LeftOut {
			got = append(got, l.Method+" "+l.Path+": "+l.Reason)
		}
		if len(got) != 1 || !strings.HasPrefix(got[0], tt.want) || len(all(c)) != 1 {
			t.Errorf("%s: left out %q, want %q", name, got, tt.want)
		}
	}
}

func TestFrom_FindsListsAndRecords(t *testing.T) {
	t.Parallel()
	answer := func(schema string) string {
		return "paths: {/things: {get: {responses: {'200': {content: {application/json: {schema: " + schema + "}}}}}}}"
	}
	for name, tt := range map[string]struct{ schema, want string }{
		"top":           {"{type: array, items: " + thing + "}", "list . of thing by id"},
		"data":          {"{type: object, properties: {data: {type: array, items: " + thing + "}, errors: {type: array, items: {type: string}}}}", "list data of thing by id"},
		"own name":      {"{type: object, properties: {data: {type: array, items: {type: string}}, things: {type: array, items: " + thing + "}}}", "list things of thing by id"},
		"inside":        {"{type: object, properties: {result: {type: object, properties: {items: {type: array, items: " + thing + "}}}}}", "list result.items of thing by id"},
		"the only one":  {"{type: object, properties: {gizmos: {type: array, items: " + thing + "}, total: {type: integer}}}", "list gizmos of thing by id"},
		"not alone":     {"{type: object, properties: {gizmos: {type: array, items: " + thing + "}, colour: {type: string}}}", "value . of thing by "},
		"a record":      {"{type: object, properties: {id: {type: string}, items: {type: array, items: " + thing + "}}}", "value . of thing by id"},
		"wrapped":       {"{type: object, properties: {thing: " + thing + ", traceId: {type: string}}}", "value thing of thing by id"},
		"texts":         {"{type: array, items: {type: string}}", "list . of thing by value"},
		"nothing known": {"{type: object}", "value . of nothing"},
		"other id":      {"{type: array, items: {type: object, properties: {thingId: {type: integer}}}}", "list . of thing by thingId"},
		"no id":         {"{type: array, items: {type: object, properties: {colour: {type: string}}}}", "list . of thing by "},
	} {
		op := slices.Collect(maps.Values(all(from(t, answer(tt.schema)))))[0]
		got := "value " + op.Answer.Value
		if op.Answer.List != "" {
			got = "list " + op.Answer.List
		}
		if o := op.Answer.Object; o != nil {
			got += " of " + o.Key + " by " + o.ID
		} else {
			got += " of nothing"
		}
		if got != tt.want {
			t.Errorf("%s: got %s, want %s", name, got, tt.want)
		}
		if polled := op.Answer.List != "" && op.Answer.Object.ID != ""; polled != (op.Poll != nil) {
			t.Errorf("%s: poll %v, want one: %v", name, op.Poll, polled)
		}
	}
}

func TestFrom_KnowsTimesByFormatAndName(t *testing.T) {
	t.Parallel()
	for members, want := range map[string]string{
		"created_at: {type: string, format: date-time}, updated_at: {type: string, format: date-time}": "created_at updated_at ",
		"dateAdded: {type: string}, lastModified: {type: string, example: '2024-05-01T10:00:00Z'}":     "dateAdded lastModified created and updated by name",
		"created: {type: string, format: date}":                                                        "  ",
		"created: {type: integer}":                                                                     "  ",
		"updated: {type: string, example: 'yesterday'}":                                                "  ",
		"updated: {type: string, enum: [yes]}, modified: {type: string}":                               " modified updated by name",
	} {
		c := from(t, "paths: {/things: {get: {"+list("{type: object, properties: {id: {type: string}, "+members+"}}")+"}}}")
		o := all(c)["thing.list"].Answer.Object
		if got := o.Created + " " + o.Updated + " " + o.Guess; got != want {
			t.Errorf("%s: got %q, want %q", members, got, want)
		}
	}
}

func TestFrom_FindsPagesAndStrategies(t *testing.T) {
	t.Parallel()
	in := func(names ...string) string {
		var out []string
		for _, n := range names {
			name, schema, _ := strings.Cut(n, " ")
			out = append(out, "{name: '"+name+"', in: query, schema: "+cmp.Or(schema, "{type: string}")+"}")
		}
		return "parameters: [" + strings.Join(out, ", ") + "], "
	}
	with := func(extra string) string {
		return "responses: {'200': {content: {application/json: {schema: {type: object, properties: {data: {type: array, items: " + thing + "}, " + extra + "}}}}}}"
	}
	for name, tt := range map[string]struct{ text, paging, poll string }{
		"none":             {list(thing), "", "snapshot"},
		"page":             {in("page", "per_page {type: integer, maximum: 50}") + list(thing), "page by page per_page/50 ", "snapshot"},
		"page from 0":      {in("page {type: integer, minimum: 0}") + list(thing), "page by page from 0 empty", "snapshot"},
		"offset":           {in("offset {type: integer}", "limit {type: integer, default: 25}") + list(thing), "offset by offset limit/25 empty", "snapshot"},
		"cursor":           {in("cursor") + with("meta: {type: object, properties: {next_cursor: {type: string}}}"), "cursor cursor=answer.meta.next_cursor no_next", "snapshot"},
		"cursor and total": {in("page_token") + with("nextPageToken: {type: string}, total: {type: integer}"), "cursor page_token=answer.nextPageToken no_next total", "snapshot"},
		"after":            {in("startAfterId") + list(thing), "cursor startAfterId=last.id empty", "snapshot"},
		"link":             {with("links: {type: object, properties: {next: {type: string, format: uri}}}"), "next_link links.next no_next", "snapshot"},
		"newest":           {in("sort {enum: [created_at, -created_at]}") + list(thing), "", "newest by created_at sort=-created_at"},
		"newest update":    {in("sort_by {enum: [created, updated]}", "order {enum: [ASC, DESC]}") + list(thing), "", "newest by updatedAt order=DESC sort_by=updated"},
		"keyset":           {in("updated_since {type: string, format: date-time}", "order {enum: [updatedAt_asc, updatedAt_desc]}") + list(thing), "", "keyset order=updatedAt_asc since updated_since rfc3339"},
		"keyset in ms":     {in("updatedAfter {type: integer, description: In milliseconds.}", "sort {enum: ['updated_at:asc']}") + list(thing), "", "keyset sort=updated_at:asc since updatedAfter epoch_ms"},
		"since alone":      {in("updated_since") + list(thing), "", "snapshot"},
		"sort of others":   {in("sort {enum: [-price]}") + list(thing), "", "snapshot"},
	} {
		op := all(from(t, "paths: {/things: {get: {"+tt.text+"}}}"))["thing.list"]
		if got := pagingOf(op.Paging); got != tt.paging {
			t.Errorf("%s: paging %q, want %q", name, got, tt.paging)
		}
		if got := pollOf(op.Poll); got != tt.poll {
			t.Errorf("%s: poll %q, want %q", name, got, tt.poll)
		}
		if op.Paging != nil && op.Paging.Guess == "" || op.Poll.Guess == "" {
			t.Errorf("%s: paging and polling are not marked as guesses", name)
		}
	}
}

// pairs writes a map in order.
func pairs[V any](m map[string]V) string {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		out = append(out, fmt.Sprintf("%s=%v", k, m[k]))
	}
	return strings.Join(out, " ")
}

func pagingOf(p *draft.Paging) string {
	if p == nil {
		return ""
	}
	by := ""
	if p.Input != "" {
		by = "by " + p.Input
	}
	out := p.Style + " " + by + pairs(p.Carry) + p.Link
	if p.First != nil {
		out += fmt.Sprintf(" from %d", *p.First)
	}
	if p.SizeInput != "" {
		out += fmt.Sprintf(" %s/%d", p.SizeInput, p.SizeMax)
	}
	out += " " + p.Last
	if p.Total != "" {
		out += " " + p.Total
	}
	return out
}

func pollOf(p *draft.Poll) string {
	if p == nil {
		return ""
	}
	out := p.Strategy
	if p.By != "" {
		out += " by " + p.By
	}
	if len(p.With) > 0 {
		out += " " + pairs(p.With)
	}
	if p.SinceInput != "" {
		out += " since " + p.SinceInput + " " + p.SinceFormat
	}
	if p.Parent != "" {
		out += " of " + p.Parent + " into " + p.ParentInput
	}
	if p.ConfirmRead != "" {
		out += " confirmed by " + p.ConfirmRead
	}
	return out
}

func TestFrom_FindsParents(t *testing.T) {
	t.Parallel()
	one := "responses: {'200': {content: {application/json: {schema: " + thing + "}}}}"
	c := from(t, `paths:
  /things: {get: {`+list(thing)+`}}
  "/things/{id}": {get: {`+one+`}}
  "/things/{id}/parts": {get: {`+list(thing)+`}}
  "/things/{id}/parts/{part}/bolts": {get: {`+list(thing)+`}}
  "/wares/{wareId}/notes": {get: {`+list(thing)+`}}
  "/old/things/{thingId}/remarks": {get: {`+list(thing)+`}}
  /shops: {get: {parameters: [{name: town, in: query, required: true}], `+list(thing)+`}}
  "/shops/{shopId}/offers": {get: {`+list(thing)+`}}
`)
	got := map[string]string{}
	for key, o := range all(c) {
		if o.Answer.List != "" {
			got[key] = pollOf(o.Poll) + o.NoPoll
		}
	}
	want := map[string]string{
		"thing.list":            "snapshot confirmed by thing.get",
		"thing.part.list":       "fan_out of thing.list into thingId",
		"thing.part.bolt.list":  "it needs thingId and part, and a poll can go through the records of one list only",
		"ware.note.list":        "it needs wareId, and no list is known whose records have it",
		"old.thing.remark.list": "fan_out of thing.list into thingId",
		"shop.list":             "snapshot",
		"shop.offer.list":       "it needs shopId, and the list whose records have it, shop.list, needs town itself",
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("polls (-want +got):\n%s", diff)
	}
}

func TestFrom_ChoosesTheAddressAndSaysWhatIsOdd(t *testing.T) {
	t.Parallel()
	for servers, want := range map[string]string{
		"[{url: 'https://api.things.example.com/v1/'}]": "https://api.things.example.com/v1 ",
		"[]":           derive.Placeholder + " names no server",
		"[{url: /v2}]": derive.Placeholder + "/v2 has no host",
		"[{url: 'http://api.things.example.com'}]":                          "http://api.things.example.com is not encrypted",
		"[{url: 'https://10.0.0.1'}]":                                       "https://10.0.0.1 is a number",
		"[{url: 'https://[::1]:8443/x'}]":                                   "https://[::1]:8443/x is a number",
		"[{url: 'https://localhost'}]":                                      "https://localhost is inside a network",
		"[{url: 'https://metadata.internal/'}]":                             "https://metadata.internal is inside a network",
		"[{url: 'https://a.example.com:8443'}]":                             "https://a.example.com:8443 has an unusual port",
		"[{url: 'https://u:secret@a.example.com'}]":                         derive.Placeholder + " has a name or password in it",
		"[{url: 'file:///etc/passwd'}]":                                     derive.Placeholder + " is not of the web",
		"[{url: 'https://a.example.com/?x=1'}]":                             derive.Placeholder + " has more than a host and a path",
		"[{url: 'https://{x}.example.com', variables: {x: {default: eu}}}]": "https://eu.example.com has parts to choose (x)",
		"[{url: 'https://{x}.example.com'}]":                                derive.Placeholder + " is not one",
	} {
		c := from(t, "servers: "+servers+"\npaths: {/a: {get: {}}}")
		base, why, _ := strings.Cut(want, " ")
		warnings := strings.Join(c.Warnings, "; ")
		if c.BaseURL != base || !strings.Contains(warnings, why) || (why == "") != (warnings == "") {
			t.Errorf("%s: got %s with %q, want %s", servers, c.BaseURL, warnings, want)
		}
		if strings.Contains(warnings+strings.Join(c.Notes, " "), "secret") {
			t.Errorf("%s: the password is told: %q", servers, warnings)
		}
	}
}

func TestFrom_PutsOperationsBehindAddressesOfTheirOwn(t *testing.T) {
	t.Parallel()
	c := from(t, `servers: [{url: 'https://api.example.com/v1'}]
paths:
  /a: {servers: [{url: 'https://files.example.com/v2/'}], get: {}, post: {servers: [{url: 'https://api.example.com/v1'}]}}
  /b: {get: {servers: [{url: 'https://files.example.com/v2'}]}}
  /c: {get: {servers: [{url: 'https://files.example.org'}]}}
  /d: {get: {servers: [{url: /v3}]}}
  /e: {get: {}}`)
	got := map[string]string{}
	for key, o := range all(c) {
		got[key] = o.Host + " " + c.Hosts[o.Host]
	}
	want := map[string]string{
		"a.get": "files https://files.example.com/v2", "a.create": " ", "b.get": "files https://files.example.com/v2",
		"c.get": "host_1 https://files.example.org", "d.get": "api https://api.example.com/v3", "e.get": " ",
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("hosts (-want +got):\n%s", diff)
	}
	if warnings := strings.Join(c.Warnings, "; "); strings.Count(warnings, "the same credential") != 3 {
		t.Errorf("warnings = %s, want one for each further address", warnings)
	}
}

func TestFrom_MakesWaysToSignIn(t *testing.T) {
	t.Parallel()
	for schemes, want := range map[string]string{
		"{a: {type: http, scheme: Bearer}}":                                 "bearer",
		"{a: {type: http, scheme: basic}}":                                  "basic",
		"{a: {type: http, scheme: digest}}":                                 "bearer ? digest",
		"{a: {type: apiKey, in: header, name: X-Key}}":                      "api_key header X-Key",
		"{a: {type: apiKey, in: query, name: key}}":                         "api_key query key",
		"{a: {type: apiKey, in: header, name: Authorization}}":              "bearer",
		"{a: {type: apiKey, in: cookie, name: sid}}":                        "bearer ? cookie",
		"{a: {type: openIdConnect, openIdConnectUrl: 'https://x'}}":         "bearer",
		"{a: {type: http, scheme: bearer}, b: {type: http, scheme: basic}}": "bearer, basic",
		"{a: {type: oauth2, flows: {authorizationCode: {authorizationUrl: 'https://a.example.com/in', tokenUrl: /token, scopes: {}}}}}":                            "oauth2 https://a.example.com/in /token",
		"{a: {type: oauth2, flows: {clientCredentials: {tokenUrl: 'https://a.example.com/token', scopes: {}}}}}":                                                   "client_credentials https://a.example.com/token",
		"{a: {type: oauth2, flows: {clientCredentials: {tokenUrl: 'http://a.example.com/token', scopes: {}}}}}":                                                    "client_credentials # each account names its own",
		"{a: {type: oauth2, flows: {clientCredentials: {tokenUrl: /token}, authorizationCode: {authorizationUrl: 'https://a.example.com/in', tokenUrl: /token}}}}": "oauth2 https://a.example.com/in /token, client_credentials /token",
		"{a: {type: oauth2, flows: {implicit: {authorizationUrl: 'https://a.example.com/in'}}}}":                                                                   "bearer ? neither",
		"{a: {type: oauth2, flows: {authorizationCode: {authorizationUrl: 'javascript:alert(1)', tokenUrl: 'https://a.example.com'}}}}":                            "bearer ? cannot be used",
		"{}": "bearer ? ",
	} {
		c := from(t, "paths: {/a: {get: {}}}\ncomponents: {securitySchemes: "+schemes+"}")
		var got []string
		for _, a := range c.Auth {
			got = append(got, strings.TrimSpace(strings.Join(strings.Fields(strings.Join([]string{a.Method, a.In, a.Name, a.AuthorizeURL, a.TokenURL}, " ")), " ")))
		}
		method, why, guessed := strings.Cut(want, " ? ")
		if one, note, noted := strings.Cut(method, " # "); noted {
			method, why = one, note
		}
		if strings.Join(got, ", ") != method || guessed != (c.AuthGuess != "") || !strings.Contains(strings.Join(c.Notes, " "), why) {
			t.Errorf("%s: got %q, guess %q, notes %q, want %q", schemes, got, c.AuthGuess, c.Notes, want)
		}
	}
}

func TestFrom_SaysWhatMayBeRepeatedAndWhatIsDangerous(t *testing.T) {
	t.Parallel()
	c := from(t, `security: [{o: [b, a]}]
paths: {"/a/{id}": {get: {}, put: {}, patch: {}, post: {}, delete: {deprecated: true}}}
components: {securitySchemes: {o: {type: oauth2}}}`)
	got := map[string]string{}
	for key, o := range all(c) {
		got[key] = strings.TrimSpace(fmt.Sprintf("%v %s %s %s %q", o.Read, o.Repeat, o.Danger, o.Deprecated, o.Scopes))
		if (o.Repeat == "safe") != (o.RepeatGuess != "") {
			t.Errorf("%s: the guess %q does not go with %q", key, o.RepeatGuess, o.Repeat)
		}
	}
	want := map[string]string{
		"a.get": `true    ["a" "b"]`, "a.update": `false safe   ["a" "b"]`, "a.replace": `false safe   ["a" "b"]`,
		"a.update_by_a_id": `false never   ["a" "b"]`, "a.delete": `false safe delete the document marks it as deprecated ["a" "b"]`,
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("operations (-want +got):\n%s", diff)
	}
}

func TestFrom_FindsTheVersionHeaderAndSettings(t *testing.T) {
	t.Parallel()
	version := func(v string) string {
		return "{name: Version, in: header, required: true, schema: {type: string, enum: ['" + v + "']}}"
	}
	team := ", {name: teamId, in: query, required: true, schema: {type: string}}"
	c := from(t, "paths: {/a: {get: {parameters: ["+version("1")+team+"]}}, /b: {get: {parameters: ["+version("1")+team+"]}}, /c: {get: {parameters: ["+version("2")+team+"]}}}")
	if diff := gocmp.Diff(&draft.Version{Header: "Version", Value: "1"}, c.Version); diff != "" {
		t.Errorf("version (-want +got):\n%s", diff)
	}
	if o := all(c)["c.get"]; o == nil || o.Version != "2" || len(o.Inputs) != 1 || o.Inputs[0].Setting != "teamId" {
		t.Errorf("c.get = %+v, want version 2 and the setting teamId", o)
	}
	if len(c.Settings) != 1 || c.Settings[0].Name != "teamId" || c.Settings[0].Guess == "" {
		t.Errorf("settings = %+v, want teamId, as a guess", c.Settings)
	}
}

func TestKey_ComesFromATitle(t *testing.T) {
	t.Parallel()
	for title, want := range map[string]string{
		"Contacts API": "contacts", "The Example Tool Library REST API v2": "example_tool_library", "OpenAPI": "", "3D Prints": "n3_d_prints", "Größe": "gr_e", "../../etc/passwd": "etc_passwd",
		"日本": "", strings.Repeat("x", 500): strings.Repeat("x", 48),
	} {
		if got := derive.Key(title); got != want {
			t.Errorf("%.30q: got %q, want %q", title, got, want)
		}
	}
}

package manifest_test

import (
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/connectors/manifest"
	"github.com/pollux-automation/pollux/connectors/manifest/finding"
	"github.com/pollux-automation/pollux/internal/diag"
)

// mistake is one change to the example. What is found then stands in
// testdata/mistakes.golden.
type mistake struct{ old, new string }

var connectorMistakes = []mistake{
	{"connector: v1", "connector: v2"},
	{"key: helpdesk", "key: HelpDesk"},
	{"title: Example helpdesk\n", ""},
	{"notes: [", "note: ["},
	{"https://helpdesk.example.com/api", "helpdesk.example.com/api"},
	{"https://helpdesk.example.com/api", "https:///api"},
	{"notes: [", "hosts: {uploads: https://up.example.com}\nnotes: ["},
	{"notes: [", "hosts: {Uploads: up.example.com}\nnotes: ["},
	{"https://helpdesk.example.com/api", "https://a:b@helpdesk.example.com"},
	{"https://helpdesk.example.com/api", "https://helpdesk.example.com/?a=b"},
	{"https://helpdesk.example.com/api", "'https://%zz'"},
	{"{method: bearer}", "{method: oauth2}"},
	{"{method: bearer}", "{method: magic}"},
	{"{method: bearer}", "{method: bearer, pkce: true}"},
	{"{method: bearer}", "{method: client_credentials, authorize_url: /page}"},
	{"{method: bearer}", "{method: client_credentials, token_url: 'http://sso.example.com/token', form: {user: '{id}'}, client_in: body}"},
	{"{method: bearer}", "{method: oauth2, authorize_url: sso.example.com, token_url: /oauth/token}"},
	{"{method: bearer}", "{method: oauth2, authorize_url: /page, token_url: 'https://a:b@sso.example.com/', client_in: body}"},
	{"in: header, name", "name"},
	{"X-Api-Key", "X Api Key"},
	{"check: team.list", "check: teams.list"},
	{"check: team.list", "check: team.list\nparts: {operation: ticket.close, setting: team}"},
	{"check: team.list", "check: team.list\nparts: {operation: team.list, setting: house, name: label, app: client}"},
	{"check: team.list", "check: team.list\nparts: {operation: teams.list, of: team}"},
	{"check: team.list", "check: ticket.close"},
	{"check: team.list", "check: ticket.find"},
	{"check: team.list", "check: [{operation: team.list, when: house}, teams.list]"},
	{"check: team.list", "check: {operation: team.list, with: {x: 1}}"},
	{"team: {required", "team: {type: integer, required"},
	{"per: 1m", "per: 10ms"},
	{"per: 1m", "per: 1m, operations: [x.y]"},
	{"requests: 60", "requests: 0"},
	{"limits:\n  burst", "limits:\n  Burst"},
	{"notes: [", "version: {value: v2}\nnotes: ["},
	{"[error.code]", "[error..code]"},
	{"{code: ticket_closed, kind", "{kind"},
	{"kind: conflict", "kind: canceled"},
	{"status: 403", "status: 200"},
	{"notes: [", "headers: {Authorization: Bearer x}\nnotes: ["},
	{"failures: 4", "failures: 0"},
	{"{code: ticket_closed, kind: conflict}", "{code: ticket_closed, kind: conflict, wait: 1m}"},
	{"{code: ticket_closed, kind: conflict}", "{status: 429, kind: rate_limited, wait: 2h}"},
	{"failures: 4, ", ""},
	{"per: 1m, statuses", "per: 100h, statuses"},
	{"[400-499]", "[]"},
	{"[400-499]", "[499-400, 200-299, 4xx, 200]"},
	{"statuses: [400-499]", "statuses: [403], rest: 10s"},
	{"statuses: [400-499]", "status: [400-499]"},
	{"[{header: X-Signature, algorithm: ed25519}]", "[]"},
	{"algorithm: ed25519", "algorithm: md5"},
	{"header: X-Signature", "header: 'X Signature'"},
	{"header: X-Signature", "header: Authorization"},
	{"type: event", "kind: event"},
	{"id: delivery", "id: /delivery"},
	{"team.id: team", "team..id: teams"},
	{"lag: 2s", "lag: 1h"},
	{"objects: [ticket]", "objects: [tickets]"},
	{"parent: org.id", "parent: org id"},
	{"ticket_changed: {objects: [ticket]}\n    team_renamed: {objects: [team], parent: org.id}", "{}"},
	{"notes: [", "headers: {Host: x}\nnotes: ["},
	{"notes: [", "headers: {X-A: \"a\\nb\"}\nnotes: ["},
}

var partMistakes = []mistake{
	{"id: id\n", "id: ids\n"},
	{"    fixed: {body: {}}\n", "    host: uploads\n"},
	{"find: ticket.list\n    where", "find: tickets\n    where"},
	{"find: ticket.list\n    where", "find: ticket.get\n    where"},
	{"find: ticket.list\n    where", "find: ticket.close\n    where"},
	{"    where: {subject: subject}\n", ""},
	{"where: {subject: subject}", "where: {subjects: topic}"},
	{"where: {subject: subject}", "where: {views: subject}"},
	{"where: {subject: subject}\n", "where: {subject: subject}\n    answer: {object: ticket, value: .}\n"},
	{"use: [team]\n    inputs: {subject: string}\n", "inputs: {subject: {in: query}, more: string}\n"},
	{"where: {subject: subject}\n", "where: {subject: subject}\n    with: {limit: subject, states: subject}\n"},
	{"read: ticket.find", "read: ticket.list"},
	{"read: ticket.find", "read: ticket.find\n      where: {subject: subject}"},
	{"with: {ticketId: record.id}", "with: {ticketId: record.ids}"},
	{"with: {ticketId: record.id}", "with: {ticketId: record.views}"},
	{", with: {ticketId: record.id}", ""},
	{"absent: {write: ticket.create}", "absent: {write: ticket.create, with: {subject: record.id}}"},
	{"absent: {write: ticket.create}", "absent: {write: ticket.find}"},
	{"absent: {write: ticket.create}", "absent: {write: ticket.text.append}"},
	{"inputs: {subject: string, text: string}\n    repeat: {find: ticket.list, match: subject, settle: 1m}", "inputs: {subject: string, text: string}\n    repeat: safe"},
	{"append: {field: text, text: entry}", "append: {field: views, text: entry, to: text}"},
	{"append: {field: text, text: entry}", "append: {field: txt, text: entries}"},
	{"append: {field: text, text: entry}", "append: {field: text, text: entry, separator: ', '}"},
	{"append: {field: text, text: entry}", "append: {field: text, text: entry}\n      absent: {write: ticket.create}"},
	{"inputs: {ticketId: string, entry: string}\n    repeat: never", "inputs: {ticketId: string, entry: string}\n    repeat: safe"},
	{"found: {write: ticket.update}\n", "found: {write: ticket.update, with: {text: entry}}\n"},
	{"      found: {write: ticket.update}\n", ""},
	{"    fixed: {body: {}}\n", "    fixed: {headers: {Content-Type: text/html}}\n"},
	{"list: tickets}", "list: tickets, rows: lines}"},
	{"{object: ticket, value: ticket}", "{object: ticket, text: true}"},
	{"{object: ticket, value: ticket}", "{text: true}"},
	{"    id: id\n", ""},
	{"updated: updated_at\n", "updated: views\n"},
	{"    updated: updated_at\n", ""},
	{"id: string", "id: strng"},
	{"normal: trim", "normal: set"},
	{"{type: array, items: string, normal: set}", "{type: string, items: string}"},
	{"  team:\n    title: Team", "  Team:\n    title: Team"},
	{"setting: team", "setting: teams"},
	{"use: [team]\n    inputs:\n      state", "use: [teams]\n    inputs:\n      state"},
	{"ticket.list:\n", "list:\n"},
	{"{ticketId: string}", "{ticketId: string, x: {in: path}}"},
	{"{ticketId: string}", "{ticketId: array}"},
	{"/tickets/{ticketId}/close\n    inputs: {ticketId: string}", "/tickets/x{ticketId}/close\n    inputs: {ticketId: {at: .}}"},
	{"state: string", "state: {in: query, at: .}"},
	{"read: GET /teams/{team}/tickets", "read: FETCH /teams/{team}/tickets"},
	{"read: GET /teams/{team}/tickets", "read: GET /teams/{team}/tickets?a=b"},
	{"read: GET /teams/{team}/tickets", "read: GET /teams/{team}/../x"},
	{"read: GET /teams/{team}/tickets", "read: GET /teams/{team}/{x"},
	{"read: GET /teams/{team}/tickets", "read: GET teams/{team}"},
	{"read: GET /teams/{team}/tickets", "write: POST /teams/{team}/tickets"},
	{"    read: GET /teams/{team}/tickets\n", ""},
	{"state: string\n", "state: {type: object}\n"},
	{"state: string\n", "state: {in: body}\n"},
	{"state: string\n", "state: {in: header, at: Cookie}\n"},
	{"state: string\n", "state: {at: sort}\n"},
	{"state: string\n", "state: {default: 3}\n"},
	{"state: string\n", "state: {pattern: \"[a-z\"}\n"},
	{"state: string\n", "state: {pattern: \"[a-z]+\"}\n"},
	{"state: string\n", "state: {pattern: \"[a-z]+\", example: A1}\n"},
	{"state: string\n", "state: {max_items: 3}\n"},
	{"state: string\n", "state: {type: array, max_items: 0}\n"},
	{"state: string\n", "state: {unset: [x]}\n"},
	{"state: string\n", "team: string\n"},
	{"state: string\n", "state: {normal: trim}\n"},
	{"answer: {object: ticket, list: tickets}", "answer: {object: tickets, list: tickets}"},
	{"answer: {object: ticket, list: tickets}", "answer: {object: ticket}"},
	{"style: cursor", "style: keyset"},
	{"style: cursor", "style: offset"},
	{"      carry: {page_token: answer.next_token}\n", ""},
	{"answer.next_token", "next_token"},
	{"carry: {page_token:", "carry: {token:"},
	{"size: {input: limit", "size: {input: limits"},
	{"default: 50, max: 100", "default: 500, max: 100"},
	{"      size: {input: limit, default: 50, max: 100}\n", "      last: short\n"},
	{"      with: {sort: updated_at}\n", ""},
	{"with: {sort: updated_at}", "with: {order: updated_at}"},
	{"with: {sort: updated_at}", "with: {sort: 1}"},
	{"      since: {input: updated_from, format: rfc3339}\n", ""},
	{"strategy: keyset", "strategy: snapshot"},
	{"input: updated_from,", "input: updated,"},
	{"format: rfc3339}", "format: rfc3339, value: now}"},
	{"at: ticket.text", "at: ticket.subject"},
	{"at: ticket.text", "at: ticket.subject.x"},
	{"at: ticket.text", "at: ticket.state.x"},
	{"at: ticket.text", "at: ticket..text"},
	{"at: ticket.text", "at: ."},
	{"    repeat: {find: ticket.list, match: text, settle: 1m}\n", ""},
	{"find: ticket.list", "find: tickets.list"},
	{"find: ticket.list", "find: ticket.close"},
	{"match: text", "match: body"},
	{"settle: 1m", "settle: soon"},
	{"ticket.close:", "ticket.create:"},
	{"fixed: {body: {}}\n", "fixed: {body: {}}\n    idempotency: key\n"},
	{"fixed: {body: {}}\n", "fixed: {body: {}}\n    idempotency: ticketId\n"},
	{"fixed: {body: {}}\n", "fixed: {body: {}}\n    idempotency: {header: Authorization}\n"},
	{"fixed: {body: {}}\n", "fixed: {body: {}}\n    idempotency: {}\n"},
	{"fixed: {body: {}}\n", "fixed: {body: {}}\n    target: nothing\n"},
	{"fixed: {body: {}}\n", "fixed: {body: {}}\n    target: {operation: ticket.get}\n"},
	{"fixed: {body: {}}\n", "fixed: {body: {}}\n    target: {operation: ticket.list, with: {state: x, y: ticketId}}\n"},
	{"fixed: {body: {}}\n", "fixed: {body: {}}\n    target: {operation: team.get}\n"},
	{"read: GET /teams\n", "read: GET /teams\n    idempotency: page\n    target: none\n    errors: [{status: 422, kind: uncertain}]\n"},
	{"repeat: safe", "repeat: maybe"},
	{"repeat: safe", "repeat: safe\n    danger: fire"},
	{"read: GET /teams\n", "read: GET /teams\n    danger: send\n"},
	{"read: GET /teams\n", "read: GET /teams\n    repeat: safe\n"},
	{"read: GET /teams\n", "read: GET /teams\n    timeout: 1h\n"},
	{"paging: {style: page, input: page}", "paging: {style: page, input: page, last: no_next}"},
	{"list: .}", "value: .}"},
	{"answer: {object: team, list: .}", "answer: {list: .}"},
	{"answer: {object: team, list: .}", "answer: {object: team, list: ., format: yaml}"},
	{"answer: {object: team, list: .}", "answer: {object: team, list: teams, format: csv}"},
	{"answer: {object: team, list: .}", "answer: {object: team, list: ., format: xml}"},
	{"answer: {object: team, list: .}", "answer: {object: team, list: ., format: {csv: {separator: ';;', charset: klingon}}}"},
	{"answer: {object: team, list: .}", "answer: {object: team, list: ., format: {csv: {separators: ','}}}"},
	{"answer: {object: team, list: .}", "answer: {object: team, list: ., format: {csv: {}, xml: {}}}"},
	{"answer: {object: ticket, value: ticket}", "answer: {object: ticket, value: ., format: ndjson}"},
}

// studioFolder holds a connector with one operation for each shape of what can be
// polled.
const studioFolder = "../httpapi/testdata/studio/"

var pollMistakes = []mistake{
	{"key: question, ", ""},
	{", values: [answer, text]", ", values: answer"},
	{", values: [answer, text]", ", values: []"},
	{"type: array, normal: keyed", "type: string, normal: keyed"},
	{"normal: keyed", "normal: set"},
	{"named: question}", "named: questions}"},
	{"type: array, named: question", "type: any, named: question"},
	{"normal: keyed, key: question, values: [answer, text], ", ""},
	{"strategy: newest, with: {sort: sent_desc}", "strategy: newst, with: {sort: sent_desc}"},
	{"strategy: newest, with: {sort: sent_desc}", "strategy: newest"},
	{"strategy: newest, with: {sort: sent_desc}", "strategy: newest, by: sents, with: {sort: sent_desc}"},
	{"strategy: newest, with: {sort: sent_desc}", "strategy: newest, with: {sort: sent_desc}, since: {input: before, format: rfc3339}"},
	{"strategy: newest, with: {sort: sent_desc}", "strategy: newest, with: {sort: sent_desc}, window: {from: before, to: sort, format: rfc3339, back: 1h, ahead: 1h}"},
	{"    created: sent\n", ""},
	{"by: read, with", "by: id, gone: read, with"},
	{"by: read, with", "by: closed, with"},
	{"gone: closed}", "gone: closes}"},
	{"gone: closed}", "gone: closed, by: id}"},
	{"gone: closed}", "gone: closed, instead: room.lists}"},
	{"gone: closed}", "gone: closed, instead: room.list}"},
	{"gone: closed}", "gone: closed, overlap: 1m}"},
	{"gone: closed}", "gone: closed, parents: {operation: member.changed, input: page}}"},
	{"gone: closed}", "gone: closed, record: page}"},
	{"gone: closed}", "gone: closed, confirm: {operation: rooms.get, input: id}}"},
	{"answer: {object: plan, value: [plan, .]}", "answer: {object: plan, value: [plan, .], absent: true}"},
	{"value: [plan, .]", "value: [plan, '*.plan']"},
	{"file: true, optional", "file: true, value: ., optional"},
	{"file: true, optional", "file: false, optional"},
	{"file: true, optional", "file: maybe, optional"},
	{"file: true, optional", "file: true, format: csv, optional"},
	{"{object: take, file: true, optional: true}", "{file: true, optional: true}"},
	{"bytes: integer, sha256: string, text", "bytes: integer, text"},
	{"read: GET /takes/{takeId}", "write: GET /takes/{takeId}"},
	{"write: POST /members/{memberId}/takes", "read: POST /members/{memberId}/takes"},
	{"fixed: {form: true}", "fixed: {form: maybe}"},
	{"fixed: {form: true}", "fixed: {form: true, body: {a: b}}"},
	{"    fixed: {form: true}\n", ""},
	{"sound: {file: true, required: true, at: audio}", "sound: {file: true, type: integer}"},
	{"sound: {file: true, required: true, at: audio}", "sound: {file: true, in: query}"},
	{"sound: {file: true, required: true, at: audio}", "sound: {file: true, at: a.b}"},
	{"sound: {file: true, required: true, at: audio}", "sound: {file: true, default: x}"},
	{"      rating: integer\n", "      rating: object\n"},
	{"tags: {type: array, items: string}", "tags: {type: array, items: object}"},
	{"sound: {file: true, at: .}", "sound: {file: true}"},
	{"by: starts\n", "by: cancelled\n"},
	{"      by: starts\n", ""},
	{"from: from, to: to, format: rfc3339", "from: from, to: too, format: rfc3339"},
	{"from: from, to: to, format: rfc3339", "from: from, to: from, format: rfc3339"},
	{"from: from, to: to, format: rfc3339", "from: from, to: to, format: epoch_s"},
	{"from: from, to: to, format: rfc3339", "from: from, to: to, format: iso"},
	{"from: from, to: to, format: rfc3339", "to: to, format: rfc3339"},
	{"back: 24h, ahead: 48h", "back: 24h"},
	{"back: 24h, ahead: 48h", "back: 0s, ahead: 0s"},
	{"back: 0s, ahead: 24h", "back: -1h, ahead: 24h"},
	{"strategy: snapshot, gone: deleted", "strategy: newest, gone: deleted, with: {}"},
	{"strategy: snapshot, gone: deleted", "strategy: snapshot, confirm: {operation: plan.get, input: x}"},
	{"strategy: snapshot, gone: deleted", "strategy: snapshot, gone: price"},
	{"strategy: snapshot, gone: deleted", "strategy: snapshot, by: id, window: {from: a, to: b, format: rfc3339, back: 1h, ahead: 0s}"},
	{", parents: {operation: member.changed, input: memberId}", ""},
	{"operation: member.changed, input: memberId", "operation: member.change, input: memberId"},
	{"operation: member.changed, input: memberId", "operation: member.changed, input: member"},
	{"operation: member.changed, input: memberId", "operation: member.get, input: memberId"},
	{"operation: member.changed, input: memberId", "operation: remark.list, input: memberId"},
	{"operation: member.changed, input: memberId", "operation: booking.list, input: memberId"},
	{"inputs: {memberId: string}\n    answer: {object: remark", "inputs: {memberId: integer}\n    answer: {object: remark"},
	{"inputs: {memberId: string}\n    answer: {object: remark", "inputs: {memberId: {default: m1}}\n    answer: {object: remark"},
	{", record: name", ""},
	{", record: name", ", record: names"},
	{"{name: {required: true}}", "{name: string}"},
	{"poll: {strategy: snapshot}\n", "poll: {strategy: snapshot, record: reportId}\n"},
	{"operation: member.get, input: memberId", "operation: member.get, input: id"},
	{"operation: member.get, input: memberId", "operation: message.list, input: sort"},
	{"inputs: {memberId: string}\n    answer: {object: member", "inputs: {memberId: integer, kind: {in: query, required: true}}\n    answer: {object: member"},
}

var namedMistakes = []mistake{
	{"    title: question\n", ""},
	{"definitions: question.list", "definitions: questions.list"},
	{"definitions: question.list", "definitions: member.update"},
	{"with: {form: members}", "with: {}"},
	{"with: {form: members}", "with: {form: members, from: 1}"},
	{"id: id\n    key: key", "id: ids\n    key: keys"},
	{"    key: key\n    prefix: m.\n    name: label\n", ""},
	{"kinds: {number: [num]", "kinds: {numbers: [num]"},
	{"{number: [num]", "{number: num"},
	{"free: other", "free: others"},
	{"write: {id: question, value: answer}", "write: {id: question}"},
	{"    write: {id: question, value: answer}\n", ""},
}

var update = flag.Bool("update", false, "write the golden files anew")

func TestRead_ReportsEachMistakeAtItsPlace(t *testing.T) {
	t.Parallel()
	var got strings.Builder
	codes := map[string]bool{}
	for _, part := range []struct {
		name, file string
		mistakes   []mistake
	}{{"helpdesk", "connector.yaml", connectorMistakes}, {"helpdesk", "tickets.yaml", partMistakes}, {"studio", "studio.yaml", pollMistakes}, {"studio", "connector.yaml", namedMistakes}} {
		right := map[string]string{"connector.yaml": read(t, "connector.yaml"), "tickets.yaml": read(t, "tickets.yaml")}
		if part.name == "studio" {
			right = map[string]string{"connector.yaml": text(t, studioFolder+"connector.yaml"), "studio.yaml": text(t, studioFolder+"studio.yaml")}
		}
		for _, m := range part.mistakes {
			if !strings.Contains(right[part.file], m.old) {
				t.Errorf("%s does not hold %q", part.file, m.old)
				continue
			}
			texts := maps.Clone(right)
			texts[part.file] = strings.Replace(texts[part.file], m.old, m.new, 1)
			var found diag.List
			if manifest, _ := manifest.Read(folder(texts), part.name, &found); manifest != nil {
				t.Errorf("%q instead of %q: the manifest is not refused", m.new, m.old)
			}
			fmt.Fprintf(&got, "%q instead of %q\n", m.new, m.old)
			for _, f := range found.Sorted() {
				codes[f.Code] = true
				fmt.Fprintf(&got, "    %s\n", f)
				if f.Suggestion != "" {
					fmt.Fprintf(&got, "        %s\n", f.Suggestion)
				}
			}
		}
	}
	compareGolden(t, "testdata/mistakes.golden", got.String())
	for _, c := range manifest.Codes() {
		elsewhere := c.Name == finding.CodeNoConnector || c.Name == finding.CodeUnreadable || c.Name == finding.CodeNoOperations
		if !codes[c.Name] && !elsewhere {
			t.Errorf("no mistake yields the code %q", c.Name)
		}
	}
}

func compareGolden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got), -update writes it anew:\n%s", file, diff)
	}
}

func folder(texts map[string]string) fs.FS {
	files := fstest.MapFS{}
	for name, text := range texts {
		files[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return files
}

func TestRead_RefusesFoldersThatAreNoConnectors(t *testing.T) {
	t.Parallel()
	connector := read(t, "connector.yaml")
	many := map[string]string{"connector.yaml": strings.Replace(connector, "check: team.list\n", "", 1)}
	for i := range 501 {
		many[fmt.Sprintf("part%d.yaml", i)] = "objects: {}\n"
	}
	tests := []struct {
		name  string
		files map[string]string
		want  string
	}{
		{"no connector.yaml", map[string]string{"tickets.yaml": "objects: {}"}, "x: error: the folder has no connector.yaml: file does not exist [no-connector-file]"},
		{"no operations", map[string]string{"connector.yaml": strings.Replace(connector, "check: team.list\n", "", 1)}, "x/connector.yaml: error: the connector has no operations [no-operations]"},
		{"too many files", many, "x: error: the folder has 501 files, more than 500 [unreadable-file]"},
		{"not a mapping", map[string]string{"connector.yaml": connector, "a.yaml": "[1]"}, `x/a.yaml:1:1: error: expected a mapping, found a list [wrong-type]`},
		{"not text", map[string]string{"connector.yaml": "\xff\xfe\x00"}, "[not-text]"},
		{"too large", map[string]string{"connector.yaml": strings.Repeat("# comment\n", 200_000)}, "[too-large]"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var found diag.List
			m, _ := manifest.Read(folder(tt.files), "x", &found)
			if m != nil || !strings.Contains(strings.Join(lines(&found), "\n"), tt.want) {
				t.Errorf("got %v and findings\n%s\nwant no manifest and %s", m, strings.Join(lines(&found), "\n"), tt.want)
			}
		})
	}
}

func FuzzRead(f *testing.F) {
	connector, tickets, studio := read(f, "connector.yaml"), read(f, "tickets.yaml"), text(f, studioFolder+"studio.yaml")
	f.Add(connector, tickets)
	for _, m := range pollMistakes {
		f.Add(text(f, studioFolder+"connector.yaml"), strings.Replace(studio, m.old, m.new, 1))
	}
	for _, m := range partMistakes {
		f.Add(connector, strings.Replace(tickets, m.old, m.new, 1))
	}
	for _, m := range connectorMistakes {
		f.Add(strings.Replace(connector, m.old, m.new, 1), tickets)
	}
	f.Fuzz(func(t *testing.T, connector, part string) {
		var found diag.List
		m, _ := manifest.Read(folder(map[string]string{"connector.yaml": connector, "part.yaml": part}), "x", &found)
		if (m == nil) != found.HasErrors() {
			t.Errorf("manifest %v with findings %v", m, found.Sorted())
		}
	})
}

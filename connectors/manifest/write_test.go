package manifest_test

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/manifest"
)

// changed reads the example with texts replaced in both of its files: pairs of what stood
// there and what stands there now.
func changed(t *testing.T, old, with string, more ...string) *manifest.Manifest {
	t.Helper()
	files := fstest.MapFS{}
	found := false
	for _, name := range []string{"connector.yaml", "tickets.yaml"} {
		text := read(t, name)
		found = found || strings.Contains(text, old)
		files[name] = &fstest.MapFile{Data: []byte(strings.NewReplacer(append([]string{old, with}, more...)...).Replace(text))}
	}
	if !found {
		t.Fatalf("the example has no %q", old)
	}
	m, err := manifest.Load(files, "helpdesk")
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func operation(t *testing.T, m *manifest.Manifest, key string) *manifest.Operation {
	t.Helper()
	o, ok := m.Operation(key)
	if !ok {
		t.Fatalf("there is no operation %s", key)
	}
	return o
}

func TestRead_TheTargetOfAWrite(t *testing.T) {
	t.Parallel()
	// An entry can only be added to a single record.
	const appends, finds = "      append: {field: text, text: entry}\n    inputs: {ticketId: string, entry: string}", "      where: {id: ticketId}\n    inputs: {ticketId: string, text: string}"
	const inputs = "    inputs: {ticketId: string}\n    fixed"
	usual := &connectors.Target{Operation: "ticket.get", With: map[string]string{"ticketId": "ticketId"}}
	tests := []struct {
		name, old, with, of string
		want                *connectors.Target
		more                []string // further replacements
	}{
		{"the get of its object", inputs, inputs, "ticket.close", usual, nil},
		{"a create has none", inputs, inputs, "ticket.create", nil, nil},
		{"a read has none", inputs, inputs, "ticket.list", nil, nil},
		{"none on purpose", inputs, "    target: none\n" + inputs, "ticket.close", nil, nil},
		{"another", inputs, "    target: {operation: ticket.get, with: {ticketId: ticketId}}\n" + inputs, "ticket.close", usual, nil},
		{"another name", "/tickets/{ticketId}/close\n    inputs: {ticketId: string}", "/tickets/{id}/close\n    inputs: {id: string}", "ticket.close", nil, nil},
		{
			"another name that is mapped", "/tickets/{ticketId}/close\n    inputs: {ticketId: string}",
			"/tickets/{id}/close\n    target: {operation: ticket.get, with: {ticketId: id}}\n    inputs: {id: string}", "ticket.close",
			&connectors.Target{Operation: "ticket.get", With: map[string]string{"ticketId": "id"}}, nil,
		},
		{"a get that lists", "answer: {object: ticket, value: ticket}\n", "answer: {object: ticket, list: ticket}\n", "ticket.close", nil, []string{appends, finds}},
		{"of a part of the object", "ticket.close:", "ticket.lock.set:", "ticket.lock.set", nil, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := changed(t, tt.old, tt.with, tt.more...)
			if diff := cmp.Diff(tt.want, operation(t, m, tt.of).Spec.Target); diff != "" {
				t.Errorf("target of %s (-want +got):\n%s", tt.of, diff)
			}
		})
	}
}

func TestRead_TheKeyOfAWrite(t *testing.T) {
	t.Parallel()
	m := changed(t, "    repeat: safe\n", "    repeat: safe\n    idempotency: {header: idempotency-key}\n")
	want := &connectors.Idempotency{Header: "Idempotency-Key"}
	if diff := cmp.Diff(want, operation(t, m, "ticket.close").Spec.Idempotency); diff != "" {
		t.Errorf("a header (-want +got):\n%s", diff)
	}
	m = changed(t, "inputs: {ticketId: string}\n    fixed: {body: {}}\n", "inputs: {ticketId: string, key: {required: true}}\n    idempotency: key\n")
	o := operation(t, m, "ticket.close").Spec
	if diff := cmp.Diff(&connectors.Idempotency{Input: "key"}, o.Idempotency); diff != "" {
		t.Errorf("an input (-want +got):\n%s", diff)
	}
	if !o.Inputs[1].Paging {
		t.Errorf("the input %+v can be set by recipes, want it to be the engine's", o.Inputs[1])
	}
	if o := operation(t, helpdesk(t), "ticket.close").Spec; o.Idempotency != nil {
		t.Errorf("without the word %+v, want none", o.Idempotency)
	}
}

func TestRead_AWaitOfARule(t *testing.T) {
	t.Parallel()
	rules := changed(t, "{code: ticket_closed, kind: conflict}", "{status: 429, kind: rate_limited, wait: 1h}").Errors.Rules
	if diff := cmp.Diff(manifest.Rule{Status: 429, Kind: connectors.RateLimited, Wait: time.Hour}, rules[0]); diff != "" {
		t.Errorf("rule (-want +got):\n%s", diff)
	}
}

func TestRead_ABreaker(t *testing.T) {
	t.Parallel()
	got := changed(t, "[400-499]}", "[403, 500-599], rest: 1h}").Description().Breaker
	want := &connectors.Breaker{Failures: 4, Per: time.Minute, Statuses: [][2]int{{403, 403}, {500, 599}}, Rest: time.Hour}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("breaker (-want +got):\n%s", diff)
	}
}

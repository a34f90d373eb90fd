package show_test

import (
	"strings"
	"testing"
	"unicode"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/schema"
	"github.com/pollux-automation/pollux/internal/show"
)

// hostile is a text that clears a terminal, writes in colour, and pretends to be a line of ours.
const hostile = "x\x1b[2J\u009b31m\a\r\nok: all is well"

// TestPrintDescription_GivesATerminalNothingToObey asserts that the words of a connector, which
// may be a program or have come from a document of somebody else, are shown and not obeyed.
func TestPrintDescription_GivesATerminalNothingToObey(t *testing.T) {
	t.Parallel()
	op := &connectors.Operation{
		Connector: "shop", Key: "item.list", Title: hostile, Description: hostile, Kind: connectors.Read, Method: "CALL", Path: "/items" + hostile,
		Notes: []string{hostile}, Deprecated: hostile, Poll: &connectors.Poll{Strategy: connectors.Snapshot},
		Inputs: []connectors.Input{{Field: schema.Field{Name: "q" + hostile, Note: hostile, Required: true}}},
	}
	d := &connectors.Description{
		Key: "shop", Title: hostile, Docs: hostile, BaseURL: hostile, Notes: []string{hostile}, Program: true,
		Settings: []schema.Field{{Name: hostile}}, Limits: []connectors.Limit{{Name: hostile, By: hostile}}, Operations: []*connectors.Operation{op},
	}
	var b strings.Builder
	show.PrintDescription(&b, d)
	show.PrintOperation(&b, op)
	show.PrintRehearsal(&b, show.RehearsalView{Steps: []show.OutcomeView{{ID: "s"}}, Requests: []show.RequestView{{Step: "s", Request: connectors.Request{URL: "plugin:shop/" + hostile}}}})
	for _, c := range b.String() {
		if unicode.IsControl(c) && c != '\n' {
			t.Errorf("got the control character %U in:\n%q", c, b.String())
			break
		}
	}
	// A description may have several lines of its own; nothing else may begin one.
	if got := strings.Count(b.String(), "\nok: all is well"); got != 1 {
		t.Errorf("got %d lines that a connector made up, want the one of its description:\n%s", got, b.String())
	}
}

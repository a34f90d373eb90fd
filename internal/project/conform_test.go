package project_test

import (
	"context"
	"maps"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/budget"
	"github.com/pollux-automation/pollux/connectors/builtin"
	"github.com/pollux-automation/pollux/connectors/conformance"
	"github.com/pollux-automation/pollux/internal/secret"
	"github.com/pollux-automation/pollux/internal/testkit"
)

// allStories are the stories of all operations that can be polled.
func allStories() map[string]story {
	all := map[string]story{}
	for _, some := range []map[string]story{
		highLevelStories(), stibeeStories(), setupStories(), linkStories(), blogStories(), messageStories(), peopleStories(), calendarStories(), opportunityStories(), staxStories(),
	} {
		maps.Copy(all, some)
	}
	return all
}

// world is the ground as the suite sees it.
func (g *ground) asWorld() conformance.World {
	account := g.account(g.connector)
	account.Gate, account.Transport = budget.New(nil, 0), &testkit.Transport{Handler: g.handler()}
	if g.connector == "highlevel" {
		account.Settings = maps.Clone(account.Settings)
		account.Settings["appId"] = "sandbox"
	}
	stranger := account
	stranger.Credential.Secret = secret.New("nobody's secret, or token")
	return conformance.World{
		Account: account, Stranger: &stranger, Writes: true,
		//nolint:contextcheck // the ground has the context of its test
		Inputs: func(_ context.Context, op *connectors.Operation) (map[string]any, error) { return g.inputs(op), nil },
		Shows:  g.readings,
		Pass: func(context.Context, time.Duration) error {
			pass(2 * time.Minute)
			return nil
		},
		Unknown:  []connectors.Kind{connectors.Invalid},
		Smallest: map[string]int{"message.export": 10},
		Excused:  map[string]string{agencysList + " callable": agencysToken, agencysList + " paging": agencysToken},
	}
}

// What only the token of an agency can read; the ground has one of a location.
const (
	agencysList  = "location.installed.list"
	agencysToken = "it needs the token of an agency"
)

// unseen are the writes of which no operation of the service shows what they do.
func unseen() []string {
	return []string{
		"highlevel.contact.campaign.remove", "highlevel.contact.campaign.remove_all", "highlevel.contact.workflow.remove",
		"highlevel.livechat.typing", "highlevel.message.attachment.upload", "stibee.group.assign", "stibee.group.release", "webhook.event.post",
	}
}

// skips reports whether a check cannot be made on an operation.
func skips(op *connectors.Operation, check conformance.Check) bool {
	if op.Key == agencysList && (check == conformance.Callable || check == conformance.Paging) {
		return true
	}
	switch check {
	case conformance.Missing:
		return !slices.ContainsFunc(op.Inputs, func(in connectors.Input) bool {
			return in.Required && in.Default == nil && in.Setting == "" && !in.Paging
		})
	case conformance.Paging:
		return !op.List
	case conformance.Repeat:
		return op.Kind == connectors.Read || op.Repeat == connectors.RepeatNever || slices.Contains(unseen(), op.Name())
	case conformance.Described, conformance.Callable, conformance.Types, conformance.Errors, conformance.Dry:
	}
	return false
}

// TestConformance_OfEveryOperation runs the suite on the built-in connectors. What can be
// checked is checked: a check is skipped only where skips says so.
func TestConformance_OfEveryOperation(t *testing.T) {
	t.Parallel()
	registry := builtin.Registry()
	for _, key := range registry.Keys() {
		c, _ := registry.Connector(key)
		if _, shapes := c.(connectors.Shaper); shapes {
			continue // TestAnyHTTP_KeepsItsWord tries it
		}
		for _, op := range c.Describe().Operations {
			t.Run(op.Name(), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) { newSandboxed(t, registry, quiet()).conforms(c, op) })
			})
		}
	}
}

// conforms runs the suite on one operation.
func (s *sandboxed) conforms(c connectors.Connector, op *connectors.Operation) {
	s.t.Helper()
	report, err := conformance.Try(connectors.WithFiles(s.t.Context(), shelf{}), c, newGround(s, op.Connector).asWorld(), op)
	s.must(err)
	if len(report.Results) != len(conformance.Checks()) {
		s.t.Errorf("got %d results, want one for each check", len(report.Results))
	}
	for _, r := range report.Results {
		want := conformance.Passed
		if skips(op, r.Check) {
			want = conformance.Skipped
		}
		if r.Verdict != want {
			s.t.Errorf("%s: got %s (%s), want %s", r.Check, r.Verdict, r.Reason, want)
		}
	}
}

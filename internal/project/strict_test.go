package project_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/budget"
	"github.com/pollux-automation/pollux/connectors/builtin"
	"github.com/pollux-automation/pollux/connectors/conformance"
	"github.com/pollux-automation/pollux/connectors/schema"
	"github.com/pollux-automation/pollux/internal/testkit"
)

// sent is a request as it would go out.
type sent struct {
	method, url string
	header      http.Header
	body        any // nil without one
}

// catcher keeps a request and lets nothing through.
type catcher struct{ *sent }

// RoundTrip implements http.RoundTripper.
func (c *catcher) RoundTrip(r *http.Request) (*http.Response, error) {
	c.sent = &sent{method: r.Method, url: r.URL.String(), header: r.Header.Clone()}
	if r.Body != nil {
		text, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		if len(text) > 0 {
			if c.body, err = connectors.Decode(text); err != nil {
				return nil, err
			}
		}
	}
	return nil, errors.New("caught")
}

// caught makes what an operation needs and returns the request of a call, and a body that
// has all that the operation can send.
func (g *ground) caught(c connectors.Connector, op *connectors.Operation) (r *sent, whole any) {
	g.t.Helper()
	inputs := conformance.Complete(op, g.inputs(op))
	account, caught := g.account(op.Connector), &catcher{}
	account.Gate, account.Transport = budget.New(nil, 0), caught
	session, err := c.Open(account)
	g.must(err)
	if _, err := session.Call(g.t.Context(), op, inputs); caught.sent == nil {
		g.t.Fatalf("nothing was sent: %v", err)
	}
	all := maps.Clone(inputs)
	for _, in := range op.Inputs {
		if _, given := all[in.Name]; !given && in.In == "body" && in.Type != schema.Any {
			all[in.Name] = conformance.Sample(in.Field)
		}
	}
	shown, err := session.Preview(op, all)
	g.must(err)
	return caught.sent, shown.Body
}

// send sends a request to the sandbox and returns the status and the text of the answer.
func (g *ground) send(r *sent) (int, string) {
	g.t.Helper()
	var body io.Reader = http.NoBody
	if r.body != nil {
		text, err := json.Marshal(r.body)
		g.must(err)
		body = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(g.t.Context(), r.method, r.url, body)
	g.must(err)
	req.Header = r.header
	answer, err := testkit.Client(g.handler()).Do(req)
	g.must(err)
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	g.must(err)
	return answer.StatusCode, string(text)
}

// members returns the object whose members a body has: the body itself, or the first
// element of one that is a list.
func members(body any) (object map[string]any, put func(map[string]any) any) {
	switch x := body.(type) {
	case map[string]any:
		return x, func(changed map[string]any) any { return changed }
	case []any:
		if first, ok := x[0].(map[string]any); ok {
			return first, func(changed map[string]any) any { return append([]any{changed}, x[1:]...) }
		}
	}
	return nil, nil
}

// misfit is a value of another type than a member has.
func misfit(v any) any {
	if _, object := v.(map[string]any); object {
		return "pollux?"
	}
	return map[string]any{"pollux": true}
}

// loose reports a member of a body that may be anything: the service's OpenAPI files call
// it an object, and their examples or recorded calls have a text or a number.
func loose(op *connectors.Operation, member string) bool {
	switch op.Name() + " " + member {
	case "highlevel.message.send subType", "highlevel.opportunity.upsert monetaryValue",
		"stibee.auto.send coupon": // any value for the text
		return true
	}
	return slices.ContainsFunc(op.Inputs, func(in connectors.Input) bool { return in.Name == member && in.Type == schema.Any })
}

// manners are how a service refuses.
type manners struct {
	header  string // without which nothing is done
	without int    // the status then
	says    string // a part of what it says then
	misfit  int    // the status of a body that does not fit
}

// mannersOf are those of a connector's service.
func mannersOf(connector string) manners {
	switch connector {
	case "stibee":
		return manners{header: "AccessToken", without: http.StatusBadRequest, says: "Authorization.NoToken", misfit: http.StatusBadRequest}
	case "stax":
		return manners{header: "Authorization", without: http.StatusUnauthorized, says: "invalid", misfit: http.StatusUnprocessableEntity}
	}
	// Recorded: 401 "version header was not found".
	return manners{header: "Version", without: http.StatusUnauthorized, says: "ersion", misfit: http.StatusUnprocessableEntity}
}

// TestSandbox_IsStrictWithEveryWrite sends the request of every write as it is, without
// a header that it needs, with a member that nobody knows, and with each member as something
// else. HighLevel refuses all but the first (its OpenAPI files and recorded refusals), and
// nothing may be written then; that Stibee knows no other members is a guess. A call without
// a documented body has none to be strict with.
func TestSandbox_IsStrictWithEveryWrite(t *testing.T) {
	t.Parallel()
	registry := builtin.Registry()
	for _, key := range registry.Keys() {
		c, _ := registry.Connector(key)
		for _, op := range c.Describe().Operations {
			if op.Repeat == "" || memberless(op) || c.Describe().BaseURL == "" {
				continue
			}
			t.Run(op.Name(), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) { newGround(newSandboxed(t, registry, quiet()), key).isStrict(c, op) })
			})
		}
	}
}

// memberless reports a write whose body is a form of files, or a text: it has no members of
// a type.
func memberless(op *connectors.Operation) bool {
	return op.Name() == "stibee.email.content.set" || slices.ContainsFunc(op.Inputs, func(in connectors.Input) bool { return in.File })
}

func (g *ground) isStrict(c connectors.Connector, op *connectors.Operation) {
	g.t.Helper()
	good, whole := g.caught(c, op)
	before := g.world.Written()
	refused := func(what string, status int, part string, r sent) {
		if got, text := g.send(&r); got != status || !strings.Contains(text, part) {
			g.t.Errorf("%s: got status %d %s, want %d with %q", what, got, text, status, part)
		}
	}
	needs := mannersOf(op.Connector)
	old := *good
	old.header = good.header.Clone()
	old.header.Del(needs.header)
	refused("without the header "+needs.header, needs.without, needs.says, old)
	if good.body != nil {
		g.isStrictWithBody(op, good, whole, refused)
	}
	if n := g.world.Written() - before; n > 0 {
		g.t.Errorf("got %d writes of what was refused, want none", n)
	}
	if status, text := g.send(good); status > 299 {
		g.t.Errorf("as it is: got status %d %s, want a success", status, text)
	}
}

func (g *ground) isStrictWithBody(op *connectors.Operation, good *sent, whole any, refused func(what string, status int, part string, r sent)) {
	g.t.Helper()
	object, put := members(good.body)
	if object == nil {
		g.t.Fatalf("got the body %v, want an object, or a list of them", good.body)
	}
	all, _ := members(whole)
	status := mannersOf(op.Connector).misfit
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if loose(op, name) {
			continue
		}
		other := *good
		changed := maps.Clone(object)
		changed[name] = misfit(all[name])
		other.body = put(changed)
		refused(fmt.Sprintf("with %s = %v", name, changed[name]), status, name, other)
	}
	if op.Name() == "stibee.auto.send" {
		return // its text may use values of any name
	}
	more := *good
	more.body = put(plus(object, map[string]any{"polluxUnknown": 1}))
	refused("with a member that nobody knows", status, "polluxUnknown", more)
}

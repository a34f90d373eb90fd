package manifest

import (
	"io"
	"math"
	"net/http"
	"strings"
	"time"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/manifest/announce"
	"github.com/pollux-automation/pollux/connectors/manifest/breaker"
	"github.com/pollux-automation/pollux/connectors/manifest/finding"
	"github.com/pollux-automation/pollux/connectors/manifest/lists"
	"github.com/pollux-automation/pollux/connectors/manifest/names"
	"github.com/pollux-automation/pollux/connectors/manifest/parts"
	"github.com/pollux-automation/pollux/connectors/manifest/places"
	"github.com/pollux-automation/pollux/connectors/manifest/signin"
	"github.com/pollux-automation/pollux/internal/yamlnode"
)

// readBounded reads a file, one byte more than is allowed at most, so that the
// reader of YAML can say that it is too large.
func readBounded(f io.Reader) ([]byte, error) {
	return io.ReadAll(io.LimitReader(f, yamlnode.MaxBytes+1))
}

// connector reads connector.yaml. A part with a mistake stays empty and the next is
// read, so that all mistakes come out at once.
func (r *reader) connector(n *yamlnode.Node) {
	m, ok := n.Mapping(r.into, connectorKeys...)
	if !ok {
		return
	}
	if word, ok := m.Need(r.into, "connector", "connector: v1").Text(r.into); ok && word != "v1" {
		r.into.Errorf(m.Get("connector").At(), finding.CodeConnectorForm, "write connector: v1", "the version %q of the format is not known", word)
	}
	if key, ok := m.Need(r.into, "key", "key: weather").Text(r.into); ok {
		r.m.Key = key
		r.key(key, m.Get("key").At(), wordForm, "weather")
	}
	r.m.Title, _ = m.Need(r.into, "title", "title: Weather service").Text(r.into)
	r.m.Docs, _ = m.Get("docs").Text(r.into)
	r.m.BaseURL = r.address(m.Need(r.into, "base_url", "base_url: https://api.example.com"))
	r.hosts(m.Get("hosts"))
	r.m.Headers = r.headers(m.Get("headers"))
	r.version(m.Get("version"))
	r.m.Auth = signin.Read(m.Need(r.into, "auth", "auth: [{method: bearer}]"), r.into)
	r.settings(m.Get("settings"))
	r.limits(m.Get("limits"))
	r.m.Breaker = breaker.Read(m.Get("breaker"), r.into)
	r.names = names.Read(m.Get("named"), r.into)
	r.m.Webhooks = announce.Read(m.Get("webhooks"), r.into)
	r.places["webhooks"] = m.Get("webhooks").At()
	r.m.Parts = parts.Read(m.Get("parts"), r.into)
	r.places["parts"] = m.Get("parts").At()
	r.errors(m.Get("errors"))
	r.checkCalls(m.Get("check"))
	r.m.Notes, _ = m.Get("notes").Texts(r.into)
}

// headers reads constant headers. The keys of the result are in canonical form; nil
// is for no headers.
func (r *reader) headers(n *yamlnode.Node) map[string]string {
	m, ok := n.Mapping(r.into)
	if !ok {
		return nil
	}
	out := map[string]string{}
	for _, f := range m.Fields() {
		value, _ := f.Value.Text(r.into)
		if strings.ContainsFunc(value, func(c rune) bool { return c < ' ' || c > '~' }) {
			r.into.Errorf(f.Value.At(), finding.CodeHeader, "use printable ASCII", "the value of the header %q cannot be sent", f.Name)
		}
		if places.Header(f.Name, f.At, r.into) {
			out[http.CanonicalHeaderKey(f.Name)] = value
		}
	}
	return out
}

// version reads the header that carries the version of an operation, and the version
// of those that do not name theirs.
func (r *reader) version(n *yamlnode.Node) {
	m, ok := n.Mapping(r.into, versionKeys...)
	if !ok {
		return
	}
	if name, ok := m.Need(r.into, "header", "header: Version").Text(r.into); ok && places.Header(name, m.Get("header").At(), r.into) {
		r.m.VersionHeader = http.CanonicalHeaderKey(name)
	}
	r.usualVersion, _ = m.Get("value").Text(r.into)
	r.m.Versions, _ = m.Get("others").Texts(r.into)
}

// settings reads what an account has to say besides its credential; inputs refer to
// it by name.
func (r *reader) settings(n *yamlnode.Node) {
	m, _ := n.Mapping(r.into)
	for _, f := range m.Fields() {
		r.m.Settings = append(r.m.Settings, r.fields().Setting(f))
	}
}

// limits reads the budgets. A limit without operations counts all of them; one
// without by counts for each account by itself, not for everybody at the host. The
// operations are looked up at the end, because their files come later.
func (r *reader) limits(n *yamlnode.Node) {
	m, _ := n.Mapping(r.into)
	for _, f := range m.Fields() {
		r.key(f.Name, f.At, wordForm, "burst")
		values, ok := f.Value.Mapping(r.into, limitKeys...)
		if !ok {
			continue
		}
		l := connectors.Limit{Name: f.Name, By: "account"}
		l.Requests, _ = values.Need(r.into, "requests", "requests: 100").Int(r.into, 1, math.MaxInt32)
		l.Per, _ = values.Need(r.into, "per", "per: 10s").Duration(r.into)
		if per := values.Get("per"); per != nil && l.Per < time.Second && l.Per > 0 {
			per.Mismatch(r.into, "a duration of at least 1s")
		}
		if by, ok := values.Get("by").Word(r.into, "account", "host"); ok {
			l.By = by
		}
		l.Remaining, _ = values.Get("remaining").Text(r.into)
		l.Max, _ = values.Get("max").Text(r.into)
		l.Reset, _ = values.Get("reset").Text(r.into)
		l.Operations, _ = values.Get("operations").Texts(r.into)
		r.places["limits."+f.Name] = f.At
		r.m.Limits = append(r.m.Limits, l)
	}
}

// errors reads where an error's body has its code and its message, and the rules that
// follow from them.
func (r *reader) errors(n *yamlnode.Node) {
	m, ok := n.Mapping(r.into, errorsKeys...)
	if !ok {
		return
	}
	r.m.Errors.Code = lists.Paths(m.Get("code"), r.into)
	r.m.Errors.Message = lists.Paths(m.Get("message"), r.into)
	r.m.Errors.Rules = r.rules(m.Get("rules"))
}

// rules reads what gives errors their kinds. A rule for nothing would
// catch all errors and is refused.
func (r *reader) rules(n *yamlnode.Node) []Rule {
	items, _ := n.List(r.into)
	var out []Rule
	for _, item := range items {
		m, ok := item.Mapping(r.into, ruleKeys...)
		if !ok {
			continue
		}
		rule := Rule{}
		rule.Status, _ = m.Get("status").Int(r.into, 300, 599)
		rule.Code, _ = m.Get("code").Text(r.into)
		rule.Message, _ = m.Get("message").Text(r.into)
		rule.Hint, _ = m.Get("hint").Text(r.into)
		word, _ := m.Need(r.into, "kind", "kind: invalid").Word(r.into, finding.ErrorKinds()...)
		rule.Kind = connectors.Kind(word)
		rule.Wait, _ = m.Get("wait").Duration(r.into)
		if at := m.Get("wait").At(); rule.Wait > 0 && rule.Kind != connectors.RateLimited || rule.Wait > time.Hour {
			r.into.Errorf(at, finding.CodeErrorRule, "write kind: rate_limited and at most 1h", "only a service that has too many requests is left alone, and for an hour at most")
		}
		if !m.Has("status") && !m.Has("code") && rule.Message == "" {
			r.into.Errorf(m.At(), finding.CodeErrorRule, "add status or code", "the rule does not say which status, code or message it is for")
		}
		out = append(out, rule)
	}
	return out
}

// checkCalls reads the calls that check a credential: the name of an operation, a mapping
// when it needs inputs or a setting, or several of which the first that fits an account
// counts.
func (r *reader) checkCalls(n *yamlnode.Node) {
	items := []*yamlnode.Node{n}
	if n.Kind() == yamlnode.Sequence {
		items, _ = n.List(r.into)
	}
	for _, item := range items {
		if item.Kind() == yamlnode.Text {
			operation, _ := item.Text(r.into)
			r.m.Checks, r.checkAt = append(r.m.Checks, Check{Operation: operation}), append(r.checkAt, item.At())
			continue
		}
		m, ok := item.Mapping(r.into, checkKeys...)
		if !ok {
			continue
		}
		c := Check{With: lists.Values(m.Get("with"), r.into)}
		c.Operation, _ = m.Need(r.into, "operation", "operation: weather.list").Text(r.into)
		c.When, _ = m.Get("when").Text(r.into)
		r.m.Checks, r.checkAt = append(r.m.Checks, c), append(r.checkAt, m.At())
	}
}

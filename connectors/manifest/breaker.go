package manifest

import (
	"strconv"
	"strings"
	"time"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/manifest/finding"
	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/yamlnode"
)

// maxRest is the longest stretch and rest of a breaker: what is longer is for a
// person.
const maxRest = 24 * time.Hour

// breaker reads when a host that refuses must not be asked on.
func (r *reader) breaker(n *yamlnode.Node) {
	m, ok := n.Mapping(r.into, breakerKeys...)
	if !ok {
		return
	}
	b := &connectors.Breaker{}
	b.Failures, _ = m.Need(r.into, "failures", "failures: 4").Int(r.into, 1, 1000)
	b.Per = r.stretch(m.Need(r.into, "per", "per: 1m"))
	b.Rest = r.stretch(m.Get("rest"))
	statuses := m.Need(r.into, "statuses", "statuses: [400-499]")
	items, ok := statuses.List(r.into)
	if ok && len(items) == 0 {
		r.into.Errorf(statuses.At(), finding.CodeBreaker, "write statuses: [400-499]", "without a status the breaker never closes")
	}
	for _, item := range items {
		if span, ok := statusRange(item, r.into); ok {
			b.Statuses = append(b.Statuses, span)
		}
	}
	if b.Rest > 0 && b.Rest < b.Per {
		r.into.Errorf(m.Get("rest").At(), finding.CodeBreaker, "leave it out, or write at least per",
			"a rest of %s ends while the answers that closed the host still count, for %s", b.Rest, b.Per)
	}
	r.m.Breaker = b
}

// stretch reads a duration from 1s to a day; 0 where there is none.
func (r *reader) stretch(n *yamlnode.Node) time.Duration {
	d, ok := n.Duration(r.into)
	if ok && (d < time.Second || d > maxRest) {
		n.Mismatch(r.into, "a duration from 1s to 24h")
		return 0
	}
	return d
}

// statusRange reads 403 or 400-499.
func statusRange(n *yamlnode.Node, into *diag.List) (span [2]int, ok bool) {
	if n.Kind() == yamlnode.Int {
		status, ok := n.Int(into, 300, 599)
		return [2]int{status, status}, ok
	}
	text, ok := n.Text(into)
	if !ok {
		return span, false
	}
	from, to, _ := strings.Cut(text, "-")
	first, err := strconv.Atoi(from)
	last, lastErr := strconv.Atoi(to)
	if err != nil || lastErr != nil || first < 300 || first > last || last > 599 {
		into.Errorf(n.At(), finding.CodeBreaker, "write a status such as 403, or a range such as 400-499, from 300 to 599", "%q is no range of statuses", text)
		return span, false
	}
	return [2]int{first, last}, true
}

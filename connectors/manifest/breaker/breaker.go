// Package breaker reads when a host that refuses must not be asked on.
package breaker

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

//nolint:gochecknoglobals // a table
var keys = []string{"failures", "per", "statuses", "rest"}

// Keys returns the keys of the mapping by the name of its definition in the schema.
func Keys() map[string][]string { return map[string][]string{"breaker": keys} }

// Read reads the part; nil is for none.
func Read(n *yamlnode.Node, into *diag.List) *connectors.Breaker {
	m, ok := n.Mapping(into, keys...)
	if !ok {
		return nil
	}
	b := &connectors.Breaker{}
	b.Failures, _ = m.Need(into, "failures", "failures: 4").Int(into, 1, 1000)
	b.Per = stretch(m.Need(into, "per", "per: 1m"), into)
	b.Rest = stretch(m.Get("rest"), into)
	statuses := m.Need(into, "statuses", "statuses: [400-499]")
	items, ok := statuses.List(into)
	if ok && len(items) == 0 {
		into.Errorf(statuses.At(), finding.CodeBreaker, "write statuses: [400-499]", "without a status the breaker never closes")
	}
	for _, item := range items {
		if span, ok := statusRange(item, into); ok {
			b.Statuses = append(b.Statuses, span)
		}
	}
	if b.Rest > 0 && b.Rest < b.Per {
		into.Errorf(m.Get("rest").At(), finding.CodeBreaker, "leave it out, or write at least per",
			"a rest of %s ends while the answers that closed the host still count, for %s", b.Rest, b.Per)
	}
	return b
}

// stretch reads a duration from 1s to a day; 0 where there is none.
func stretch(n *yamlnode.Node, into *diag.List) time.Duration {
	d, ok := n.Duration(into)
	if ok && (d < time.Second || d > maxRest) {
		n.Mismatch(into, "a duration from 1s to 24h")
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

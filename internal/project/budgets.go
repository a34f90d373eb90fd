package project

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/budget"
	"github.com/pollux-automation/pollux/internal/settings"
)

// The keys of budgets begin with whose they are.
const (
	accountBudget = "account/"
	hostBudget    = "host/"
)

// OpenBudgets makes the budgets of all accounts, without sessions: enough to show what
// [Project.RestoreBudgets] takes over. OpenAccounts does it too.
func (p *Project) OpenBudgets() {
	p.findHosts()
	for _, a := range p.Settings.Accounts {
		if c, ok := p.Registry.Connector(a.Connector); ok {
			p.gates[a.Name], p.hostNames[a.Name] = p.gate(a, c.Describe()), hostOf(a, c.Describe())
		}
	}
}

// Host returns the host of an account's service; empty for an unknown account.
func (p *Project) Host(account string) string {
	for _, a := range p.Settings.Accounts {
		if c, ok := p.Registry.Connector(a.Connector); ok && a.Name == account {
			return hostOf(a, c.Describe())
		}
	}
	return ""
}

// gate makes the gate of an account. Accounts at a host share what services count by
// host, whatever their connectors, as soon as one of them has such a limit.
func (p *Project) gate(a settings.Account, d *connectors.Description) *budget.Gate {
	all := windows(d, a.Budget)
	h, shared := p.hosts[hostOf(a, d)]
	if !shared {
		return budget.New(all, a.Workers)
	}
	var breaker *budget.Breaker
	if d.Breaker != nil {
		b := budget.Breaker(*d.Breaker)
		breaker = &b
	}
	return h.Gate(d.Key, all, breaker, a.Workers)
}

// findHosts makes the hosts that accounts share something at.
func (p *Project) findHosts() {
	for _, a := range p.Settings.Accounts {
		c, ok := p.Registry.Connector(a.Connector)
		if !ok {
			continue
		}
		d := c.Describe()
		byHost := slices.ContainsFunc(d.Limits, func(l connectors.Limit) bool { return l.By == budget.ByHost })
		if host := hostOf(a, d); byHost || d.Breaker != nil {
			if _, there := p.hosts[host]; !there {
				p.hosts[host] = budget.NewHost()
			}
		}
	}
}

// hostOf returns the host of an account's service in one spelling: small letters, with
// the port unless it is the usual one.
func hostOf(a settings.Account, d *connectors.Description) string {
	base := a.BaseURL
	if base == "" {
		base = d.BaseURL
	}
	u, err := url.Parse(base)
	if err != nil {
		return "" // Open refuses it
	}
	host := strings.ToLower(u.Host)
	for scheme, port := range map[string]string{"http": ":80", "https": ":443"} {
		if u.Scheme == scheme {
			host = strings.TrimSuffix(host, port)
		}
	}
	return host
}

// Budget says what is left of an account's budget, window by window, those that it
// shares with others at its host included; nothing for an account that is not open.
// It may be called by several goroutines at once.
func (p *Project) Budget(account string) []budget.WindowState {
	g, ok := p.gates[account]
	if !ok {
		return nil
	}
	list := g.State().Windows
	if h, ok := p.hosts[p.hostNames[account]]; ok {
		list = append(list, h.State().Windows...)
	}
	return list
}

// BudgetStates returns what is known of all budgets: those of accounts under
// "account/NAME", those of hosts under "host/HOST". It may be called by several
// goroutines at once.
func (p *Project) BudgetStates() map[string]budget.State {
	all := make(map[string]budget.State, len(p.gates)+len(p.hosts))
	for name, g := range p.gates {
		all[accountBudget+name] = g.State()
	}
	for host, h := range p.hosts {
		all[hostBudget+host] = h.State()
	}
	return all
}

// Numbers returns what all gates have counted, under the keys of BudgetStates. It may
// be called by several goroutines at once.
func (p *Project) Numbers() map[string]budget.Numbers {
	all := make(map[string]budget.Numbers, len(p.gates)+len(p.hosts))
	for name, g := range p.gates {
		all[accountBudget+name] = g.Numbers()
	}
	for host, h := range p.hosts {
		all[hostBudget+host] = h.Numbers()
	}
	return all
}

// Stretch returns by what the intervals of an account's polls are to be multiplied, so
// that its long windows last, and why; see [budget.Gate.Stretch]. It is 1 and empty for
// an account that is not open. It may be called by several goroutines at once.
func (p *Project) Stretch(account string) (factor float64, why string) {
	g, ok := p.gates[account]
	if !ok {
		return 1, ""
	}
	return g.Stretch(time.Now())
}

// Budgets returns the states of all budgets in a form to be stored, under the keys of
// BudgetStates. It may be called by several goroutines at once.
func (p *Project) Budgets() map[string]json.RawMessage {
	all := map[string]json.RawMessage{}
	for key, s := range p.BudgetStates() {
		if text, err := json.Marshal(s); err == nil { // it has nothing that cannot be written
			all[key] = text
		}
	}
	return all
}

// RestoreBudgets takes over what Budgets returned before a restart, once the accounts
// are open. What belongs to nobody any more and what is damaged is left out; the words
// say so, one line each, sorted.
func (p *Project) RestoreBudgets(stored map[string]json.RawMessage) []string {
	var words []string
	for _, key := range slices.Sorted(maps.Keys(stored)) {
		restore := p.restorer(key)
		if restore == nil {
			words = append(words, fmt.Sprintf("budget %q belongs to no account or host any more", key))
			continue
		}
		var s budget.State
		if err := json.Unmarshal(stored[key], &s); err != nil {
			words = append(words, fmt.Sprintf("budget %q is damaged and begins anew: %s", key, err))
			continue
		}
		restore(s)
	}
	return words
}

// restorer returns what takes over a stored budget; nil for an unknown key.
func (p *Project) restorer(key string) func(budget.State) {
	if name, ok := strings.CutPrefix(key, accountBudget); ok && p.gates[name] != nil {
		return p.gates[name].Restore
	}
	if host, ok := strings.CutPrefix(key, hostBudget); ok && p.hosts[host] != nil {
		return p.hosts[host].Restore
	}
	return nil
}

package project

import (
	"maps"
	"slices"
	"strings"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/internal/settings"
)

// checkVersion reports a version of the API that the connector does not know.
func (p *Project) checkVersion(a settings.Account, d *connectors.Description) {
	if _, known := d.Versions[a.Version]; a.Version == "" || known {
		return
	}
	hint := "leave it out"
	if len(d.Versions) > 0 {
		hint = "leave it out, or write version: " + strings.Join(slices.Sorted(maps.Keys(d.Versions)), " or ")
	}
	p.Findings.Errorf(a.VersionAt, "unknown-version", hint, "nothing is known of a version %q of %s", a.Version, d.Title)
}

// lacks says which operations an account cannot call because of the version of the API that
// it uses, and what to use instead.
func (p *Project) lacks(a settings.Account) map[string]string {
	if c, ok := p.Registry.Connector(a.Connector); ok && a.Version != "" {
		return c.Describe().Versions[a.Version]
	}
	return nil
}

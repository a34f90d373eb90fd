package manifest

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/pollux-automation/pollux/connectors/manifest/finding"
	"github.com/pollux-automation/pollux/internal/yamlnode"
)

// address reads an address without the slash at its end: paths begin with one.
func (r *reader) address(n *yamlnode.Node) string {
	text, ok := n.Text(r.into)
	if !ok {
		return ""
	}
	if err := CheckBaseURL(text); err != nil {
		r.into.Errorf(n.At(), finding.CodeAddress, "write it like https://api.example.com/v2", "%s", err)
		return ""
	}
	return strings.TrimRight(text, "/")
}

// CheckBaseURL reports whether a text can be the address of a service: http or https,
// a host, perhaps a path, and nothing else. A user and password in it would be a
// secret in the clear, and a query would be lost behind the paths.
func CheckBaseURL(text string) error {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return fmt.Errorf("%.80q is not an address", text)
	case u.User != nil:
		return fmt.Errorf("the address of %s has a name or password in it", u.Hostname())
	case u.Scheme != "https" && u.Scheme != "http":
		return fmt.Errorf("the address %.80q does not begin with https:// or http://", text)
	case u.Hostname() == "":
		return fmt.Errorf("the address %.80q has no host", text)
	case u.RawQuery != "" || u.Fragment != "" || u.ForceQuery || u.Opaque != "":
		return fmt.Errorf("the address of %s has more than a host and a path", u.Hostname())
	}
	return nil
}

// hosts reads the other addresses of the service.
func (r *reader) hosts(n *yamlnode.Node) {
	m, _ := n.Mapping(r.into)
	for _, f := range m.Fields() {
		r.key(f.Name, f.At, wordForm, "uploads")
		if r.m.Hosts == nil {
			r.m.Hosts = map[string]string{}
		}
		r.m.Hosts[f.Name] = r.address(f.Value)
		r.places["hosts."+f.Name] = f.At
	}
}

// checkHosts reports addresses that there are not, and those behind which nothing is.
func (r *reader) checkHosts() {
	used := map[string]bool{}
	for _, d := range r.drafts {
		if used[d.op.Host] = true; d.op.Host == "" {
			continue
		}
		if _, known := r.m.Hosts[d.op.Host]; !known {
			finding.Unknown(r.into, d.place("host"), "host", d.op.Host, finding.Keys(r.m.Hosts))
		}
	}
	for _, name := range finding.Keys(r.m.Hosts) {
		if !used[name] {
			r.into.Errorf(r.places["hosts."+name], finding.CodeAddress, "leave it out, or write host: "+name+" at an operation", "no operation is behind the host %q", name)
		}
	}
}

// Base returns the address behind which the path of an operation is put, for an account
// with a base URL of its own; empty for one without. Such an account never reaches the
// service's own hosts: what stands in the place of the service has all of them, each under
// the path that it has at the service. Where own ends in the path of the connector's base
// URL, the host's path stands in its place, else behind own.
func (m *Manifest) Base(op *Operation, own string) string {
	own = strings.TrimRight(own, "/")
	address, elsewhere := m.Hosts[op.Host]
	switch {
	case own == "" || own == m.BaseURL:
		if elsewhere {
			return address
		}
		return m.BaseURL
	case !elsewhere:
		return own
	}
	u, err := url.Parse(own)
	if err != nil {
		return own // never the service itself
	}
	if path := pathOf(m.BaseURL); path != "" && strings.HasSuffix(u.EscapedPath(), path) {
		own = strings.TrimSuffix(own, path)
	}
	return own + pathOf(address)
}

// pathOf is the path of an address, as it is written.
func pathOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.EscapedPath()
}

package derive

import (
	"cmp"
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/pollux-automation/pollux/internal/authoring/draft"
	"github.com/pollux-automation/pollux/internal/authoring/requests"
	"github.com/pollux-automation/pollux/internal/authoring/wording"
	"github.com/pollux-automation/pollux/internal/openapi"
)

// Placeholder is the address of a connector whose document names none.
const Placeholder = "https://api.example.com"

// maxHosts is how many other addresses operations may have.
const maxHosts = 10

// hostForm are words that a host of a connector can be called.
var hostForm = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)

// service turns what the document says of the whole service.
func (d *maker) service(key string) {
	c := d.c
	c.Key, c.Title = key, cmp.Or(wording.Line(d.doc.Title, wording.MaxTitle), wording.Titled(strings.Split(key, "_")))
	if u, err := url.Parse(d.doc.Docs); err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && len(d.doc.Docs) < 300 {
		c.Docs = d.doc.Docs
	}
	if v := wording.Line(d.doc.Version, 40); v != "" {
		c.Note("Made from an OpenAPI document of version %s. What it leaves open was guessed, and each guess is marked.", v)
	} else {
		c.Note("Made from an OpenAPI document. What it leaves open was guessed, and each guess is marked.")
	}
	d.address()
	d.auth()
	d.failures()
	for _, n := range d.doc.Notes {
		d.c.Warnings = append(d.c.Warnings, wording.Line(n.Text, 2*wording.MaxText)+" (at "+wording.Line(n.Pointer, 200)+")")
	}
}

// address chooses the address. An odd one is taken, with a warning; one that cannot be
// used leaves a placeholder.
func (d *maker) address() {
	c := d.c
	c.BaseURL = Placeholder
	if len(d.doc.Servers) == 0 {
		c.Warn("The document names no server; base_url is a placeholder and must be replaced.")
		return
	}
	first := d.doc.Servers[0]
	address, trouble := usable(first.URL)
	if trouble != "" {
		c.Warn("The address %.100q of the document %s; base_url is a placeholder and must be replaced.", hidden(first.URL), trouble)
		if strings.HasPrefix(first.URL, "/") && plainPath.MatchString(first.URL) {
			c.BaseURL = strings.TrimRight(Placeholder+first.URL, "/")
		}
	} else {
		c.BaseURL = address
		if text := odd(address); text != "" {
			c.Warn("The address %.200s %s; look at it before a credential is sent there.", address, text)
		}
	}
	if len(first.Variables) > 0 {
		c.Warn("The address has parts to choose (%s); those that the document takes are in base_url, and an account can have another base_url.", strings.Join(first.Variables, ", "))
	}
	var others []string
	for _, s := range d.doc.Servers[1:] {
		if text, trouble := usable(s.URL); trouble == "" && text != c.BaseURL && len(others) < 10 {
			others = append(others, text)
		}
	}
	if len(others) > 0 {
		c.Note("Other addresses of the service: %s. An account can choose one with base_url.", strings.Join(others, ", "))
	}
}

// host returns the name of an address that an operation has for itself, "" for the usual
// one. The error says why there can be none.
func (d *maker) host(server string) (name string, err error) {
	if strings.HasPrefix(server, "/") && plainPath.MatchString(server) {
		if base, err := url.Parse(d.c.BaseURL); err == nil {
			server = base.Scheme + "://" + base.Host + server
		}
	}
	address, trouble := usable(server)
	switch {
	case server == "" || address == d.c.BaseURL:
		return "", nil
	case trouble != "":
		return "", fmt.Errorf("it has an address of its own, %.100q, which %s", hidden(server), trouble)
	}
	for name, known := range d.c.Hosts {
		if known == address {
			return name, nil
		}
	}
	if len(d.c.Hosts) >= maxHosts {
		return "", fmt.Errorf("it has an address of its own, %.100q, and there are %d others", address, maxHosts)
	}
	if d.c.Hosts == nil {
		d.c.Hosts = map[string]string{}
	}
	for i := 1; name == "" || d.c.Hosts[name] != ""; i++ {
		name = "host_" + strconv.Itoa(i)
	}
	u, _ := url.Parse(address)
	label, _, _ := strings.Cut(u.Hostname(), ".")
	if word := wording.Joined(wording.Words(label)); hostForm.MatchString(word) && d.c.Hosts[word] == "" {
		name = word
	}
	d.c.Hosts[name] = address
	d.c.Warn("Some operations go to %.200s, with the same credential; look at that address before one is sent there.", address)
	return name, nil
}

// usable returns an address as base_url has it, and what is wrong with it.
func usable(text string) (address, trouble string) {
	u, err := url.Parse(text)
	switch {
	case err != nil || strings.ContainsAny(text, "{}") || !wording.IsText(text, 300):
		return "", "is not one"
	case u.Scheme == "" && u.Host == "":
		return "", "has no host"
	case u.User != nil:
		return "", "has a name or password in it"
	case u.Scheme != "https" && u.Scheme != "http":
		return "", "is not of the web"
	case u.Hostname() == "":
		return "", "has no host"
	case u.RawQuery != "" || u.Fragment != "" || u.ForceQuery || u.Opaque != "":
		return "", "has more than a host and a path"
	}
	return strings.TrimRight(text, "/"), ""
}

// hidden is an address without a password.
func hidden(text string) string {
	if at := strings.LastIndexByte(text, '@'); at >= 0 {
		return "…" + text[at:]
	}
	return text
}

// odd says what is unusual about the address of a service.
func odd(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "is not one"
	}
	host := strings.ToLower(u.Hostname())
	_, notNumber := netip.ParseAddr(host)
	switch {
	case u.Scheme == "http":
		return "is not encrypted (http)"
	case notNumber == nil:
		return "is a number and no name"
	case host == "localhost" || strings.HasSuffix(host, ".localhost") || strings.HasSuffix(host, ".local") || strings.HasSuffix(host, ".internal") || !strings.Contains(host, "."):
		return "is inside a network and not on the internet"
	case u.Port() != "" && u.Port() != "443":
		return "has an unusual port"
	case strings.Contains(host, "xn--") || strings.ContainsFunc(host, func(c rune) bool { return c > '~' }):
		return "has letters that look like others"
	}
	return ""
}

// auth turns the ways to sign in.
func (d *maker) auth() {
	c := d.c
	used := d.usedSchemes()
	for _, s := range d.doc.Schemes {
		if len(used) > 0 && !used[s.Name] {
			continue
		}
		found, trouble := method(s)
		if trouble != "" {
			c.Note("Sign-in %s of the document: %s.", wording.Line(s.Name, 60), trouble)
		}
		for _, a := range found {
			if !slices.Contains(c.Auth, a) {
				c.Auth = append(c.Auth, a)
			}
		}
	}
	methods := map[string]bool{}
	c.Auth = slices.DeleteFunc(c.Auth, func(a draft.Auth) bool {
		if methods[a.Method] {
			c.Note("There is a second sign-in with %s %s, which cannot be told from the first.", a.Method, wording.Line(a.Name, 60))
			return true
		}
		methods[a.Method] = true
		return false
	})
	if len(c.Auth) == 0 {
		c.Auth, c.AuthGuess = []draft.Auth{{Method: "bearer"}}, "the document names no sign-in that can be made here"
	}
	for _, op := range d.doc.Operations {
		for _, needs := range op.Security {
			if len(needs) > 1 {
				c.Note("Some operations want several credentials at once; an account has one.")
				return
			}
		}
	}
}

// usedSchemes are those that some operation names.
func (d *maker) usedSchemes() map[string]bool {
	used := map[string]bool{}
	for _, op := range d.doc.Operations {
		for _, needs := range op.Security {
			for name := range needs {
				used[name] = true
			}
		}
	}
	return used
}

// method turns one way to sign in, which can be two here; trouble says what of it is none
// or must be known.
func method(s openapi.Scheme) (found []draft.Auth, trouble string) {
	switch s.Type {
	case "http":
		switch s.Scheme {
		case "basic":
			return []draft.Auth{{Method: "basic"}}, ""
		case "bearer":
			return []draft.Auth{{Method: "bearer"}}, ""
		}
		return nil, fmt.Sprintf("the scheme %.40q of HTTP is not one that a connector has", s.Scheme)
	case "apiKey":
		switch {
		case s.In == "header" && strings.EqualFold(s.Param, "Authorization"):
			return []draft.Auth{{Method: "bearer"}}, ""
		case s.In == "header" && requests.HeaderForm.MatchString(s.Param), s.In == "query" && wording.IsText(s.Param, 60):
			return []draft.Auth{{Method: "api_key", In: s.In, Name: s.Param}}, ""
		}
		return nil, fmt.Sprintf("a key in a %.40q called %.40q is not sent", s.In, s.Param)
	case "oauth2":
		return oauth(s)
	case "openIdConnect":
		return []draft.Auth{{Method: "bearer"}}, ""
	}
	return nil, fmt.Sprintf("the type %.40q is not known", s.Type)
}

// oauth turns the flow in which a person agrees, and the one in which an app signs in by
// itself.
func oauth(s openapi.Scheme) (found []draft.Auth, trouble string) {
	var names []string
	for _, f := range s.Flows {
		names = append(names, wording.Line(f.Name, 40))
		token := tokenTrouble(f.TokenURL)
		switch f.Name {
		case "authorizationCode":
			if _, page := usable(f.AuthorizeURL); page != "" || token != "" {
				trouble = "its addresses to sign in at cannot be used as they are"
				continue
			}
			found = append(found, draft.Auth{Method: "oauth2", AuthorizeURL: f.AuthorizeURL, TokenURL: f.TokenURL})
		case "clientCredentials":
			if token != "" || strings.HasPrefix(f.TokenURL, "http:") {
				f.TokenURL, trouble = "", "the address for its tokens (client credentials) cannot be used as it is, and each account names its own with token_url"
			}
			found = append(found, draft.Auth{Method: "client_credentials", TokenURL: f.TokenURL})
		}
	}
	if len(found) == 0 && trouble == "" {
		trouble = fmt.Sprintf("its flows (%s) are neither those in which a person agrees on a page nor client credentials", strings.Join(names, ", "))
	}
	return found, trouble
}

// tokenTrouble says what is wrong with an address for tokens, which can be below that of
// the service; empty for nothing.
func tokenTrouble(address string) string {
	if strings.HasPrefix(address, "/") && plainPath.MatchString(address) {
		return ""
	}
	_, trouble := usable(address)
	return trouble
}

// failures finds where refusals say their code and their text.
func (d *maker) failures() {
	for _, op := range d.doc.Operations {
		s := op.Failure
		if s == nil || s.Kind != openapi.Object {
			continue
		}
		d.c.Code = add(d.c.Code, inFailure(s, "code", "errorcode", "errortype", "type"))
		d.c.Message = add(d.c.Message, inFailure(s, "message", "errormessage", "errordescription", "detail", "error", "title", "msg", "description"))
	}
}

// inFailure returns the path to a text in a refusal, "" for none.
func inFailure(s *openapi.Schema, names ...string) string {
	for _, name := range names {
		for _, p := range s.Properties {
			if wording.Fold(p.Name) == name && wording.IsStep(p.Name) && (p.Schema.Kind == openapi.String || p.Schema.Kind == openapi.Any) {
				return p.Name
			}
		}
	}
	for _, p := range s.Properties {
		if name := wording.Fold(p.Name); (name == "error" || name == "fault") && p.Schema.Kind == openapi.Object && wording.IsStep(p.Name) && p.Schema != s {
			if inner := inFailure(&openapi.Schema{Properties: flat(p.Schema.Properties)}, names...); inner != "" {
				return p.Name + "." + inner
			}
		}
	}
	return ""
}

// flat returns members that are no objects.
func flat(all []openapi.Property) []openapi.Property {
	return slices.DeleteFunc(slices.Clone(all), func(p openapi.Property) bool { return p.Schema.Kind == openapi.Object })
}

// add puts a path behind others, once, and not too many.
func add(paths []string, path string) []string {
	if path == "" || slices.Contains(paths, path) || len(paths) >= 5 {
		return paths
	}
	return append(paths, path)
}

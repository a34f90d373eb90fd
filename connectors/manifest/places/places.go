// Package places checks where the inputs of operations go: into holes of a path, the query,
// headers or the body.
package places

import (
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/manifest/finding"
	"github.com/pollux-automation/pollux/connectors/manifest/form"
	"github.com/pollux-automation/pollux/connectors/schema"
	"github.com/pollux-automation/pollux/internal/diag"
)

// Operation is an operation whose inputs are checked.
type Operation struct {
	form.Operation
	Body   any        // the fixed part of the body
	LineAt diag.Place // where method and path stand
}

// hole is a part of a path that an input fills.
var hole = regexp.MustCompile(`\{([A-Za-z][A-Za-z0-9_]*)\}`)

// Holes returns the names of the inputs that fill a path, in order.
func Holes(path string) []string {
	var names []string
	for _, m := range hole.FindAllStringSubmatch(path, -1) {
		names = append(names, m[1])
	}
	return names
}

// Trouble says what is wrong with a path. The path is joined to the address as it
// is: a query, a dot segment or an escaped character in it would reach another place
// than it seems to.
func Trouble(path string) (trouble string, ok bool) {
	rest := hole.ReplaceAllString(path, "x")
	switch {
	case !strings.HasPrefix(path, "/"):
		return "does not begin with /", false
	case strings.ContainsAny(rest, "{}"):
		return "has a hole that is not written like {contactId}", false
	case strings.ContainsAny(rest, "?#%\\ ") || strings.ContainsFunc(rest, func(c rune) bool { return c < ' ' || c > '~' }):
		return "holds characters that do not belong into a path", false
	case strings.Contains(rest, "//") || slices.ContainsFunc(strings.Split(rest, "/"), func(s string) bool { return s == "." || s == ".." }):
		return "has an empty part or one of dots", false
	}
	return "", true
}

// Header reports names that cannot be headers, and those that are not the
// manifest's business. Those that carry a secret belong to the sign-in; the others
// are made by the HTTP client or by the engine.
func Header(name string, at diag.Place, into *diag.List) bool {
	if !finding.IsHeader(name) {
		into.Errorf(at, finding.CodeHeader, "write it like X-Api-Version", "%q is not the name of a header", name)
		return false
	}
	switch http.CanonicalHeaderKey(name) {
	case "Authorization", "Cookie", "Proxy-Authorization":
		into.Errorf(at, finding.CodeHeader, "say how to sign in under auth", "the header %q would carry a secret", name)
	case "Host", "Content-Length", "Transfer-Encoding", "Connection", "Accept-Encoding", "Idempotency-Key", "X-Idempotency-Key":
		into.Errorf(at, finding.CodeHeader, "leave it out", "the header %q is set by Pollux alone", name)
	default:
		return true
	}
	return false
}

// Check reports holes that nothing fills, and inputs that go nowhere, to a place that is
// taken or to one where they cannot go.
func Check(o Operation, into *diag.List) {
	spec := o.Spec
	holes := Holes(spec.Path)
	for _, name := range holes {
		fills := func(in connectors.Input) bool { return in.Name == name && in.In == "path" }
		if !slices.ContainsFunc(spec.Inputs, fills) {
			into.Errorf(o.LineAt, finding.CodePathHole, "add "+name+" to the inputs", "no input fills {%s} in the path", name)
		}
	}
	// The same name may be used in the query and in the body, so the place includes
	// where it is.
	taken := map[string]string{}
	for _, in := range spec.Inputs {
		at := o.InputAt[in.Name]
		o.checkPlace(in, at, into)
		place := in.In + " " + o.At[in.Name]
		if other, twice := taken[place]; twice {
			into.Errorf(at, finding.CodeInputPlace, "", "%q goes to the same place as %q", in.Name, other)
		}
		taken[place] = in.Name
	}
	form.Check(o.Operation, into)
	o.checkBody(into)
}

// checkPlace reports one input that cannot go where it says: values with parts have
// no one form outside a body, and a GET has no body.
func (o Operation) checkPlace(in connectors.Input, at diag.Place, into *diag.List) {
	spec := o.Spec
	scalar := in.Type != schema.Array && in.Type != schema.Map && in.Type != schema.Any
	switch in.In {
	case "path":
		if !slices.Contains(Holes(spec.Path), in.Name) {
			into.Errorf(at, finding.CodeInputNowhere, "write {"+in.Name+"} into the path, or in: query", "the path has no hole for %q", in.Name)
		}
		if !scalar {
			into.Errorf(at, finding.CodeInputPlace, "give it a type without parts", "%q of type %s cannot be a part of a path", in.Name, in.Type)
		}
	case "header":
		if Header(o.At[in.Name], at, into) && !scalar {
			into.Errorf(at, finding.CodeInputPlace, "give it a type without parts", "%q of type %s cannot be a header", in.Name, in.Type)
		}
	case "query":
		if in.Type == schema.Map {
			into.Errorf(at, finding.CodeInputPlace, "send it in the body", "%q of type %s cannot be sent in the query", in.Name, in.Type)
		}
	case "body":
		if spec.Method == http.MethodGet {
			into.Errorf(at, finding.CodeInputPlace, "write in: query", "a GET request has no body for %q", in.Name)
		}
		if place := o.At[in.Name]; place != "." && slices.Contains(strings.Split(place, "."), "") {
			into.Errorf(at, finding.CodeInputPlace, "write it like subscriber.email", "%q is not a place in a body", place)
		}
	}
}

// checkBody reports places in the body that lead through each other.
func (o Operation) checkBody(into *diag.List) {
	var inside []connectors.Input
	for _, in := range o.Spec.Inputs {
		if in.In == "body" {
			inside = append(inside, in)
		}
	}
	for _, in := range inside {
		place := o.At[in.Name]
		if place == "." && (len(inside) > 1 || o.Fixed) {
			into.Errorf(o.InputAt[in.Name], finding.CodeInputPlace, "", "%q is the whole body, so nothing else can go there", in.Name)
			continue
		}
		for _, other := range inside {
			if strings.HasPrefix(place, o.At[other.Name]+".") {
				into.Errorf(o.InputAt[in.Name], finding.CodeInputPlace, "", "%q would go inside %q", in.Name, other.Name)
			}
		}
		if o.Fixed && !leadsThrough(o.Body, strings.Split(place, ".")) {
			into.Errorf(o.InputAt[in.Name], finding.CodeInputPlace, "", "%q would go inside a fixed value that is no mapping", in.Name)
		}
	}
}

// leadsThrough reports whether a value can be put at a place inside a body. A name
// that is not there yet is made on the way; a value that is no mapping is in the way.
func leadsThrough(body any, names []string) bool {
	for _, name := range names {
		m, ok := body.(map[string]any)
		if !ok {
			return false
		}
		next, there := m[name]
		if !there {
			return true
		}
		body = next
	}
	return true
}

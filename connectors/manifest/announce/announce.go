// Package announce reads what a manifest says about the webhooks of a service.
package announce

import (
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/manifest/finding"
	"github.com/pollux-automation/pollux/connectors/schema"
	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/yamlnode"
)

// The keys that the mappings of this part may have.
//
//nolint:gochecknoglobals // tables
var (
	webhooksKeys  = []string{"signatures", "type", "id", "time", "belongs", "lag", "events"}
	signatureKeys = []string{"header", "algorithm"}
	eventKeys     = []string{"objects", "parent"}
)

// Keys returns the keys of each mapping by the name of its definition in the schema.
func Keys() map[string][]string {
	return map[string][]string{"webhooks": webhooksKeys, "signature": signatureKeys, "event": eventKeys}
}

// maxLag is the longest lag: a second look at a list long after the event is what polls
// are for.
const maxLag = 5 * time.Minute

// placeForm is what the place of a value in a body looks like.
var placeForm = regexp.MustCompile(`^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$`)

// Read reads the part. nil is for none, and for one with mistakes.
func Read(n *yamlnode.Node, into *diag.List) *connectors.Webhooks {
	m, ok := n.Mapping(into, webhooksKeys...)
	if !ok {
		return nil
	}
	w := &connectors.Webhooks{Belongs: map[string]string{}, Events: map[string]connectors.Announced{}}
	signatures := m.Need(into, "signatures", "signatures: [{header: X-Signature, algorithm: ed25519}]")
	items, ok := signatures.List(into)
	if ok && len(items) == 0 {
		into.Errorf(signatures.At(), finding.CodeWebhooks, "write signatures: [{header: X-Signature, algorithm: ed25519}]", "a delivery that is not signed could come from anybody")
	}
	for _, item := range items {
		w.Signatures = append(w.Signatures, signature(item, into))
	}
	w.Type = place(m.Need(into, "type", "type: type"), into)
	w.ID, w.Time = place(m.Get("id"), into), place(m.Get("time"), into)
	belongs, _ := m.Get("belongs").Mapping(into)
	for _, f := range belongs.Fields() {
		if !placeForm.MatchString(f.Name) {
			notAPlace(f.Name, f.At, into)
		}
		w.Belongs[f.Name], _ = f.Value.Text(into)
	}
	w.Lag, _ = m.Get("lag").Duration(into)
	if w.Lag < 0 || w.Lag > maxLag {
		m.Get("lag").Mismatch(into, "a duration from 0s to 5m")
	}
	events := m.Need(into, "events", "events: {ContactCreate: {objects: [contact]}}")
	list, ok := events.Mapping(into)
	if ok && len(list.Fields()) == 0 {
		into.Errorf(events.At(), finding.CodeWebhooks, "write events: {ContactCreate: {objects: [contact]}}", "without an event no delivery says anything")
	}
	for _, f := range list.Fields() {
		w.Events[f.Name] = event(f.Value, into)
	}
	return w
}

// signature reads one way to sign.
func signature(n *yamlnode.Node, into *diag.List) (s connectors.Signature) {
	m, ok := n.Mapping(into, signatureKeys...)
	if !ok {
		return s
	}
	header, _ := m.Need(into, "header", "header: X-Signature").Text(into)
	if header != "" && (strings.ContainsAny(header, " :\t") || http.CanonicalHeaderKey(header) == "Authorization") {
		into.Errorf(m.Get("header").At(), finding.CodeHeader, "write it like X-Signature", "%q is not the name of a header", header)
	}
	algorithm, _ := m.Need(into, "algorithm", "algorithm: ed25519").Word(into, string(connectors.Ed25519), string(connectors.RSASHA256))
	return connectors.Signature{Header: http.CanonicalHeaderKey(header), Algorithm: connectors.SignatureAlgorithm(algorithm)}
}

// event reads what an event says has changed.
func event(n *yamlnode.Node, into *diag.List) (a connectors.Announced) {
	m, ok := n.Mapping(into, eventKeys...)
	if !ok {
		return a
	}
	a.Objects, _ = m.Need(into, "objects", "objects: [contact]").Texts(into)
	a.Parent = place(m.Get("parent"), into)
	return a
}

// place reads where a value stands in a body.
func place(n *yamlnode.Node, into *diag.List) string {
	text, ok := n.Text(into)
	if ok && !placeForm.MatchString(text) {
		notAPlace(text, n.At(), into)
	}
	return text
}

func notAPlace(text string, at diag.Place, into *diag.List) {
	into.Errorf(at, finding.CodeWebhooks, "write names with dots between them, such as data.id", "%.80q is no place in a body", text)
}

// Check compares the part with the others of the manifest: at is where it stands.
func Check(w *connectors.Webhooks, at diag.Place, objects []*schema.Object, settings []schema.Field, into *diag.List) {
	if w == nil {
		return
	}
	var known, names []string
	for _, o := range objects {
		known = append(known, o.Key)
	}
	for _, f := range settings {
		names = append(names, f.Name)
	}
	for _, place := range slices.Sorted(maps.Keys(w.Belongs)) {
		if name := w.Belongs[place]; !slices.Contains(names, name) {
			into.Errorf(at, finding.CodeUnknownName, diag.DidYouMean(name, names), "webhooks: there is no account setting %q", name)
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(w.Events)) {
		for _, key := range w.Events[kind].Objects {
			if !slices.Contains(known, key) {
				into.Errorf(at, finding.CodeUnknownName, diag.DidYouMean(key, known), "webhooks: the event %s names the unknown object %q", kind, key)
			}
		}
	}
}

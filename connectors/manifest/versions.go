package manifest

import (
	"maps"
	"slices"

	"github.com/pollux-automation/pollux/connectors/manifest/finding"
	"github.com/pollux-automation/pollux/connectors/manifest/places"
	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/yamlnode"
)

// Version is how an operation differs in another version of the service's API, for
// accounts that choose it.
type Version struct {
	Path string            // empty for the usual one
	At   map[string]string // where inputs go that go elsewhere
	// Gone says what to use instead of an operation that the version has not; empty for one
	// that it has.
	Gone       string
	Deprecated string
}

// versionsOf reads how an operation differs in other versions.
func (r *reader) versionsOf(d *draft) {
	all, ok := d.m.Get("versions").Mapping(r.into)
	if !ok {
		return
	}
	d.op.Versions = map[string]Version{}
	for _, f := range all.Fields() {
		if !slices.Contains(r.m.Versions, f.Name) {
			r.into.Errorf(f.At, finding.CodeUnknownName, diag.DidYouMean(f.Name, r.m.Versions), "the connector knows no version %q besides the usual one", f.Name)
		}
		m, ok := f.Value.Mapping(r.into, otherKeys...)
		if !ok {
			continue
		}
		d.op.Versions[f.Name] = r.oneVersion(d, m)
	}
}

// oneVersion reads how an operation differs in one version.
func (r *reader) oneVersion(d *draft, m yamlnode.Map) (v Version) {
	if path, ok := m.Get("path").Text(r.into); ok {
		v.Path = path
		if text, ok := places.Trouble(path); !ok {
			r.into.Errorf(m.Get("path").At(), finding.CodePath, "write it like /contacts/{contactId}", "the path %q %s", path, text)
		} else if !slices.Equal(slices.Sorted(slices.Values(places.Holes(path))), slices.Sorted(slices.Values(places.Holes(d.op.Spec.Path)))) {
			r.into.Errorf(m.Get("path").At(), finding.CodePathHole, "", "the path %q has other holes than the usual one", path)
		}
	}
	at, _ := m.Get("at").Mapping(r.into)
	for _, f := range at.Fields() {
		if v.At == nil {
			v.At = map[string]string{}
		}
		if _, known := d.op.At[f.Name]; !known {
			r.into.Errorf(f.At, finding.CodeUnknownName, diag.DidYouMean(f.Name, slices.Sorted(maps.Keys(d.op.At))), "there is no input %q", f.Name)
		}
		v.At[f.Name], _ = f.Value.Text(r.into)
	}
	v.Gone, _ = m.Get("gone").Text(r.into)
	v.Deprecated, _ = m.Get("deprecated").Text(r.into)
	return v
}

// In returns the manifest as it is in another version of the service's API: with its paths
// and places, without what it has not. ok is false for a version that is not known. The
// usual one is "".
func (m *Manifest) In(version string) (in *Manifest, ok bool) {
	if version == "" {
		return m, true
	}
	if !slices.Contains(m.Versions, version) {
		return nil, false
	}
	all := *m
	all.Operations, all.Versions = nil, nil
	for _, o := range m.Operations {
		v := o.Versions[version]
		if m.gone(o, version) != "" {
			continue
		}
		spec, op := *o.Spec, *o
		spec.Version = version
		if o.Compose != nil {
			if main, ok := m.Operation(o.Compose.Main()); ok {
				v.Path = main.Versions[version].Path
			}
		}
		if v.Path != "" {
			spec.Path = v.Path
		}
		if v.Deprecated != "" {
			spec.Deprecated = v.Deprecated
		}
		op.Spec, op.At = &spec, maps.Clone(o.At)
		maps.Copy(op.At, v.At)
		all.Operations = append(all.Operations, &op)
	}
	return &all, true
}

// Lacks says which operations another version of the API has not, and what to use instead.
func (m *Manifest) Lacks(version string) map[string]string {
	gone := map[string]string{}
	for _, o := range m.Operations {
		if instead := m.gone(o, version); instead != "" {
			gone[o.Spec.Key] = instead
		}
	}
	return gone
}

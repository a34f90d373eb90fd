package lists

import (
	"github.com/pollux-automation/pollux/connectors/manifest/finding"
	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/yamlnode"
)

// Values reads a mapping of inputs to constants. Whether they fit is checked when all
// operations are known.
func Values(n *yamlnode.Node, into *diag.List) map[string]any {
	m, ok := n.Mapping(into)
	if !ok {
		return nil
	}
	out := map[string]any{}
	for _, f := range m.Fields() {
		out[f.Name] = f.Value.Value()
	}
	return out
}

// Paths reads one path inside an answer, or several of which the first that
// leads somewhere counts.
func Paths(n *yamlnode.Node, into *diag.List) []string {
	for _, item := range pathNodes(n) {
		finding.Path(into, item.Written(), item.At())
	}
	return pathTexts(n, into)
}

// ListPaths reads paths to a list. A star in them stands for every member of an object.
func ListPaths(n *yamlnode.Node, into *diag.List) []string {
	for _, item := range pathNodes(n) {
		finding.ListPath(into, item.Written(), item.At())
	}
	return pathTexts(n, into)
}

func pathNodes(n *yamlnode.Node) []*yamlnode.Node {
	if n.Kind() == yamlnode.Text {
		return []*yamlnode.Node{n}
	}
	return n.Items()
}

func pathTexts(n *yamlnode.Node, into *diag.List) []string {
	if n.Kind() == yamlnode.Text {
		text, _ := n.Text(into)
		return []string{text}
	}
	texts, _ := n.Texts(into)
	return texts
}

// The keys that each mapping may have. schema.json has the same ones; a test compares
// them.
//
//nolint:gochecknoglobals // tables
var (
	pagingKeys = []string{"style", "size", "carry", "input", "first", "link", "last", "total"}
	sizeKeys   = []string{"input", "default", "max"}
	pollKeys   = []string{"strategy", "overlap", "page_size", "with", "since", "by", "window", "parents", "confirm", "gone", "record", "instead"}
	windowKeys = []string{"from", "to", "format", "back", "ahead"}
	otherKeys  = []string{"operation", "input"}
	sinceKeys  = []string{"input", "format", "value"}
)

// Keys returns the keys that each mapping may have, by its name in schema.json.
func Keys() map[string][]string {
	return map[string][]string{"paging": pagingKeys, "size": sizeKeys, "poll": pollKeys, "since": sinceKeys, "window": windowKeys, "other": otherKeys}
}

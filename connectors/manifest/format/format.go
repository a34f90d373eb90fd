// Package format reads in which format a service answers.
package format

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/pollux-automation/pollux/connectors/formats"
	"github.com/pollux-automation/pollux/connectors/manifest/finding"
	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/yamlnode"
)

// The keys that each mapping may have. schema.json has the same ones; a test compares
// them.
//
//nolint:gochecknoglobals // tables
var (
	kinds   = []string{"json", string(formats.CSV), string(formats.XML), string(formats.NDJSON)}
	mapKeys = []string{string(formats.CSV), string(formats.XML)}
	csvKeys = []string{"separator", "charset"}
	xmlKeys = []string{"charset"}
)

// Keys returns the keys of the mappings by the names of their definitions in the schema.
func Keys() map[string][]string {
	return map[string][]string{"format": mapKeys, "csvFormat": csvKeys, "xmlFormat": xmlKeys}
}

// Read reads a format: a word, or a mapping that says more of one. paths are those of the
// answer, list tells that they lead to a list. Without a node it is JSON.
func Read(n *yamlnode.Node, list bool, paths []string, into *diag.List) formats.Format {
	f := formats.Format{}
	if n.Kind() == yamlnode.Mapping {
		f = detailed(n, into)
	} else if word, ok := n.Word(into, kinds...); ok && word != kinds[0] {
		f.Kind = formats.Kind(word)
	}
	whole := slices.Equal(paths, []string{"."})
	switch {
	case n == nil || len(paths) == 0:
	case (f.Kind == formats.CSV || f.Kind == formats.NDJSON) && (!list || !whole):
		into.Errorf(n.At(), finding.CodeAnswer, "write list: . in the answer", "an answer of %s is a list and nothing else", f.Kind)
	case f.Kind == formats.XML && list && slices.ContainsFunc(paths, func(p string) bool { return !strings.Contains(p, ".") || p == "." }):
		into.Errorf(n.At(), finding.CodeAnswer, "write list: people.person, the names of the root and of the elements in it", "a path in XML begins with the root, and a list is inside of it")
	}
	return f
}

// detailed reads a mapping like {csv: {separator: ";"}}.
func detailed(n *yamlnode.Node, into *diag.List) formats.Format {
	f := formats.Format{}
	m, ok := n.Mapping(into, mapKeys...)
	if !ok {
		return f
	}
	if len(m.Fields()) != 1 {
		into.Errorf(n.At(), finding.CodeAnswer, `write format: csv, or format: {csv: {separator: ";"}}`, "an answer has one format")
		return f
	}
	field := m.Fields()[0]
	keys := csvKeys
	if f.Kind = formats.Kind(field.Name); f.Kind == formats.XML {
		keys = xmlKeys
	}
	of, ok := field.Value.Mapping(into, keys...)
	if !ok {
		return f
	}
	if text, ok := of.Get("separator").Text(into); ok {
		f.Separator, _ = utf8.DecodeRuneInString(text)
		if utf8.RuneCountInString(text) != 1 || strings.ContainsAny(text, "\"\r\n\uFFFD\uFEFF\x00") {
			into.Errorf(of.Get("separator").At(), finding.CodeAnswer, `write separator: ";"`, "%.20q cannot stand between cells: it is one character, and no quote", text)
		}
	}
	if name, ok := of.Get("charset").Text(into); ok {
		f.Charset = name
		if !formats.Known(name) {
			into.Errorf(of.Get("charset").At(), finding.CodeAnswer, "write it like euc-kr or iso-8859-1", "the charset %.40q is not known", name)
		}
	}
	return f
}

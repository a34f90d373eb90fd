package project

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/auth"
	"github.com/pollux-automation/pollux/connectors/builtin"
	"github.com/pollux-automation/pollux/connectors/external"
	"github.com/pollux-automation/pollux/connectors/httpapi"
	"github.com/pollux-automation/pollux/connectors/manifest"
	"github.com/pollux-automation/pollux/internal/diag"
)

// connectorOf makes the connector of a manifest that a user has written; nil with a
// finding where it needs what only built-in connectors have.
func connectorOf(m *manifest.Manifest, dir string, into *diag.List) connectors.Connector {
	if i := slices.IndexFunc(m.Auth, func(a auth.Method) bool { return a.OAuth != nil && a.OAuth.Exchange != "" }); i >= 0 {
		into.Errorf(diag.Place{File: filepath.Join(dir, "connector.yaml")}, "connector-hook", "leave exchange out: hooks are for built-in connectors",
			"there is no hook %q", m.Auth[i].OAuth.Exchange)
		return nil
	}
	return httpapi.New(m)
}

// Folder is a connector in a folder, wherever that lies.
type Folder struct {
	Connector connectors.Connector // nil where the findings have errors
	Findings  diag.List
	Sources   map[string][]byte // the texts that findings point into, by file
}

// ReadFolder reads the connector in a folder as [Read] reads those of a project. The folder
// need not belong to one. It never fails: the findings tell why there is no connector.
// programs runs those that are programs; nil for none.
func ReadFolder(dir string, programs *external.Programs) *Folder {
	f := &Folder{}
	if external.Is(dir) {
		f.readPlugin(dir, programs)
		return f
	}
	m, sources := manifest.Read(os.DirFS(dir), dir, &f.Findings)
	f.Sources = sources
	if m != nil {
		f.Connector = connectorOf(m, dir, &f.Findings)
	}
	return f
}

// readPlugin reads the connector of a folder that is a program.
func (f *Folder) readPlugin(dir string, programs *external.Programs) {
	file := filepath.Join(dir, manifest.PluginFile)
	if programs == nil {
		f.Findings.Errorf(diag.Place{File: file}, external.CodeFailed, "", "plugins are not started here")
		return
	}
	c, text, ok := programs.LoadOne(dir, dir, &f.Findings)
	f.Sources = map[string][]byte{file: text}
	if ok {
		f.Connector = c
	}
}

// Origin is where a connector of a project comes from.
type Origin struct {
	// Folder is where it lies; empty for the built-in ones.
	Folder string
	// Findings are why it cannot be used; empty for those that can.
	Findings []diag.Finding
}

// Origins returns where the connectors of the project come from, by key. Folders that hold
// no connector that can be used are there too, under their names.
func (p *Project) Origins() map[string]Origin {
	out := map[string]Origin{}
	for _, key := range p.Registry.Keys() {
		out[key] = Origin{}
	}
	shipped := builtin.Registry().Keys()
	entries, err := os.ReadDir(p.Settings.Connectors)
	if err != nil || p.Settings.Connectors == "" {
		return out // none of its own, or a finding says why
	}
	for _, e := range entries {
		if !e.IsDir() || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		o, key := Origin{Folder: filepath.Join(p.Settings.Connectors, e.Name())}, e.Name()
		if slices.Contains(shipped, key) {
			key = o.Folder // the name is taken, and the built-in one keeps it
		}
		if _, known := out[key]; !known {
			for _, f := range p.Findings.Sorted() {
				if within(f.File, o.Folder) {
					o.Findings = append(o.Findings, f)
				}
			}
		}
		out[key] = o
	}
	return out
}

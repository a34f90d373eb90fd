package project

import (
	"maps"
	"path/filepath"

	"github.com/pollux-automation/pollux/connectors/external"
	"github.com/pollux-automation/pollux/connectors/manifest"
	"github.com/pollux-automation/pollux/internal/diag"
)

// readPlugins fills the registry with the user's connectors that are programs.
func (p *Project) readPlugins(dir string) {
	if p.programs == nil {
		files, _ := filepath.Glob(filepath.Join(dir, "*", manifest.PluginFile)) // the pattern is right
		for _, file := range files {
			p.Findings.Errorf(diag.Place{File: file}, external.CodeFailed, "", "plugins are not started here")
		}
		return
	}
	list, sources := p.programs.Load(dir, dir, &p.Findings)
	maps.Copy(p.Sources, sources)
	for _, c := range list {
		if err := p.Registry.Add(c); err != nil {
			p.Findings.Errorf(diag.Place{File: filepath.Join(c.Folder(), manifest.PluginFile)}, "connector-taken", "choose another key", "%v", err)
			continue
		}
		p.plugins = append(p.plugins, c)
	}
}

// KeepPlugins ends the programs of plugins that other projects loaded and this one does
// not use, each once its calls under way have ended.
func (p *Project) KeepPlugins() {
	if p.programs != nil {
		p.programs.Keep(p.plugins)
	}
}

package external

import (
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"github.com/pollux-automation/pollux/connectors/manifest"
	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/secret"
)

// Options say how plugins are run. The zero value is for tests; durations that are 0 have
// their usual length.
type Options struct {
	Version string // of this program
	// Env looks up a variable of the environment; nil gives plugins an empty one.
	Env func(string) (string, bool)
	// Grace is how long a program has to answer when it is told to give up, and to end when
	// it is told to.
	Grace time.Duration
	// Start is how long a program has to say which protocol it speaks, and then again what
	// it offers.
	Start time.Duration
	// Pause is the first pause before a program that ended is started again; it doubles
	// with each end in a row. Rest is the longest one.
	Pause, Rest time.Duration
}

// Programs are the plugins that this program runs. They are safe for concurrent use.
// Close must be called, and returns after the last process and goroutine have ended.
type Programs struct {
	o       Options
	redact  *secret.Redactor // knows the credentials of all accounts
	log     atomic.Pointer[zerolog.Logger]
	group   sync.WaitGroup
	closing chan struct{}

	mu     sync.Mutex
	list   []*entry
	closed bool
}

// entry is a plugin that was loaded, or could not be.
type entry struct {
	folder folder
	kept   bool // in use since Keep
	loaded time.Time

	once      sync.Once
	connector *Connector // nil when it could not be loaded
	found     diag.List
}

// again is how long it is remembered that a plugin could not be loaded: one command reads
// a project more than once.
const again = 10 * time.Second

// New makes a program that runs no plugin yet. It starts nothing.
func New(o Options) *Programs {
	for _, d := range []struct {
		value *time.Duration
		usual time.Duration
	}{{&o.Grace, 2 * time.Second}, {&o.Start, 10 * time.Second}, {&o.Pause, time.Second}, {&o.Rest, 5 * time.Minute}} {
		if *d.value == 0 {
			*d.value = d.usual
		}
	}
	return &Programs{o: o, redact: &secret.Redactor{}, closing: make(chan struct{})}
}

// Log has what plugins write to their standard error logged from now on, and their ends.
func (p *Programs) Log(log zerolog.Logger) {
	log = log.With().Str("component", "plugin").Logger()
	p.log.Store(&log)
}

// said logs a line of a plugin's standard error.
func (p *Programs) said(connector, line string, dropped int) {
	if log := p.log.Load(); log != nil {
		e := log.Info().Str("connector", connector).Str("line", line)
		if dropped > 0 {
			e = e.Int("dropped", dropped)
		}
		e.Msg("plugin said")
	}
}

// fell logs the end of a plugin.
func (p *Programs) fell(connector string, err error, deaths int, pause time.Duration) {
	log := p.log.Load()
	if log == nil {
		return
	}
	level, text := zerolog.WarnLevel, "plugin ended, it is started again"
	if deaths >= mostDeaths {
		level, text = zerolog.ErrorLevel, "plugin ends again and again, it rests"
	}
	log.WithLevel(level).Str("connector", connector).Err(err).Int("attempt", deaths).Int64("retry_in_ms", pause.Milliseconds()).Msg(text)
}

// environment is what a program gets of ours: what it needs to find other programs, to
// write text and to know the time. Nothing else, so that no secret is in it.
func (p *Programs) environment() []string {
	var env []string
	for _, name := range []string{"PATH", "LANG", "LC_ALL", "TZ", "TMPDIR", "SYSTEMROOT"} {
		if p.o.Env == nil {
			break
		}
		if value, ok := p.o.Env(name); ok {
			env = append(env, name+"="+value)
		}
	}
	return env
}

// Load loads the plugins in the folders of a folder, in the order of their names. name
// stands before the names of their files in findings. A plugin whose files are those of
// an earlier load is the same connector, and its program is not started again. One with
// errors is left out. Sources are the texts that findings point into.
func (p *Programs) Load(dir, name string, into *diag.List) (list []*Connector, sources map[string][]byte) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, nil // who reads the manifests beside them says so
	}
	var found []*entry
	sources = map[string][]byte{}
	for _, e := range entries {
		sub := filepath.Join(dir, e.Name())
		if !Is(sub) || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		f, ok := readFolder(sub, path.Join(name, e.Name()), into)
		sources[path.Join(f.name, manifest.PluginFile)] = f.text
		if ok {
			found = append(found, p.entry(f))
		}
	}
	var starting sync.WaitGroup
	for _, e := range found {
		starting.Go(func() { e.once.Do(func() { p.open(e) }) })
	}
	starting.Wait()
	for _, e := range found {
		into.Append(&e.found)
		if e.connector != nil {
			list = append(list, e.connector)
		}
	}
	return list, sources
}

// Is reports whether a folder holds a plugin.
func Is(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, manifest.PluginFile))
	return err == nil
}

// LoadOne is Load for the plugin in one folder; ok is false when it has findings.
func (p *Programs) LoadOne(dir, name string, into *diag.List) (c *Connector, source []byte, ok bool) {
	f, ok := readFolder(dir, name, into)
	if !ok {
		return nil, f.text, false
	}
	e := p.entry(f)
	e.once.Do(func() { p.open(e) })
	into.Append(&e.found)
	return e.connector, f.text, e.connector != nil
}

// entry returns the plugin of a folder as it is now.
func (p *Programs) entry(f folder) *entry {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, e := range p.list {
		if e.folder.dir != f.dir || e.folder.sum != f.sum || e.folder.name != f.name {
			continue
		}
		if e.connector != nil || time.Since(e.loaded) < again {
			return e
		}
	}
	p.drop(func(e *entry) bool { return e.folder.dir == f.dir && !e.kept })
	e := &entry{folder: f, loaded: time.Now()}
	p.list = append(p.list, e)
	return e
}

// drop ends some plugins, each once its requests under way have ended. The lock is held.
func (p *Programs) drop(which func(*entry) bool) {
	p.list = slices.DeleteFunc(p.list, func(e *entry) bool {
		if !which(e) {
			return false
		}
		p.group.Go(func() {
			e.once.Do(func() {}) // it may be starting
			if e.connector != nil {
				e.connector.host.close(false)
			}
		})
		return true
	})
}

// Keep says which plugins are in use from now on. All others are ended, each once its
// requests under way have ended.
func (p *Programs) Keep(list []*Connector) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, e := range p.list {
		e.kept = slices.Contains(list, e.connector) && e.connector != nil
	}
	p.drop(func(e *entry) bool { return !e.kept })
}

// Close ends all plugins, and returns when nothing of them is left. Nothing can be loaded
// afterwards.
func (p *Programs) Close() {
	p.mu.Lock()
	list := p.list
	if !p.closed {
		p.closed = true
		close(p.closing)
	}
	p.list = nil
	p.mu.Unlock()
	for _, e := range list {
		p.group.Go(func() {
			e.once.Do(func() {})
			if e.connector != nil {
				e.connector.host.close(true)
			}
		})
	}
	p.group.Wait()
}

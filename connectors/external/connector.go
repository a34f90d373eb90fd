package external

import (
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"path/filepath"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/auth"
	"github.com/pollux-automation/pollux/connectors/external/described"
	"github.com/pollux-automation/pollux/connectors/manifest"
	"github.com/pollux-automation/pollux/connectors/manifest/finding"
	"github.com/pollux-automation/pollux/connectors/protocol"
	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/secret"
)

// Connector is a service that a plugin knows. It is safe for concurrent use.
type Connector struct {
	host        *host
	description *connectors.Description
}

// Folder is the folder of the plugin, as findings name it.
func (c *Connector) Folder() string { return c.host.folder.name }

// Describe says what the service offers.
func (c *Connector) Describe() *connectors.Description { return c.description }

// open starts the plugin of an entry for the first time.
func (p *Programs) open(e *entry) {
	at := e.folder.at
	h := newHost(e.folder, p)
	p.mu.Lock()
	closed := p.closed
	p.mu.Unlock()
	if closed {
		return
	}
	l, err := h.start()
	if err != nil {
		e.found.Errorf(at, CodeFailed, "start it by hand in its folder to see more", "the plugin did not start: %s", p.redact.Redact(err.Error()))
		return
	}
	h.mu.Lock()
	text := h.described
	if h.link = l; l.process.Err() != nil {
		h.link = nil // it ended since; the first request starts it again
	}
	h.mu.Unlock()
	var said protocol.Description
	if err := json.Unmarshal(text, &said); err != nil {
		e.found.Errorf(at, CodeFailed, "", "what it describes cannot be read: %v", err)
	}
	d := described.Read(said, at, &e.found)
	if name := filepath.Base(e.folder.dir); d != nil && d.Key != name {
		e.found.Errorf(diag.Place{File: path.Join(e.folder.name, manifest.PluginFile)}, finding.CodeKeyForm,
			"rename the folder or the connector", "the folder %q holds the connector %q", name, d.Key)
		d = nil
	}
	if d == nil {
		h.close(true)
		return
	}
	e.connector = &Connector{host: h, description: d}
}

// Open makes a session for one account. It asks the program nothing. A missing or unfit
// setting and a credential of the wrong method are errors.
func (c *Connector) Open(a connectors.Account) (connectors.Session, error) {
	if a.Version != "" {
		return nil, fmt.Errorf("account %s: %s has no version %q", a.Name, c.description.Title, a.Version)
	}
	known := false
	for _, m := range c.description.Auth {
		known = known || m.Name == a.Credential.Method
	}
	switch {
	case !known:
		return nil, fmt.Errorf("account %s: %s does not take the sign-in method %q", a.Name, c.description.Title, a.Credential.Method)
	case a.Credential.Secret.Empty():
		return nil, fmt.Errorf("account %s: the credential is empty", a.Name)
	case a.Gate == nil:
		return nil, fmt.Errorf("account %s: %w", a.Name, errors.New("there is no gate"))
	}
	for _, f := range c.description.Settings {
		v := a.Settings[f.Name]
		switch text, isText := v.(string); {
		case v == nil && f.Required && f.Default == nil:
			return nil, fmt.Errorf("account %s: the setting %q is missing", a.Name, f.Name)
		case v == nil:
		case f.Accepts(v) != nil:
			return nil, fmt.Errorf("account %s: setting %q: %w", a.Name, f.Name, f.Accepts(v))
		case f.Secret && isText:
			c.host.programs.redact.Learn(secret.NewRedactor(secret.New(text)))
		}
	}
	c.host.programs.redact.Learn(auth.Static(a.Credential).Redactor())
	return &session{connector: c, account: a}, nil
}

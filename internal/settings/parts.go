package settings

import (
	"maps"
	"regexp"
	"slices"

	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/yamlnode"
)

// Parts says that each part of an account at its service, such as a location of an agency,
// is an account of its own.
type Parts struct {
	// Except are the ids of parts that are none.
	Except []string
	At     diag.Place
}

// allParts is the word for all parts of an account.
const allParts = "all"

// partIDs is the form of the ids that can be a part of an account's name.
var partIDs = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// IsPartID reports whether what a service calls a part can stand in the name of an account.
func IsPartID(id string) bool { return partIDs.MatchString(id) }

// PartName is the name of the account for a part of another one.
func PartName(account, id string) string { return account + "-" + id }

// Part returns the account for a part: it is set up as the whole, but for the setting that
// holds the id of the part. title is what people call it.
func (a *Account) Part(setting, id, title string) Account {
	p := *a
	p.Name, p.Of, p.Title, p.Parts = PartName(a.Name, id), a.Name, title, nil
	p.Settings = maps.Clone(a.Settings)
	if p.Settings == nil {
		p.Settings = map[string]any{}
	}
	p.Settings[setting] = id
	return p
}

// Has reports whether a part is to be an account.
func (p *Parts) Has(id string) bool { return p != nil && !slices.Contains(p.Except, id) }

// parts reads whether the parts of an account are accounts too.
func (r *reader) parts(n *yamlnode.Node) *Parts {
	if n == nil {
		return nil
	}
	p := &Parts{At: n.At()}
	if n.Kind() == yamlnode.Text {
		if _, ok := n.Word(r.into, allParts); !ok {
			return nil
		}
		return p
	}
	m, ok := n.Mapping(r.into, "except")
	if !ok {
		return nil
	}
	p.Except, _ = m.Need(r.into, "except", "parts: "+allParts).Texts(r.into)
	return p
}

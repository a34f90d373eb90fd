package parts

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/internal/settings"
)

// Part is a part of an account as its service lists it.
type Part struct {
	ID   string
	Name string // what people call it; may be empty
}

// maxPages bounds a list of parts.
const maxPages = 10_000

// longestName is how many bytes of a name are kept.
const longestName = 200

// List asks a service for the parts of an account. It returns all of them or an error: half
// a list would make the others look lost.
func List(ctx context.Context, session connectors.Session, d *connectors.Description, a *settings.Account) ([]Part, error) {
	op, ok := d.Operation(d.Parts.Operation)
	if !ok {
		return nil, fmt.Errorf("%s has no operation %q", d.Title, d.Parts.Operation)
	}
	q := connectors.Query{Inputs: inputs(op, d.Parts, a)}
	var list []Part
	seen := map[string]bool{}
	for range maxPages {
		page, err := session.Page(ctx, op, q)
		if err != nil {
			return nil, err
		}
		fresh := false
		for _, r := range page.Records {
			if seen[r.ID] {
				continue
			}
			if !settings.IsPartID(r.ID) {
				return nil, fmt.Errorf("%s lists %.80q, which cannot be a part of the name of an account", d.Parts.Operation, r.ID)
			}
			seen[r.ID], fresh = true, true
			list = append(list, Part{ID: r.ID, Name: name(r, d.Parts.Name)})
		}
		if page.Next == "" {
			return list, nil
		}
		if !fresh {
			return nil, fmt.Errorf("%s shows the same page again and again", d.Parts.Operation)
		}
		q.Position = page.Next
	}
	return nil, fmt.Errorf("%s has no end after %d pages", d.Parts.Operation, maxPages)
}

// inputs are what the read is given: what the settings say, its defaults, and the id of the
// app.
func inputs(op *connectors.Operation, p *connectors.Parts, a *settings.Account) map[string]any {
	in := map[string]any{}
	for _, i := range op.Inputs {
		if i.Default != nil {
			in[i.Name] = i.Default
		}
		if v := a.Settings[i.Setting]; i.Setting != "" && v != nil {
			in[i.Name] = v
		}
	}
	if c := a.Credential.Client; p.App != "" && in[p.App] == nil && c != nil {
		in[p.App], _, _ = strings.Cut(c.ID.Reveal(), "-")
	}
	return in
}

// name is what people call a part.
func name(r connectors.Record, field string) string {
	var fields map[string]any
	if json.Unmarshal(r.Raw, &fields) != nil {
		return ""
	}
	text, _ := fields[field].(string)
	if len(text) > longestName {
		text = text[:longestName]
	}
	return strings.ToValidUTF8(text, "")
}

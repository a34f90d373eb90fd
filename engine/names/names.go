// Package names gathers what the expressions of a recipe must know of the fields that
// users of services have named. It asks the sessions of the recipe's accounts, and only
// where the recipe uses such names.
package names

import (
	"context"
	"fmt"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/named"
	"github.com/pollux-automation/pollux/connectors/schema"
	"github.com/pollux-automation/pollux/internal/mapping"
)

// directory holds the names of some connections.
type directory map[place]*named.Table

// place is one kind of names of one connection.
type place struct {
	connection string
	spec       *schema.Named
}

// ID implements [mapping.Namer].
func (d directory) ID(connection string, spec *schema.Named, name string) (string, error) {
	table, ok := d[place{connection, spec}]
	if !ok {
		return "", fmt.Errorf("the names of the %ss of %s are not known", spec.Title, connection)
	}
	return table.ID(name)
}

// Gather returns the names that expressions need, of the sessions that keep any; nil when
// there are none. What is not known, or too old, is asked for. What steps write is for
// the sessions themselves. The error is a [*connectors.Error].
func Gather(ctx context.Context, uses []mapping.Named, session func(connection string) connectors.Session) (mapping.Namer, error) {
	return collect(uses, session, func(b *named.Book, spec *schema.Named, names []string) (*named.Table, error) {
		return b.Table(ctx, spec, names...)
	})
}

// Known is Gather without asking: what the sessions happen to know.
func Known(uses []mapping.Named, session func(connection string) connectors.Session) mapping.Namer {
	known, err := collect(uses, session, func(b *named.Book, spec *schema.Named, _ []string) (*named.Table, error) {
		return b.Known(spec), nil
	})
	if err != nil {
		return nil // never: nothing was asked
	}
	return known
}

func collect(
	uses []mapping.Named, session func(connection string) connectors.Session,
	table func(*named.Book, *schema.Named, []string) (*named.Table, error),
) (mapping.Namer, error) {
	wanted := map[place][]string{}
	for _, u := range uses {
		if u.Write {
			continue
		}
		at := place{u.Connection, u.Spec}
		wanted[at] = append(wanted[at], u.Name)
	}
	found := directory{}
	for at, names := range wanted {
		book := named.Of(session(at.connection))
		if book == nil {
			continue
		}
		t, err := table(book, at.spec, withoutEmpty(names))
		if err != nil {
			return nil, err
		}
		if t != nil {
			found[at] = t
		}
	}
	if len(found) == 0 {
		return nil, nil //nolint:nilnil // nobody keeps names
	}
	return found, nil
}

// withoutEmpty leaves out names that only an evaluation tells.
func withoutEmpty(names []string) []string {
	var list []string
	for _, name := range names {
		if name != "" {
			list = append(list, name)
		}
	}
	return list
}

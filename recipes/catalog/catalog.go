package catalog

import (
	"path"
	"strings"

	"github.com/pollux-automation/pollux/connectors/schema"
)

// Catalog answers which names a recipe may use. The engine fills it from the
// connectors and the accounts, so that recipes never import either.
type Catalog interface {
	// Connectors returns the keys of all connectors, sorted.
	Connectors() []string
	// Operations returns the operations of a connector; ok is false for an
	// unknown connector.
	Operations(connector string) (ops []Operation, ok bool)
	// Target returns the operation of a connector that reads the record which a write
	// changes, from inputs that the write has too; ok is false when there is none.
	Target(connector, write string) (read Operation, ok bool)
	// Accounts returns all accounts, sorted by name.
	Accounts() []Account
}

// Connection is a recipe's own name for an account, or for all accounts whose names fit a
// pattern.
type Connection struct {
	Name      string
	Connector string
	// Account is a name, or a pattern as of [path.Match]: "acme-*".
	Account string
}

// Pattern reports whether the connection stands for all accounts that fit a pattern.
func (c Connection) Pattern() bool { return strings.ContainsAny(c.Account, "*?[") }

// Matches reports whether the connection stands for the account of a name.
func (c Connection) Matches(account string) bool {
	if !c.Pattern() {
		return c.Account == account
	}
	fits, err := path.Match(c.Account, account)
	return fits && err == nil
}

// Among returns the accounts that the connection stands for, in their order.
func (c Connection) Among(all []Account) (list []Account) {
	for _, a := range all {
		if a.Connector == c.Connector && c.Matches(a.Name) {
			list = append(list, a)
		}
	}
	return list
}

// Account is what a recipe needs to know of an account.
type Account struct {
	Name      string
	Connector string
	// Settings are the account's settings by name; they fill inputs.
	Settings map[string]any
	// Allow are the words for dangers that the account permits.
	Allow []string
	// Lacks are operations that the account cannot call, by key, with what to use instead.
	Lacks map[string]string
}

// Operation is what a recipe needs to know of an operation.
type Operation struct {
	Key   string // "contact.note.create"
	Title string
	Write bool
	// Strategy is how changes are found; empty when it cannot be polled.
	Strategy string
	// Timed is true when its records carry the time of their last update.
	Timed bool
	// Windowed is true when the list shows only what lies in a window of time.
	Windowed bool
	// ParentInput is the input that takes the id of a parent; recipes cannot set it.
	// Parent describes the parents' records, nil when that is unknown. Both are only
	// set for the strategy fan_out.
	ParentInput string
	Parent      *schema.Object
	Inputs      []Input
	// Object describes the record it lists or the answer it returns; nil when
	// the answer has no described shape.
	Object *schema.Object
	List   bool
	// Repeat is safe, find or never; empty for reads.
	Repeat string
	// Match is the input in which the run's id proves a repeated write; empty
	// unless Repeat is find.
	Match string
	// Dated is true when the list in which a lost write is looked up tells when its records
	// were made: then the same text proves it as well, as long as it is there.
	Dated      bool
	Deprecated string
	// Danger says what the write does that nobody can undo, in words that follow its name;
	// empty for most operations.
	Danger string
	// Needs is the word that an account must have under allow for the write; empty for most
	// operations.
	Needs string
}

// CanPoll reports whether a recipe can be started by what the operation lists.
func (o *Operation) CanPoll() bool { return !o.Write && o.Strategy != "" }

// Input is one input of an operation.
type Input struct {
	schema.Field
	// Setting is the account setting that fills the input; empty means none.
	Setting string
}

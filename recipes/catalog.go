package recipes

import "github.com/pollux-automation/pollux/recipes/catalog"

// Catalog answers which names a recipe may use. The engine fills it from the
// connectors and the accounts, so that recipes never import either.
type Catalog = catalog.Catalog

// Account is what a recipe needs to know of an account.
type Account = catalog.Account

// Operation is what a recipe needs to know of an operation.
type Operation = catalog.Operation

// Input is one input of an operation.
type Input = catalog.Input

// Misfit is something in the inputs that cannot give an operation its form.
type Misfit = catalog.Misfit

// Connection is a recipe's own name for an account.
type Connection = catalog.Connection

// Package catalog knows what a recipe may name: connectors, accounts, operations.
//
// A [Catalog] answers which there are; the engine fills it, so that recipes import
// neither. [Read] reads the connections of a recipe, and [Connections.Find] finds the
// operation that a value such as "crm.contact.search" names, as [Found].
package catalog

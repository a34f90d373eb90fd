// Package stax is the connector for the payments service Stax Pay: customers, their
// payment methods and notes, invoices and their schedules, transactions, and the
// catalog.
//
// connector.yaml says what the service is, each other file holds the objects and
// operations of one subject. The service blocks an address that sends too many calls or
// too many wrong ones, so the limits count by host and a breaker stops before it would.
//
// README.md says how to get a key, what can start a recipe and what the service leaves
// open.
package stax

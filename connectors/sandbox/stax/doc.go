// Package stax simulates one merchant of Stax Pay: customers with their payment methods,
// invoices, invoice schedules, transactions, catalog items and webhooks. It is as strict
// as the service is known to be, from its public documentation and official clients, read
// in 2026-11; comments mark what is a guess. No money moves, and no card data is taken.
package stax

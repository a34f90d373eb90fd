// Package stibee simulates one workspace of Stibee, version 2 of its interface, and its
// automatic e-mails: lists, subscribers, groups, senders and e-mails. It is as strict as the
// service is known to be, from its public documentation, read in 2026-09; comments mark what
// is a guess. What all operations share is in wire, e-mails are in mails.
package stibee

// Package highlevel simulates one location of HighLevel: contacts with their
// search, tags, notes, tasks and campaigns, and in packages of their own what else a
// location has. It is as strict as the service is known to be, from its public
// documentation and from reports of its users, read in 2026-09; comments mark what is a
// guess.
package highlevel

// Package signin holds the sign-ins of a process: for each account that signs in with
// OAuth 2.0 the one refresher that may renew it, on the sealed store of the state file.
//
// A [Book] outlives reloads of a project, so that an account never has two refreshers.
// Where the app signs in by itself (client credentials) an account has one [auth.Granted], which
// needs no store. [Needs] tells which scopes the recipes of a project need.
package signin

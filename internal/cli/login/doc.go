// Package login has the commands that give an account its credential: it is added to the
// settings, signed in to with OAuth 2.0, and the sign-in forgotten.
//
// A sign-in is kept in the state file, so that the running program carries the commands
// out where there is one: it uses the new sign-in at once.
package login

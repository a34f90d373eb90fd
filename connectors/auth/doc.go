// Package auth signs requests with an account's credential.
//
// A [Method] is what a connector's manifest declares: how the service wants to be
// signed in to. A [Credential] is what an account has. [Sign] puts the one into a
// request in the way the other asks for.
//
// The package is the only user of golang.org/x/oauth2.
package auth

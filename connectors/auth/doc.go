// Package auth signs requests with an account's credential, and keeps sign-ins alive.
//
// A [Method] is what a connector's manifest declares: how the service wants to be
// signed in to. A [Credential] is what an account has. [Sign] puts the one into a
// request in the way the other asks for.
//
// A [Source] gives the token of a request. For most methods it never changes. With
// OAuth 2.0 a [Refresher] keeps the sign-in of one account: it renews the token early,
// with one request whoever asks, and hands a new token out only after a [Keeper] has
// stored it. With client credentials a [Granted] gets them without a person. [NewSource] makes sources on top of it, some of which trade the token for
// that of a part of the account ([Exchange]).
//
// The package is the only user of golang.org/x/oauth2. Its errors are of the type
// [Error] where a sign-in is the trouble.
package auth

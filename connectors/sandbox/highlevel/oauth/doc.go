// Package oauth simulates how HighLevel is signed in to with OAuth 2.0: the page where a
// person consents, tokens that end, refresh tokens that work once, and the trade of an
// agency's token for that of one of its sub-accounts.
//
// It is as strict as the service is known to be (service docs and reports of its users,
// read in 2026-09). What is a guess is marked. The client and its secret are no secrets.
package oauth

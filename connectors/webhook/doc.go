// Package webhook is the connector that posts signed events to a system of the user's own, in the
// manner of the specification Standard Webhooks.
//
// The manifest says what a post takes. What a manifest cannot say is done here for every attempt:
// the body gets the id of the effect and the time, and the whole is signed. The id is the same on
// every attempt, so a receiver that remembers ids sees each event once.
//
// README.md says how a receiver checks an event.
package webhook

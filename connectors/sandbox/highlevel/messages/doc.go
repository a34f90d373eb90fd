// Package messages is the conversations of a simulated location with its contacts: their
// messages, e-mails, calls with recordings and transcriptions.
package messages

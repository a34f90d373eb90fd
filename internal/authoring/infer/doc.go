// Package infer guesses what a service is like from one of its answers, for whoever drafts
// a connector: pure code, without network and without files.
package infer

// Package signin reads the part of a manifest that says how a service is signed in to.
package signin

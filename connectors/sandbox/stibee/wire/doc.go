// Package wire has what all operations of the simulated workspace of Stibee share: how it
// refuses, how it reads bodies and pages, how it writes times, and which plan has what.
package wire

// Package plugin is for the author of a connector that is a program written in Go.
//
// Implement [Connector], and let main call [Serve]. The types that it speaks of are those
// of package protocol. docs/writing-a-connector.md tells how such a program is put beside
// recipes; the example of Serve is a whole one.
package plugin

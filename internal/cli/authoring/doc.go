// Package authoring has the commands about connectors: which there are, what one can do,
// whether it keeps its word at a service, and the first draft of one for a service that
// nobody supports.
//
// [Connectors] returns the cobra command that holds them. What is decided is decided by the
// packages below internal/authoring and by connectors/conformance.
package authoring

import "github.com/pollux-automation/pollux/internal/cli/console"

// app is one execution of the program. The commands of this package are its methods.
type app struct{ *console.Console }

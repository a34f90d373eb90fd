// Package protocol is what Pollux and a connector that is a program of its own say to each
// other.
//
// They speak JSON-RPC 2.0 over the program's standard input and output, one message a
// line. Pollux asks, the program answers; neither says anything unasked. The methods:
//
//	initialize  which version of the protocol the two speak
//	describe    what the connector offers ([Description])
//	check       whether an account's credential works
//	page        one page of a list
//	call        one operation
//	cancel      an answer that nobody waits for any more
//
// Answers may come in another order than the requests. docs/plugin-protocol.md has an
// example of each message. The package connectors/plugin speaks the program's side,
// connectors/external the other one.
package protocol

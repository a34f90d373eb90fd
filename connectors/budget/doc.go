// Package budget keeps the requests of one account within what its service
// allows.
//
// A [Gate] stands before every request of an account. It knows the service's
// windows (100 requests per 10 seconds, 200,000 per day), counts what it has let
// through, and learns from the answers what is really left: others may use the
// same budget. It promises:
//
//   - no window is ever overrun by the gate's own requests: at most [Window.Requests]
//     in any stretch of [Window.Per];
//   - requests are spread: half a window may go at once, the rest at the window's
//     own rate;
//   - steps go before polls, and within each the first that came goes first;
//   - neither polls nor steps can use up a window alone: a tenth is kept for the
//     other side;
//   - what the service asks for (Retry-After) closes the gate for everyone.
//
// Who would wait longer than [MaxWait] gets a [*ClosedError] with the wait instead
// of sleeping. Waiting is never a failure.
//
// The package imports nothing of this module. A Gate fits the interface of the
// package connectors, a [Window] has the fields of its Limit.
package budget

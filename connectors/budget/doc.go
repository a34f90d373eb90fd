// Package budget keeps the requests of accounts within what their services allow.
//
// A [Gate] stands before every request of an account. It knows the service's
// windows (100 requests per 10 seconds, 200,000 per day), counts what it has let
// through, and learns from the answers what is really left: others may use the
// same budget. Where a service counts by address, a [Host] stands behind the gates
// of all accounts that share it; a request passes both at the same moment, or
// neither. They promise:
//
//   - no window is ever overrun by their own requests: at most [Window.Requests]
//     in any stretch of [Window.Per];
//   - requests are spread: half a window may go at once, the rest at the window's
//     own rate;
//   - steps go before polls; within each those on whose behalf requests wait take
//     turns, and the requests of one go in the order in which they came;
//   - neither polls nor steps can use up a window alone: a tenth is kept for the
//     other side;
//   - what the service asks for (Retry-After) closes the gate for everyone;
//   - a host with a [Breaker] never gets more refused requests in a window than the
//     breaker allows.
//
// Who would wait longer than [MaxWait] gets a [*ClosedError] with the wait instead
// of sleeping. Waiting is never a failure. [Gate.Stretch] tells how much less often
// polls have to come so that a long window lasts; [Gate.State] and [Gate.Restore]
// carry over a restart what was spent.
//
// The package imports nothing of this module. A Gate fits the interface of the
// package connectors; a [Window] has the fields of its Limit, a [Breaker] those of
// its Breaker.
package budget

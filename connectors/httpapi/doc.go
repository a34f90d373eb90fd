// Package httpapi is the one HTTP client of all services: it carries out what a
// manifest describes.
//
// [New] makes a [Connector] of a manifest; its sessions build each request from
// the operation's inputs, pass the account's gate, send it once, and read the
// answer. What it promises:
//
//   - one call is one request; retries belong to the engine. net/http may repeat a
//     GET on a new connection when an idle one turned out to be closed, but nothing
//     else;
//   - every error is a [*connectors.Error] whose kind says what is known. A write
//     that may have arrived is Uncertain, one that surely did not is Transient;
//   - a page holds every record of its answer or is an error: a row without id, or
//     without a time where the list is read by time, is never left out in silence;
//   - inputs are checked before anything is sent, and cannot change the host or
//     climb out of the path;
//   - answers are bounded in size and time, redirects are not followed, and
//     secrets never appear in errors or previews.
//
// Positions inside a list are opaque texts that can be stored and used after a
// restart.
package httpapi

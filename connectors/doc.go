// Package connectors is the contract between Pollux and the services it talks
// to.
//
// A [Connector] knows one service. It describes itself ([Description]: the
// objects, the operations, how to sign in, how many requests are allowed) and
// opens a [Session] for one account. A session fetches one [Page] of records at a
// time and calls operations; it owns no cursor, no retry and no schedule. Those
// belong to the engine, which is why a connector can be a page of YAML.
//
// What goes wrong comes back as [*Error]. Its [Kind] says what the engine may do
// about it; nothing else decides about retries.
//
// Every request that a session causes first asks the account's [Gate], so that
// polls and steps share one budget and the service is never pressed. The context of a
// call says on whose behalf it is made ([For]) and by which key the service can know
// a repetition ([WithKey]).
//
// A [Registry] is the list of connectors that a program knows, a plain value.
package connectors

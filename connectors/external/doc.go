// Package external runs connectors that are programs of their own.
//
// A folder with a plugin.yaml holds one ([Programs.Load]). Its program is started, asked
// what it offers, and kept running; all accounts of the connector share it. [Connector] and
// its sessions translate between the contract of package connectors and the messages of
// package protocol.
//
// A program is not trusted to behave. It has a clean environment and a process group of
// its own; it is told a credential only with the request that needs it; each request has
// a time limit, after which it is canceled and then the program killed; what it says is
// bounded in length and checked before anybody sees it; when it dies it is started again
// after a pause that grows, and rests when it dies again and again. What it may not do at
// all it does not get: positions, schedules, retries, budgets and stored secrets are the
// engine's and the account's.
package external

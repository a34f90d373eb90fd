// Package store says what Pollux remembers, and in which steps it does so.
//
// A [Feed] has a cursor ([triggers.State]) and a seen-set of entries. A
// [Subscription] is a recipe's place on a feed. A [Run] is one execution of a
// recipe for one [Event]; it has a [RunState] that changes, [Step] results, and
// for each outside write an [Effect] in the ledger.
//
// The promise of Pollux rests on two methods. CommitPoll writes a page's cursor,
// seen entries and queued runs in one transaction: a cursor never moves without
// what it moved past. SaveStep writes a step's result, its effect and the run's
// next state in one transaction: a restart continues at the first step that was
// not saved.
//
// What people do goes through [Desk]: a [Revision] of a run, switches, secrets. Each
// can take an [AuditEntry] with it, which is then written in the same transaction.
//
// What a step was given that is no record is kept by [Files], apart from all that.
//
// [Store] is implemented by boltstore (one file on disk, and a folder of files) and memstore (tests of
// recipes); storetest holds both to the same behaviour. Everything is shaped so
// that a store shared by several nodes can be added.
package store

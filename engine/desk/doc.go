// Package desk is what a person can do about runs: [Release] lets one go on that waits for
// a word, [Replay] carries one out again, [Drop] gives one up.
//
// Each turns a run as it is stored into a [store.Revision], or says why that cannot be.
// Nothing here touches a store: who stores the revision must see to it that nobody carries
// out the run at the same time.
//
// Effects that were confirmed are not repeated by any of them, unless a person asks for
// just that. What nobody knows about needs a word first.
package desk

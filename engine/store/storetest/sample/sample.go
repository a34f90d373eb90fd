// Package sample has the values that the tests of stores are about.
package sample

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/triggers"
)

// Noon is the time of most things in the suite. It has more than milliseconds, so
// that a store that cuts them is found.
var Noon = time.Date(2026, 11, 22, 12, 0, 0, 123456789, time.UTC) //nolint:gochecknoglobals // never changes

// Feed is a feed as a first commit brings it. Its inputs have characters that a JSON
// encoder for pages would escape.
func Feed(id store.FeedID) store.Feed {
	return store.Feed{
		ID: id, Account: "acme", Connector: "highlevel", Operation: "contact.search",
		Inputs: json.RawMessage(`{"query":"<a & b>"}`), Strategy: "keyset",
		State: triggers.State{Version: 1, Watermark: Noon},
	}
}

// Entry is what is known of a record. The ordinal makes each one different. Its time
// has whole milliseconds, as entries are stored.
func Entry(ordinal uint32) triggers.Entry {
	e := triggers.Entry{
		Revision: 1, Ordinal: ordinal, Walk: 1, UpdatedAt: Noon.Truncate(time.Millisecond),
		Body: fmt.Appendf(nil, `{"n":%d}`, ordinal),
	}
	e.Fingerprint[0], e.Raw[15] = byte(ordinal), byte(ordinal)
	return e
}

// Run is a run to be queued. Its event has a record with the id that it is given, and
// characters that a JSON encoder for pages would escape.
func Run(subscription uint32, record string) store.NewRun {
	id, _ := json.Marshal(record) // a string always has a JSON form
	return store.NewRun{Subscription: subscription, Run: store.Run{
		Recipe: "welcome", Version: "0123456789ab", Account: "acme", Feed: "f", Record: record, Revision: 1,
		Kind: "created", Lane: "welcome/acme/" + record, QueuedAt: Noon,
		Event: store.Event{Record: json.RawMessage(`{"id":` + string(id) + `,"name":"Ann <3"}`), BeforeKnown: true, Fields: []string{"id", "name"}},
	}}
}

// AuditEntry is what the trail says of an action, some hours after [Noon].
func AuditEntry(action, target string, hours int) store.AuditEntry {
	return store.AuditEntry{
		At: Noon.Add(time.Duration(hours) * time.Hour), Actor: "cli:ann", Action: action, Target: target,
		Details: map[string]string{"was": "<parked>"},
	}
}

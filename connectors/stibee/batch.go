package stibee

import "encoding/json"

// batch completes the answer to a batch: the service leaves lists out or sends null for
// them (OpenAPI file of 2026-05-15), and recipes want to know how many there are. An answer
// of another form stays as it is; the batch was carried out all the same.
func batch(row []byte) ([][]byte, error) {
	var answer map[string]json.RawMessage
	if !decoded(row, &answer) || answer == nil {
		return [][]byte{row}, nil
	}
	failed, lists := []string{}, map[string][]string{}
	for _, name := range append(failures(), created, updated) {
		list := []string{}
		if raw := answer[name]; raw != nil && !decoded(raw, &list) {
			return [][]byte{row}, nil
		}
		lists[name] = append([]string{}, list...) // null is no list
	}
	for _, name := range failures() {
		failed = append(failed, lists[name]...)
	}
	out := map[string]any{
		"created": len(lists[created]), "updated": len(lists[updated]), "failed": len(failed), "failedEmails": failed,
	}
	for name, list := range lists {
		out[name] = list
	}
	whole, err := json.Marshal(out)
	return [][]byte{whole}, err
}

// decoded reads a value and reports whether it has the form that is wanted.
func decoded(raw []byte, into any) bool { return json.Unmarshal(raw, into) == nil }

// The lists of what was taken.
const (
	created = "createdSubscribers"
	updated = "updatedSubscribers"
)

// failures are the lists of what was not taken, in the order of the documents.
func failures() []string {
	return []string{
		"failAlreadyExists", "failNoEmails", "failInvalidEmails", "failDuplicatedEmails", "failInvalidFields", "failInvalidSubscriberStatus",
	}
}

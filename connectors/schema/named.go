package schema

// Named says how the elements of a list are known by names that the users of a service
// give them, as with custom fields: which operation lists the definitions, and where
// they say what. Records keep the ids; names come on when somebody reads or writes.
type Named struct {
	// Title is what messages call one of them: "custom field".
	Title string
	// Definitions is the key of the read that lists the definitions, With its inputs
	// beside the account's settings.
	Definitions string
	With        map[string]any
	// ID, Key and Name are the fields of a definition that hold its id, its key and its
	// display name. Prefix stands before every key and may be left out in a name. Key and
	// Name may be empty.
	ID, Key, Prefix, Name string
	// Type is the field with the kind of its values, Kinds what its words mean; words
	// that are missing there are not checked. Type may be empty.
	Type  string
	Kinds map[string]NamedKind
	// Options is the field with the values that a list to choose from offers; Free is
	// one that is true where others may be written too. Both may be empty.
	Options, Free string
	// WriteID and WriteValue are the members of an element as it is written.
	WriteID, WriteValue string
}

// NamedKind is the kind of value that a definition allows.
type NamedKind string

// The kinds of values that are checked before they are sent.
const (
	NamedNumber NamedKind = "number"
	NamedDate   NamedKind = "date"
	NamedOne    NamedKind = "one"  // of the options
	NamedMany   NamedKind = "many" // a list of options
)

// NamedKinds lists all kinds that a manifest may name.
func NamedKinds() []NamedKind { return []NamedKind{NamedNumber, NamedDate, NamedOne, NamedMany} }

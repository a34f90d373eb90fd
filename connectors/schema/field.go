package schema

// Type is the kind of value a field holds.
type Type string

// The types of values. A Time travels as RFC 3339 text in records and inputs.
const (
	String  Type = "string"
	Integer Type = "integer"
	Number  Type = "number"
	Boolean Type = "boolean"
	Time    Type = "time"
	Array   Type = "array"
	Map     Type = "object"
	Any     Type = "any"
)

// Types lists all types, in the order in which documents name them.
func Types() []Type {
	return []Type{String, Integer, Number, Boolean, Time, Array, Map, Any}
}

// Field describes one named value of a record or of an operation's inputs.
type Field struct {
	Name        string
	Type        Type
	Description string
	// Required inputs must be given and not nil. It says nothing about records:
	// every field of a record exists and is nil when the service left it out.
	Required bool
	// Nullable inputs may be sent as null, which clears them at the service.
	Nullable bool
	// Secret values are never shown, logged or stored in clear text.
	Secret bool
	// Personal values can be masked in what Pollux shows.
	Personal bool
	// Volatile fields change by themselves and never count as a change.
	Volatile bool
	// Normal names the normaliser that runs before values are compared.
	Normal Normaliser
	// Key and Values are for NormalKeyed alone: the member of each element that tells
	// which one it is, and the names under which its value may stand.
	Key    string
	Values []string
	// Named is set for an Array whose elements users know by names of their own. As an
	// input such a list may also be given as values by name; see package named.
	Named *Named
	// Default is used for an input that is not given; nil means none.
	Default any
	// Options are the only allowed values of a string; empty allows all.
	Options []string
	// Pattern is a regular expression that a whole string must match, Example a string that
	// does; empty allows all.
	Pattern, Example string
	// MaxItems is how many elements an Array may have; 0 means any number.
	MaxItems int
	// Unset are the texts by which the service says that a value is not there. In records
	// they are nil.
	Unset []string
	// Items describes the elements of an Array; nil means Any.
	Items *Field
	// Fields are the known members of a Map.
	Fields []Field
	// Open is true for a Map that may hold further members of any type.
	Open bool
	// Note tells what is uncertain about the field; empty means certain.
	Note string
}

// Normaliser names a rule that makes equal what a service treats as equal.
type Normaliser string

// The normalisers. The zero value compares values as they are.
const (
	NormalNone  Normaliser = ""
	NormalEmail Normaliser = "email" // trimmed, lower case
	NormalPhone Normaliser = "phone" // digits and a leading plus only
	NormalSet   Normaliser = "set"   // an array without order and repetition
	NormalTrim  Normaliser = "trim"  // without space around it
	NormalLower Normaliser = "lower" // trimmed, lower case
	NormalKeyed Normaliser = "keyed" // an array of keys and values, see [Field.Key]
)

// Normalisers lists all normalisers that a manifest may name.
func Normalisers() []Normaliser {
	return []Normaliser{NormalEmail, NormalPhone, NormalSet, NormalTrim, NormalLower, NormalKeyed}
}

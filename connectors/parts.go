package connectors

// Parts say how the parts of an account are found, such as the locations of an agency.
// Each of them can be an account of its own, with the credential of the whole.
type Parts struct {
	// Operation is the key of the read that lists them.
	Operation string
	// Setting is the account setting that holds the id of a part.
	Setting string
	// Name is the field of a listed record that holds what people call the part; may be
	// empty. The id of the record is that of the part.
	Name string
	// App is the input of the read that takes the id of the app which signs in: what stands
	// before the first hyphen of its client id, unless a setting of that name says it. Empty
	// for none.
	App string
	// Scopes are those that a sign-in needs to reach its parts, besides those of Operation.
	Scopes []string
	// Events are the types of events after which the list may be another one.
	Events []string
}

package protocol

// Description is what a connector offers.
type Description struct {
	Key   string `json:"key"` // the name of its folder, "todo"
	Title string `json:"title"`
	Docs  string `json:"docs,omitempty"` // link to the service's own documentation
	// BaseURL is the usual address of the service, for people; accounts may have another.
	BaseURL string `json:"base_url,omitempty"`
	// Auth are the ways of signing in: bearer, api_key, basic. One at least.
	Auth       []string    `json:"auth"`
	Settings   []Field     `json:"settings,omitempty"` // of an account
	Limits     []Limit     `json:"limits,omitempty"`
	Objects    []Object    `json:"objects,omitempty"`
	Operations []Operation `json:"operations"`
	// Notes tell what is uncertain or surprising about the service.
	Notes []string `json:"notes,omitempty"`
}

// Limit is a number of requests that the service allows in a window of time. Each page,
// call and check counts as one request.
type Limit struct {
	Name     string `json:"name"`
	Requests int    `json:"requests"`
	Per      string `json:"per"`          // a duration, "10s"
	By       string `json:"by,omitempty"` // account (the usual) or host
	// Remaining, Max and Reset name the headers of an answer that tell what is left, what
	// the limit is, and in how many milliseconds the window ends.
	Remaining string `json:"remaining,omitempty"`
	Max       string `json:"max,omitempty"`
	Reset     string `json:"reset,omitempty"`
	// Operations are the keys that the limit is for; none means all.
	Operations []string `json:"operations,omitempty"`
}

// Object is a kind of record.
type Object struct {
	Key     string  `json:"key"`
	Title   string  `json:"title,omitempty"`
	ID      string  `json:"id,omitempty"`      // the field that identifies a record
	Created string  `json:"created,omitempty"` // the field with the time of its creation
	Updated string  `json:"updated,omitempty"` // the field with the time of its last update
	Fields  []Field `json:"fields,omitempty"`
	Open    bool    `json:"open,omitempty"` // there may be fields that are not listed
	Note    string  `json:"note,omitempty"`
}

// Field is one value of a record, of an input or of an account's settings.
type Field struct {
	Name        string `json:"name,omitempty"`
	Type        string `json:"type"` // string, integer, number, boolean, time, array, object, any
	Description string `json:"description,omitempty"`
	// Required inputs and settings must be given, Nullable ones may be null.
	Required bool `json:"required,omitempty"`
	Nullable bool `json:"nullable,omitempty"`
	// Secret values are never shown, Personal ones can be masked.
	Secret   bool `json:"secret,omitempty"`
	Personal bool `json:"personal,omitempty"`
	// Volatile fields of a record change by themselves and never count as a change.
	Volatile bool `json:"volatile,omitempty"`
	// Normal names what makes values equal before they are compared: email, phone, set,
	// trim or lower.
	Normal  string   `json:"normal,omitempty"`
	Default any      `json:"default,omitempty"`
	Options []string `json:"options,omitempty"`
	Items   *Field   `json:"items,omitempty"`  // of an array
	Fields  []Field  `json:"fields,omitempty"` // of an object
	Open    bool     `json:"open,omitempty"`   // an object with further members
	Note    string   `json:"note,omitempty"`
}

// Operation is something that the connector can do when asked.
type Operation struct {
	Key         string `json:"key"` // "item.create"
	Title       string `json:"title"`
	Description string `json:"description,omitempty"`
	Kind        string `json:"kind"` // read or write
	// Path tells people what is asked, and which inputs are ids that must be known: those
	// in braces, "/items/{itemId}". Left out, it is made of the key.
	Path   string  `json:"path,omitempty"`
	Inputs []Input `json:"inputs,omitempty"`
	// Answer is the key of the object that comes back; empty when nothing is described.
	Answer string `json:"answer,omitempty"`
	// List is true when the answer is a list that is read page by page.
	List bool  `json:"list,omitempty"`
	Poll *Poll `json:"poll,omitempty"` // nil when it cannot be polled
	// Repeat tells whether a write may be sent twice: safe, never or find. It has no
	// default.
	Repeat string  `json:"repeat,omitempty"`
	Find   *Find   `json:"find,omitempty"`   // with repeat find
	Target *Target `json:"target,omitempty"` // the read that shows what a write changes
	// Danger tells what cannot be undone: delete, send or pay.
	Danger     string   `json:"danger,omitempty"`
	Deprecated string   `json:"deprecated,omitempty"` // what to use instead
	Notes      []string `json:"notes,omitempty"`
}

// Input is one value that an operation takes.
type Input struct {
	Field
	// Setting names the account setting that fills the input when a recipe does not.
	Setting string `json:"setting,omitempty"`
}

// Poll tells how changes in a list are found.
type Poll struct {
	Strategy string `json:"strategy"` // keyset, newest, snapshot or fan_out
	// Overlap is how late the service may show a change, a duration.
	Overlap string `json:"overlap,omitempty"`
	// PageSize is how many records a poll asks for at once.
	PageSize int `json:"page_size,omitempty"`
	// Offsets is true where a position is worth nothing once records have come or gone.
	Offsets bool `json:"offsets,omitempty"`
	// By is the field by which a list of the strategy newest is sorted, or that lies in the
	// window.
	By      string  `json:"by,omitempty"`
	Window  *Window `json:"window,omitempty"`
	Parents *Read   `json:"parents,omitempty"` // fan_out: the list whose ids the input takes
	Confirm *Read   `json:"confirm,omitempty"` // the read of one record by its id
}

// Window is a piece of time around now, in durations.
type Window struct {
	Back  string `json:"back"`
	Ahead string `json:"ahead"`
}

// Read is another operation of the connector, and an input that takes an id.
type Read struct {
	Operation string `json:"operation"`
	Input     string `json:"input"`
}

// Find tells how to learn whether a write that lost its answer was carried out.
type Find struct {
	Operation string `json:"operation"` // a list
	// With maps inputs of the list to inputs of the write.
	With map[string]string `json:"with,omitempty"`
	// Match is the input of the write whose text comes back in a field of that name.
	Match string `json:"match"`
	// Settle is how long after the write a lookup can be trusted, a duration; left out, 2
	// minutes.
	Settle string `json:"settle,omitempty"`
}

// Target is a read of the one record that a write is about to change.
type Target struct {
	Operation string `json:"operation"`
	// With maps inputs of the read to inputs of the write.
	With map[string]string `json:"with,omitempty"`
}

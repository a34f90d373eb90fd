package openapi

// Document is what a document says of a service.
type Document struct {
	Title       string
	Version     string // of the service's API
	Description string
	Docs        string // a link to the service's documentation; may be empty
	// Servers are the addresses, with the defaults of their variables, in the order of
	// the document.
	Servers []Server
	Schemes []Scheme // sorted by name
	// Operations are sorted by path and method.
	Operations []*Operation
	// Notes tell what could not be read, each with its place.
	Notes []Note
}

// Note tells what could not be read.
type Note struct {
	Pointer string // a JSON pointer into the document
	Text    string
}

// Server is an address of the service.
type Server struct {
	URL string
	// Variables are the names that stood in the address, sorted.
	Variables []string
}

// Scheme is a way to sign in.
type Scheme struct {
	Name   string
	Type   string // apiKey, http, oauth2, openIdConnect
	Scheme string // of http: bearer, basic, …
	In     string // of apiKey: header, query, cookie
	Param  string // of apiKey: the name of the header, value or cookie
	Flows  []Flow // of oauth2, sorted by name
}

// Flow is a way to get a token with OAuth 2.0.
type Flow struct {
	Name         string // authorizationCode, clientCredentials, implicit, password
	AuthorizeURL string
	TokenURL     string
}

// Operation is one method of one path.
type Operation struct {
	ID          string
	Method      string // in capital letters
	Path        string
	Pointer     string // where it stands
	Summary     string
	Description string
	Tags        []string
	Deprecated  bool
	Parameters  []Parameter // sorted by place and name
	Body        *Body       // nil without one
	Answer      *Answer     // of success; nil where the document describes none
	Failure     *Schema     // what a refusal looks like; nil where nobody says
	// Security are the alternatives of which each is a set of schemes. Empty means that no
	// credential is needed.
	Security []map[string][]string
	// Server is an address of its own; empty for that of the document.
	Server string
	// Notes tell what of it could not be read.
	Notes []string
}

// Parameter is a value in the path, the query, a header or a cookie.
type Parameter struct {
	Name        string
	In          string
	Required    bool
	Description string
	Deprecated  bool
	// Style is how arrays and objects are written: form, deepObject, spaceDelimited …
	Style   string
	Explode bool
	Schema  *Schema // never nil
}

// Body is what a request carries.
type Body struct {
	Media    string // application/json, multipart/form-data, …
	Required bool
	Schema   *Schema // never nil
	// Others are further media types that the service takes, sorted.
	Others []string
}

// Answer is what comes back.
type Answer struct {
	Status string
	Media  string  // empty for an answer without content
	Schema *Schema // nil without content
}

// Kind is the kind of a value.
type Kind string

// The kinds of values.
const (
	Any     Kind = "any"
	String  Kind = "string"
	Integer Kind = "integer"
	Number  Kind = "number"
	Boolean Kind = "boolean"
	Array   Kind = "array"
	Object  Kind = "object"
)

// Schema is what a value looks like. Schemas are shared: they form a graph without
// circles, which can be much larger when it is walked as a tree.
type Schema struct {
	Kind        Kind
	Format      string
	Name        string // of the reference that led here; may be empty
	Description string
	Nullable    bool
	ReadOnly    bool
	WriteOnly   bool
	Deprecated  bool
	Options     []string // the only values, as texts
	Default     any      // nil for none
	Example     any      // nil for none
	Minimum     *float64
	Maximum     *float64
	Items       *Schema    // of arrays; nil where nobody says
	Properties  []Property // of objects, sorted by name
	Open        bool       // of objects: more members are allowed
	// Forms is how many alternatives were put together; 0 for one.
	Forms int
	// Lost is true for what stands in the place of a reference that leads nowhere.
	Lost bool
	// Circle is true for what stands in the place of a value inside itself.
	Circle bool
}

// Property is a member of an object.
type Property struct {
	Name     string
	Required bool
	Schema   *Schema // never nil
}

// Property returns the schema of a member, nil where there is none.
func (s *Schema) Property(name string) *Schema {
	if s == nil {
		return nil
	}
	for i := range s.Properties {
		if s.Properties[i].Name == name {
			return s.Properties[i].Schema
		}
	}
	return nil
}

package connectors

import "time"

// Webhooks tell how a service announces changes by requests of its own. They are hints:
// what has changed is read from the service.
type Webhooks struct {
	// Signatures are the ways in which a delivery is signed, over its raw body and in
	// base64. The first one whose header is there counts, and no other.
	Signatures []Signature
	// Type, ID and Time are places in the body, names with dots between them: of the type
	// of event, of what tells a delivery from others, and of when it was sent. ID and Time
	// may be empty, and missing in a body.
	Type, ID, Time string
	// Belongs tells which account a delivery is for: places in the body, and the account
	// setting that each must equal where both are there.
	Belongs map[string]string
	// Lag is how late the service's lists may show what was announced.
	Lag time.Duration
	// Events are the types of events that announce changes; others are taken and do
	// nothing.
	Events map[string]Announced
}

// Signature is one way to sign a delivery.
type Signature struct {
	Header    string
	Algorithm SignatureAlgorithm
}

// SignatureAlgorithm names how a signature is made.
type SignatureAlgorithm string

// The algorithms of signatures.
const (
	Ed25519   SignatureAlgorithm = "ed25519"
	RSASHA256 SignatureAlgorithm = "rsa-sha256" // PKCS #1 v1.5
)

// Announced is what an event says has changed.
type Announced struct {
	Objects []string // keys of objects of the connector
	// Parent is the place of the id of the record that the changed one belongs to; may be
	// empty.
	Parent string
}

// Package named knows the fields that the users of a service define themselves, and
// leads from their names to their ids and back into requests.
//
// A [Book] belongs to a session. It reads the definitions of its account when somebody
// needs them, keeps them for a while, and reads them again for a name that it does not
// know. A [Table] is what it knows at one moment. Nothing here is special to a service:
// [schema.Named] says what a definition looks like.
//
// Records, fingerprints and stored bodies hold ids alone, so nothing changes when
// somebody renames a field.
package named

// Package parts finds the parts of accounts, such as the locations of an agency, and keeps
// what it has found.
//
// What a service lists is compared with what the store knows: a part that is new joins, one
// that is not listed any more is lost and rests, one that comes back goes on. Each of these
// is one commit, together with its line of the audit trail, and only then is it used. A list
// that shows too little changes nothing: see [Refuses].
package parts

// Package plain turns YAML into plain data and plain data into YAML.
//
// [Decode] reads files that others wrote for other programs: they may be large and may
// use what our own files must not, but they cannot make the program run out of memory.
// [Encode] writes files that people go on with: in the order that is given, with
// comments, short mappings on one line. Texts are quoted by the YAML library, so no text
// can become anything else than a text.
package plain

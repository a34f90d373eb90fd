// Package stibee is the connector for the newsletter service Stibee: subscribers,
// their groups and lists, by version 2 of its API.
//
// All of it is data: connector.yaml says what the service is, each other file
// holds the objects and operations of one subject. The package only puts them
// into the program. Nothing here can be asked for changes since a time, so lists
// are read whole and compared.
//
// README.md says how to get a key and what the service leaves open.
package stibee

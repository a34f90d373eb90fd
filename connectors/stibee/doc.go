// Package stibee is the connector for the newsletter service Stibee: lists, subscribers,
// groups, senders and e-mails by version 2 of its API, and automatic e-mails.
//
// Nearly all of it is data: connector.yaml says what the service is, each other file
// holds the objects and operations of one subject. The package puts them into the
// program, and counts what became of a batch. Nothing here can be asked for changes since a time, so lists
// are read whole and compared.
//
// README.md says how to get a key and what the service leaves open.
package stibee

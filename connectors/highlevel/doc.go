// Package highlevel is the connector for HighLevel (GoHighLevel, LeadConnector).
//
// All of it is data: connector.yaml says what the service is, each other file
// holds the objects and operations of one subject. The package only puts them
// into the program. Contacts and opportunities are found by their time of update
// (contact.search, opportunity.search), conversations by their newest message; what
// has no such list is compared as a whole.
//
// README.md says how to get a token and what the service leaves open.
package highlevel

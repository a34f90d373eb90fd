// Package mails simulates the e-mails of a workspace of Stibee: drafts and their content,
// sending now or later, what became of each copy (the logs), and automatic e-mails, which
// have a host of their own. What is a guess is marked; the facts are those of the OpenAPI
// file of stibee/api-docs (commit of 2026-05-15) and the help pages, read 2026-09.
package mails

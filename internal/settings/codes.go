package settings

import "github.com/pollux-automation/pollux/internal/diag"

// The codes of the findings that this package adds.
const (
	codeNoFile      = "no-file"
	codeSecretPlain = diag.CodeSecretInClear
	codeSecretUnset = "secret-unset"
	codeSecretFile  = "secret-file"
	codeSecretStore = "secret-store"
	codeURL         = "bad-url"
	codeListen      = "bad-listen"
	codeListenOpen  = "listen-open"
	codeName        = "bad-name"
	codeScope       = "bad-scope"
	codeNoAccounts  = "no-accounts"
	codeKey         = "bad-key"
)

// Codes explains the codes of this package, in the order of the documentation.
func Codes() []diag.Code {
	return []diag.Code{
		{Name: codeNoFile, Meaning: "The settings file cannot be read."},
		{Name: codeSecretPlain, Meaning: "A secret is written out. Write a reference: env:NAME, file:PATH or secret:NAME."},
		{Name: codeSecretUnset, Meaning: "An environment variable that a secret refers to is not set, or empty."},
		{Name: codeSecretFile, Meaning: "A file that a secret refers to cannot be read, is empty, or others may read it."},
		{Name: codeSecretStore, Meaning: "A secret of Pollux's own store is not there, or cannot be opened."},
		{Name: codeURL, Meaning: "A URL must be complete, with http or https and a host."},
		{Name: codeListen, Meaning: "An address to listen on is written as host:port, or off."},
		{Name: codeListenOpen, Meaning: "The address to listen on could be reached from other machines, and there is no password yet."},
		{Name: codeName, Meaning: "A name must begin with a small letter and consist of small letters, digits, - and _."},
		{Name: codeScope, Meaning: "A scope is one word; several are written as a list."},
		{Name: codeKey, Meaning: "A public key cannot be read, or is none that deliveries are signed with."},
		{Name: codeNoAccounts, Meaning: "The settings file has no accounts."},
	}
}

// Package settings reads the program's own settings file, pollux.yaml.
//
// [Load] returns [Settings] with all paths made relative to the file, secrets
// resolved and every mistake reported. Secrets are written as references,
// env:NAME or file:PATH; one that is written out is a finding, and so is a
// reference that leads nowhere. Environment variables POLLUX_DATA, POLLUX_RECIPES,
// POLLUX_CONNECTORS and POLLUX_LISTEN replace what the file says.
//
// Whether a connector exists and takes the account's settings is not known here;
// whoever has the connectors checks that, at the places that [Account] keeps.
package settings

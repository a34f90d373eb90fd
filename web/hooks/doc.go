// Package hooks takes what services announce by requests of their own (webhooks) as
// hints: a delivery that is signed, recent and new makes the feeds due that it concerns.
// What has changed is read from the service, so a delivery that is lost, forged or
// repeated does no harm.
package hooks

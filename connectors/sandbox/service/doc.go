// Package service has what the simulated services of a sandbox have in common: a
// [Service] finds the operation of a request, lets a [Fault] strike, asks for
// credentials, keeps the limits, carries the operation out and writes it down. A
// [World] is what the services of one sandbox share.
package service

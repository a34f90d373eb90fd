// Package demo shows the product working: it puts simulated services on a stage,
// writes an example project for them, lets people change things, and tells what
// flows.
//
// [Files] is the example project, which "init" writes as well. [Run] is the show.
package demo

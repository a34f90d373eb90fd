// Package wire is how HighLevel words its answers and reads its requests: refusals,
// times, trace ids, and the bodies that it takes. The parts of the simulated location
// share it.
package wire

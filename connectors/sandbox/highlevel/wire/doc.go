// Package wire is how HighLevel words its answers and reads its requests: refusals,
// times, trace ids, the bodies and queries that it takes ([Form]), and objects that are
// made, read, changed and deleted in the plain way ([Kind]). The parts of the simulated
// location share it.
package wire

// Package setup is what a location of HighLevel is set up with: definitions of custom
// fields and custom values, tags, workflows and campaigns; and what lies above it, the
// agency with its other locations and snapshots.
package setup

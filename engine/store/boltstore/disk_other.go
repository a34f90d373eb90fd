//go:build !linux && !darwin && !freebsd

package boltstore

// disk knows nothing on this system.
func disk(string) (size, free int64) { return 0, 0 }

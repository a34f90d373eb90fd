//go:build !linux

package external_test

// hostPlugin is for Linux alone, where a plugin ends with a host that is killed.
func hostPlugin(string) {}

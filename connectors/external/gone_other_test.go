//go:build !unix

package external_test

// gone is for systems with process groups.
func gone(int) bool { return false }

//go:build linux || darwin || freebsd

package boltstore

import "syscall"

// disk returns the size of the file system of a folder, and what of it this user may
// still fill, in bytes; 0 where the system does not tell.
func disk(dir string) (size, free int64) {
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		return 0, 0
	}
	block := int64(st.Bsize)                                  //nolint:unconvert // its type differs between systems
	return int64(st.Blocks) * block, int64(st.Bavail) * block //nolint:gosec // far below 8 EiB
}

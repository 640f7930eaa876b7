//go:build linux || darwin

package app

import "golang.org/x/sys/unix"

// freeSpace is how many bytes a person may still write there.
func freeSpace(dir string) (bytes uint64, known bool) {
	var st unix.Statfs_t
	if unix.Statfs(dir, &st) != nil {
		return 0, false
	}
	return st.Bavail * uint64(st.Bsize), true // #nosec G115 -- a block size is positive
}

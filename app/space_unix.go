//go:build linux || darwin

package app

import (
	"strconv"

	"golang.org/x/sys/unix"
)

// freeSpace is how many bytes a person may still write there.
func freeSpace(dir string) (bytes uint64, known bool) {
	var st unix.Statfs_t
	if unix.Statfs(dir, &st) != nil {
		return 0, false
	}
	if st.Blocks == 0 {
		return 0, false // what is mounted from elsewhere may not tell
	}
	return st.Bavail * uint64(st.Bsize), true // #nosec G115 -- a block size is positive
}

// volume names the file system that dir lies on; folders of the same one have the same name.
func volume(dir string) string {
	var st unix.Stat_t
	if unix.Stat(dir, &st) != nil {
		return dir
	}
	return strconv.FormatUint(uint64(st.Dev), 16) // #nosec G115 -- a name, not a number
}

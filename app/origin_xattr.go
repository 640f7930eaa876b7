//go:build linux || darwin

package app

import (
	"golang.org/x/sys/unix"
)

// maxMark bounds a mark of origin.
const maxMark = 64 << 10

// copyOrigin gives the file at to the mark that says where the one at from was downloaded from. A file system that
// keeps no such marks keeps none here either.
func copyOrigin(from, to string) {
	for _, name := range originMarks {
		b := make([]byte, maxMark)
		if n, err := unix.Getxattr(from, name, b); err == nil && n > 0 {
			_ = unix.Setxattr(to, name, b[:n], 0)
		}
	}
}

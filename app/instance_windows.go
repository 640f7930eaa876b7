package app

import (
	"os"

	"golang.org/x/sys/windows"
)

// lockFile takes the lock that ends with the process, without waiting.
func lockFile(f *os.File) error {
	return windows.LockFileEx(windows.Handle(f.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, new(windows.Overlapped))
}

// ownedByUs is always so: the temporary folder of Windows is the user's own.
func ownedByUs(os.FileInfo) bool { return true }

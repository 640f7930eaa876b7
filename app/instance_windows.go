package app

import (
	"os"

	"golang.org/x/sys/windows"
)

// lockFile takes the lock that ends with the process, without waiting.
func lockFile(f *os.File) error {
	return windows.LockFileEx(windows.Handle(f.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, new(windows.Overlapped))
}

// oursAlone is always so: the temporary folder of Windows is the user's own, and access lists show in no mode.
func oursAlone(os.FileInfo) bool { return true }

var allowSetForegroundWindow = windows.NewLazySystemDLL("user32.dll").NewProc("AllowSetForegroundWindow")

// letForward gives away the right to come to the front, which Windows gave to the program that the person started
// last: the running window would blink in the taskbar instead.
func letForward() {
	const anyProcess = 1<<32 - 1 // ASFW_ANY
	if allowSetForegroundWindow.Find() == nil {
		_, _, _ = allowSetForegroundWindow.Call(anyProcess) // fails where this program has no such right: then it blinks
	}
}

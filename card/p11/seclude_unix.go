//go:build cgo && !windows

package p11

import (
	"os"
	"os/signal"
	"syscall"
)

// seclude gives the helper pipes of its own: whatever a module reads from the standard input or writes to the
// standard output must not reach them, nor may a process that it starts. It also sees to it that no image of the
// helper's memory, which may hold a PIN, is written when a module crashes, and leaves the interrupt key to the
// program itself.
func seclude(stdin, stdout *os.File) (in, out *os.File, err error) {
	signal.Ignore(os.Interrupt, syscall.SIGHUP)
	_ = syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{}) // nothing depends on it
	if in, err = private(stdin); err != nil {
		return nil, nil, err
	}
	if out, err = private(stdout); err != nil {
		return nil, nil, err
	}
	nothing, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = nothing.Close() }()
	return in, out, lay(nothing, stdin, stdout)
}

// private moves a file to a descriptor that no child inherits.
func private(f *os.File) (*os.File, error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	fd, err := syscall.Dup(int(f.Fd()))
	if err != nil {
		return nil, err
	}
	syscall.CloseOnExec(fd)
	return os.NewFile(uintptr(fd), f.Name()), nil
}

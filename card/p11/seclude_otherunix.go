//go:build cgo && !windows && !linux

package p11

import (
	"os"
	"syscall"
)

// lay puts the file nothing in the place of the others.
func lay(nothing *os.File, others ...*os.File) error {
	for _, f := range others {
		if err := syscall.Dup2(int(nothing.Fd()), int(f.Fd())); err != nil {
			return err
		}
	}
	return nil
}

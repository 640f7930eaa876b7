//go:build cgo

package p11

import (
	"os"
	"os/signal"
	"syscall"
)

// seclude takes the standard handles away from the modules that will be loaded. The interrupt key is left to the
// program itself.
func seclude(stdin, stdout *os.File) (in, out *os.File, err error) {
	signal.Ignore(os.Interrupt)
	nothing, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return nil, nil, err
	}
	set := syscall.NewLazyDLL("kernel32.dll").NewProc("SetStdHandle")
	for _, std := range []int{syscall.STD_INPUT_HANDLE, syscall.STD_OUTPUT_HANDLE} {
		if ok, _, err := set.Call(uintptr(std), nothing.Fd()); ok == 0 {
			return nil, nil, err
		}
	}
	return stdin, stdout, nil
}

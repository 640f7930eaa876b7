//go:build !windows

package pdfium

import (
	"os"
	"os/signal"
	"syscall"
)

// cpuSeconds ends a helper whose program is gone while a file keeps it busy for ever.
const cpuSeconds = 600

// seclude leaves the interrupt key to the program, writes no image of the memory, and bounds the processor time.
// Nothing depends on it: where a limit cannot be set the program's deadlines remain.
func seclude() {
	signal.Ignore(os.Interrupt, syscall.SIGHUP)
	_ = syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{})
	_ = syscall.Setrlimit(syscall.RLIMIT_CPU, &syscall.Rlimit{Cur: cpuSeconds, Max: cpuSeconds})
}

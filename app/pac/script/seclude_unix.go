//go:build !windows

package script

import "syscall"

// seclude bounds what the system gives this process, in case that the program is gone. Nothing depends on it.
func seclude() {
	_ = syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{})
	_ = syscall.Setrlimit(syscall.RLIMIT_CPU, &syscall.Rlimit{Cur: 15, Max: 15})
	_ = syscall.Setrlimit(syscall.RLIMIT_DATA, &syscall.Rlimit{Cur: 2 << 30, Max: 2 << 30})
}

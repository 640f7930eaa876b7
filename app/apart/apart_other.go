//go:build !windows

package apart

import "syscall"

// hidden gives the helper a process group of its own, so that the interrupt key is left to the program itself.
func hidden() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// bare is what a process needs to start at all.
func bare() []string { return nil }

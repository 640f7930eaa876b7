//go:build !windows

package p11

import (
	"os"
	"syscall"
)

// hidden gives a helper a process group of its own, so that it can be killed with all that its module started.
func hidden() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// killAll kills a helper that was not waited for yet, and its children.
func killAll(p *os.Process) error { return syscall.Kill(-p.Pid, syscall.SIGKILL) }

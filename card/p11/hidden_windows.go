package p11

import (
	"os"
	"syscall"
)

// hidden keeps a helper from opening a console window.
func hidden() *syscall.SysProcAttr { return &syscall.SysProcAttr{HideWindow: true} }

// killAll kills a helper that was not waited for yet.
func killAll(p *os.Process) error { return p.Kill() }

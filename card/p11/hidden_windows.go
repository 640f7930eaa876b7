package p11

import "syscall"

// hidden keeps a helper from opening a console window.
func hidden() *syscall.SysProcAttr { return &syscall.SysProcAttr{HideWindow: true} }

package apart

import (
	"os"
	"syscall"
)

// hidden keeps the helper from opening a console window.
func hidden() *syscall.SysProcAttr { return &syscall.SysProcAttr{HideWindow: true} }

// bare is what a process needs to start at all.
func bare() []string { return []string{"SystemRoot=" + os.Getenv("SystemRoot")} }

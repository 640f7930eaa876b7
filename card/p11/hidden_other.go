//go:build !windows

package p11

import "syscall"

func hidden() *syscall.SysProcAttr { return nil }

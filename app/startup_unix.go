//go:build !windows

package app

import (
	"os"
	"runtime"
)

// NewStartup starts this program with the session.
func NewStartup() (Startup, error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, err
	}
	if image := os.Getenv("APPIMAGE"); image != "" {
		exe = image // os.Executable is within the mounted image, which is gone at the next start
	}
	if runtime.GOOS == "darwin" {
		home, err := os.UserHomeDir()
		if err != nil {
			return nil, err
		}
		return launchAgent(home, exe), nil
	}
	config, err := os.UserConfigDir()
	if err != nil {
		return nil, err
	}
	return desktopEntry(config, exe), nil
}

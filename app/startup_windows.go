package app

import (
	"errors"
	"os"

	"golang.org/x/sys/windows/registry"
)

// runKey holds what Windows starts with the session of a user; each value is a command line.
const runKey = `Software\Microsoft\Windows\CurrentVersion\Run`

// startupValue is the program in the Run key.
type startupValue struct{ command string }

// NewStartup starts this program with the session.
func NewStartup() (Startup, error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return startupValue{`"` + exe + `" ` + TrayFlag}, nil // a path on Windows has no quotes
}

// On implements Startup.
func (v startupValue) On() (bool, error) {
	k, err := registry.OpenKey(registry.CURRENT_USER, runKey, registry.QUERY_VALUE)
	if err != nil {
		return false, err
	}
	defer k.Close()
	_, _, err = k.GetStringValue("Ceralacca")
	if errors.Is(err, registry.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// Set implements Startup.
func (v startupValue) Set(on bool) error {
	k, err := registry.OpenKey(registry.CURRENT_USER, runKey, registry.SET_VALUE)
	if err != nil {
		return err
	}
	defer k.Close()
	if on {
		return k.SetStringValue("Ceralacca", v.command)
	}
	if err := k.DeleteValue("Ceralacca"); !errors.Is(err, registry.ErrNotExist) {
		return err
	}
	return nil
}

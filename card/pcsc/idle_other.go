//go:build !windows

package pcsc

// idle is never so: here the service runs without readers, or is trouble.
var idle = func(error) bool { return false }

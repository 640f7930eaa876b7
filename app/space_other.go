//go:build !linux && !darwin && !windows

package app

// freeSpace is not known on this system.
func freeSpace(string) (bytes uint64, known bool) { return 0, false }

// volume names the file system that dir lies on, as far as it is known.
func volume(dir string) string { return dir }

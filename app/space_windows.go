package app

import (
	"path/filepath"

	"golang.org/x/sys/windows"
)

// freeSpace is how many bytes a person may still write there.
func freeSpace(dir string) (bytes uint64, known bool) {
	p, err := windows.UTF16PtrFromString(dir)
	if err != nil {
		return 0, false
	}
	err = windows.GetDiskFreeSpaceEx(p, &bytes, nil, nil)
	return bytes, err == nil
}

// volume names the file system that dir lies on; folders of the same one have the same name.
func volume(dir string) string {
	if abs, err := filepath.Abs(dir); err == nil {
		return filepath.VolumeName(abs)
	}
	return dir
}

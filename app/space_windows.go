package app

import "golang.org/x/sys/windows"

// freeSpace is how many bytes a person may still write there.
func freeSpace(dir string) (bytes uint64, known bool) {
	p, err := windows.UTF16PtrFromString(dir)
	if err != nil {
		return 0, false
	}
	err = windows.GetDiskFreeSpaceEx(p, &bytes, nil, nil)
	return bytes, err == nil
}

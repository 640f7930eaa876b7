package app

import (
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/windows"
)

func umask() os.FileMode { return 0 }

// syncFolder does nothing: NTFS journals names, and a folder cannot be flushed.
func syncFolder(string) error { return nil }

// renameNew renames tmp to dest and fails with an [*ExistsError] if dest exists: MoveFileEx without
// MOVEFILE_REPLACE_EXISTING.
func renameNew(tmp, dest string) error {
	from, err := windows.UTF16PtrFromString(tmp)
	if err != nil {
		return err
	}
	to, err := windows.UTF16PtrFromString(dest)
	if err != nil {
		return err
	}
	err = windows.MoveFileEx(from, to, windows.MOVEFILE_WRITE_THROUGH)
	if errors.Is(err, fs.ErrExist) {
		return &ExistsError{dest}
	}
	return err
}

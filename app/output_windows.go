package app

import (
	"errors"
	"io/fs"
	"os"
	"syscall"

	"golang.org/x/sys/windows"
)

// What the system calls its refusals to read and write.
var (
	diskFull     = []syscall.Errno{windows.ERROR_DISK_FULL, windows.ERROR_HANDLE_DISK_FULL, syscall.ENOSPC}
	nameTooLong  = []syscall.Errno{windows.ERROR_FILENAME_EXCED_RANGE, windows.ERROR_INVALID_NAME}
	readOnly     = []syscall.Errno{windows.ERROR_WRITE_PROTECT}
	fileTooLarge = []syscall.Errno{windows.ERROR_FILE_TOO_LARGE}
	inUse        = []syscall.Errno{windows.ERROR_SHARING_VIOLATION, windows.ERROR_LOCK_VIOLATION}
	folderFails  = []syscall.Errno{
		windows.ERROR_NETNAME_DELETED, windows.ERROR_BAD_NETPATH, windows.ERROR_BAD_NET_NAME, windows.ERROR_UNEXP_NET_ERR,
		windows.ERROR_DEV_NOT_EXIST, windows.ERROR_NOT_READY, windows.ERROR_IO_DEVICE, windows.ERROR_CRC, windows.ERROR_SEM_TIMEOUT,
	}
)

func umask() os.FileMode { return 0 }

// mayWrite leaves it to the writing: what a folder's access list allows is known by trying alone.
func mayWrite(string) error { return nil }

// syncFolder does nothing: NTFS journals names, and a folder cannot be flushed.
func syncFolder(string) {}

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

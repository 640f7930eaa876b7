package app

import (
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// renameNew renames tmp to dest and fails with an [*ExistsError] if dest exists. Where the file system knows
// neither RENAME_NOREPLACE nor hard links, a last look comes before the rename.
func renameNew(tmp, dest string) error {
	err := unix.Renameat2(unix.AT_FDCWD, tmp, unix.AT_FDCWD, dest, unix.RENAME_NOREPLACE)
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) {
		err = linkNew(tmp, dest)
	}
	if errors.Is(err, unix.EPERM) || errors.Is(err, unix.ENOTSUP) {
		if _, err := os.Lstat(dest); err == nil {
			return &ExistsError{dest}
		}
		return os.Rename(tmp, dest)
	}
	if errors.Is(err, fs.ErrExist) {
		return &ExistsError{dest}
	}
	return err
}

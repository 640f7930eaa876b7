package app

import (
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// renameat2 is replaced by the tests with a file system that does not know it.
var renameat2 = unix.Renameat2

// renameNew renames tmp to dest and fails with an [*ExistsError] if dest exists. Where the file system knows
// neither RENAME_NOREPLACE nor hard links, a last look comes before the rename.
func renameNew(tmp, dest string) error {
	err := renameat2(unix.AT_FDCWD, tmp, unix.AT_FDCWD, dest, unix.RENAME_NOREPLACE)
	if without(err) {
		err = linkNew(tmp, dest)
	}
	if without(err) {
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

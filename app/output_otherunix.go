//go:build unix && !linux

package app

import (
	"errors"
	"io/fs"
	"os"
)

// renameNew renames tmp to dest and fails with an [*ExistsError] if dest exists. Where the file system knows
// no hard links, a last look comes before the rename.
func renameNew(tmp, dest string) error {
	err := linkNew(tmp, dest)
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

package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// ExistsError means that the output's name is taken. Nothing is ever overwritten.
type ExistsError struct{ Path string }

func (e *ExistsError) Error() string { return fmt.Sprintf("%s exists already", filepath.Base(e.Path)) }

// Unwrap makes errors.Is(err, fs.ErrExist) hold.
func (e *ExistsError) Unwrap() error { return fs.ErrExist }

// FolderGoneError means that the folder of an output is not there any more.
type FolderGoneError struct{ Path string }

func (e *FolderGoneError) Error() string { return "folder " + filepath.Base(e.Path) + " is gone" }

// Unwrap makes errors.Is(err, fs.ErrNotExist) hold.
func (e *FolderGoneError) Unwrap() error { return fs.ErrNotExist }

// SelfCheckError means that what was written did not verify. The output was thrown away.
type SelfCheckError struct{ Err error }

func (e *SelfCheckError) Error() string { return "signed file does not verify: " + e.Err.Error() }

// Unwrap returns what the check found.
func (e *SelfCheckError) Unwrap() error { return e.Err }

// tempPattern names unfinished outputs; a leading dot hides them on Unix.
const tempPattern = ".ceralacca-*.tmp"

// writeNew makes the file at dest: write fills a temporary file in dest's folder, which is flushed to the disk,
// given to check, and only then renamed to dest. If dest exists, or anything fails, nothing stays behind.
// A nil check accepts.
func writeNew(ctx context.Context, dest string, write func(io.Writer) error, check func(*os.File) error) error {
	return writeNewAs(ctx, dest, "", 0o666, write, check)
}

// writeNewAs is writeNew with the name of the temporary file, which must be new, or empty for a random one, and with the
// rights that the output gets, as far as the process's mask leaves them.
func writeNewAs(ctx context.Context, dest, tmp string, rights os.FileMode, write func(io.Writer) error, check func(*os.File) error) error {
	if _, err := os.Lstat(dest); err == nil {
		return &ExistsError{dest}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := createTemp(filepath.Dir(dest), tmp)
	if errors.Is(err, fs.ErrNotExist) {
		return &FolderGoneError{filepath.Dir(dest)}
	}
	if err != nil {
		return err
	}
	tmp = f.Name()
	err = fill(f, rights, write, check)
	if err == nil {
		err = ctx.Err()
	}
	defer begun(&unfinished.outputs)()
	if err == nil {
		err = renameNew(tmp, dest)
		if errors.Is(err, fs.ErrNotExist) {
			err = &FolderGoneError{filepath.Dir(dest)}
		}
	}
	if err != nil {
		return errors.Join(err, removeTemp(tmp))
	}
	syncFolder(filepath.Dir(dest))
	return nil
}

// rightsFrom are the rights of a file made out of f: what comes of a private document is private. The owner may read and
// change it, as any new file.
func rightsFrom(f *os.File) os.FileMode {
	st, err := f.Stat()
	if err != nil {
		return 0o600
	}
	return 0o600 | st.Mode()&0o066
}

func createTemp(dir, name string) (*os.File, error) {
	if name == "" {
		return os.CreateTemp(dir, tempPattern)
	}
	return os.OpenFile(filepath.Join(dir, name), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
}

func removeTemp(tmp string) error {
	if err := os.Remove(tmp); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func fill(f *os.File, rights os.FileMode, write func(io.Writer) error, check func(*os.File) error) error {
	err := write(moving{f})
	defer begun(&unfinished.outputs)()
	if err == nil {
		err = f.Sync()
	}
	if err == nil && check != nil {
		err = check(f)
	}
	if err == nil {
		// CreateTemp makes the file private. Where the file system knows no rights, as some network folders, there is
		// nothing to give.
		if err = chmod(f, rights&^umask()); without(err) {
			err = nil
		}
	}
	return errors.Join(err, f.Close())
}

// chmod is replaced by the tests with a file system that knows no rights.
var chmod = (*os.File).Chmod

// without reports whether err is a file system saying that it has no such thing.
func without(err error) bool {
	return errors.Is(err, errors.ErrUnsupported) || errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EINVAL)
}

// replaceFile writes our own settings: unlike writeNew it takes the place of the old file.
func replaceFile(dest string, b []byte) error {
	defer begun(&unfinished.outputs)()
	dir := filepath.Dir(dest)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, tempPattern)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), dest)
	}
	if err != nil {
		return errors.Join(err, removeTemp(f.Name()))
	}
	return nil
}

// freeName returns the first of "name.ext", "name (2).ext", … that is neither in dir nor among the paths in
// taken. "a.pdf.p7m" stays a .pdf.p7m. A name that cannot be looked for, because it has grown too long or the folder
// does not let us, counts as free: writing tells what is wrong with it.
func freeName(dir, name string, taken map[string]bool) string {
	ext := filepath.Ext(name)
	if signatureSuffix(ext) {
		ext = filepath.Ext(strings.TrimSuffix(name, ext)) + ext
	}
	stem := strings.TrimSuffix(name, ext)
	try := name
	for n := 2; ; n++ {
		path := filepath.Join(dir, try)
		if _, err := os.Lstat(path); err != nil && !taken[path] {
			return try
		}
		try = fmt.Sprintf("%s (%d)%s", stem, n, ext)
	}
}

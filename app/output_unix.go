//go:build unix

package app

import (
	"os"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// What the system calls its refusals to read and write.
var (
	diskFull     = []syscall.Errno{syscall.ENOSPC, syscall.EDQUOT}
	nameTooLong  = []syscall.Errno{syscall.ENAMETOOLONG}
	readOnly     = []syscall.Errno{syscall.EROFS}
	fileTooLarge = []syscall.Errno{syscall.EFBIG}
	inUse        = []syscall.Errno{syscall.EBUSY, syscall.ETXTBSY}
	folderFails  = []syscall.Errno{
		syscall.EIO, syscall.ESTALE, syscall.ENOTCONN, syscall.EHOSTDOWN, syscall.EHOSTUNREACH, syscall.ETIMEDOUT, syscall.ENXIO, syscall.ENODEV,
	}
)

// umask reads the process's file mode mask once; the system has no call that only reads it.
var umask = sync.OnceValue(func() os.FileMode {
	m := syscall.Umask(0o077)
	syscall.Umask(m)
	return os.FileMode(m)
})

// mayWrite fails where the system says that no file can be made in dir.
func mayWrite(dir string) error {
	if err := unix.Access(dir, unix.W_OK|unix.X_OK); err != nil {
		return &os.PathError{Op: "access", Path: dir, Err: err}
	}
	return nil
}

// syncFolder makes the new name last through a power cut. The file has its name already, so nothing is told of a folder
// that lets files be made but not be listed, or of a network file system that refuses to flush it.
func syncFolder(dir string) {
	if d, err := os.Open(dir); err == nil {
		_ = d.Sync()
		_ = d.Close()
	}
}

// link is replaced by the tests with a file system that does not know it.
var link = os.Link

// linkNew gives tmp the name dest by a hard link, which fails if dest exists, and takes the old name away.
func linkNew(tmp, dest string) error {
	if err := link(tmp, dest); err != nil {
		return err
	}
	return os.Remove(tmp)
}

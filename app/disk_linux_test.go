package app

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

const diskChild = "CERALACCA_TEST_DISK"

// TestDisks runs TestDiskChild in a mount namespace of its own.
func TestDisks(t *testing.T) {
	c := exec.Command(os.Args[0], "-test.run=^TestDiskChild$", "-test.v")
	c.Env = append(os.Environ(), diskChild+"=1")
	c.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	out, err := c.CombinedOutput()
	switch {
	case errors.Is(err, syscall.EPERM), errors.Is(err, syscall.EACCES), errors.Is(err, syscall.ENOSPC), bytes.Contains(out, []byte("may not mount")):
		t.Skipf("this system lets nobody mount a small disk (kernel.unprivileged_userns_clone=1, or root): %v", err)
	case err != nil || !bytes.Contains(out, []byte("--- PASS: TestDiskChild")):
		t.Fatalf("%v\n%s", err, out)
	}
}

// TestDiskChild signs onto a full disk and onto a read-only one.
func TestDiskChild(t *testing.T) {
	if os.Getenv(diskChild) == "" {
		t.Skip("only as a child of TestDisks")
	}
	e, _ := practiceEngine(t)
	disk := t.TempDir()
	if err := unix.Mount("tmpfs", disk, "tmpfs", 0, "size=200k"); err != nil {
		t.Fatalf("may not mount: %v", err)
	}
	defer func() { _ = unix.Unmount(disk, unix.MNT_DETACH) }()
	dir := t.TempDir()
	small, large := put(t, dir, "piccolo.txt", []byte("a")), put(t, dir, "grande.bin", bytes.Repeat([]byte{7}, 300_000))
	half := put(t, dir, "mezzo.bin", bytes.Repeat([]byte{7}, 100_000))
	sign := func(a *answers, meanwhile func(), files ...string) (res FileResult, err error) {
		t.Helper()
		err = e.Sign(t.Context(), SignRequest{Slot: slotOf(t, e), Files: files, OutDir: disk}, a, SignEvents{
			Journal: func(string) { meanwhile() }, Done: func(r FileResult) { res = r },
		})
		return res, err
	}
	a := &answers{pins: []string{PracticePIN}}
	var none *SpaceError
	if _, err := sign(a, func() {}, half, small, large); !errors.As(err, &none) || none.Need < 400_000 || none.Free > 200<<10 || len(a.asked) > 0 || Explain(err).Code != "no-space" {
		t.Errorf("three files that do not fit: %v, %d PINs asked", err, len(a.asked))
	}
	only(t, disk)
	filler := filepath.Join(disk, "altro")
	res, err := sign(a, func() {
		if err := os.WriteFile(filler, make([]byte, 150_000), 0o600); err != nil {
			t.Error(err)
		}
	}, half)
	if x := Explain(res.Err); err != nil || x == nil || x.Code != "disk-full" {
		t.Errorf("a disk that others fill meanwhile: %v, %v", res.Err, err)
	}
	if err := os.Remove(filler); err != nil {
		t.Error(err)
	}
	if res, err := sign(&answers{pins: []string{PracticePIN}}, func() {}, small); err != nil || res.Err != nil {
		t.Errorf("a file that fits: %v, %v", res.Err, err)
	}
	only(t, disk, "piccolo.txt.p7m")
	if err := unix.Mount("", disk, "", unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	a = &answers{pins: []string{PracticePIN}}
	err = e.Sign(t.Context(), SignRequest{Slot: slotOf(t, e), Files: []string{large}, OutDir: disk}, a, SignEvents{Done: func(r FileResult) {
		if a := Explain(r.Err); a == nil || a.Code != "read-only" {
			t.Errorf("read-only disk: %v", r.Err)
		}
	}})
	if err != nil || len(a.asked) > 0 {
		t.Errorf("a PIN was asked for in vain: %v", err)
	}
	only(t, disk, "piccolo.txt.p7m")
}

// TestAwkwardNames signs names as long as a file system allows, and longer once the suffix is added.
func TestAwkwardNames(t *testing.T) {
	e, _ := practiceEngine(t)
	dir := t.TempDir()
	fits, long := strings.Repeat("è", 123)+" #%'.", strings.Repeat("n", 255) // 251 and 255 bytes
	a := &answers{pins: []string{PracticePIN}}
	results, err := signWith(t, e, a, put(t, dir, fits, nil), put(t, dir, long, nil))
	if err != nil || results[filepath.Join(dir, fits)].Err != nil {
		t.Errorf("%v, %+v", err, results[filepath.Join(dir, fits)])
	}
	if adv := Explain(results[filepath.Join(dir, long)].Err); adv == nil || adv.Code != "name-too-long" {
		t.Errorf("%+v", adv)
	}
	only(t, dir, long, fits, fits+".p7m")
	if len(a.asked) != 1 {
		t.Errorf("asked %v", a.asked)
	}
	results, err = signWith(t, e, a, filepath.Join(dir, long))
	if err != nil || len(a.asked) != 1 {
		t.Errorf("a PIN was asked for in vain: %v, %v", results, err)
	}
}

// TestNoRights writes where the file system knows no rights of files, as the network folders of GNOME.
func TestNoRights(t *testing.T) {
	real := chmod
	defer func() { chmod = real }()
	for _, no := range []syscall.Errno{syscall.ENOTSUP, syscall.ENOSYS, syscall.EPERM} {
		chmod = func(f *os.File, _ os.FileMode) error { return &os.PathError{Op: "chmod", Path: f.Name(), Err: no} }
		dir := t.TempDir()
		if err := writeNew(t.Context(), filepath.Join(dir, "a.p7m"), text("mine"), nil); err != nil {
			t.Errorf("%v: %v", no, err)
		}
		only(t, dir, "a.p7m")
	}
	chmod = func(*os.File, os.FileMode) error { return syscall.EIO }
	dir := t.TempDir()
	if err := writeNew(t.Context(), filepath.Join(dir, "a.p7m"), text("mine"), nil); Explain(err).Code != "folder-fails" {
		t.Errorf("a folder that fails: %v", err)
	}
	only(t, dir)
}

// TestRenameWithoutTheSystemsHelp names a file where the file system knows neither RENAME_NOREPLACE nor hard links, as
// some network folders.
func TestRenameWithoutTheSystemsHelp(t *testing.T) {
	rename, hard := renameat2, link
	defer func() { renameat2, link = rename, hard }()
	for _, links := range []error{nil, syscall.EPERM, syscall.ENOTSUP, syscall.ENOSYS} {
		renameat2 = func(int, string, int, string, uint) error { return syscall.EINVAL }
		link = func(from, to string) error {
			if links == nil {
				return os.Link(from, to)
			}
			return &os.LinkError{Op: "link", Old: from, New: to, Err: links}
		}
		dir := t.TempDir()
		dest := filepath.Join(dir, "a.p7m")
		if err := writeNew(t.Context(), dest, text("mine"), nil); err != nil {
			t.Errorf("%v: %v", links, err)
		}
		err := writeNew(t.Context(), filepath.Join(dir, "b.p7m"), text("theirs"), func(*os.File) error {
			return os.WriteFile(filepath.Join(dir, "b.p7m"), []byte("mine"), 0o600)
		})
		if !errors.As(err, new(*ExistsError)) {
			t.Errorf("%v: got %v", links, err)
		}
		only(t, dir, "a.p7m", "b.p7m")
		if b, _ := os.ReadFile(filepath.Join(dir, "b.p7m")); string(b) != "mine" {
			t.Errorf("%v: overwritten with %q", links, b)
		}
	}
}

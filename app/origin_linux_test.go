package app

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

func TestOriginIsCarried(t *testing.T) {
	mail := put(t, t.TempDir(), "m.eml", []byte("From: a@b.it\r\nTo: c@d.it\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: a/b; name=x.bin\r\n\r\nabc\r\n--b--\r\n"))
	const url = "https://esempio.it/m.eml"
	if err := unix.Setxattr(mail, "user.xdg.origin.url", []byte(url), 0); err != nil {
		t.Skipf("the file system of the temporary folder keeps no user attributes (TMPDIR on ext4 or xfs): %v", err)
	}
	e := New(Config{})
	got, err := e.Extract(t.Context(), ExtractRequest{File: mail, Dest: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 100)
	n, err := unix.Getxattr(got[0], "user.xdg.origin.url", b)
	if err != nil || string(b[:n]) != url {
		t.Errorf("the mark is %q, %v", b[:max(n, 0)], err)
	}
	// Without a mark none is made up.
	plain := filepath.Join(t.TempDir(), "plain.eml")
	content, _ := os.ReadFile(mail)
	if err := os.WriteFile(plain, content, 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err = e.Extract(t.Context(), ExtractRequest{File: plain, Dest: t.TempDir()}); err != nil {
		t.Fatal(err)
	}
	if _, err := unix.Getxattr(got[0], "user.xdg.origin.url", b); err == nil {
		t.Error("a mark came from nowhere")
	}
}

package app

import (
	"errors"
	"path/filepath"
	"syscall"
	"testing"
)

// A pipe has no end that anybody could wait for.
func TestPipeIsNotAFile(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe.pdf")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	var not *NotAFileError
	if _, _, err := openDocument(pipe); !errors.As(err, &not) {
		t.Errorf("%v", err)
	}
	if _, _, err := openDocument(filepath.Dir(pipe)); !errors.As(err, &not) {
		t.Errorf("a folder: %v", err)
	}
}

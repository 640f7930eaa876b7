package p11_test

import (
	"os"
	"path/filepath"
	"testing"

	"ceralacca/card"
	"ceralacca/card/p11"
)

// TestLibraries: a file that is no library, and one that is not there, are told as failing with their reason.
func TestLibraries(t *testing.T) {
	text := filepath.Join(t.TempDir(), "notes.so")
	if err := os.WriteFile(text, []byte("not a library"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{text, filepath.Join(t.TempDir(), "gone.so")} {
		got := p11.Libraries(t.Context(), path, p11.Options{})
		if len(got) != 1 || got[0].Name != filepath.Base(path) || got[0].State != card.LibraryFails || got[0].Err == nil || got[0].Cards != 0 {
			t.Errorf("%s: %+v", path, got)
		}
	}
}

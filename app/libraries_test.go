package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTheLibraryOfACardIsKept(t *testing.T) {
	dir := t.TempDir()
	l := NewLibraries(dir)
	if got := l.Module("card"); got != "" {
		t.Errorf("at first %q", got)
	}
	l.Keep("card", "/lib/a.so")
	l.Keep("other", "/lib/b.so")
	l.Keep("card", "/lib/c.so")
	again := NewLibraries(dir)
	if a, b, c := again.Module("card"), again.Module("other"), again.Module("third"); a != "/lib/c.so" || b != "/lib/b.so" || c != "" {
		t.Errorf("after a new start %q, %q, %q", a, b, c)
	}
	path := filepath.Join(dir, "libraries.json")
	b, err := os.ReadFile(path)
	if err != nil || strings.Contains(string(b), "other") {
		t.Errorf("%v; the file tells the card: %s", err, b)
	}
	for _, damaged := range []string{"", "{", `{"salt":"AA=="}`, "null"} {
		if err := os.WriteFile(path, []byte(damaged), 0o600); err != nil {
			t.Fatal(err)
		}
		l := NewLibraries(dir)
		l.Keep("card", "/lib/d.so")
		if l.Module("card") != "/lib/d.so" || NewLibraries(dir).Module("card") != "/lib/d.so" {
			t.Errorf("after the file %q", damaged)
		}
	}
	if l := NewLibraries(""); l.Module("card") != "" {
		t.Error("without a folder something is kept")
	}
}

package app

import (
	"os"
	"path/filepath"
	"testing"
)

func TestPathIn(t *testing.T) {
	home, err := os.UserHomeDir()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, goos, word, want string }{
		{"a path", "linux", "/casa/anna/città #1 100%.pdf", "/casa/anna/città #1 100%.pdf"},
		{"a relative path", "linux", "atto.pdf", "atto.pdf"},
		{"an address", "linux", "file:///casa/anna/citt%C3%A0%20%231%20100%25.pdf", "/casa/anna/città #1 100%.pdf"},
		{"an address with the machine", "linux", "file://localhost/casa/a.pdf", "/casa/a.pdf"},
		{"an address in capitals", "linux", "FILE:///casa/a.pdf", "/casa/a.pdf"},
		{"an address with another machine", "linux", "file://ufficio.example/atti/a.pdf", "file://ufficio.example/atti/a.pdf"},
		{"an address that is none", "linux", "file:///casa/100%.pdf", "file:///casa/100%.pdf"},
		{"another scheme", "linux", "https://example.it/a.pdf", "https://example.it/a.pdf"},
		{"no path", "linux", "file:", "file:"},
		{"the own folder", "linux", "~/a.pdf", filepath.Join(home, "a.pdf")},
		{"somebody else's folder", "linux", "~anna/a.pdf", "~anna/a.pdf"},
		{"a drive", "windows", "file:///C:/Utenti/a%20b.pdf", `C:\Utenti\a b.pdf`},
		{"a path with a drive", "windows", `C:\Utenti\a b.pdf`, `C:\Utenti\a b.pdf`},
		{"a share", "windows", "file://ufficio/atti/a.pdf", `\\ufficio\atti\a.pdf`},
	} {
		if got := pathIn(c.word, c.goos); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

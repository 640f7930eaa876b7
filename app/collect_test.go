package app

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestCollect(t *testing.T) {
	dir := t.TempDir()
	for _, n := range []string{
		"a.pdf", "b.pdf", "b.pdf.p7m", "c.pdf", "c_firmato.pdf", "d_firmato.pdf", ".nascosto", "~$e.docx", "Thumbs.db", "x.p7m",
		"sub/f.txt", "sub/deep/g.txt", ".git/h", "strano [1].txt",
	} {
		p := filepath.Join(dir, n)
		if err := os.MkdirAll(filepath.Dir(p), 0o700); err != nil {
			t.Fatal(err)
		}
		put(t, dir, n, nil)
	}
	if err := errors.Join(os.Symlink(filepath.Join(dir, "a.pdf"), filepath.Join(dir, "link.pdf")), os.Symlink(dir, filepath.Join(dir, "loop"))); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		arg  string
		want string // "" is a NoMatchError
	}{
		{"", "a.pdf d_firmato.pdf strano [1].txt sub/deep/g.txt sub/f.txt"},
		{"*.pdf", "a.pdf d_firmato.pdf"},
		{"**/*.txt", "strano [1].txt sub/deep/g.txt sub/f.txt"},
		{"s*/*", "sub/f.txt"},
		{"**/deep/?.txt", "sub/deep/g.txt"},
		{"strano [1].txt", "strano [1].txt"}, // a file of that name comes before the pattern
		{"b.pdf.p7m", "b.pdf.p7m"},           // what is named is taken
		{"gone.pdf", "gone.pdf"},             // its trouble is told later
		{"*.odt", ""},
		{"[", ""},
	} {
		files, _, err := Collect(t.Context(), filepath.Join(dir, tc.arg), filepath.Join(dir, tc.arg))
		if tc.want == "" {
			if !errors.As(err, new(*NoMatchError)) {
				t.Errorf("%q: %v, %v", tc.arg, files, err)
			}
			continue
		}
		var got []string
		for _, f := range files {
			rel, _ := filepath.Rel(dir, f)
			got = append(got, filepath.ToSlash(rel))
		}
		if err != nil || strings.Join(got, " ") != tc.want {
			t.Errorf("%q: %v, %v", tc.arg, got, err)
		}
	}
	_, skipped, err := Collect(t.Context(), dir)
	why := map[string]SkipReason{}
	for _, s := range skipped {
		why[filepath.Base(s.Path)] = s.Reason
	}
	want := map[string]SkipReason{
		"b.pdf": SkipDone, "b.pdf.p7m": SkipSigned, "c.pdf": SkipDone, "c_firmato.pdf": SkipSigned, ".nascosto": SkipHidden,
		"~$e.docx": SkipHidden, "Thumbs.db": SkipHidden, "x.p7m": SkipSigned, ".git": SkipHidden, "link.pdf": SkipLink, "loop": SkipLink,
	}
	for n, r := range want {
		if why[n] != r {
			t.Errorf("%s: %q, want %q", n, why[n], r)
		}
	}
	if err != nil || len(why) != len(want) {
		t.Errorf("%v, %v", why, err)
	}
}

// TestCollectStops drops a folder with more files than a job may have: no folder is looked into past that.
func TestCollectStops(t *testing.T) {
	dir := t.TempDir()
	for i := range maxFiles + 2 {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("a%05d.txt", i)), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, d := range []string{"b/c/d", "e"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	files, skipped, err := Collect(t.Context(), dir, filepath.Join(dir, "e"))
	if err != nil || len(files) != maxFiles || files[maxFiles-1] != filepath.Join(dir, "a09999.txt") {
		t.Fatalf("%d files, %v", len(files), err)
	}
	if want := []Skipped{{filepath.Join(dir, "a10000.txt"), SkipMany}, {filepath.Join(dir, "e"), SkipMany}}; !slices.Equal(skipped, want) {
		t.Errorf("skipped %v", skipped)
	}
}

// While it searches, it tells each folder before it reads it, and the files found so far.
func TestCollectTellsWhereItIs(t *testing.T) {
	dir := t.TempDir()
	inner := filepath.Join(dir, "2025", "bilanci")
	if err := os.MkdirAll(inner, 0o755); err != nil {
		t.Fatal(err)
	}
	put(t, dir, "a.txt", []byte("a"))
	put(t, inner, "b.txt", []byte("b"))
	most := map[string]int{}
	files, _, err := collect(t.Context(), func(n int, at string) { most[at] = max(most[at], n) }, dir)
	if err != nil || len(files) != 2 {
		t.Fatal(files, err)
	}
	for _, at := range []string{dir, filepath.Join(dir, "2025"), inner} {
		if _, told := most[at]; !told {
			t.Errorf("%s is not told: %v", at, most)
		}
	}
	if most[inner]+most[dir] < 2 {
		t.Errorf("counts %v", most)
	}
}

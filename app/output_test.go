package app

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func text(s string) func(io.Writer) error {
	return func(w io.Writer) error { _, err := io.WriteString(w, s); return err }
}

// only fails unless dir holds exactly the names.
func only(t *testing.T, dir string, names ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if len(got) != len(names) {
		t.Fatalf("folder holds %q, want %q", got, names)
	}
	for i := range got {
		if got[i] != names[i] {
			t.Fatalf("folder holds %q, want %q", got, names)
		}
	}
}

func TestWriteNew(t *testing.T) {
	boom := errors.New("boom")
	for _, tc := range []struct {
		name  string
		write func(io.Writer) error
		check func(*os.File) error
		want  error
	}{
		{"written", text("hello"), nil, nil},
		{"writing fails half-way", func(w io.Writer) error { _ = text("he")(w); return boom }, nil, boom},
		{"check fails", text("hello"), func(*os.File) error { return boom }, boom},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			dest := filepath.Join(dir, "è un #file% d'oro.p7m")
			err := writeNew(t.Context(), dest, tc.write, tc.check)
			if !errors.Is(err, tc.want) {
				t.Fatalf("got %v, want %v", err, tc.want)
			}
			if tc.want != nil {
				only(t, dir)
				return
			}
			only(t, dir, filepath.Base(dest))
			if b, _ := os.ReadFile(dest); string(b) != "hello" {
				t.Errorf("holds %q", b)
			}
		})
	}
}

func TestWriteNewNeverOverwrites(t *testing.T) {
	dir := t.TempDir()
	dest := filepath.Join(dir, "a.p7m")
	// The name is taken before, or between the first look and the rename.
	for _, early := range []bool{true, false} {
		if err := os.RemoveAll(dest); err != nil {
			t.Fatal(err)
		}
		take := func() { _ = os.WriteFile(dest, []byte("mine"), 0o600) }
		if early {
			take()
		}
		err := writeNew(t.Context(), dest, text("theirs"), func(*os.File) error { take(); return nil })
		var exists *ExistsError
		if !errors.As(err, &exists) {
			t.Fatalf("early %v: got %v", early, err)
		}
		if b, _ := os.ReadFile(dest); string(b) != "mine" {
			t.Errorf("early %v: overwritten with %q", early, b)
		}
		only(t, dir, "a.p7m")
	}
}

func TestWriteNewWithoutItsFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "chiavetta")
	var gone *FolderGoneError
	err := writeNew(t.Context(), filepath.Join(dir, "a.p7m"), text("x"), nil)
	if !errors.As(err, &gone) || gone.Path != dir || Explain(err).Code != "folder-gone" {
		t.Errorf("got %v", err)
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	away := func(*os.File) error { return os.Rename(dir, dir+" altrove") }
	if err := writeNew(t.Context(), filepath.Join(dir, "a.p7m"), text("x"), away); !errors.As(err, &gone) {
		t.Errorf("moved while it was written: %v", err)
	}
}

// Word, for one, lets nobody else read what it has open on Windows.
func TestFileInUse(t *testing.T) {
	for _, e := range inUse {
		if a := Explain(&os.PathError{Op: "open", Path: "a.docx", Err: e}); a.Code != "file-in-use" {
			t.Errorf("%v: %s", e, a.Code)
		}
	}
}

// Windows refuses paths of more than 260 characters to whoever does not ask for them.
func TestWriteNewDeepDown(t *testing.T) {
	dir := filepath.Join(t.TempDir(), strings.Repeat("cartella lunga", 8), strings.Repeat("un’altra più", 8), strings.Repeat("e una ancora", 8))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	dest := filepath.Join(dir, "a.pdf.p7m")
	if err := writeNew(t.Context(), dest, text("mine"), nil); err != nil || len(dest) < 260 {
		t.Fatalf("%d characters: %v", len(dest), err)
	}
	if err := writeNew(t.Context(), dest, text("another"), nil); !errors.As(err, new(*ExistsError)) {
		t.Error(err)
	}
	if b, err := os.ReadFile(dest); err != nil || string(b) != "mine" {
		t.Errorf("%q, %v", b, err)
	}
}

func TestWriteNewStopsWithItsContext(t *testing.T) {
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	err := writeNew(ctx, filepath.Join(dir, "a.p7m"), text("x"), func(*os.File) error { cancel(); return nil })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	only(t, dir)
}

func TestFreeName(t *testing.T) {
	dir := t.TempDir()
	long := strings.Repeat("n", 247) + ".txt.p7m" // 255 bytes
	for _, n := range []string{"a.pdf.p7m", "b.pdf", "b (2).pdf", "Fattura n. 3.2026.pdf.p7m", "senza", ".nascosto", long} {
		put(t, dir, n, nil)
	}
	taken := map[string]bool{filepath.Join(dir, "c.xml"): true}
	for name, want := range map[string]string{
		"a.pdf.p7m": "a (2).pdf.p7m", "b.pdf": "b (3).pdf", "c.xml": "c (2).xml", "free.pdf": "free.pdf", "senza": "senza (2)",
		"Fattura n. 3.2026.pdf.p7m": "Fattura n. 3.2026 (2).pdf.p7m", ".nascosto": " (2).nascosto",
		long: strings.Repeat("n", 247) + " (2).txt.p7m", // too long, as writing will tell
	} {
		if got := freeName(dir, name, taken); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
}

// TestRights makes files out of others: a private one stays private, and what the owner may not write becomes hers.
func TestRights(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there a file has the rights of its folder")
	}
	e, _ := practiceEngine(t)
	for rights, want := range map[os.FileMode]os.FileMode{0o600: 0o600, 0o644: 0o644, 0o640: 0o640, 0o400: 0o600, 0o555: 0o644} {
		file := put(t, t.TempDir(), "a.txt", []byte("x"))
		if err := os.Chmod(file, rights); err != nil {
			t.Fatal(err)
		}
		results, err := signWith(t, e, &answers{pins: []string{PracticePIN}}, file)
		if err != nil {
			t.Fatal(err)
		}
		st, err := os.Stat(results[file].Output)
		if err != nil || st.Mode() != want&^umask() {
			t.Errorf("%v gave %v, want %v: %v", rights, st.Mode(), want, err)
		}
	}
}

func TestContentName(t *testing.T) {
	for name, want := range map[string]string{
		"a.pdf.p7m": "a.pdf", "A.PDF.P7M": "A.PDF", "a.pdf.p7m.p7m": "a.pdf.p7m", "a.pdf": "a.pdf.contenuto", ".p7m": ".p7m.contenuto",
	} {
		if got := contentName(name); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
}

func TestSettingsKeepWhatTheyDoNotKnow(t *testing.T) {
	dir := t.TempDir()
	e := New(Config{Dir: dir})
	if err := os.WriteFile(e.settingsFile(), []byte(`{"language":"en","from_the_future":[1,2]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := e.Settings()
	if err != nil || s.Language != "en" {
		t.Fatalf("%+v, %v", s, err)
	}
	if err := e.SaveSettings(Settings{Theme: "dark"}); err != nil {
		t.Fatal(err)
	}
	b, _ := os.ReadFile(e.settingsFile())
	if want := "{\n\t\"from_the_future\": [\n\t\t1,\n\t\t2\n\t],\n\t\"theme\": \"dark\"\n}"; string(b) != want {
		t.Errorf("file holds %s", b)
	}
}

package app

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ceralacca/signer"
)

// sharedFile is a file of the shared corpus.
func sharedFile(t *testing.T, name string) string {
	t.Helper()
	root := os.Getenv("CERALACCA_SHARED")
	if root == "" {
		root = filepath.Join("..", "..", "shared")
	}
	path := filepath.Join(root, "corpus", "files", filepath.FromSlash(name))
	if _, err := os.Stat(path); err != nil {
		t.Skip("the shared corpus is not here: set CERALACCA_SHARED")
	}
	return path
}

func TestExtractMail(t *testing.T) {
	attached := "Content-Type: application/octet-stream; name=\"%s\"\r\nContent-Disposition: attachment\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
		base64.StdEncoding.EncodeToString([]byte("contenuto")) + "\r\n"
	part := func(name string) string { return strings.Replace(attached, "%s", name, 1) }
	inner := "From: a@b.it\r\nTo: c@d.it\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=in\r\n\r\n--in\r\nContent-Type: text/plain\r\n\r\nciao\r\n" +
		"--in\r\n" + part(`../../.profile`) + "--in\r\n" + part("fattura.xml") + "--in\r\n" + part("fattura.xml") + "--in--\r\n"
	mail := "From: pec@b.it\r\nTo: c@d.it\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=out\r\n\r\n--out\r\n" + part("CON.txt") +
		"--out\r\nContent-Type: message/rfc822\r\n\r\n" + inner + "--out--\r\n"
	file := put(t, t.TempDir(), "messaggio.eml", []byte(mail))
	dir := t.TempDir()
	got, err := New(Config{}).Extract(t.Context(), ExtractRequest{File: file, Dest: dir})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, g := range got {
		rel, err := filepath.Rel(dir, g)
		if err != nil || strings.Contains(rel, "..") {
			t.Errorf("%s lies outside", g)
		}
		names = append(names, rel)
		if b, _ := os.ReadFile(g); string(b) != "contenuto" {
			t.Errorf("%s holds %q", rel, b)
		}
	}
	if want := []string{"documento_1.txt", "profile", "fattura.xml", "fattura (2).xml"}; !slices.Equal(names, want) {
		t.Errorf("wrote %q, want %q", names, want)
	}
	if _, err := New(Config{}).Extract(t.Context(), ExtractRequest{File: file, Dest: filepath.Join(dir, "one")}); err == nil {
		t.Error("several documents went into one file")
	}
}

func TestExtractContainer(t *testing.T) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, e := range [][2]string{
		{"mimetype", "application/vnd.etsi.asic-e+zip"},
		{"cartella/a.txt", "uno"},
		{"../b.txt", "due"},
		{"a.txt", "tre"},
		{"META-INF/signatures.xml", "<a/>"},
	} {
		w, err := z.CreateHeader(&zip.FileHeader{Name: e[0], Method: zip.Store})
		if err == nil {
			_, err = w.Write([]byte(e[1]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	got, err := New(Config{}).Extract(t.Context(), ExtractRequest{File: put(t, t.TempDir(), "c.asice", b.Bytes()), Dest: dir})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{filepath.Join(dir, "a.txt"), filepath.Join(dir, "a (2).txt")}
	if !slices.Equal(got, want) {
		t.Errorf("wrote %q, want %q", got, want)
	}
	if b, _ := os.ReadFile(want[1]); string(b) != "tre" {
		t.Errorf("the second holds %q", b)
	}
}

func TestExtractNothing(t *testing.T) {
	file := put(t, t.TempDir(), "a.txt", []byte("testo"))
	for _, q := range []ExtractRequest{{File: file}, {File: file, Revision: "1"}, {File: file, Revision: "x"}} {
		var nothing *NothingInsideError
		if _, err := New(Config{}).Extract(t.Context(), q); !errors.As(err, &nothing) {
			t.Errorf("%+v: %v", q, err)
		}
	}
}

// The signed revision is the beginning of the file, byte for byte, and verifies as a whole.
func TestExtractRevision(t *testing.T) {
	dirs, err := filepath.Glob(filepath.Join(filepath.Dir(filepath.Dir(sharedFile(t, "dss-pades"))), "files", "*pades*", "*.pdf"))
	if err != nil {
		t.Fatal(err)
	}
	e := New(Config{Offline: true})
	done := 0
	for _, file := range dirs {
		r, err := e.Verify(t.Context(), VerifyRequest{File: file})
		if err != nil || len(r.Signatures) == 0 {
			continue
		}
		v := Verification{Report: r, Name: "doc.pdf"}
		for i := range r.Signatures {
			s := &r.Signatures[i]
			if !v.Revision(s) || s.Integrity != signer.Intact {
				continue
			}
			got, err := e.Extract(t.Context(), ExtractRequest{File: file, Dest: filepath.Join(t.TempDir(), v.RevisionName(s.ID)), Revision: s.ID})
			if err != nil {
				t.Errorf("%s %s: %v", file, s.ID, err)
				continue
			}
			whole, _ := os.ReadFile(file)
			part, _ := os.ReadFile(got[0])
			if len(part) == 0 || len(part) >= len(whole) || !bytes.HasPrefix(whole, part) {
				t.Errorf("%s %s: %d bytes of %d are not how it began", file, s.ID, len(part), len(whole))
			}
			again, err := e.Verify(t.Context(), VerifyRequest{File: got[0]})
			if err != nil {
				t.Errorf("%s %s: the revision cannot be verified: %v", file, s.ID, err)
				continue
			}
			found := false
			for _, g := range again.Signatures {
				found = found || g.CoversWholeFile && g.Integrity == signer.Intact && (g.Signer == nil || g.Signer.Serial == s.Signer.Serial)
			}
			if !found {
				t.Errorf("%s %s: the revision is not what was signed", filepath.Base(file), s.ID)
			}
			done++
		}
		if done >= 12 {
			break
		}
	}
	if done < 5 {
		t.Errorf("only %d revisions were taken out", done)
	}
	t.Logf("%d revisions", done)
}

func TestSafeName(t *testing.T) {
	for in, want := range map[string]string{
		"a.pdf": "a.pdf", "../../etc/passwd": "passwd", `C:\x\y.txt`: "y.txt", "": "documento_7", "..": "documento_7", ".bashrc": "bashrc",
		"a\x00b\u202ec.pdf": "a_b_c.pdf", "com1.txt": "documento_7.txt", "nul": "documento_7", "a<b>|c?.txt": "a_b__c_.txt", "x. ": "x",
		strings.Repeat("è", 300) + ".pdf": strings.Repeat("è", 98) + ".pdf", "dir/": "documento_7", "a\xff.txt": "a_.txt",
		"con." + strings.Repeat("x", 300): "documento_7." + strings.Repeat("x", 188), strings.Repeat("x", 199) + " yyy": strings.Repeat("x", 199),
		"LPT¹.pdf": "documento_7.pdf",
	} {
		if got := safeName(in, 7); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func FuzzSafeName(f *testing.F) {
	f.Add("../a")
	f.Add("CON.")
	f.Fuzz(func(t *testing.T, s string) {
		got := safeName(s, 1)
		if got == "" || got == "." || got == ".." || len(got) > maxName || strings.ContainsAny(got, "/\\\x00:") || strings.Trim(got, " .") != got {
			t.Errorf("%q became %q", s, got)
		}
	})
}

func TestCanOpen(t *testing.T) {
	for name, c := range map[string]struct {
		bytes string
		want  bool
	}{
		"a.pdf": {"%PDF-1.4\n", true}, "b.PDF": {"%PDF-1.4\n", true}, "c.pdf": {"MZ\x90\x00 program", false}, "d.exe": {"%PDF-1.4\n", false},
		"e.txt": {"testo", true}, "f.html": {"testo", false}, "g.docm": {"PK\x03\x04", false}, "h": {"testo", false}, "i.png": {"\x89PNG\r\n\x1a\n", true},
	} {
		if got := CanOpen(put(t, t.TempDir(), name, []byte(c.bytes))); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	if CanOpen(filepath.Join(t.TempDir(), "nowhere.pdf")) {
		t.Error("what is not there can be opened")
	}
}

// A detached signature finds its original beside it; an XML signature finds the files that it names.
func TestOriginalsBesideTheFile(t *testing.T) {
	q := VerifyRequest{File: filepath.Join(t.TempDir(), "a.pdf.p7s")}
	if got := q.Original(signer.DetachedCMS); got != "" {
		t.Errorf("found %q, which is not there", got)
	}
	original := strings.TrimSuffix(q.File, ".p7s")
	if err := os.WriteFile(original, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	for kind, want := range map[Kind]string{signer.DetachedCMS: original, signer.TimeStamped: original, signer.SignedData: "", signer.PDF: ""} {
		if got := q.Original(kind); got != want {
			t.Errorf("kind %d: %q, want %q", kind, got, want)
		}
	}
	q.Originals = []string{"named"}
	if got := q.Original(signer.PDF); got != "named" {
		t.Errorf("got %q", got)
	}
}

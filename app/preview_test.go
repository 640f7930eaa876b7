package app

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ceralacca/app/pac"
	"ceralacca/app/pac/script"
	"ceralacca/app/preview"
	"ceralacca/app/preview/pdfium"
	"ceralacca/signer"
)

// TestMain makes the test program the helper that draws PDF pages.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == preview.WorkerArg {
		os.Exit(pdfium.Serve(os.Stdin, os.Stdout))
	}
	if len(os.Args) == 2 && os.Args[1] == pac.WorkerArg {
		os.Exit(script.Serve(os.Stdin, os.Stdout))
	}
	os.Exit(m.Run())
}

// smallPDF is a page of 200 × 100 points, with a script if asked for. Its cross-reference is left for readers to repair.
func smallPDF(script string) string {
	return "%PDF-1.4\n1 0 obj << /Type /Catalog /Pages 2 0 R " + script + " >> endobj\n" +
		"2 0 obj << /Type /Pages /Kids [3 0 R] /Count 1 >> endobj\n" +
		"3 0 obj << /Type /Page /Parent 2 0 R /MediaBox [0 0 200 100] >> endobj\n" +
		"trailer << /Root 1 0 R /Size 4 >>\n%%EOF\n"
}

// looked opens the preview of a file and, if it has pages, draws the first.
func looked(t *testing.T, e *Engine, path string) *Preview {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	l := &looking{cancel: cancel, wake: make(chan struct{}, 1)}
	p := &Preview{Path: path}
	l.want(PageWish{N: 0, Width: 400, Height: 400})
	e.lookAt(ctx, path, l, func(change func(*Preview)) {
		change(p)
		if p.Page != nil {
			cancel()
		}
	})
	return p
}

func TestPreview(t *testing.T) {
	dir, e := t.TempDir(), New(Config{})
	defer e.helpers.Close()
	for name, c := range map[string]struct {
		content string
		form    preview.Form
		alarms  string
		advice  string
	}{
		"letter.txt":  {"Gentile signora,\n", ViewLines, "", ""},
		"plain.pdf":   {smallPDF(""), ViewPages, "", ""},
		"script.pdf":  {smallPDF("/OpenAction << /S /JavaScript /JS (1) >>"), ViewPages, "pdf-javascript", ""},
		"broken.pdf":  {"%PDF-1.4\nnothing", 0, "", "preview-damaged"},
		"turned.txt":  {"paga \u202e001", ViewLines, "text-direction", ""},
		"page.html":   {"<html><script>1</script></html>", ViewLines, "html-script", ""},
		"unknown.bin": {"\x00\x01\x02\x03\x04\x05", ViewNothing, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(dir, name)
			if err := os.WriteFile(path, []byte(c.content), 0o600); err != nil {
				t.Fatal(err)
			}
			p := looked(t, e, path)
			if p.Sum != sha256.Sum256([]byte(c.content)) || p.SHA256 != fmt.Sprintf("%x", p.Sum) {
				t.Errorf("SHA-256 is %s", p.SHA256)
			}
			var alarms []string
			for _, a := range p.Alarms {
				alarms = append(alarms, a.Code)
			}
			if got := strings.Join(alarms, " "); got != c.alarms {
				t.Errorf("alarms are %q, want %q", got, c.alarms)
			}
			if c.advice != "" {
				if p.Advice == nil || p.Advice.Code != c.advice {
					t.Errorf("advice is %+v", p.Advice)
				}
				return
			}
			if p.Advice != nil || p.View == nil || p.View.Form != c.form {
				t.Fatalf("view is %+v, advice %+v", p.View, p.Advice)
			}
			if c.form == ViewPages && (p.Page == nil || p.Page.Image == nil || p.Page.Image.Bounds().Dx() != 400) {
				t.Errorf("page is %+v", p.Page)
			}
		})
	}
	if p := looked(t, e, filepath.Join(dir, "none")); p.Advice == nil || p.Advice.Code != "file-missing" {
		t.Errorf("a file that is not there: %+v", p.Advice)
	}
}

// TestSeenIsSigned: a file that was looked at is signed as it was seen, or not at all.
func TestSeenIsSigned(t *testing.T) {
	e, _ := practiceEngine(t)
	dir := t.TempDir()
	same, other := put(t, dir, "same.txt", []byte("seen")), put(t, dir, "other.txt", []byte("exchanged"))
	seen := sha256.Sum256([]byte("seen"))
	got := map[string]FileResult{}
	err := e.Sign(t.Context(), SignRequest{Slot: slotOf(t, e), Files: []string{same, other}, Seen: map[int][32]byte{0: seen, 1: seen}},
		&answers{pins: []string{PracticePIN}}, SignEvents{Done: func(r FileResult) { got[r.File] = r }})
	if err != nil || got[same].Err != nil || !errors.Is(got[other].Err, signer.ErrChanged) {
		t.Fatalf("%+v %v", got, err)
	}
	if _, err := os.Stat(other + ".p7m"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the exchanged file has an output: %v", err)
	}
}

package app

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"ceralacca/card"
	"ceralacca/card/sim"
	"ceralacca/signer"
)

// A parallel signature stands beside a detached one when its original lies beside it, and only then.
func TestBesideDetached(t *testing.T) {
	e, _ := practiceEngine(t)
	dir := t.TempDir()
	file := put(t, dir, "atto.txt", []byte("contenuto"))
	sign := func(r SignRequest) FileResult {
		t.Helper()
		var got FileResult
		r.Slot = slotOf(t, e)
		if err := e.Sign(t.Context(), r, &answers{pins: []string{PracticePIN}}, SignEvents{Done: func(r FileResult) { got = r }}); err != nil {
			t.Fatal(err)
		}
		return got
	}
	first := sign(SignRequest{Files: []string{file}, Detached: true})
	if first.Err != nil {
		t.Fatal(first.Err)
	}
	later := e.cfg.Now().Add(time.Hour) // the same signature in the same second would be the same
	e.cfg.Now = func() time.Time { return later }
	beside := sign(SignRequest{Files: []string{first.Output}, Existing: ExistingAdd})
	if beside.Err != nil {
		t.Fatal(beside.Err)
	}
	rep, err := e.Verify(t.Context(), VerifyRequest{File: beside.Output, Originals: []string{file}})
	if err != nil || len(rep.Signatures) != 2 || rep.Signatures[0].Integrity != signer.Intact || rep.Signatures[1].Integrity != signer.Intact {
		t.Fatalf("%+v, %v", rep, err)
	}
	if d := e.Describe(first.Output); !slices.Contains(d.Offers(), ExistingAdd) {
		t.Errorf("offered: %v", d.Offers())
	}
	// The name is its own however the path is written: a free one is taken without a question.
	later = later.Add(time.Hour)
	odd := sign(SignRequest{Files: []string{dir + "/./" + filepath.Base(first.Output)}, Existing: ExistingAdd, OutDir: dir})
	if odd.Err != nil || filepath.Base(odd.Output) != "atto (3).txt.p7s" {
		t.Errorf("%q, %v", odd.Output, odd.Err)
	}
	if err := os.WriteFile(file, []byte("altro"), 0o600); err != nil {
		t.Fatal(err)
	}
	if r := sign(SignRequest{Files: []string{first.Output}, Existing: ExistingAdd}); Explain(r.Err).Code != "other-original" {
		t.Errorf("another original: %v", r.Err)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if r := sign(SignRequest{Files: []string{first.Output}, Existing: ExistingAdd}); Explain(r.Err).Code != "no-original" {
		t.Errorf("no original: %v", r.Err)
	}
	if d := e.Describe(first.Output); slices.Contains(d.Offers(), ExistingAdd) || !slices.Contains(d.Offers(), ExistingWrap) {
		t.Errorf("offered without original: %v", d.Offers())
	}
}

// Who has signed a file before is told so before the PIN, whatever the format, and with a renewed card too.
func TestSignedAgain(t *testing.T) {
	dir := t.TempDir()
	e, _ := practiceEngine(t)
	pdf, text := put(t, dir, "modulo.pdf", emptyPDF()), put(t, dir, "atto.txt", []byte("a"))
	out := map[string]string{}
	sign := func(r SignRequest) (again []string) {
		t.Helper()
		r.Slot = slotOf(t, e)
		err := e.Sign(t.Context(), r, &answers{pins: []string{PracticePIN}}, SignEvents{
			Again: func(file string, when time.Time) {
				if when.IsZero() {
					t.Errorf("%s: no time", file)
				}
				again = append(again, filepath.Base(file))
			},
			Done: func(r FileResult) {
				if r.Err != nil {
					t.Errorf("%s: %v", r.File, r.Err)
				}
				out[filepath.Base(r.File)] = r.Output
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		return again
	}
	if a := sign(SignRequest{Files: []string{text, pdf}}); len(a) != 0 {
		t.Errorf("new files told as signed: %v", a)
	}
	p7m := out["atto.txt"]
	sign(SignRequest{Files: []string{p7m}, Existing: ExistingWrap})
	nested := out["atto.txt.p7m"]
	sign(SignRequest{Files: []string{pdf}, Format: FormatPAdES})
	inside := out["modulo.pdf"]
	renewed, err := sim.Issue(e.cfg.Now()) // the holder of every practice card has one name
	if err != nil {
		t.Fatal(err)
	}
	for _, change := range []func(){func() {}, func() { e.cfg.Source, e.cfg.Anchors = card.CNS(renewed.Bus()), renewed.Roots() }} {
		change()
		for _, f := range []string{p7m, nested, inside} {
			d := e.Describe(f)
			c, err := e.Inspect(t.Context(), slotOf(t, e))
			if err != nil {
				t.Fatal(err)
			}
			if when, mine := SignedBy(d.Examination, c.Signing()); !mine || when.IsZero() {
				t.Errorf("%s in the list: %v %v", d.Name, mine, when)
			}
			r := SignRequest{Files: []string{f}, OutDir: t.TempDir(), Existing: ExistingWrap}
			if filepath.Ext(f) == ".pdf" {
				r.Format = FormatPAdES
			}
			if a := sign(r); len(a) != 1 {
				t.Errorf("%s: told %v", d.Name, a)
			}
		}
	}
}

// emptyPDF is one empty page.
func emptyPDF() []byte {
	var b, table bytes.Buffer
	b.WriteString("%PDF-1.7\n")
	for i, o := range []string{
		"<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]/Count 1>>",
		"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]/Resources<<>>>>",
	} {
		fmt.Fprintf(&table, "%010d 00000 n \n", b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	at := b.Len()
	fmt.Fprintf(&b, "xref\n0 4\n0000000000 65535 f \n%strailer\n<</Size 4/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n", table.Bytes(), at)
	return b.Bytes()
}

package app

import (
	"bytes"
	"encoding/asn1"
	"errors"
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

// withEvidence is p7m, in DER with one signer, with what stands for an evidence record in its SignerInfo.
func withEvidence(t *testing.T, p7m []byte) []byte {
	t.Helper()
	attribute, err := asn1.Marshal(struct {
		Type   asn1.ObjectIdentifier
		Values []int `asn1:"set"`
	}{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 49}, []int{1}})
	if err != nil {
		t.Fatal(err)
	}
	more, err := asn1.Marshal(asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 1, IsCompound: true, Bytes: attribute})
	if err != nil {
		t.Fatal(err)
	}
	var grown func(der []byte, depth int) []byte // at the end of the last element of the last element…
	grown = func(der []byte, depth int) []byte {
		var v asn1.RawValue
		if _, err := asn1.Unmarshal(der, &v); err != nil {
			t.Fatal(err)
		}
		if depth == 0 {
			v.Bytes = append(v.Bytes, more...)
		} else {
			rest, last := v.Bytes, v.Bytes
			for len(rest) > 0 {
				var e asn1.RawValue
				last = rest
				if rest, err = asn1.Unmarshal(rest, &e); err != nil {
					t.Fatal(err)
				}
			}
			v.Bytes = append(v.Bytes[:len(v.Bytes)-len(last)], grown(last, depth-1)...)
		}
		v.FullBytes = nil
		out, err := asn1.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	return grown(p7m, 4) // ContentInfo, [0], SignedData, SignerInfos, SignerInfo
}

// Signing beside what an evidence record covers takes the word of the person for that file; then nothing but the
// record may be lost.
func TestBesideArchived(t *testing.T) {
	e, _ := practiceEngine(t)
	dir := t.TempDir()
	now := e.cfg.Now()
	sign := func(r SignRequest) FileResult {
		t.Helper()
		now = now.Add(time.Hour)
		e.cfg.Now = func() time.Time { return now }
		var got FileResult
		r.Slot = slotOf(t, e)
		if err := e.Sign(t.Context(), r, &answers{pins: []string{PracticePIN}}, SignEvents{Done: func(r FileResult) { got = r }}); err != nil {
			t.Fatal(err)
		}
		return got
	}
	plain := sign(SignRequest{Files: []string{put(t, dir, "atto.txt", []byte("contenuto"))}})
	p7m, err := os.ReadFile(plain.Output)
	if err != nil {
		t.Fatal(err)
	}
	sealed := put(t, dir, "chiuso.txt.p7m", withEvidence(t, p7m))
	d := e.Describe(sealed)
	if !slices.Equal(d.Offers(), []Existing{ExistingWrap}) || !slices.Equal(d.Costly(), []Existing{ExistingAdd, ExistingCounterSign}) {
		t.Fatalf("offered %v, at a cost %v", d.Offers(), d.Costly())
	}
	for _, x := range d.Costly() {
		if r := sign(SignRequest{Files: []string{sealed}, Existing: x}); r.Err == nil || Explain(r.Err).Code != "archived" || Explain(r.Err).Title.Key != "archived.record" {
			t.Errorf("%d unasked: %v", x, r.Err)
		}
		r := sign(SignRequest{Files: []string{sealed}, PerFile: map[int]FileChoice{0: {Existing: x, LoseArchive: true}}})
		if r.Err != nil || r.Lost == nil || *r.Lost != (signer.ArchivedError{Records: 1}) {
			t.Fatalf("%d: %v, lost %v", x, r.Err, r.Lost)
		}
	}
	if r := sign(SignRequest{Files: []string{plain.Output}, PerFile: map[int]FileChoice{0: {Existing: ExistingAdd, LoseArchive: true}}}); r.Err != nil || r.Lost != nil {
		t.Errorf("nothing to lose: %v, lost %v", r.Err, r.Lost)
	} else if err := selfChecked(t, e, sealed, r.Output); !errors.As(err, new(*SelfCheckError)) {
		t.Errorf("an output without the record passes: %v", err)
	}
}

// selfChecked is what the self-check says of out as the file at path with a signature beside and its record given up.
func selfChecked(t *testing.T, e *Engine, path, out string) error {
	t.Helper()
	f, d, err := openDocument(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	o, err := os.Open(out)
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	c, err := e.Inspect(t.Context(), slotOf(t, e))
	if err != nil {
		t.Fatal(err)
	}
	k := &check{e: e, o: signer.Options{Format: signer.CAdES, Existing: signer.Add, LoseArchive: true}, original: f, d: d, der: c.Signing().DER}
	_, err = k.run(t.Context(), o, filepath.Base(out))
	return err
}

// The original of a detached signature may lie elsewhere; another file is told, and does not take its place.
func TestStoreSetOriginal(t *testing.T) {
	e, _ := practiceEngine(t)
	dir := t.TempDir()
	file := put(t, dir, "atto.txt", []byte("contenuto"))
	if err := e.Sign(t.Context(), SignRequest{Slot: slotOf(t, e), Files: []string{file}, Detached: true}, &answers{pins: []string{PracticePIN}}, SignEvents{}); err != nil {
		t.Fatal(err)
	}
	elsewhere, other := filepath.Join(t.TempDir(), "a"), put(t, dir, "altro.txt", []byte("altro"))
	if err := os.Rename(file, elsewhere); err != nil {
		t.Fatal(err)
	}
	later := e.cfg.Now().Add(time.Hour)
	e.cfg.Now = func() time.Time { return later }
	w := runStore(t, e, &answers{pins: []string{PracticePIN}})
	w.until("ready", ready)
	w.AddToSign(file + ".p7s") // Add would verify it
	d := w.until("listed", func(st *State) bool { return len(st.Docs.List) == 1 }).Docs.List[0]
	if !d.NeedsOriginal() || slices.Contains(d.Offers(), ExistingAdd) {
		t.Fatalf("offered %v", d.Offers())
	}
	w.SetOriginal(d.ID, other)
	st := w.until("told", func(st *State) bool { return st.Docs.List[0].OriginalAdvice != nil })
	if d := st.Docs.List[0]; d.OriginalAdvice.Code != "other-original" || !d.NeedsOriginal() || d.Status != DocProblem {
		t.Errorf("%+v", d)
	}
	w.SetOriginal(d.ID, elsewhere)
	w.until("named", func(st *State) bool {
		return st.Docs.List[0].Original == elsewhere && st.Docs.List[0].OriginalAdvice == nil
	})
	w.SetExisting(d.ID, ExistingAdd, false)
	w.Sign()
	if st := w.until("signed", jobEnded); st.Job.Signed != 1 {
		t.Errorf("%+v %+v", st.Job, st.Docs.List[0].Result)
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

package signer_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ceralacca/signer"
)

// formPDF has two empty signature fields, one of them seen, the other locking everything.
func formPDF() []byte {
	return pagesPDF(
		"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[5 0 R 6 0 R]/SigFlags 0>>>>",
		"<</Type/Pages/Kids[3 0 R 4 0 R]/Count 2/MediaBox[0 0 300 200]>>",
		"<</Type/Page/Parent 2 0 R/Resources<<>>>>",
		"<</Type/Page/Parent 2 0 R/Resources<<>>/Rotate 90/UserUnit 2/Annots[5 0 R 6 0 R]>>",
		"<</Type/Annot/Subtype/Widget/FT/Sig/T(Il legale rappresentante)/Rect[20 30 120 80]/F 4>>",
		"<</Type/Annot/Subtype/Widget/FT/Sig/T(Ultimo)/Rect[0 0 0 0]/F 4/Lock<</Type/SigFieldLock/Action/All>>>>",
	)
}

// pagesPDF numbers objects from 1, the catalog.
func pagesPDF(objects ...string) []byte {
	var b bytes.Buffer
	b.WriteString("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
	table := fmt.Sprintf("xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for i, o := range objects {
		table += fmt.Sprintf("%010d 00000 n \n", b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	fmt.Fprintf(&b, "%strailer\n<</Size %d/Root 1 0 R/ID[<00112233445566778899aabbccddeeff><00112233445566778899aabbccddeeff>]>>\nstartxref\n%d\n%%%%EOF\n",
		table, len(objects)+1, b.Len())
	return b.Bytes()
}

func titillium(t testing.TB) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "assets", "fonts", "TitilliumWeb-Regular.ttf"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func examine(t *testing.T, b []byte) *signer.Examination {
	t.Helper()
	x, err := signer.Examine(t.Context(), open(t, "f", b))
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// drawing is the tree of signatures in words: names, [counter-signatures], | between layers.
func drawing(layers [][]signer.Signed) string {
	var list func([]signer.Signed) string
	list = func(l []signer.Signed) string {
		var out []string
		for _, s := range l {
			who := "?"
			switch {
			case s.Stamp:
				who = "stamp"
			case s.By != nil:
				who = strings.TrimPrefix(s.By.SubjectCN, "Mario Rossi ")
			}
			if s.Counter != nil {
				who += "[" + list(s.Counter) + "]"
			}
			out = append(out, who)
		}
		return strings.Join(out, " ")
	}
	var out []string
	for _, l := range layers {
		out = append(out, list(l))
	}
	return strings.Join(out, " | ")
}

func TestExamine(t *testing.T) {
	p256, renewed := testPKI().key(t, "P-256", nil), testPKI().key(t, "RSA-2048", nil)
	p384 := testPKI().key(t, "P-384", func(c *x509.Certificate) { c.Subject.SerialNumber = "TINIT-RSSMRA85T50A562W" })
	later := func() time.Time { return now.Add(time.Hour) }
	plain := []byte("ciao")
	p7m := sign(t, plain, p256, signer.Options{})
	pdf := sign(t, plainPDF(""), p256, signer.Options{Format: signer.PAdES})
	for name, tt := range map[string]struct {
		in      []byte
		format  signer.Format
		refused string
		tree    string
	}{
		"text":                 {plain, signer.CAdES, "", ""},
		"PDF":                  {plainPDF(""), signer.PAdES, "", ""},
		"PDF that takes none":  {plainPDF("/NeedsRendering true"), signer.CAdES, "dynamic-xfa", ""},
		"no PDF behind a head": {[]byte("%PDF-1.7\n"), signer.CAdES, "damaged", ""},
		"p7m":                  {p7m, signer.CAdES, "", "P-256"},
		"detached":             {sign(t, plain, p256, signer.Options{Detached: true}), signer.CAdES, "", "P-256"},
		"cut p7m":              {p7m[:len(p7m)-9], signer.CAdES, "", ""},
		"parallel":             {sign(t, p7m, p384, signer.Options{Existing: signer.Add}), signer.CAdES, "", "P-256 P-384"},
		"counter-signed":       {sign(t, p7m, p384, signer.Options{Existing: signer.CounterSign}), signer.CAdES, "", "P-256[P-384]"},
		"wrapped":              {sign(t, p7m, p384, signer.Options{Existing: signer.Wrap, Now: later}), signer.CAdES, "", "P-384 | P-256"},
		"signed PDF":           {pdf, signer.PAdES, "", "P-256"},
		"signed PDF in a p7m":  {sign(t, pdf, p384, signer.Options{}), signer.CAdES, "", "P-384 | P-256"},
	} {
		t.Run(name, func(t *testing.T) {
			x := examine(t, tt.in)
			refused := ""
			if x.Refused != nil {
				refused = x.Refused.Reason
			}
			tree := drawing(x.Layers)
			if tree == "P-384 P-256" && name == "parallel" { // a set has no order of its own
				tree = tt.tree
			}
			if x.Format != tt.format || refused != tt.refused || tree != tt.tree {
				t.Errorf("format %d, refused %q, signatures %q", x.Format, refused, tree)
			}
			s, found := x.By(p256.Chain[0])
			if found != strings.Contains(tt.tree, "P-256") || found && !s.Claimed.Equal(now) {
				t.Errorf("by P-256: %v at %v", found, s.Claimed)
			}
			if again, mine := x.By(renewed.Chain[0]); mine != found || again.Claimed != s.Claimed {
				t.Errorf("by the same person, renewed: %v at %v", mine, again.Claimed)
			}
			if _, found := x.By(testPKI().ca); found {
				t.Error("signed by its authority")
			}
		})
	}
}

// Where no field may be added, the only empty one is taken, and among several the signer chooses.
func TestOnlyField(t *testing.T) {
	widget := func(name, more string) string {
		return "<</Type/Annot/Subtype/Widget/FT/Sig/T(" + name + ")/Rect[20 30 120 80]/F 4" + more + ">>"
	}
	file := pagesPDF(
		"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[4 0 R 5 0 R 6 0 R]/SigFlags 0>>>>",
		"<</Type/Pages/Kids[3 0 R]/Count 1/MediaBox[0 0 300 200]>>",
		"<</Type/Page/Parent 2 0 R/Resources<<>>/Annots[4 0 R 5 0 R 6 0 R]>>",
		widget("A", ""), widget("B", ""), widget("C", "/Lock<</Type/SigFieldLock/Action/Exclude/Fields[(A)(B)]>>"),
	)
	k := testPKI().key(t, "P-256", nil)
	in := func(b []byte, field string) []byte {
		return sign(t, b, k, signer.Options{Format: signer.PAdES, Field: field})
	}
	locked := in(file, "C")
	err := signer.Preflight(t.Context(), open(t, "f.pdf", locked), signer.Options{Format: signer.PAdES})
	var no *signer.RefusedError
	if !errors.As(err, &no) || no.Reason != "needs-field" {
		t.Errorf("two empty fields: %v", err)
	}
	if x := examine(t, locked); x.Format != signer.PAdES || x.Refused != nil {
		t.Errorf("examined: %+v", x)
	}
	both := in(in(locked, "A"), "")
	if layers := examine(t, both).Layers; len(layers) != 1 || len(layers[0]) != 3 || layers[0][2].Field != "B" {
		t.Errorf("signed: %+v", layers)
	}
	for _, s := range verify(t, both, trusting()).Signatures {
		if s.Integrity != signer.Intact || s.Indication != signer.TotalPassed && s.SubIndication != "TRY_LATER" {
			t.Errorf("%v %s (%s)", s.Indication, s.SubIndication, codes(s))
		}
	}
	err = signer.Preflight(t.Context(), open(t, "f.pdf", both), signer.Options{Format: signer.PAdES})
	if !errors.As(err, &no) || no.Reason != "fieldmdp" {
		t.Errorf("no empty field: %v", err)
	}
}

// The places of a form are told as they are shown, and signing in one of them keeps what is said of it.
func TestSignInField(t *testing.T) {
	x := examine(t, formPDF())
	if len(x.Pages) != 2 || x.Pages[0] != (signer.Page{Width: 300, Height: 200}) || x.Pages[1] != (signer.Page{Width: 400, Height: 600}) {
		t.Errorf("pages %v", x.Pages)
	}
	want := []signer.EmptyField{
		{Name: "Il legale rappresentante", Page: 2, Rect: [4]float64{60, 360, 160, 560}},
		{Name: "Ultimo", Page: 2, Rect: [4]float64{0, 600, 0, 600}, Locks: true},
	}
	if fmt.Sprint(x.Fields) != fmt.Sprint(want) {
		t.Errorf("fields %v", x.Fields)
	}
	k := testPKI().key(t, "P-256", nil)
	look := &signer.Appearance{Lines: []string{"Firmato da Mario Rossi"}, Font: titillium(t), Border: true}
	o := signer.Options{Format: signer.PAdES, Field: want[0].Name, Visible: look}
	once := sign(t, formPDF(), k, o)
	twice := sign(t, once, k, signer.Options{Format: signer.PAdES, Field: want[1].Name})
	foreign(t, twice)
	for _, s := range verify(t, twice, trusting()).Signatures {
		if s.Indication != signer.TotalPassed {
			t.Errorf("%v %s (%s)", s.Indication, s.SubIndication, codes(s))
		}
	}
	if l := examine(t, twice).Layers[0]; len(l) != 2 || l[0].Field != want[0].Name || l[1].Field != want[1].Name {
		t.Errorf("%+v", l)
	}
	invisible := o
	invisible.Field = want[1].Name
	absent := o
	absent.Field = "Il legale"
	last := sign(t, formPDF(), k, signer.Options{Format: signer.PAdES, Field: want[1].Name}) // locks the first
	for name, tt := range map[string]struct {
		in     []byte
		o      signer.Options
		reason string
	}{
		"signed already":           {once, o, "field-signed"},
		"not there":                {formPDF(), absent, "no-such-field"},
		"visible without a place":  {formPDF(), invisible, "appearance"},
		"locked by the last field": {last, o, "fieldmdp"},
		"new where all is locked":  {twice, signer.Options{Format: signer.PAdES}, "fieldmdp"},
	} {
		t.Run(name, func(t *testing.T) {
			wantRefused(t, tt.in, tt.o, tt.reason)
			var no *signer.RefusedError
			if err := signer.Preflight(t.Context(), open(t, "f", tt.in), tt.o); !errors.As(err, &no) || no.Reason != tt.reason {
				t.Errorf("preflight says %v", err)
			}
		})
	}
	if x := examine(t, last); len(x.Fields) != 1 || x.Fields[0].Refused != "fieldmdp" {
		t.Errorf("fields %+v", x.Fields)
	}
}

// A parallel signature on a detached one needs the original, and the right one.
func TestAddDetached(t *testing.T) {
	content := sample(70_000)
	p256, p384 := testPKI().key(t, "P-256", nil), testPKI().key(t, "P-384", nil)
	p7s := sign(t, content, p256, signer.Options{Detached: true})
	o := signer.Options{Existing: signer.Add, Content: bytes.NewReader(content), ContentSize: int64(len(content)), Now: clock}
	both := sign(t, p7s, p384, o)
	v := trusting()
	v.Content, v.ContentSize = o.Content, o.ContentSize
	r := verify(t, both, v)
	if len(r.Signatures) != 2 || open(t, "f", both).Kind() != signer.DetachedCMS {
		t.Fatalf("%+v", r)
	}
	for _, s := range r.Signatures {
		if s.Indication != signer.TotalPassed {
			t.Errorf("%+v", s)
		}
	}
	dir := t.TempDir()
	write(t, filepath.Join(dir, "content"), content)
	opensslAccepts(t, both, "-content", filepath.Join(dir, "content"))
	other := bytes.Clone(content)
	other[500] ^= 1
	for name, tt := range map[string]struct {
		content []byte
		want    error
	}{
		"none":         {nil, signer.ErrNoContent},
		"another file": {other, signer.ErrOtherContent},
		"cut":          {content[:len(content)-1], signer.ErrOtherContent},
	} {
		bad := o
		bad.Content, bad.ContentSize = nil, 0
		if tt.content != nil {
			bad.Content, bad.ContentSize = bytes.NewReader(tt.content), int64(len(tt.content))
		}
		var out bytes.Buffer
		err := signer.Sign(context.Background(), &out, open(t, "f", p7s), p384, bad)
		if !errors.Is(err, tt.want) || out.Len() > 0 {
			t.Errorf("%s: %v, %d bytes", name, err, out.Len())
		}
	}
	if err := signer.Preflight(t.Context(), open(t, "f", p7s), signer.Options{Existing: signer.Add}); !errors.Is(err, signer.ErrNoContent) {
		t.Errorf("preflight says %v", err)
	}
}

// A page that was changed behind a signature keeps nobody from signing, and is told.
func TestSignChanged(t *testing.T) {
	k := testPKI().key(t, "P-256", nil)
	once := sign(t, plainPDF(""), k, signer.Options{Format: signer.PAdES})
	at, prev := len(once), bytes.LastIndex(once, []byte("startxref\n"))+len("startxref\n")
	changed := append(bytes.Clone(once), "4 0 obj\n<</Length 13>>stream\n9 9 m 0 0 l S\nendstream\nendobj\n"...)
	changed = fmt.Appendf(changed, "xref\n4 1\n%010d 00000 n \ntrailer\n<</Size 99/Root 1 0 R/Prev %s>>\nstartxref\n%d\n%%%%EOF\n",
		at, bytes.Fields(once[prev:])[0], len(changed))
	twice := sign(t, changed, k, signer.Options{Format: signer.PAdES})
	for name, tt := range map[string]struct {
		in   []byte
		want string
	}{"signed": {once, "[false]"}, "changed": {changed, "[true]"}, "signed again": {twice, "[true false]"}} {
		var doubtful []bool
		for _, s := range examine(t, tt.in).Layers[0] {
			doubtful = append(doubtful, s.Doubtful)
		}
		if got := fmt.Sprint(doubtful); got != tt.want {
			t.Errorf("%s: doubtful %s, want %s", name, got, tt.want)
		}
	}
	if s := verify(t, twice, trusting()).Signatures; s[0].Indication == signer.TotalPassed || s[1].Indication != signer.TotalPassed {
		t.Errorf("%v %v", s[0].Indication, s[1].Indication)
	}
}

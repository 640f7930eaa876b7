package pdf

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// shapes are the files that every writing test goes through.
func shapes() map[string][]byte {
	return map[string][]byte{
		"table":              plain().table(head),
		"object streams":     plain().streams(),
		"form, table":        formed().table(head),
		"form, streams":      formed().streams(),
		"CR LF, no last EOL": bytes.TrimRight(plain().table(head), "\n"),
		"direct form": plain().with(objects{
			1: "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[7 0 R]/DA(/H 0 Tf)>>>>",
			3: "<</Type/Page/Parent 2 0 R/Contents 4 0 R/Annots[7 0 R<</Type/Annot/Subtype/Text/Rect[0 0 9 9]/Contents(\\(a\\))>>]>>",
			7: "<</Type/Annot/Subtype/Widget/FT/Tx/T(n\\303\\251)/Rect[1 1 2 2]/P 3 0 R>>",
		}).table(head),
		"zeros in the page": plain().with(objects{
			4: "<</Length 60000>>stream\n" + strings.Repeat("0", 60000) + "\nendstream",
		}).table(head),
		"page of generation 2": pageGeneration2(),
	}
}

func pageGeneration2() []byte {
	b := plain().table(head)
	b = bytes.Replace(b, []byte("3 0 obj"), []byte("3 2 obj"), 1)
	b = bytes.Replace(b, []byte("[3 0 R]"), []byte("[3 2 R]"), 1)
	xref := bytes.Index(b, []byte("\nxref\n")) + len("\nxref\n0 6\n")
	copy(b[xref+3*20+11:], "00002")
	return b
}

func TestPrepare(t *testing.T) {
	for name, in := range shapes() {
		t.Run(name, func(t *testing.T) {
			before := mustScan(t, in)
			o := Options{Reason: "Perché :) (no) \\", Location: "Città č", Name: "Ada", ContactInfo: "a@b.it"}
			u := mustPrepare(t, in, o)
			hashed, err := io.ReadAll(u.Signed())
			if err != nil {
				t.Fatal(err)
			}
			out := finished(t, u, fakeCMS)
			if !bytes.HasPrefix(out, in) {
				t.Fatal("earlier bytes were changed")
			}
			s := mustScan(t, out)
			if len(s.Signatures) != 1 || s.Flagged() {
				t.Fatalf("%d signatures, flagged: %s", len(s.Signatures), reasons(s))
			}
			g := s.Signatures[0]
			if g.Reason != o.Reason || g.Location != o.Location || g.Name != o.Name || g.ContactInfo != o.ContactInfo {
				t.Errorf("texts: %q %q %q %q", g.Reason, g.Location, g.Name, g.ContactInfo)
			}
			if !g.Claimed.Equal(testTime) || g.SubFilter != "ETSI.CAdES.detached" || g.Filter != "Adobe.PPKLite" {
				t.Errorf("dictionary: %v %s %s", g.Claimed, g.SubFilter, g.Filter)
			}
			if !g.CoversWholeFile || g.Field != "Signature1" || !bytes.Equal(g.Contents, fakeCMS) || g.Revision != len(s.Revisions) {
				t.Errorf("covers %v, field %q, revision %d of %d", g.CoversWholeFile, g.Field, g.Revision, len(s.Revisions))
			}
			if b, _ := io.ReadAll(g.Signed()); !bytes.Equal(b, hashed) {
				t.Error("the bytes to hash differ between writer and reader")
			}
			if !slices.Equal(s.EmptyFields, before.EmptyFields) {
				t.Errorf("empty fields %v became %v", before.EmptyFields, s.EmptyFields)
			}
			keepsForm(t, in, out)
			if name != "zeros in the page" { // which qpdf warns about by itself
				qpdfCheck(t, out)
			}
		})
	}
}

// keepsForm compares every field but the new one, and the other keys of the form.
func keepsForm(t *testing.T, in, out []byte) {
	t.Helper()
	a, b := mustOpen(t, in), mustOpen(t, out)
	fa, fb := a.fields(), b.fields()
	if len(fb) != len(fa)+1 {
		t.Fatalf("%d fields became %d", len(fa), len(fb))
	}
	for i := range fa {
		if fa[i].full != fb[i].full || !same(a.resolve(fa[i].value), b.resolve(fb[i].value)) {
			t.Errorf("field %q changed", fa[i].full)
		}
	}
	old := a.dict(a.dict(a.trailer["Root"])["AcroForm"])
	form := b.dict(b.dict(b.trailer["Root"])["AcroForm"])
	for k, v := range old {
		if k != "Fields" && !same(v, form[k]) {
			t.Errorf("form key %s changed", k)
		}
	}
	if form["SigFlags"] != int64(3) {
		t.Errorf("SigFlags is %v", form["SigFlags"])
	}
	found := false
	b.pages(func(_ int, _ object, p, _ dict) bool {
		found = found || slices.Contains(b.array(p["Annots"]), object(fb[len(fb)-1].id))
		return true
	})
	if !found {
		t.Error("widget is not in the page's /Annots")
	}
}

// TestLevels stacks signature, validation data, time-stamp and a second signature without writing in between.
func TestLevels(t *testing.T) {
	ctx := context.Background()
	v := ValidationData{Certs: [][]byte{fakeCMS, {0x30, 0}}, OCSPs: [][]byte{{0x30, 1, 5}}, CRLs: [][]byte{{0x30, 0}}}
	for name, in := range map[string][]byte{"table": formed().table(head), "streams": formed().streams()} {
		t.Run(name, func(t *testing.T) {
			u := mustPrepare(t, in, Options{})
			if err := u.SetContents(fakeCMS); err != nil {
				t.Fatal(err)
			}
			lt, err := PrepareDSS(ctx, u, u.Size(), v)
			if err != nil {
				t.Fatal(err)
			}
			lta, err := Prepare(ctx, lt, lt.Size(), Options{TimeStamp: true})
			if err != nil {
				t.Fatal(err)
			}
			if err := lta.SetContents(fakeCMS); err != nil {
				t.Fatal(err)
			}
			again, err := PrepareDSS(ctx, lta, lta.Size(), v)
			if err != nil {
				t.Fatal(err)
			}
			second, err := Prepare(ctx, again, again.Size(), Options{Claimed: testTime})
			if err != nil {
				t.Fatal(err)
			}
			out := finished(t, second, fakeCMS)
			s := mustScan(t, out)
			if len(s.Signatures) != 3 || s.Flagged() {
				t.Fatalf("%d signatures, %s", len(s.Signatures), reasons(s))
			}
			if s.Signatures[1].Type != DocTimeStamp || !s.Signatures[1].Claimed.IsZero() {
				t.Errorf("second is %s of %v", s.Signatures[1].Type, s.Signatures[1].Claimed)
			}
			for i, want := range [][]Class{
				{SignatureAdded, TimeStampAdded, ValidationAdded}, {SignatureAdded}, nil,
			} {
				have := map[Class]bool{}
				for _, c := range s.Signatures[i].Changes {
					have[c.Class] = true
				}
				for _, c := range want {
					if !have[c] {
						t.Errorf("signature %d: no change of class %s: %v", i, c, s.Signatures[i].Changes)
					}
				}
			}
			back, err := Store(ctx, bytes.NewReader(out), int64(len(out)))
			if err != nil || len(back.Certs) != 2 || len(back.OCSPs) != 1 || len(back.CRLs) != 1 || !bytes.Equal(back.Certs[0], fakeCMS) {
				t.Errorf("store: %d %d %d %v", len(back.Certs), len(back.OCSPs), len(back.CRLs), err)
			}
			qpdfCheck(t, out)
		})
	}
}

func TestExistingField(t *testing.T) {
	in := formed().table(head)
	out := signed(t, in, Options{Field: "Blocca"})
	s := mustScan(t, out)
	g := s.Signatures[0]
	if s.Flagged() || g.Field != "Blocca" || g.FieldMDP == nil || !g.FieldMDP.Locks("Importo") || g.FieldMDP.Locks("Firma") {
		t.Fatalf("%+v %s", g.FieldMDP, reasons(s))
	}
	if !slices.Equal(s.EmptyFields, []string{"Firma"}) {
		t.Errorf("empty fields: %v", s.EmptyFields)
	}
	qpdfCheck(t, out)
	// The lock holds.
	bad := revise(out, objects{7: strings.Replace(formed()[7], "100)", "900)", 1)}, "")
	if s := mustScan(t, bad); !strings.Contains(reasons(s), string(LockedField)) {
		t.Errorf("locked field: %s", reasons(s))
	}
	// Another field may still be signed.
	if s := mustScan(t, signed(t, out, Options{Field: "Firma"})); s.Flagged() || len(s.Signatures) != 2 {
		t.Errorf("second: %s", reasons(s))
	}
}

func TestRefusals(t *testing.T) {
	base := formed().table(head)
	damagedFile := bytes.Replace(base, []byte("\nxref\n"), []byte("\nxrfe\n"), 1)
	docMDP := plain().with(objects{
		1: "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[7 0 R]/SigFlags 3>>/Perms<</DocMDP 8 0 R>>>>",
		7: "<</FT/Sig/T(C)/V 8 0 R>>",
		8: "<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/ETSI.CAdES.detached/ByteRange[0 10 20 30]/Contents<3000>/Reference[<</TransformMethod/DocMDP/TransformParams<</P 1>>>>]>>",
	}).table(head)
	for _, c := range []struct {
		name string
		in   []byte
		o    Options
		want Reason
	}{
		{"field that is signed", signed(t, base, Options{Field: "Firma"}), Options{Field: "Firma"}, FieldSigned},
		{"field that is not there", base, Options{Field: "Firm"}, NoSuchField},
		{"text field", base, Options{Field: "Importo"}, FieldNotSignature},
		{"certified, no changes", docMDP, Options{}, DocMDPForbids},
		{"certified, forms may be filled", bytes.Replace(docMDP, []byte("/P 1>>"), []byte("/P 2>>"), 1), Options{}, ""},
		{"certified, notes may be made", bytes.Replace(docMDP, []byte("/P 1>>"), []byte("/P 3>>"), 1), Options{}, ""},
		{"certified, no changes, but a time-stamp", docMDP, Options{TimeStamp: true}, ""},
		{"damaged cross-reference", damagedFile, Options{}, DamagedFile},
		{"bytes before the header", append([]byte("\ufeff"), base...), Options{}, DamagedFile},
		{"no such page", base, Options{Appearance: &Appearance{Page: 2, Rect: [4]float64{0, 0, 100, 100}}}, NoSuchPage},
		{"empty rectangle", base, Options{Appearance: &Appearance{Page: 1}}, BadAppearance},
		{"no font", base, Options{Appearance: &Appearance{Page: 1, Rect: [4]float64{0, 0, 100, 100}, Lines: []string{"a"}}}, BadFont},
		{"picture too short", base, Options{Appearance: &Appearance{Page: 1, Rect: [4]float64{0, 0, 100, 100}, Picture: &Picture{2, 2, nil}}}, BadPicture},
		{"dynamic form", plain().with(objects{1: "<</Type/Catalog/Pages 2 0 R/NeedsRendering true>>"}).table(head), Options{}, DynamicForm},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Prepare(context.Background(), bytes.NewReader(c.in), int64(len(c.in)), c.o)
			if refusal(err) != c.want || c.want == "" && err != nil {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
	u := mustPrepare(t, base, Options{Reserve: 100})
	if _, err := u.WriteTo(io.Discard); refusal(err) != ContentsMissing {
		t.Errorf("without contents: %v", err)
	}
	if err := u.SetContents(fakeCMS); refusal(err) != ContentsTooLarge {
		t.Errorf("too large: %v", err)
	}
}

// A linearized file, whose first cross-reference stands at its beginning, is extended at its end like any other; it is
// only not linearized any more (ISO 32000-1 annex F.4.6).
func TestLinearized(t *testing.T) {
	dir := t.TempDir()
	in, linear := filepath.Join(dir, "in.pdf"), filepath.Join(dir, "linear.pdf")
	if err := os.WriteFile(in, formed().table(head), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, streams := range []string{"disable", "generate"} {
		if out, err := exec.Command(tool(t, "qpdf"), "--linearize", "--object-streams="+streams, in, linear).CombinedOutput(); err != nil {
			t.Fatalf("%v %s", err, out)
		}
		b, err := os.ReadFile(linear)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(b, []byte("/Linearized")) {
			t.Fatal("not linearized")
		}
		out := signed(t, signed(t, b, Options{}), Options{Field: "Firma"})
		if s := mustScan(t, out); s.Flagged() || len(s.Signatures) != 2 {
			t.Errorf("object streams %s: %d signatures, %s", streams, len(s.Signatures), reasons(s))
		}
		qpdfCheck(t, out)
	}
}

// opensslCMS signs with the openssl program, detached, with the attributes of CAdES.
func opensslCMS(t *testing.T, dir string, content io.Reader) []byte {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	tpl := &x509.Certificate{
		SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "Ada Prova"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageContentCommitment,
	}
	der, err := x509.CreateCertificate(rand.Reader, tpl, tpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	var p bytes.Buffer
	_ = pem.Encode(&p, &pem.Block{Type: "CERTIFICATE", Bytes: der})
	_ = pem.Encode(&p, &pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	pemFile := filepath.Join(dir, "key.pem")
	if err := os.WriteFile(pemFile, p.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(tool(t, "openssl"), "cms", "-sign", "-binary", "-cades", "-outform", "DER", "-signer", pemFile, "-md", "sha256")
	cmd.Stdin = content
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestPdfsig lets poppler judge what we write.
func TestPdfsig(t *testing.T) {
	pdfsig := tool(t, "pdfsig")
	for name, in := range shapes() {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			first := mustPrepare(t, in, Options{Reason: "Perché"})
			one := finished(t, first, opensslCMS(t, dir, first.Signed()))
			second := mustPrepare(t, one, Options{})
			two := finished(t, second, opensslCMS(t, dir, second.Signed()))
			p := filepath.Join(dir, "x.pdf")
			if err := os.WriteFile(p, two, 0o600); err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command(pdfsig, "-nocert", p)
			cmd.Env = append(os.Environ(), "HOME="+dir)
			out, _ := cmd.CombinedOutput()
			if n := strings.Count(string(out), "Signature is Valid"); n != 2 {
				t.Errorf("pdfsig finds %d valid signatures\n%s", n, out)
			}
			if !strings.Contains(string(out), "Total document signed") || !strings.Contains(string(out), "ETSI.CAdES.detached") {
				t.Errorf("pdfsig:\n%s", out)
			}
		})
	}
}

// TestCorpusCanBeSigned signs every file of the corpus that may be signed: earlier bytes and verdicts stay, and
// qpdf finds nothing that it did not find before.
func TestCorpusCanBeSigned(t *testing.T) {
	if testing.Short() {
		t.Skip("runs qpdf on the whole corpus: left out with -short")
	}
	dir, rows := corpus(t)
	var done, refused int
	for _, row := range rows {
		in, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(row.file)))
		if err != nil {
			t.Fatal(err)
		}
		before, err := Scan(context.Background(), bytes.NewReader(in), int64(len(in)))
		if err != nil {
			continue
		}
		u, err := Prepare(context.Background(), bytes.NewReader(in), int64(len(in)), Options{Claimed: testTime})
		if err != nil {
			if refused++; refusal(err) == "" {
				t.Errorf("%s: %v", row.file, err)
			}
			continue
		}
		out := finished(t, u, fakeCMS)
		after := mustScan(t, out)
		if done++; len(after.Signatures) != len(before.Signatures)+1 || !bytes.HasPrefix(out, in) {
			t.Errorf("%s: %d signatures became %d", row.file, len(before.Signatures), len(after.Signatures))
			continue
		}
		if !before.Flagged() && after.Flagged() {
			t.Errorf("%s: our signature flags it: %s", row.file, reasons(after))
		}
		if w, v := qpdfWarnings(t, in), qpdfWarnings(t, out); v > w {
			t.Errorf("%s: qpdf has %d warnings, had %d", row.file, v, w)
		}
	}
	t.Logf("%d signed, %d refused with a reason", done, refused)
}

func qpdfWarnings(t *testing.T, b []byte) int {
	q, err := exec.LookPath("qpdf")
	if err != nil {
		return 0
	}
	p := filepath.Join(t.TempDir(), "x.pdf")
	if err := os.WriteFile(p, b, 0o600); err != nil {
		t.Fatal(err)
	}
	out, _ := exec.Command(q, "--check", p).CombinedOutput()
	return strings.Count(string(out), "WARNING")
}

package signer_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"ceralacca/signer"
)

// plainPDF is a file of one page. extra goes into the catalog.
func plainPDF(extra string) []byte {
	var b bytes.Buffer
	b.WriteString("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
	var at []int
	for i, o := range []string{
		"<</Type/Catalog/Pages 2 0 R" + extra + ">>", "<</Type/Pages/Kids[3 0 R]/Count 1>>",
		"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]/Contents 4 0 R/Resources<<>>>>",
		"<</Length 13>>stream\n0 0 m 9 9 l S\nendstream",
	} {
		at = append(at, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	xref := b.Len()
	b.WriteString("xref\n0 5\n0000000000 65535 f \n")
	for _, o := range at {
		fmt.Fprintf(&b, "%010d 00000 n \n", o)
	}
	fmt.Fprintf(&b, "trailer\n<</Size 5/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n", xref)
	return b.Bytes()
}

// foreign lets pdfsig and qpdf look at a file, and gives back what pdfsig says.
func foreign(t *testing.T, file []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "f.pdf")
	write(t, path, file)
	if _, err := exec.LookPath("qpdf"); err == nil {
		if out, err := exec.Command("qpdf", "--check", path).CombinedOutput(); err != nil {
			t.Errorf("qpdf: %v\n%s", err, out)
		}
	}
	if _, err := exec.LookPath("pdfsig"); err != nil {
		t.Skip("pdfsig is not installed (.ci/install check)")
	}
	out, err := exec.Command("pdfsig", "-nocert", path).CombinedOutput()
	if err != nil {
		t.Fatalf("pdfsig: %v\n%s", err, out)
	}
	return string(out)
}

// What we append is valid for a reader that we did not write, with every kind of key, and leaves the first valid.
func TestPAdES(t *testing.T) {
	for _, kind := range []string{"RSA-2048", "P-256", "P-384", "RSA-PSS"} {
		t.Run(kind, func(t *testing.T) {
			k := testPKI().key(t, kind, nil)
			in := plainPDF("")
			o := signer.Options{Format: signer.PAdES, Reason: "Approvo", Location: "Forlì"}
			once := sign(t, in, k, o)
			twice := sign(t, once, testPKI().key(t, "P-256", nil), o)
			if !bytes.HasPrefix(once, in) || !bytes.HasPrefix(twice, once) {
				t.Fatal("earlier bytes were changed")
			}
			r := verify(t, twice, trusting())
			if r.Format != signer.PAdES || len(r.Signatures) != 2 {
				t.Fatalf("report %+v", r)
			}
			for i, s := range r.Signatures {
				if s.Indication != signer.TotalPassed || s.Level != "B-B" || !s.Claimed.Equal(now) || s.CoversWholeFile != (i == 1) {
					t.Errorf("verdict %d: %+v", i, s)
				}
			}
			said := foreign(t, twice)
			want := 2
			if kind == "RSA-PSS" { // which the NSS behind pdfsig does not check
				want = 1
			}
			if strings.Count(said, "Signature is Valid") != want || strings.Count(said, "ETSI.CAdES.detached") != 2 {
				t.Errorf("pdfsig says\n%s", said)
			}
		})
	}
}

func TestPAdESVisible(t *testing.T) {
	pic := image.NewNRGBA(image.Rect(0, 0, 8, 8))
	pic.Set(3, 3, color.NRGBA{200, 0, 0, 128})
	font := titillium(t)
	k := testPKI().key(t, "P-256", nil)
	look := signer.Appearance{
		Page: 1, Rect: [4]float64{10, 10, 200, 80}, Lines: []string{"Firmato da Mario Rossi", "perché è così"},
		Font: font, Picture: pic, Border: true,
	}
	o := signer.Options{Format: signer.PAdES, Visible: &look}
	out := sign(t, plainPDF(""), k, o)
	if s := verify(t, out, trusting()).Signatures; len(s) != 1 || s[0].Indication != signer.TotalPassed {
		t.Errorf("verdict %+v", s)
	}
	if said := foreign(t, out); !strings.Contains(said, "Signature is Valid") {
		t.Errorf("pdfsig says\n%s", said)
	}
	for name, tt := range map[string]struct {
		reason string
		change func(*signer.Appearance)
	}{
		"page that is not there": {"no-such-page", func(a *signer.Appearance) { a.Page = 2 }},
		"no font":                {"font", func(a *signer.Appearance) { a.Font = []byte("x") }},
		"picture without pixels": {"picture", func(a *signer.Appearance) { a.Picture = image.NewGray(image.Rect(0, 0, 0, 9)) }},
	} {
		t.Run(name, func(t *testing.T) {
			bad := look
			tt.change(&bad)
			wantRefused(t, plainPDF(""), signer.Options{Format: signer.PAdES, Visible: &bad}, tt.reason)
		})
	}
}

func wantRefused(t *testing.T, in []byte, o signer.Options, reason string) {
	t.Helper()
	o.Now = clock
	var out bytes.Buffer
	err := signer.Sign(context.Background(), &out, open(t, "f.pdf", in), testPKI().key(t, "P-256", nil), o)
	var refused *signer.RefusedError
	if !errors.As(err, &refused) || refused.Reason != reason || out.Len() > 0 {
		t.Errorf("%v, %d bytes written", err, out.Len())
	}
}

func TestPAdESRefusals(t *testing.T) {
	o := signer.Options{Format: signer.PAdES}
	wantRefused(t, []byte("%PDF-1.7\nnothing behind"), o, "damaged")
	wantRefused(t, plainPDF("/NeedsRendering true"), o, "dynamic-xfa")
	k := testPKI().key(t, "P-256", nil)
	for name, tt := range map[string]struct {
		in []byte
		o  signer.Options
	}{
		"text":     {[]byte("ciao"), o},
		"p7m":      {sign(t, plainPDF(""), k, signer.Options{}), o},
		"detached": {plainPDF(""), signer.Options{Format: signer.PAdES, Detached: true}},
		"XAdES":    {plainPDF(""), signer.Options{Format: signer.XAdES}},
	} {
		var bad *signer.UnsupportedError
		if err := signer.Sign(t.Context(), new(bytes.Buffer), open(t, "f", tt.in), k, tt.o); !errors.As(err, &bad) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// meddled is a file that somebody writes to after n bytes were read.
type meddled struct {
	b    []byte
	left int
}

func (c *meddled) ReadAt(p []byte, off int64) (int, error) {
	if c.left -= len(p); c.left < 0 {
		c.b[40] ^= 1
	}
	return bytes.NewReader(c.b).ReadAt(p, off)
}

func TestPAdESChanged(t *testing.T) {
	in := append(plainPDF(""), bytes.Repeat([]byte{'\n'}, 1000)...)
	failed := 0
	for left := range 40 {
		c := &meddled{bytes.Clone(in), left * 500}
		d, err := signer.Open("f.pdf", c, int64(len(in)))
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		err = signer.Sign(t.Context(), &out, d, testPKI().key(t, "P-256", nil), signer.Options{Format: signer.PAdES, Now: clock})
		if err != nil {
			failed++
			continue
		}
		if s := verify(t, out.Bytes(), trusting()).Signatures; len(s) != 1 || s[0].Integrity != signer.Intact {
			t.Errorf("after %d bytes: written, but %+v", left*500, s)
		}
	}
	if failed == 0 {
		t.Error("no change was noticed")
	}
}

// corpusSigned is how many PDF files of the corpus can be signed today. It may only be raised.
const corpusSigned = 226

// corpusRefused are the others, by reason: each is needed.
var corpusRefused = map[string]int{
	// qpdf and the rest of the world repair these each in its own way, and 11 have signatures that a repair of ours would
	// stand over; which objects such a signature shows is anybody's guess. "pades-5-signatures…" alone passes for qpdf,
	// which guesses a cross-reference that EU DSS and veraPDF do not find.
	"damaged": 13,
	// 8 open with a password alone (qpdf --requires-password says so too), 5 with the private key of a recipient. Those
	// that open without are signed, encrypted as they are.
	"encrypted": 13,
	// Certified, or locked in its field, without permission for any change (ISO 32000-1 table 254, ISO 32000-2 table 236).
	"docmdp-1": 12,
	// An earlier signature covers bytes behind the end: ours would stand there and break it once more.
	"signed-beyond-end": 8,
	// Neither new fields nor filled ones are allowed, or there is no empty field (ISO 32000-1 table 22).
	"permissions": 2,
	// An earlier signature locks whatever fields are added, and there is no empty one.
	"fieldmdp": 1,
	// EU DSS fails an earlier signature for its ByteRange, or would find less in it with our revision on top.
	"manipulated": 16,
}

// Every PDF of the corpus is signed or refused with a reason, and no earlier verdict changes, ours nor other people's.
func TestPAdESCorpus(t *testing.T) {
	dir := shared(t, "corpus", "files")
	k := testPKI().key(t, "P-256", nil)
	_, noPDFSig := exec.LookPath("pdfsig")
	_, noQPDF := exec.LookPath("qpdf")
	others := noPDFSig == nil && noQPDF == nil && !testing.Short()
	signed, earlier := 0, 0
	refusals := map[string]int{}
	var pairs bytes.Buffer
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		d := open(t, filepath.Base(path), b)
		if d.Kind() != signer.PDF {
			return nil
		}
		var out bytes.Buffer
		o := signer.Options{Format: signer.PAdES, Now: clock}
		err = signer.Sign(t.Context(), &out, d, k, o)
		var no *signer.RefusedError
		if errors.As(err, &no) && no.Reason == "needs-field" { // as the person would choose
			o.Field = examine(t, b).Fields[0].Name
			err, no = signer.Sign(t.Context(), &out, d, k, o), nil
		}
		if errors.As(err, &no) {
			refusals[no.Reason]++
			if len(sign(t, b, k, signer.Options{})) <= len(b) { // the way that is always left
				t.Errorf("%s: no p7m", filepath.Base(path))
			}
			return nil
		}
		if err != nil {
			t.Errorf("%s: %v", filepath.Base(path), err)
			return nil
		}
		signed++
		if *interopCorpus != "" {
			out := keepSigned(t, path, out.Bytes())
			fmt.Fprintf(&pairs, "%s\t%s\n", path, out)
		}
		earlier += compareSigned(t, filepath.Base(path), b, out.Bytes())
		if others {
			compareForeign(t, filepath.Base(path), b, out.Bytes())
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if *interopCorpus != "" {
		write(t, filepath.Join(*interopCorpus, "list.tsv"), pairs.Bytes())
	}
	t.Logf("signed %d files with %d earlier signatures; refused %v", signed, earlier, refusals)
	if signed < corpusSigned || !maps.Equal(refusals, corpusRefused) {
		t.Errorf("%d files signed, there were %d, and refused %v", signed, corpusSigned, corpusRefused)
	}
}

// keepSigned leaves a signed file of the corpus for foreign verifiers, under a name that says where it is from.
func keepSigned(t *testing.T, original string, signed []byte) string {
	t.Helper()
	folder, name := filepath.Split(original)
	path := filepath.Join(*interopCorpus, filepath.Base(folder)+"_"+name)
	write(t, path, signed)
	return path
}

// compareSigned holds the report on a signed file against the one before, and counts the earlier signatures.
func compareSigned(t *testing.T, name string, in, out []byte) int {
	t.Helper()
	if !bytes.HasPrefix(out, in) {
		t.Errorf("%s: earlier bytes were changed", name)
	}
	was, is := verify(t, in, trusting()).Signatures, verify(t, out, trusting()).Signatures
	if len(is) != len(was)+1 {
		t.Errorf("%s: %d signatures became %d", name, len(was), len(is))
		return 0
	}
	for i, s := range was {
		n := is[i]
		if n.ID != s.ID || n.Integrity != s.Integrity || n.Indication != s.Indication || n.SubIndication != s.SubIndication {
			t.Errorf("%s: signature %s was %v %v %s and is %v %v %s (%s)", name, s.ID, s.Integrity, s.Indication,
				s.SubIndication, n.Integrity, n.Indication, n.SubIndication, codes(n))
		}
	}
	if err := signer.SecondOpinion(t.Context(), open(t, name, out)); err != nil {
		t.Errorf("%s: %v", name, err)
	}
	own := is[len(was)]
	if own.Integrity != signer.Intact || own.Level != "B-B" || !own.CoversWholeFile {
		t.Errorf("%s: our own is %v %v %s %s (%s)", name, own.Integrity, own.Indication, own.SubIndication, own.Level, codes(own))
	}
	return len(was)
}

// compareForeign wants the same verdicts of pdfsig as before, one more that is valid, and nothing new from qpdf.
func compareForeign(t *testing.T, name string, in, out []byte) {
	t.Helper()
	dir := t.TempDir()
	run := func(b []byte, args ...string) (string, int) {
		path := filepath.Join(dir, "f.pdf")
		write(t, path, b)
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		cmd := exec.CommandContext(ctx, args[0], append(args[1:], path)...)
		said, _ := cmd.CombinedOutput()
		return string(said), cmd.ProcessState.ExitCode()
	}
	verdicts := func(b []byte) []string {
		said, _ := run(b, "pdfsig", "-nocert")
		var list []string
		for line := range strings.Lines(said) {
			if _, v, ok := strings.Cut(line, "Signature Validation: "); ok {
				list = append(list, strings.TrimSpace(v))
			}
		}
		return list
	}
	if was, is := verdicts(in), verdicts(out); !slices.Equal(is, append(was, "Signature is Valid.")) {
		t.Errorf("%s: pdfsig said %q and says %q", name, was, is)
	}
	_, was := run(in, "qpdf", "--check")
	if said, is := run(out, "qpdf", "--check"); is > was {
		t.Errorf("%s: qpdf ended with %d and ends with %d: %s", name, was, is, said)
	}
}

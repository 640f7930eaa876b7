package signer_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/asn1"
	"flag"
	"fmt"
	"image"
	"image/color"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"ceralacca/signer"
	"ceralacca/signer/internal/pdf"
)

var (
	interopDir    = flag.String("interop", "", "existing folder to leave signed files in, for foreign verifiers")
	interopCorpus = flag.String("interop.corpus", "", "existing folder to leave the signed PDF files of the corpus in, with a list of both")
	interopPDFA   = flag.String("interop.pdfa", "", "folder with PDF/A files of other programs, LEVEL_PROGRAM.pdf, to sign too")
	interopRun    = flag.String("interop.run", "", "command to run while the authority behind these files answers")
)

var levelNames = map[signer.Level]string{signer.LevelB: "B", signer.LevelT: "T", signer.LevelLT: "LT", signer.LevelLTA: "LTA"}

// interopFile is a signed file for foreign verifiers, with the name of its original when it is detached. Fewer than no
// signatures mean that others have signed it before us, and that it matters only whether it stays PDF/A.
type interopFile struct {
	name, original string
	b              []byte
	level          signer.Level
	signatures     int
}

// TestInteropFiles signs every format at every level with every kind of key, attached and detached, alone and beside
// another one, with an authority that answers, and holds the files to our own verifier. With -interop they stay there,
// with their root and a list, for foreign ones: these judge at the present, so everything happens then.
func TestInteropFiles(t *testing.T) {
	dir := *interopDir
	if dir == "" {
		dir = t.TempDir()
	}
	a := newAuthority(t)
	content := sample(100_000)
	write(t, filepath.Join(dir, "root.pem"), pemCert(a.root))
	write(t, filepath.Join(dir, "content.bin"), content)
	var files []interopFile
	kinds := []string{"RSA-2048", "RSA-3072-PSS", "P-256", "P-384"}
	for i, kind := range kinds {
		k, other := a.key(t, kind), a.key(t, kinds[(i+1)%len(kinds)])
		for _, l := range []signer.Level{signer.LevelB, signer.LevelT, signer.LevelLT, signer.LevelLTA} {
			for _, f := range append(interopCMS(t, a, l, content, k, other), interopPDF(t, a, l, k, other)...) {
				f.name, f.level = kind+"_"+levelNames[l]+"_"+f.name, l
				files = append(files, f)
			}
		}
	}
	files = append(files, interopForms(t, a, content)...)
	files = append(files, interopArchives(t, a)...)
	files = append(files, interopLarge(t, a)...)
	files = append(files, interopForeign(t, a)...)
	var list bytes.Buffer
	for _, f := range files {
		write(t, filepath.Join(dir, f.name), f.b)
		list.WriteString(strings.Join([]string{f.name, f.original, levelNames[f.level], strconv.Itoa(f.signatures)}, "\t") + "\n")
		checkInterop(t, a, f, content)
	}
	write(t, filepath.Join(dir, "list.tsv"), list.Bytes())
	t.Logf("%d files", len(files))
	if *interopRun != "" {
		cmd := exec.Command("sh", "-c", *interopRun)
		cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
		if err := cmd.Run(); err != nil {
			t.Error(err)
		}
	}
}

// checkInterop holds f to our own verifier. It asks nobody: what comes from LevelLT on must be in the file.
func checkInterop(t *testing.T, a *authority, f interopFile, content []byte) {
	t.Helper()
	o := signer.VerifyOptions{Anchors: []*x509.Certificate{a.root}, Now: time.Now}
	if f.original != "" {
		o.Content, o.ContentSize = bytes.NewReader(content), int64(len(content))
	}
	for _, der := range envelopes(t, f.b) {
		if fault := derFault(der, 0); fault != "" {
			t.Errorf("%s: no DER: %s", f.name, fault)
		}
	}
	if f.signatures < 0 {
		return
	}
	n := 0
	for _, s := range verify(t, f.b, o).Signatures {
		if s.Format == signer.TST {
			continue
		}
		n++
		passed := s.Indication == signer.TotalPassed
		if s.Integrity != signer.Intact || s.Level != "B-"+levelNames[f.level] || passed != (f.level >= signer.LevelLT) {
			t.Errorf("%s: %s %v %v %s (%s)", f.name, s.Level, s.Integrity, s.Indication, s.SubIndication, codes(s))
		}
	}
	if n != f.signatures {
		t.Errorf("%s: %d signatures, want %d", f.name, n, f.signatures)
	}
}

// envelopes are the SignedData of a file: the file itself, or what stands in each /Contents.
func envelopes(t *testing.T, b []byte) (all [][]byte) {
	t.Helper()
	if !bytes.HasPrefix(b, []byte("%PDF")) {
		return [][]byte{b}
	}
	found, err := pdf.Scan(t.Context(), bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range found.Signatures {
		all = append(all, s.Contents)
	}
	return all
}

// derFault says where b is not DER (X.690 §10 and §11): lengths that are indefinite or longer than they need be,
// strings in pieces, sets out of order.
func derFault(b []byte, at int) string {
	for len(b) > 0 {
		var v asn1.RawValue
		rest, err := asn1.Unmarshal(b, &v) // refuses lengths that are not minimal
		switch {
		case err != nil:
			return fmt.Sprintf("byte %d: %v", at, err)
		case v.IsCompound && v.Class == asn1.ClassUniversal && v.Tag != asn1.TagSequence && v.Tag != asn1.TagSet:
			return fmt.Sprintf("byte %d: a string in pieces", at)
		}
		if v.IsCompound {
			header := len(v.FullBytes) - len(v.Bytes)
			if v.Class == asn1.ClassUniversal && v.Tag == asn1.TagSet && !sorted(v.Bytes) {
				return fmt.Sprintf("byte %d: a set out of order", at)
			}
			if fault := derFault(v.Bytes, at+header); fault != "" {
				return fault
			}
		}
		at, b = at+len(v.FullBytes), rest
	}
	return ""
}

// sorted tells whether the elements of a SET OF stand in the order of DER.
func sorted(b []byte) bool {
	var last []byte
	for len(b) > 0 {
		var v asn1.RawValue
		rest, err := asn1.Unmarshal(b, &v)
		if err != nil || bytes.Compare(last, v.FullBytes) > 0 {
			return false
		}
		last, b = v.FullBytes, rest
	}
	return true
}

func interopCMS(t *testing.T, a *authority, l signer.Level, content []byte, k, other signer.Key) []interopFile {
	o := a.options(t, signer.CAdES, l)
	detached, add := o, o
	detached.Detached, detached.Now = true, time.Now
	o.Now, add.Now, add.Existing = time.Now, time.Now, signer.Add
	add.Content, add.ContentSize = bytes.NewReader(content), int64(len(content))
	first, apart := sign(t, content, k, o), sign(t, content, k, detached)
	return []interopFile{
		{name: "attached_first.p7m", b: first, signatures: 1},
		{name: "attached_added.p7m", b: sign(t, first, other, add), signatures: 2},
		{name: "detached_first.p7s", original: "content.bin", b: apart, signatures: 1},
		{name: "detached_added.p7s", original: "content.bin", b: sign(t, apart, other, add), signatures: 2},
	}
}

func interopPDF(t *testing.T, a *authority, l signer.Level, k, other signer.Key) []interopFile {
	o := a.options(t, signer.PAdES, l)
	o.Now, o.Reason, o.Location = time.Now, "Approvo", "Forlì"
	first := sign(t, plainPDF(""), k, o)
	return []interopFile{
		{name: "pdf_first.pdf", b: first, signatures: 1},
		{name: "pdf_added.pdf", b: sign(t, first, other, o), signatures: 2},
	}
}

// interopForms are counter-signatures, and signatures in fields that are there, one of which locks the others.
func interopForms(t *testing.T, a *authority, content []byte) []interopFile {
	k, other := a.key(t, "P-256"), a.key(t, "RSA-2048")
	o := signer.Options{Now: time.Now}
	first := sign(t, content, k, o)
	o.Existing = signer.CounterSign
	p := signer.Options{Format: signer.PAdES, Now: time.Now, Field: "Il legale rappresentante", Visible: interopLook(t)}
	form := sign(t, formPDF(), k, p)
	p.Field, p.Visible = "Ultimo", nil
	return []interopFile{
		{name: "countersigned.p7m", b: sign(t, first, other, o), signatures: 2},
		{name: "field.pdf", b: form, signatures: 1},
		{name: "field-locking.pdf", b: sign(t, form, other, p), signatures: 2},
	}
}

// interopLarge are PDF files whose signature had too little room for the tokens of its authority.
func interopLarge(t *testing.T, a *authority) []interopFile {
	a.padding = 40 << 10
	defer func() { a.padding = 0 }()
	var out []interopFile
	for _, l := range []signer.Level{signer.LevelT, signer.LevelLT, signer.LevelLTA} {
		o := a.options(t, signer.PAdES, l)
		o.Now = time.Now
		o.TSA.Failed = func(context.Context, *signer.TimeStampError) *signer.TSA { return o.TSA } // pays for another
		f := interopFile{name: "large-token_" + levelNames[l] + ".pdf", level: l, signatures: 1}
		f.b = sign(t, plainPDF(""), a.key(t, "P-256"), o)
		out = append(out, f)
	}
	return out
}

func interopLook(t *testing.T) *signer.Appearance {
	pic := image.NewNRGBA(image.Rect(0, 0, 16, 16))
	for i := range 16 {
		pic.Set(i, i, color.NRGBA{200, 0, 40, 128})
	}
	return &signer.Appearance{
		Page: 1, Rect: [4]float64{10, 10, 200, 80}, Lines: []string{"Firmato da Mario Rossi", "perché è così"},
		Font: titillium(t), Picture: pic, Border: true,
	}
}

// interopArchives are PDF/A files of each part, as they are and with signatures, seen and unseen, at the highest level.
func interopArchives(t *testing.T, a *authority) []interopFile {
	var out []interopFile
	k := a.key(t, "P-256")
	for _, part := range []string{"1", "2", "3"} {
		name := "pdfa-" + part + "b"
		plain, turned := archivePDF(part, ""), archivePDF(part, "/Rotate 90/CropBox[20 20 280 180]")
		o := a.options(t, signer.PAdES, signer.LevelLTA)
		o.Now = time.Now
		look := o
		look.Visible = interopLook(t)
		seen := sign(t, plain, k, look)
		below := look
		below.Visible = interopLook(t)
		below.Visible.Rect = [4]float64{10, 100, 200, 170}
		for _, f := range []interopFile{
			{name: name + "_unseen.pdf", b: sign(t, plain, k, o), signatures: 1},
			{name: name + "_seen.pdf", b: seen, signatures: 1},
			{name: name + "_seen-turned.pdf", b: sign(t, turned, k, look), signatures: 1},
			{name: name + "_seen-twice.pdf", b: sign(t, seen, k, below), signatures: 2},
		} {
			f.level = signer.LevelLTA
			out = append(out, f)
		}
		out = append(out, interopFile{name: name + "_before.pdf", b: plain})
	}
	return out
}

// interopForeign are the PDF/A files of -interop.pdfa, as they are and signed, seen and unseen, at both ends of the levels.
func interopForeign(t *testing.T, a *authority) []interopFile {
	if *interopPDFA == "" {
		return nil
	}
	paths, err := filepath.Glob(filepath.Join(*interopPDFA, "*.pdf"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("%s: %v", *interopPDFA, err)
	}
	var out []interopFile
	for _, path := range paths {
		b := mustRead(t, path)
		name := "pdfa-" + strings.TrimSuffix(filepath.Base(path), ".pdf")
		f := interopFile{name: name + "_before.pdf", b: b}
		if len(verify(t, b, offline()).Signatures) > 0 {
			f.signatures = -1
		}
		out = append(out, f)
		for _, l := range []signer.Level{signer.LevelB, signer.LevelLTA} {
			for look, visible := range map[string]*signer.Appearance{"seen": interopLook(t), "unseen": nil} {
				o := a.options(t, signer.PAdES, l)
				o.Now, o.Visible = time.Now, visible
				g := interopFile{name: name + "_" + look + "-" + levelNames[l] + ".pdf", level: l, signatures: 1 + 2*f.signatures}
				g.b = sign(t, b, a.key(t, "RSA-2048"), o)
				out = append(out, g)
			}
		}
	}
	return out
}

// archivePDF is an empty page that is PDF/A-1b, -2b or -3b (ISO 19005): no colour and no font, so that it needs no
// profile. extra goes into the page.
func archivePDF(part, extra string) []byte {
	xmp := `<?xpacket begin="` + "\ufeff" + `" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">` +
		`<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" ` +
		`xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/"><pdfaid:part>` + part + `</pdfaid:part>` +
		`<pdfaid:conformance>B</pdfaid:conformance></rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>`
	b := pagesPDF(
		"<</Type/Catalog/Pages 2 0 R/Metadata 4 0 R>>", "<</Type/Pages/Kids[3 0 R]/Count 1>>",
		"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]/Resources<<>>"+extra+">>",
		fmt.Sprintf("<</Type/Metadata/Subtype/XML/Length %d>>\nstream\n%s\nendstream", len(xmp), xmp),
	)
	if part == "1" {
		return bytes.Replace(b, []byte("%PDF-1.7"), []byte("%PDF-1.4"), 1)
	}
	return b
}

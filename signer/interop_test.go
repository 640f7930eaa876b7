package signer_test

import (
	"bytes"
	"flag"
	"fmt"
	"image"
	"os"
	"path/filepath"
	"testing"
	"time"

	"ceralacca/signer"
)

var interopDir = flag.String("interop", "", "existing folder to leave signed files in, for foreign verifiers")

// interopFile is a signed file for foreign verifiers, with the name of its original when it is detached.
type interopFile struct {
	name, original string
	b              []byte
	signatures     int
}

// TestInteropFiles makes a signature of every key type and form, alone and beside another one, and holds them to our
// own verifier. With -interop they stay there, with their root and a list, for foreign ones: these judge at the
// present, so the signatures claim it.
func TestInteropFiles(t *testing.T) {
	dir := *interopDir
	if dir == "" {
		dir = t.TempDir()
	}
	content := sample(100_000)
	write(t, filepath.Join(dir, "root.pem"), pemCert(testPKI().root))
	write(t, filepath.Join(dir, "content.bin"), content)
	var list bytes.Buffer
	kinds := []string{"RSA-2048", "RSA-PSS", "P-256", "P-384"}
	for i, kind := range kinds {
		k, other := testPKI().key(t, kind, nil), testPKI().key(t, kinds[(i+1)%len(kinds)], nil)
		for _, f := range append(interopCMS(t, kind, content, k, other), interopPDF(t, kind, k, other)...) {
			write(t, filepath.Join(dir, f.name), f.b)
			list.WriteString(f.name + "\t" + f.original + "\n")
			o := trusting()
			o.Now = time.Now
			if f.original != "" {
				o.Content, o.ContentSize = bytes.NewReader(content), int64(len(content))
			}
			r := verify(t, f.b, o)
			if len(r.Signatures) != f.signatures {
				t.Errorf("%s: %d signatures, want %d", f.name, len(r.Signatures), f.signatures)
			}
			for _, s := range r.Signatures {
				if s.Indication != signer.TotalPassed || s.Integrity != signer.Intact {
					t.Errorf("%s: %+v", f.name, s)
				}
			}
		}
	}
	write(t, filepath.Join(dir, "list.tsv"), list.Bytes())
}

func interopCMS(t *testing.T, kind string, content []byte, k, other signer.Key) []interopFile {
	first := sign(t, content, k, signer.Options{Now: time.Now})
	return []interopFile{
		{kind + "-attached.p7m", "", first, 1},
		{kind + "-detached.p7s", "content.bin", sign(t, content, k, signer.Options{Now: time.Now, Detached: true}), 1},
		{kind + "-beside.p7m", "", sign(t, first, other, signer.Options{Now: time.Now, Existing: signer.Add}), 2},
		{kind + "-countersigned.p7m", "", sign(t, first, other, signer.Options{Now: time.Now, Existing: signer.CounterSign}), 2},
	}
}

func interopPDF(t *testing.T, kind string, k, other signer.Key) []interopFile {
	font, err := os.ReadFile(filepath.Join("..", "assets", "fonts", "TitilliumWeb-Regular.ttf"))
	if err != nil {
		t.Fatal(err)
	}
	o := signer.Options{Format: signer.PAdES, Now: time.Now, Reason: "Approvo", Location: "Forlì"}
	look := o
	look.Visible = &signer.Appearance{
		Page: 1, Rect: [4]float64{10, 10, 200, 80}, Lines: []string{"Firmato da Mario Rossi", "perché è così"},
		Font: font, Picture: image.NewGray(image.Rect(0, 0, 8, 8)), Border: true,
	}
	first := sign(t, plainPDF(""), k, o)
	archive := archivePDF()
	return []interopFile{
		{kind + "-first.pdf", "", first, 1},
		{kind + "-second.pdf", "", sign(t, first, other, o), 2},
		{kind + "-visible.pdf", "", sign(t, plainPDF(""), k, look), 1},
		{kind + "-pdfa.pdf", "", sign(t, archive, k, o), 1},
		{kind + "-pdfa-second.pdf", "", sign(t, sign(t, archive, k, o), other, o), 2},
		{kind + "-pdfa-visible.pdf", "", sign(t, archive, k, look), 1},
	}
}

// archivePDF is an empty page that is PDF/A-2b (ISO 19005-2): no colour and no font, so that it needs no profile.
func archivePDF() []byte {
	xmp := `<?xpacket begin="` + "\ufeff" + `" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">` +
		`<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" ` +
		`xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/"><pdfaid:part>2</pdfaid:part>` +
		`<pdfaid:conformance>B</pdfaid:conformance></rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>`
	var b bytes.Buffer
	b.WriteString("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
	var at []int
	for i, o := range []string{
		"<</Type/Catalog/Pages 2 0 R/Metadata 4 0 R>>", "<</Type/Pages/Kids[3 0 R]/Count 1>>",
		"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]/Resources<<>>>>",
		fmt.Sprintf("<</Type/Metadata/Subtype/XML/Length %d>>\nstream\n%s\nendstream", len(xmp), xmp),
	} {
		at = append(at, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	xref := b.Len()
	b.WriteString("xref\n0 5\n0000000000 65535 f \n")
	for _, o := range at {
		fmt.Fprintf(&b, "%010d 00000 n \n", o)
	}
	fmt.Fprintf(&b, "trailer\n<</Size 5/Root 1 0 R/ID[<00112233445566778899aabbccddeeff><00112233445566778899aabbccddeeff>]>>\n"+
		"startxref\n%d\n%%%%EOF\n", xref)
	return b.Bytes()
}

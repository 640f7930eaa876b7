package signer_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"

	"ceralacca/signer"
	"ceralacca/signer/internal/cert"
	"ceralacca/signer/internal/cms"
	"ceralacca/signer/internal/pdf"
)

// The CMS of a PDF holds no content (ISO 32000-1 §12.8.3.3.1). An empty one or a copy of the covered bytes is told; a
// signature over anything else is not one over this document.
func TestContentInsidePDFSignature(t *testing.T) {
	k := testPKI().key(t, "P-256", nil)
	c, err := cert.Parse(k.Chain[0].Raw)
	if err != nil {
		t.Fatal(err)
	}
	plain := plainPDF("")
	for _, tt := range []struct {
		name    string
		content func(covered []byte) []byte
		signs   func(covered []byte) []byte
		want    signer.Integrity
	}{
		{"empty", func([]byte) []byte { return nil }, func(c []byte) []byte { return c }, signer.Intact},
		{"the covered bytes", func(c []byte) []byte { return c }, func(c []byte) []byte { return c }, signer.Intact},
		{"another document, which is signed", func([]byte) []byte { return []byte("altro") }, func([]byte) []byte { return []byte("altro") }, signer.Broken},
		{"another document, and these bytes signed", func([]byte) []byte { return []byte("altro") }, func(c []byte) []byte { return c }, signer.Broken},
		{"nothing, which is signed", func([]byte) []byte { return nil }, func([]byte) []byte { return nil }, signer.Broken},
	} {
		t.Run(tt.name, func(t *testing.T) {
			u, err := pdf.Prepare(t.Context(), bytes.NewReader(plain), int64(len(plain)), pdf.Options{Claimed: now, Reserve: 20_000})
			if err != nil {
				t.Fatal(err)
			}
			covered, err := io.ReadAll(u.Signed())
			if err != nil {
				t.Fatal(err)
			}
			digest := sha256.Sum256(tt.signs(covered))
			si, err := cms.Sign(t.Context(), cms.SignerInput{Key: k.Signer, Certificate: c, Digest: digest[:]})
			if err != nil {
				t.Fatal(err)
			}
			e := cms.Envelope{SignerInfos: [][]byte{si}, Certificates: [][]byte{c.Raw}}
			content := tt.content(covered)
			var der, out bytes.Buffer
			if err := e.Write(t.Context(), &der, bytes.NewReader(content), int64(len(content))); err != nil {
				t.Fatal(err)
			}
			if err := u.SetContents(der.Bytes()); err != nil {
				t.Fatal(err)
			}
			if _, err := u.WriteTo(&out); err != nil {
				t.Fatal(err)
			}
			s := verify(t, out.Bytes(), trusting()).Signatures[0]
			if s.Integrity != tt.want || !strings.Contains(codes(s), "contents-encapsulated") {
				t.Errorf("integrity %v, %v %s (%s)", s.Integrity, s.Indication, s.SubIndication, codes(s))
			}
			if s.Integrity != signer.Intact && s.Indication != signer.TotalFailed {
				t.Errorf("%v", s.Indication)
			}
		})
	}
}

// A later revision that takes the form away leaves no signature, and that there was one is told.
func TestSignaturesWithoutField(t *testing.T) {
	signed := signedPDF(t)
	before := regexp.MustCompile(`startxref\s+(\d+)`).FindAllSubmatch(signed, -1)
	var b bytes.Buffer
	b.Write(signed)
	at := b.Len()
	b.WriteString("1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n")
	xref := b.Len()
	fmt.Fprintf(&b, "xref\n1 1\n%010d 00000 n \ntrailer\n<</Size 99/Root 1 0 R/Prev %s>>\nstartxref\n%d\n%%%%EOF\n", at, before[len(before)-1][1], xref)
	for name, c := range map[string]struct {
		file []byte
		n    int
	}{"signed": {signed, 1}, "form taken away": {b.Bytes(), 0}} {
		r := verify(t, c.file, trusting())
		if len(r.Signatures) != c.n || slices.Contains(r.Notes, "signatures-without-field") != (c.n == 0) {
			t.Errorf("%s: %d signatures, notes %v", name, len(r.Signatures), r.Notes)
		}
	}
}

// The form is looked at before the digest: a file cut off fails for its ByteRange, and that it changed is told beside.
func TestFormBeforeDigest(t *testing.T) {
	signed := signedPDF(t)
	g := verify(t, signed[:len(signed)-9], trusting()).Signatures[0]
	if g.Indication != signer.TotalFailed || g.SubIndication != signer.FormatFailure || g.Integrity != signer.Broken ||
		!slices.ContainsFunc(g.Findings, func(f signer.Finding) bool { return f.Code == "content-changed" }) {
		t.Errorf("%v %s, %v (%s)", g.Indication, g.SubIndication, g.Integrity, codes(g))
	}
}

package filing_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"ceralacca/signer"
	"ceralacca/signer/filing"
)

var now = time.Date(2026, 11, 22, 10, 30, 0, 0, time.UTC)

// objects are the bodies of a PDF's indirect objects by number.
type objects map[int]string

func stream(s string) string {
	return fmt.Sprintf("<</Length %d>>stream\n%s\nendstream", len(s), s)
}

func xmp(part, conformance string) string {
	return stream(`<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">` +
		`<rdf:Description xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/" pdfaid:part="` + part + `" pdfaid:conformance="` + conformance + `"/></rdf:RDF></x:xmpmeta>`)
}

// archival is a page that claims PDF/A-1b, with some objects replaced.
func archival(extra objects) string {
	o := objects{
		1: "<</Type/Catalog/Pages 2 0 R/Metadata 6 0 R>>", 2: "<</Type/Pages/Kids[3 0 R]/Count 1/MediaBox[0 0 595 842]>>",
		3: "<</Type/Page/Parent 2 0 R/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>/ExtGState<</G 8 0 R>>>>>>",
		4: stream("BT /F1 12 Tf 72 720 Td (Ciao) Tj ET"), 5: "<</Type/Font/Subtype/TrueType/BaseFont/Titillium/FontDescriptor<</FontFile2 7 0 R>>>>",
		6: xmp("1", "B"), 7: stream("abc"), 8: "<</Type/ExtGState/ca 1>>",
		9: "<</Producer(Portale)/CreationDate(D:20261101090000Z)/ModDate(D:20261101090000Z)>>",
	}
	maps.Copy(o, extra)
	return o.file("")
}

func (o objects) file(trailer string) string {
	var b bytes.Buffer
	b.WriteString("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
	var offs []int
	for _, n := range slices.Sorted(maps.Keys(o)) {
		offs = append(offs, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", n, o[n])
	}
	start := b.Len()
	fmt.Fprintf(&b, "xref\n0 1\n0000000000 65535 f \n")
	for i, n := range slices.Sorted(maps.Keys(o)) {
		fmt.Fprintf(&b, "%d 1\n%010d 00000 n \n", n, offs[i])
	}
	fmt.Fprintf(&b, "trailer\n<</Size 100/Root 1 0 R/Info 9 0 R/ID[<01><02>]%s>>\nstartxref\n%d\n%%%%EOF\n", trailer, start)
	return b.String()
}

// appended is the file with a second version in which one object differs.
func appended(file string) string {
	var b bytes.Buffer
	b.WriteString(file)
	at := b.Len()
	b.WriteString("4 0 obj\n" + stream("BT ET") + "\nendobj\n")
	start := b.Len()
	fmt.Fprintf(&b, "xref\n4 1\n%010d 00000 n \ntrailer\n<</Size 100/Root 1 0 R/Info 9 0 R/Prev %d>>\nstartxref\n%d\n%%%%EOF\n",
		at, strings.LastIndex(file, "xref\n0 1\n"), start)
	return b.String()
}

func locked() string {
	o := objects{1: "<</Type/Catalog/Pages 2 0 R>>", 2: "<</Type/Pages/Kids[]/Count 0>>", 9: "<<>>"}
	z := strings.Repeat("00", 32)
	return o.file("/Encrypt<</Filter/Standard/V 1/R 2/P -4/O<" + z + ">/U<" + z + ">>>")
}

const (
	xbrl    = `<?xml version="1.0" encoding="UTF-8"?><xbrl xmlns="http://www.xbrl.org/2003/instance"/>`
	invoice = `<?xml version="1.0" encoding="UTF-8"?><p:FatturaElettronica xmlns:p="http://ivaservizi.agenziaentrate.gov.it/docs/xsd/fatture/v1.2" versione="FPA12"><a/></p:FatturaElettronica>`
)

func file(t testing.TB, name, content string) filing.File {
	t.Helper()
	d, err := signer.Open(name, strings.NewReader(content), int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	return filing.File{Name: name, Document: d}
}

// certificates of one made-up authority.
var key = sync.OnceValue(func() crypto.Signer {
	k, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	return k
})

var qcStatements = pkix.Extension{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 3}, Value: []byte{
	0x30, 0x14, 0x30, 0x08, 0x06, 0x06, 0x04, 0x00, 0x8e, 0x46, 0x01, 0x01, 0x30, 0x08, 0x06, 0x06, 0x04, 0x00, 0x8e, 0x46, 0x01, 0x04,
}}

func certificate(t testing.TB, change func(*x509.Certificate)) *x509.Certificate {
	t.Helper()
	c := &x509.Certificate{
		SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "ANNA ESEMPIO", SerialNumber: "TINIT-SMPNNA80A41H501Z"},
		NotBefore: now.AddDate(-1, 0, 0), NotAfter: now.AddDate(2, 0, 0), KeyUsage: x509.KeyUsageContentCommitment,
		ExtraExtensions: []pkix.Extension{qcStatements},
	}
	if change != nil {
		change(c)
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key().Public(), key())
	if err != nil {
		t.Fatal(err)
	}
	if c, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	return c
}

// envelope is a .p7m of the content, signed by ANNA ESEMPIO.
func envelope(t testing.TB, content string) string {
	t.Helper()
	var b bytes.Buffer
	k := signer.Key{Signer: key(), Chain: []*x509.Certificate{certificate(t, nil)}}
	if err := signer.Sign(t.Context(), &b, file(t, "a.pdf", content).Document, k, signer.Options{Now: func() time.Time { return now }}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func signedPDF(t testing.TB) string {
	t.Helper()
	var b bytes.Buffer
	k := signer.Key{Signer: key(), Chain: []*x509.Certificate{certificate(t, nil)}}
	o := signer.Options{Format: signer.PAdES, Now: func() time.Time { return now }}
	if err := signer.Sign(t.Context(), &b, file(t, "a.pdf", archival(nil)).Document, k, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

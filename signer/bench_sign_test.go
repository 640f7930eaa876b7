package signer_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"ceralacca/signer"
)

// longPDF is a file of one page with an attachment of zeros that brings it to about size bytes.
type longPDF struct {
	head, tail []byte
	zeros      int64
}

func newLongPDF(size int64) *longPDF {
	b := pagesPDF(
		"<</Type/Catalog/Pages 2 0 R/Names<</EmbeddedFiles<</Names[(zeri)<</Type/Filespec/F(zeri)/EF<</F 4 0 R>>>>]>>>>>>",
		"<</Type/Pages/Kids[3 0 R]/Count 1>>",
		"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]/Resources<<>>>>",
	)
	var p longPDF
	p.head = bytes.Clone(b[:bytes.Index(b, []byte("xref\n"))])
	p.zeros = max(0, size-int64(len(b)))
	start := len(p.head)
	p.head = fmt.Appendf(p.head, "4 0 obj\n<</Type/EmbeddedFile/Length %d>>\nstream\n", p.zeros)
	p.tail = []byte("\nendstream\nendobj\n")
	xref := int64(len(p.head)) + p.zeros + int64(len(p.tail))
	table := bytes.Replace(b[start:], []byte("xref\n0 4\n"), []byte("xref\n0 5\n"), 1)
	table = table[:bytes.Index(table, []byte("trailer"))]
	p.tail = append(p.tail, table...)
	p.tail = fmt.Appendf(p.tail, "%010d 00000 n \ntrailer\n<</Size 5/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n", start, xref)
	return &p
}

func (p *longPDF) size() int64 { return int64(len(p.head)) + p.zeros + int64(len(p.tail)) }

func (p *longPDF) ReadAt(b []byte, off int64) (int, error) {
	n := 0
	for n < len(b) {
		at := off + int64(n)
		body := at - int64(len(p.head))
		switch {
		case body < 0:
			n += copy(b[n:], p.head[at:])
		case body < p.zeros:
			m := int(min(int64(len(b)-n), p.zeros-body))
			clear(b[n : n+m])
			n += m
		case body-p.zeros < int64(len(p.tail)):
			n += copy(b[n:], p.tail[body-p.zeros:])
		default:
			return n, io.EOF
		}
	}
	return n, nil
}

// longPDFRound signs a PDF of size bytes twice, the second time upon the first and seen, and verifies it. It gives the
// highest growth of the heap that it saw.
func longPDFRound(t testing.TB, size int64) uint64 {
	t.Helper()
	p := newLongPDF(size)
	k := testPKI().key(t, "P-256", nil)
	o := signer.Options{Format: signer.PAdES, Now: clock}
	var peak uint64
	var in io.ReaderAt = p
	n := p.size()
	for range 2 {
		out, err := os.CreateTemp(t.TempDir(), "*.pdf")
		if err != nil {
			t.Fatal(err)
		}
		defer out.Close()
		d, err := signer.Open("f.pdf", in, n)
		if err != nil {
			t.Fatal(err)
		}
		w := &watcher{f: out, base: heap()}
		if err := signer.Sign(context.Background(), w, d, k, o); err != nil {
			t.Fatal(err)
		}
		st, err := out.Stat()
		if err != nil {
			t.Fatal(err)
		}
		peak = max(peak, w.peak)
		in, n = w, st.Size()
	}
	d, err := signer.Open("f.pdf", in, n)
	if err != nil {
		t.Fatal(err)
	}
	v := trusting()
	v.Now = clock
	r, err := signer.Verify(context.Background(), d, v)
	if err != nil || len(r.Signatures) != 2 {
		t.Fatalf("%v %+v", err, r)
	}
	for _, s := range r.Signatures {
		if s.Indication != signer.TotalPassed {
			t.Errorf("%v %s (%s)", s.Indication, s.SubIndication, codes(s))
		}
	}
	return max(peak, in.(*watcher).peak)
}

// A PDF is never loaded whole.
func TestMemoryPDF(t *testing.T) {
	if peak := longPDFRound(t, 64<<20); peak > 8<<20 {
		t.Errorf("%d KiB of heap for a PDF of 64 MiB", peak>>10)
	}
}

// BenchmarkHugePDF is two signatures and a verdict on a PDF of 500 MB.
func BenchmarkHugePDF(b *testing.B) {
	for b.Loop() {
		b.SetBytes(500e6)
		b.ReportMetric(float64(longPDFRound(b, 500e6))/(1<<20), "peak-MiB")
	}
}

// BenchmarkSign is one signature with a key in memory, and beside it what openssl cms -sign takes with the same kind of
// key: its time includes the start of a program for each file, which is what a loop in a shell costs.
func BenchmarkSign(b *testing.B) {
	k := testPKI().key(b, "RSA-2048", nil)
	for _, size := range []int64{10e3, 1e6, 100e6} {
		p := newLongPDF(size)
		b.Run(fmt.Sprintf("CAdES/%d", size), func(b *testing.B) { benchSign(b, p, k, signer.Options{}) })
		b.Run(fmt.Sprintf("PAdES/%d", size), func(b *testing.B) { benchSign(b, p, k, signer.Options{Format: signer.PAdES}) })
		b.Run(fmt.Sprintf("OpenSSL/%d", size), func(b *testing.B) { benchOpenSSL(b, p, k) })
	}
}

func benchSign(b *testing.B, p *longPDF, k signer.Key, o signer.Options) {
	dir := b.TempDir()
	in := filepath.Join(dir, "in")
	writeLong(b, in, p)
	o.Now = clock
	b.SetBytes(p.size())
	b.ReportAllocs()
	for b.Loop() {
		f, err := os.Open(in)
		if err != nil {
			b.Fatal(err)
		}
		d, err := signer.Open("f", f, p.size())
		if err != nil {
			b.Fatal(err)
		}
		out, err := os.Create(filepath.Join(dir, "out"))
		if err != nil {
			b.Fatal(err)
		}
		if err := signer.Sign(context.Background(), out, d, k, o); err != nil {
			b.Fatal(err)
		}
		if err := errors.Join(f.Close(), out.Close()); err != nil {
			b.Fatal(err)
		}
	}
}

func benchOpenSSL(b *testing.B, p *longPDF, k signer.Key) {
	dir := b.TempDir()
	writeLong(b, filepath.Join(dir, "in"), p)
	der, err := x509.MarshalPKCS8PrivateKey(k.Signer)
	if err != nil {
		b.Fatal(err)
	}
	write(b, filepath.Join(dir, "key.pem"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	write(b, filepath.Join(dir, "cert.pem"), pemCert(k.Chain[0]))
	b.SetBytes(p.size())
	for b.Loop() {
		out, err := openssl(b, dir, "cms", "-sign", "-cades", "-binary", "-nodetach", "-md", "sha256", "-in", "in",
			"-signer", "cert.pem", "-inkey", "key.pem", "-outform", "DER", "-out", "out")
		if err != nil {
			b.Fatalf("%v %s", err, out)
		}
	}
}

func writeLong(t testing.TB, path string, p *longPDF) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(f, io.NewSectionReader(p, 0, p.size())); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

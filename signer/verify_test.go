package signer_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"ceralacca/signer"
	"ceralacca/signer/trust"
)

// Every byte of small valid files is changed: never TOTAL-PASSED with other content or another signer
// than before. Unsigned parts (versions, copies of certificates) may change without harm, and then the content and
// the signer are the same.
func TestTamperEveryByte(t *testing.T) {
	content := []byte("Io sottoscritto Mario Rossi dichiaro")
	k := testPKI().key(t, "P-256", nil)
	attached := sign(t, content, k, signer.Options{})
	for name, b := range map[string][]byte{
		"attached": attached, "parallel": sign(t, attached, testPKI().key(t, "P-384", nil), signer.Options{Existing: signer.Add}),
		"counter-signed": sign(t, attached, testPKI().key(t, "P-384", nil), signer.Options{Existing: signer.CounterSign}),
	} {
		t.Run(name, func(t *testing.T) {
			good := verify(t, b, trusting())
			passed := 0
			for i := range b {
				bad := bytes.Clone(b)
				bad[i] ^= 1 << (i % 8)
				passed += tampered(t, good, bad, content, fmt.Sprintf("byte %d", i))
			}
			t.Logf("%d of %d changes leave a signature passed over the same content", passed, len(b))
		})
	}
}

// tampered fails the test if a signature of bad passes that should not; it is 1 if one passes rightly.
func tampered(t *testing.T, good *signer.Report, bad, content []byte, what string) int {
	t.Helper()
	d := open(t, "f.p7m", bad)
	o := trusting()
	o.Now = clock
	r, err := signer.Verify(context.Background(), d, o)
	if unsupported := (*signer.UnsupportedError)(nil); errors.As(err, &unsupported) {
		return 0 // no longer a CMS file
	}
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	if sum := sha256.Sum256(bad); r.SHA256 != sum {
		t.Fatalf("%s: digest of the file", what)
	}
	any := 0
	for _, s := range r.Signatures {
		if s.Indication != signer.TotalPassed {
			continue
		}
		any = 1
		known := false
		for _, g := range good.Signatures {
			known = known || bytes.Equal(g.Signer.DER, s.Signer.DER) && g.Claimed.Equal(s.Claimed)
		}
		if !known {
			t.Errorf("%s: passes with another signer or time", what)
		}
	}
	if any == 1 && d.Kind() != signer.Mail { // a message hands out no content of its own
		var out bytes.Buffer
		if err := signer.Extract(context.Background(), &out, d); err != nil || !bytes.Equal(out.Bytes(), content) {
			t.Errorf("%s: passes with other content %q %v", what, out.Bytes(), err)
		}
	}
	return any
}

// A large file is sampled: every 997th byte of its content, and all of what follows it.
func TestTamperLargeFile(t *testing.T) {
	content := sample(1 << 20)
	b := sign(t, content, testPKI().key(t, "P-256", nil), signer.Options{})
	good := verify(t, b, trusting())
	for i := 0; i < len(b); i += 99_991 {
		bad := bytes.Clone(b)
		bad[i] ^= 0x10
		if tampered(t, good, bad, content, fmt.Sprintf("byte %d", i)) == 1 && i < len(content) {
			t.Errorf("byte %d", i)
		}
	}
}

func TestTruncated(t *testing.T) {
	b := sign(t, sample(300), testPKI().key(t, "P-256", nil), signer.Options{})
	for n := 3; n < len(b); n += 7 {
		d := open(t, "f.p7m", b[:n])
		r, err := signer.Verify(context.Background(), d, trusting())
		if err != nil {
			t.Fatalf("%d bytes: %v", n, err)
		}
		for _, s := range r.Signatures {
			if s.Indication != signer.TotalFailed || s.SubIndication != signer.FormatFailure {
				t.Errorf("%d bytes: %+v", n, s)
			}
		}
		if d.Kind() == signer.SignedData && len(r.Signatures) != 1 {
			t.Errorf("%d bytes: nothing is said", n)
		}
	}
}

func TestHostileFiles(t *testing.T) {
	signedData := "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02"
	head := "\x30\x80" + signedData + "\xa0\x80\x30\x80\x02\x01\x01\x31\x00\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01\xa0\x80"
	for name, b := range map[string]string{
		"nested beginnings":            strings.Repeat("\x30\x80", 3<<20),
		"nested in place of content":   head + strings.Repeat("\x30\x80", 1<<20),
		"nested OCTET STRINGs":         head + strings.Repeat("\x24\x80", 1<<20),
		"a million empty pieces":       head + "\x24\x80" + strings.Repeat("\x04\x00", 1<<20),
		"length of 2^63":               "\x30\x88\x7f\xff\xff\xff\xff\xff\xff\xff" + signedData,
		"length of 2^64":               "\x30\x88\xff\xff\xff\xff\xff\xff\xff\xff" + signedData,
		"certificates longer than all": head + "\x04\x00\x00\x00\x00\x00" + "\xa0\x84\x7f\xff\xff\xff",
	} {
		t.Run(name, func(t *testing.T) {
			r, err := signer.Verify(context.Background(), open(t, "f", []byte(b)), trusting())
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range r.Signatures {
				if s.Indication == signer.TotalPassed || s.Integrity == signer.Intact {
					t.Errorf("verdict %+v", s)
				}
			}
		})
	}
}

func TestKinds(t *testing.T) {
	for name, tt := range map[string]struct {
		b    string
		want signer.Kind
	}{
		"nothing":           {"", signer.Other},
		"text":              {"Ciao, perché no?\r\n", signer.Text},
		"one word":          {"buongiorno", signer.Text},
		"control character": {"a\x00b", signer.Other},
		"Latin-1":           {"perch\xe9", signer.Other},
		"PDF":               {"%PDF-1.7\n", signer.PDF},
		"PDF behind junk":   {"\x00\x00junk%PDF-1.4", signer.PDF},
		"XML":               {"<?xml version=\"1.0\"?>\n<!-- c -->\n<a/>", signer.XML},
		"XML in UTF-16":     {"\xff\xfe<\x00a\x00/\x00>\x00", signer.XML},
		"not quite XML":     {"<a b", signer.Text},
		"PNG":               {"\x89PNG\r\n\x1a\n....", signer.Image},
		"ZIP":               {"PK\x03\x04..........................a.txt", signer.ZIP},
		"ASiC":              {"PK\x03\x04\x0a\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x1f\x00\x00\x00\x1f\x00\x00\x00\x08\x00\x00\x00mimetypeapplication/vnd.etsi.asic-e+zip", signer.ASiC},
		"mail":              {"From: a@example.it\r\nTo: b@example.it\r\nSubject: x\r\n\r\nciao", signer.Mail},
		"EnvelopedData":     {"\x30\x0f\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03\xa0\x02\x30\x00", signer.Other},
		"TSR, refused":      {"\x30\x05\x30\x03\x02\x01\x02", signer.TimeStamped},
	} {
		if got := open(t, "f", []byte(tt.b)).Kind(); got != tt.want {
			t.Errorf("%s: kind %v, want %v", name, got, tt.want)
		}
	}
}

// What is no envelope has no signatures, and that is no error.
func TestUnsigned(t *testing.T) {
	r := verify(t, []byte("solo testo"), signer.VerifyOptions{})
	if r.Format != signer.NoForm || len(r.Signatures) != 0 || r.SHA256 != sha256.Sum256([]byte("solo testo")) {
		t.Errorf("report %+v", r)
	}
}

// A bag full of authorities that issue each other must not cost exponential time.
func TestPathMaze(t *testing.T) {
	p := testPKI()
	k := p.key(t, "P-256", nil)
	for i := range 30 {
		c := &x509.Certificate{
			SerialNumber: big.NewInt(int64(500 + i)), Subject: p.ca.Subject, NotBefore: p.ca.NotBefore, NotAfter: p.ca.NotAfter,
			IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
		}
		parent := *p.ca
		parent.SubjectKeyId = nil
		k.Chain = append(k.Chain, mustCreate(c, &parent, p.caKey.Public(), p.caKey))
	}
	s := verify(t, sign(t, nil, k, signer.Options{}), signer.VerifyOptions{Anchors: []*x509.Certificate{k.Chain[0]}}).Signatures[0]
	if s.Indication != signer.TotalPassed {
		t.Errorf("signer's own certificate as anchor: %+v", s)
	}
	if s := verify(t, sign(t, nil, k, signer.Options{}), signer.VerifyOptions{}).Signatures[0]; s.Indication != signer.Indeterminate {
		t.Errorf("maze: %+v", s)
	}
}

// An authority that may not issue does not make a path.
func TestPathThroughSigner(t *testing.T) {
	p := testPKI()
	mario := p.key(t, "RSA-2048", nil)
	tmpl := p.template("Vittima")
	forged := mustCreate(tmpl, mario.Chain[0], p.keys["P-256"].Public(), mario.Signer)
	k := signer.Key{Signer: p.keys["P-256"], Chain: append([]*x509.Certificate{forged}, mario.Chain...)}
	s := verify(t, sign(t, sample(10), k, signer.Options{}), trusting()).Signatures[0]
	if s.Indication != signer.Indeterminate || s.SubIndication != signer.ChainConstraintsFailure {
		t.Errorf("a citizen as authority: %+v", s)
	}
}

// sharedStore reads the shipped lists once for many files, as the program does.
var sharedStore = sync.OnceValue(func() *trust.Store {
	s, _ := trust.Open(trust.Config{Offline: true, Now: clock}) // nil does as well, slowly
	return s
})

func FuzzVerify(f *testing.F) {
	k := testPKI().key(f, "P-256", nil)
	b := sign(f, []byte("ciao"), k, signer.Options{})
	f.Add(b)
	f.Add(sign(f, b, k, signer.Options{Existing: signer.CounterSign}))
	if files, err := filepath.Glob(filepath.Join("..", "..", "shared", "corpus", "files", "dss-cades", "*.p7m")); err == nil {
		for _, p := range files {
			if b, err := os.ReadFile(p); err == nil && (len(b) < 12_000 || strings.Contains(p, "lta") && len(b) < 40_000) {
				f.Add(b)
			}
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		d := open(t, "f", b)
		r, err := signer.Verify(context.Background(), d, signer.VerifyOptions{Trust: sharedStore()})
		if err != nil {
			return
		}
		for _, s := range r.Signatures {
			if s.Indication == signer.TotalPassed {
				t.Error("passes without an anchor")
			}
		}
	})
}

// zeros is a file of nothing but zeros, as a sparse file reads.
type zeros struct{}

func (zeros) ReadAt(p []byte, _ int64) (int, error) { clear(p); return len(p), nil }

// A huge document costs time, not memory. It is 64 MiB here and 4 GiB in the benchmark.
func TestMemory(t *testing.T) {
	peak := hugeRound(t, 64<<20)
	if peak > 8<<20 {
		t.Errorf("%d KiB of heap for a document of 64 MiB", peak>>10)
	}
}

func BenchmarkHuge(b *testing.B) {
	for b.Loop() {
		b.SetBytes(2 * 4 << 30)
		b.ReportMetric(float64(hugeRound(b, 4<<30))/(1<<20), "peak-MiB")
	}
}

// hugeRound signs and verifies size bytes through a file and gives the highest growth of the heap that it saw.
func hugeRound(t testing.TB, size int64) uint64 {
	t.Helper()
	out, err := os.Create(filepath.Join(t.TempDir(), "f.p7m"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	d, err := signer.Open("f", zeros{}, size)
	if err != nil {
		t.Fatal(err)
	}
	w := &watcher{f: out, base: heap()}
	k := testPKI().key(t, "P-256", nil)
	if err := signer.Sign(context.Background(), w, d, k, signer.Options{Now: clock}); err != nil {
		t.Fatal(err)
	}
	st, err := out.Stat()
	if err != nil {
		t.Fatal(err)
	}
	if d, err = signer.Open("f.p7m", w, st.Size()); err != nil {
		t.Fatal(err)
	}
	o := trusting()
	o.Now = clock
	r, err := signer.Verify(context.Background(), d, o)
	if err != nil || len(r.Signatures) != 1 || r.Signatures[0].Indication != signer.TotalPassed {
		t.Fatalf("%v %+v", err, r)
	}
	return w.peak
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

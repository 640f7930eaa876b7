package cms_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"errors"
	"io"
	"math/big"
	mrand "math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"ceralacca/signer/internal/cert"
	"ceralacca/signer/internal/cms"
)

func newSigner(t testing.TB) (crypto.Signer, *cert.Certificate) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(77), Subject: pkix.Name{CommonName: "Prova"}, SubjectKeyId: []byte{1, 2, 3},
		NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1<<32, 0),
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, k.Public(), k)
	if err != nil {
		t.Fatal(err)
	}
	c, err := cert.Parse(der)
	if err != nil {
		t.Fatal(err)
	}
	return k, c
}

func build(t testing.TB, content []byte, change func(*cms.SignerInput)) []byte {
	t.Helper()
	k, c := newSigner(t)
	d := sha256.Sum256(content)
	in := cms.SignerInput{Key: k, Certificate: c, Digest: d[:]}
	if change != nil {
		change(&in)
	}
	si, err := cms.Sign(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	e := cms.Envelope{SignerInfos: [][]byte{si}, Certificates: [][]byte{c.Raw}}
	var b bytes.Buffer
	if err := e.Write(context.Background(), &b, bytes.NewReader(content), int64(len(content))); err != nil {
		t.Fatal(err)
	}
	if n, err := e.Size(int64(len(content))); err != nil || n != int64(b.Len()) {
		t.Fatalf("announced %d bytes, wrote %d: %v", n, b.Len(), err)
	}
	return b.Bytes()
}

func check(t testing.TB, sd *cms.SignedData) []cms.Check {
	t.Helper()
	var d map[crypto.Hash][]byte
	if !sd.Detached {
		var err error
		if d, err = cms.Digests(context.Background(), sd.Content(), sd.Hashes()); err != nil {
			t.Fatal(err)
		}
	}
	var out []cms.Check
	for _, si := range sd.SignerInfos {
		out = append(out, si.Check(si.Signer(sd.Certificates), sd.Target(d)))
	}
	return out
}

func TestRoundTrip(t *testing.T) {
	when := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	for name, tt := range map[string]struct {
		change   func(*cms.SignerInput)
		time     time.Time
		unsigned int
		problems []cms.Problem
	}{
		"PAdES: no signing-time": {nil, time.Time{}, 0, nil},
		"CAdES":                  {func(in *cms.SignerInput) { in.SigningTime = when }, when, 0, nil},
		"after 2049":             {func(in *cms.SignerInput) { in.SigningTime = when.AddDate(40, 0, 0) }, when.AddDate(40, 0, 0), 0, nil},
		"time-stamp": {func(in *cms.SignerInput) {
			in.Unsigned = func(context.Context, []byte) ([]cms.Attr, error) {
				return []cms.Attr{{Type: cms.OIDSignatureTimeStamp, Values: [][]byte{{0x30, 0}}}}, nil
			}
		}, time.Time{}, 1, nil},
		"content-type of another": {func(in *cms.SignerInput) { in.ContentType = cms.OIDTSTInfo }, time.Time{}, 0, []cms.Problem{cms.ContentTypeMismatch}},
		"content-type left out":   {func(in *cms.SignerInput) { in.CounterSignature = true }, time.Time{}, 0, []cms.Problem{cms.ContentTypeMissing}},
	} {
		t.Run(name, func(t *testing.T) {
			sd, err := cms.ParseBytes(build(t, []byte("contenuto"), tt.change))
			if err != nil {
				t.Fatal(err)
			}
			k := check(t, sd)[0]
			si := sd.SignerInfos[0]
			if k.Status != cms.Intact || !slices.Equal(k.Problems, tt.problems) || k.ESS != cms.ESSMatch ||
				!si.SigningTime().Equal(tt.time) || len(si.UnsignedAttrs) != tt.unsigned || sd.Version != 1 {
				t.Errorf("%+v %v %d", k, si.SigningTime(), len(si.UnsignedAttrs))
			}
		})
	}
}

// Where digestAlgorithm and the signature algorithm's hash differ, the second is under the value, and it is told.
func TestTwoHashes(t *testing.T) {
	key, c := newSigner(t)
	content := []byte("Io sottoscritto")
	digest := func(h crypto.Hash, b []byte) []byte {
		d := h.New()
		d.Write(b)
		return d.Sum(nil)
	}
	for _, tt := range []struct {
		name   string
		under  crypto.Hash
		attrs  bool
		status cms.Status
		value  crypto.Hash
	}{
		{"the named one", crypto.SHA512, true, cms.Intact, crypto.SHA512},
		{"that of the content", crypto.SHA256, true, cms.Broken, crypto.SHA512},
		{"no signed attributes, that of the content", crypto.SHA256, false, cms.Intact, 0},
		{"no signed attributes, the named one", crypto.SHA512, false, cms.Broken, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			sd, err := cms.ParseBytes(build(t, content, nil))
			if err != nil {
				t.Fatal(err)
			}
			si := sd.SignerInfos[0]
			signed := content
			if tt.attrs {
				signed = append([]byte{0x31}, si.RawSignedAttrs[1:]...)
			} else {
				si.RawSignedAttrs, si.SignedAttrs = nil, nil
			}
			si.SignatureAlgorithm = cert.Algorithm{OID: "1.2.840.10045.4.3.4"} // ecdsa-with-SHA512
			if si.Signature, err = key.Sign(rand.Reader, digest(tt.under, signed), tt.under); err != nil {
				t.Fatal(err)
			}
			k := si.Check(c, sd.Target(map[crypto.Hash][]byte{crypto.SHA256: digest(crypto.SHA256, content)}))
			if k.Status != tt.status || !k.Has(cms.AlgorithmsDiffer) || k.ValueHash != tt.value {
				t.Errorf("%+v", k)
			}
		})
	}
}

func TestEstimateSize(t *testing.T) {
	k, c := newSigner(t)
	d := sha256.Sum256(nil)
	in := cms.SignerInput{Key: k, Certificate: c, Digest: d[:], SigningTime: time.Now()}
	n, err := cms.EstimateSize([]*cert.Certificate{c}, in, 0)
	if err != nil {
		t.Fatal(err)
	}
	for range 50 {
		si, err := cms.Sign(context.Background(), in)
		if err != nil {
			t.Fatal(err)
		}
		e := cms.Envelope{SignerInfos: [][]byte{si}, Certificates: [][]byte{c.Raw}}
		if size, err := e.Size(-1); err != nil || size > n || size < n-8 {
			t.Fatalf("estimated %d, is %d: %v", n, size, err)
		}
	}
}

// pieces is the content as a constructed OCTET STRING, nested at random, with definite and indefinite lengths.
func pieces(r *mrand.Rand, content []byte, depth int) []byte {
	var body []byte
	for len(content) > 0 {
		n := min(r.IntN(3000), len(content))
		if depth < 3 && r.IntN(4) == 0 {
			body = append(body, pieces(r, content[:n], depth+1)...)
		} else {
			body = append(append(body, 0x04, 0x82, byte(n>>8), byte(n)), content[:n]...)
		}
		content = content[n:]
	}
	if r.IntN(2) == 0 {
		return append(append([]byte{0x24, 0x80}, body...), 0, 0)
	}
	n := len(body)
	return append([]byte{0x24, 0x84, byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}, body...)
}

// inBER rewrites a SignedData in DER with indefinite lengths outside and the content in pieces.
func inBER(t testing.TB, der, content []byte, r *mrand.Rand) []byte {
	t.Helper()
	at := bytes.Index(der, content)
	if at < 0 {
		t.Fatal("content not found")
	}
	after := der[at+len(content):]
	alg := cert.Algorithm{OID: cert.OIDSHA256}.DER()
	algs := append([]byte{0x02, 1, 1, 0x31, byte(len(alg))}, alg...)
	out := append([]byte{0x30, 0x80}, cms.OIDSignedData.DER()...)
	out = append(append(out, 0xa0, 0x80, 0x30, 0x80), algs...)
	out = append(append(out, 0x30, 0x80), cms.OIDData.DER()...)
	out = append(append(out, 0xa0, 0x80), pieces(r, content, 0)...)
	out = append(append(out, 0, 0, 0, 0), after...)
	return append(out, 0, 0, 0, 0, 0, 0)
}

// The content is the same whatever the pieces, read through or from anywhere, plain or in base64.
func TestPiecesAndWrappings(t *testing.T) {
	r := mrand.New(mrand.NewPCG(1, 2))
	content := make([]byte, 5<<18+17)
	for i := range content {
		content[i] = byte(r.Uint32())
	}
	ber := inBER(t, build(t, content, nil), content, r)
	lines := base64.StdEncoding.EncodeToString(ber)
	var text strings.Builder
	for len(lines) > 0 {
		n := min(1+r.IntN(90), len(lines))
		text.WriteString(lines[:n] + []string{"\n", "\r\n", " "}[r.IntN(3)])
		lines = lines[n:]
	}
	for name, b := range map[string][]byte{"binary": ber, "base64": []byte(text.String()), "base64 twice": []byte(base64.StdEncoding.EncodeToString([]byte(text.String())))} {
		t.Run(name, func(t *testing.T) {
			sd, err := cms.ParseBytes(b)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Contains(sd.Notes, cms.NoteBER) || check(t, sd)[0].Status != cms.Intact {
				t.Errorf("notes %v, %+v", sd.Notes, check(t, sd))
			}
			if name == "binary" {
				rewritten(t, name, b, sd)
			}
			got, err := io.ReadAll(iotest.OneByteReader(io.LimitReader(sd.Content(), 5000)))
			if err != nil || !bytes.Equal(got, content[:5000]) {
				t.Errorf("byte by byte: %v", err)
			}
			for range 20 {
				off := r.IntN(len(content))
				p := make([]byte, min(r.IntN(70_000), len(content)-off))
				if n, err := sd.Content().ReadAt(p, int64(off)); n != len(p) || err != nil && !errors.Is(err, io.EOF) || !bytes.Equal(p, content[off:off+n]) {
					t.Fatalf("%d bytes at %d: %d %v", len(p), off, n, err)
				}
			}
		})
	}
}

func TestNormalise(t *testing.T) {
	for name, tt := range map[string]struct{ in, want string }{
		"DER stays":          {"\x30\x03\x02\x01\x05", "\x30\x03\x02\x01\x05"},
		"indefinite":         {"\x30\x80\x02\x01\x05\x00\x00", "\x30\x03\x02\x01\x05"},
		"long length":        {"\x30\x81\x03\x02\x01\x05", "\x30\x03\x02\x01\x05"},
		"pieces":             {"\x24\x80\x04\x01a\x24\x03\x04\x01b\x00\x00", "\x04\x02ab"},
		"inside":             {"\x30\x80\x30\x80\x00\x00\x00\x00", "\x30\x02\x30\x00"},
		"bytes behind":       {"\x02\x01\x05junk", "\x02\x01\x05"},
		"cut off":            {"\x30\x05\x02\x01", ""},
		"no end of contents": {"\x30\x80\x02\x01\x05", ""},
		"too deep":           {strings.Repeat("\x30\x80", 100) + strings.Repeat("\x00\x00", 100), ""},
		"wrong piece":        {"\x24\x80\x02\x01\x05\x00\x00", ""},
	} {
		got, err := cms.Normalise([]byte(tt.in))
		if string(got) != tt.want || (err == nil) != (tt.want != "") {
			t.Errorf("%s: %x, %v", name, got, err)
		}
	}
}

func TestEnvelopeContentChanges(t *testing.T) {
	k, c := newSigner(t)
	d := sha256.Sum256(nil)
	si, err := cms.Sign(context.Background(), cms.SignerInput{Key: k, Certificate: c, Digest: d[:]})
	if err != nil {
		t.Fatal(err)
	}
	e := cms.Envelope{SignerInfos: [][]byte{si}}
	if err := e.Write(context.Background(), io.Discard, strings.NewReader("abc"), 2); !errors.Is(err, cms.ErrContentLonger) {
		t.Errorf("longer: %v", err)
	}
	if err := e.Write(context.Background(), io.Discard, strings.NewReader("abc"), 4); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("shorter: %v", err)
	}
	failed := errors.New("disk full")
	if err := e.Write(context.Background(), io.Discard, iotest.ErrReader(failed), 4); !errors.Is(err, failed) {
		t.Errorf("failing reader: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	der := build(f, []byte("ciao"), nil)
	f.Add(der)
	f.Add(inBER(f, der, []byte("ciao"), mrand.New(mrand.NewPCG(3, 4))))
	f.Add([]byte(base64.StdEncoding.EncodeToString(der)))
	f.Add([]byte("-----BEGIN PKCS7-----\n" + base64.StdEncoding.EncodeToString(der) + "\n-----END PKCS7-----\n"))
	for _, pattern := range []string{"dss-cades/*", "cms-*/*", "it-fattura/*"} {
		files, err := filepath.Glob(filepath.Join("..", "..", "..", "..", "shared", "corpus", "files", filepath.FromSlash(pattern)))
		for _, p := range files {
			if b, rerr := os.ReadFile(p); err == nil && rerr == nil && len(b) < 10_000 {
				f.Add(b)
			}
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		front := cms.Sniff(b)
		sd, err := cms.ParseBytes(b)
		if err != nil {
			return
		}
		if front.ContentType != cms.OIDSignedData || front.HasContent == sd.Detached && len(sd.SignerInfos) > 0 && front.EContentType == sd.EContentType && !sd.Detached {
			t.Errorf("first bytes say %+v", front)
		}
		check(t, sd)
		if !sd.Detached {
			through, err := io.ReadAll(sd.Content())
			if err != nil || int64(len(through)) != sd.Content().Size() {
				t.Fatalf("content of %d bytes reads as %d: %v", sd.Content().Size(), len(through), err)
			}
			if n := len(through); n > 1 {
				p := make([]byte, n-n/2)
				if _, err := sd.Content().ReadAt(p, int64(n/2)); err != nil && !errors.Is(err, io.EOF) || !bytes.Equal(p, through[n/2:]) {
					t.Fatalf("second half differs: %v", err)
				}
			}
		}
		for _, si := range sd.SignerInfos {
			_, _ = si.CounterSignatures()
		}
	})
}

func FuzzNormalise(f *testing.F) {
	f.Add([]byte("\x30\x80\x24\x80\x04\x01a\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		der, err := cms.Normalise(b)
		if err != nil {
			return
		}
		again, err := cms.Normalise(der)
		if err != nil || !bytes.Equal(again, der) {
			t.Errorf("%x becomes %x becomes %x: %v", b, der, again, err)
		}
	})
}

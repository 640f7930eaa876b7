package signer_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"ceralacca/signer"
)

func sample(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i*7 + i>>8)
	}
	return b
}

// What we sign openssl accepts and gives back byte for byte, and so do our own reader and the second one.
func TestSignForOpenSSL(t *testing.T) {
	for _, kind := range []string{"RSA-2048", "P-256", "P-384", "RSA-PSS"} {
		k := testPKI().key(t, kind, nil)
		for _, n := range []int{0, 1, 1<<20 + 1} {
			t.Run(kind, func(t *testing.T) {
				content := sample(n)
				p7m := sign(t, content, k, signer.Options{})
				if got := opensslAccepts(t, p7m); !bytes.Equal(got, content) {
					t.Errorf("openssl gives back %d bytes that differ from %d", len(got), n)
				}
				var out bytes.Buffer
				d := open(t, "f.pdf.p7m", p7m)
				if err := signer.Extract(context.Background(), &out, d); err != nil || !bytes.Equal(out.Bytes(), content) {
					t.Errorf("extraction: %v", err)
				}
				if err := signer.SecondOpinion(context.Background(), d); err != nil {
					t.Errorf("second opinion: %v", err)
				}
				r := verify(t, p7m, trusting())
				if len(r.Signatures) != 1 || len(r.Notes) != 0 || r.Format != signer.CAdES {
					t.Fatalf("report %+v", r)
				}
				s := r.Signatures[0]
				if s.Indication != signer.TotalPassed || s.SubIndication != "" || s.Integrity != signer.Intact || s.Level != "B-B" ||
					!s.Claimed.Equal(now) || s.ID != "1" || len(s.Chain) != 3 || s.Signer.FiscalCode != "RSSMRA85T10A562S" || !s.CoversWholeFile {
					t.Errorf("verdict %+v", s)
				}
				if codes(s) != "extra-anchor revocation-missing revocation-missing" {
					t.Errorf("findings %s", codes(s))
				}
			})
		}
	}
}

func codes(s signer.Signature) string {
	var c []string
	for _, f := range s.Findings {
		c = append(c, f.Code)
	}
	return strings.Join(c, " ")
}

func TestSignDetached(t *testing.T) {
	content := sample(5000)
	p7s := sign(t, content, testPKI().key(t, "RSA-2048", nil), signer.Options{Detached: true})
	if bytes.Contains(p7s, content[:100]) {
		t.Error("detached signature holds the content")
	}
	dir := t.TempDir()
	write(t, filepath.Join(dir, "content"), content)
	opensslAccepts(t, p7s, "-content", filepath.Join(dir, "content"))
	if k := open(t, "f.p7s", p7s).Kind(); k != signer.DetachedCMS {
		t.Errorf("kind %v", k)
	}
	s := verify(t, p7s, trusting()).Signatures[0]
	if s.Indication != signer.Indeterminate || s.SubIndication != signer.SignedDataNotFound || s.Integrity != signer.IntegrityUnknown {
		t.Errorf("without original: %+v", s)
	}
	o := trusting()
	o.Content, o.ContentSize = bytes.NewReader(content), int64(len(content))
	if s := verify(t, p7s, o).Signatures[0]; s.Indication != signer.TotalPassed {
		t.Errorf("with original: %+v", s)
	}
	content[17] ^= 1
	if s := verify(t, p7s, o).Signatures[0]; s.SubIndication != signer.HashFailure || s.Integrity != signer.Broken {
		t.Errorf("with another original: %+v", s)
	}
	if err := signer.Extract(context.Background(), io.Discard, open(t, "f.p7s", p7s)); !errors.Is(err, signer.ErrNoContent) {
		t.Errorf("extraction of a detached signature: %v", err)
	}
}

// Every spelling of the same signature in which it arrives by mail or portal.
func TestWrappings(t *testing.T) {
	content := sample(100_000)
	der := sign(t, content, testPKI().key(t, "RSA-2048", nil), signer.Options{})
	b64 := base64.StdEncoding.EncodeToString(der)
	lines := func(s, eol string, n int) string {
		var b strings.Builder
		for len(s) > 0 {
			k := min(n, len(s))
			b.WriteString(s[:k] + eol)
			s = s[k:]
		}
		return b.String()
	}
	for _, tt := range []struct{ name, file, notes string }{
		{"DER", string(der), ""},
		{"base64 on one line", b64, "base64"},
		{"base64 in lines", lines(b64, "\r\n", 64), "base64"},
		{"base64 in odd lines, BOM", "\xef\xbb\xbf\n" + lines(b64, "\n", 77), "base64"},
		{"base64 twice", base64.StdEncoding.EncodeToString([]byte(lines(b64, "\n", 76))), "base64"},
		{"PEM", string(pem.EncodeToMemory(&pem.Block{Type: "PKCS7", Bytes: der})), "pem"},
		{"PEM in base64", base64.StdEncoding.EncodeToString(pem.EncodeToMemory(&pem.Block{Type: "CMS", Bytes: der})), "base64 pem"},
		{"S/MIME", "MIME-Version: 1.0\r\nContent-Type: application/pkcs7-mime;\r\n smime-type=signed-data\r\nContent-Transfer-Encoding: base64\r\n\r\n" + lines(b64, "\r\n", 64), "smime base64"},
		{"S/MIME, binary", "Content-Type: application/x-pkcs7-mime\nContent-Transfer-Encoding: binary\n\n" + string(der), "smime"},
		{"line end behind", string(der) + "\r\n", "trailing-bytes"},
		{"zeros behind", string(der) + strings.Repeat("\x00", 999), "trailing-bytes"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := open(t, "f.p7m", []byte(tt.file))
			if d.Kind() != signer.SignedData {
				t.Fatalf("kind %v", d.Kind())
			}
			r := verify(t, []byte(tt.file), trusting())
			if len(r.Signatures) != 1 || r.Signatures[0].Indication != signer.TotalPassed || strings.Join(r.Notes, " ") != tt.notes {
				t.Fatalf("report %+v", r)
			}
			var out bytes.Buffer
			if err := signer.Extract(context.Background(), &out, d); err != nil || !bytes.Equal(out.Bytes(), content) {
				t.Errorf("extraction: %v", err)
			}
		})
	}
}

// BER in pieces, as openssl -stream and most signing servers write it.
func TestBERFromOpenSSL(t *testing.T) {
	content := sample(3<<20 + 11)
	b := streamed(t, content, testPKI().key(t, "RSA-2048", nil))
	r := verify(t, b, trusting())
	if len(r.Signatures) != 1 || r.Signatures[0].Integrity != signer.Intact || strings.Join(r.Notes, " ") != "ber" {
		t.Fatalf("report %+v", r)
	}
	d := open(t, "f.p7m", b)
	c, err := d.Content(context.Background())
	if err != nil || c.Size() != int64(len(content)) || c.Name() != "f" {
		t.Fatalf("content: %v", err)
	}
	var out bytes.Buffer
	if err := signer.Extract(context.Background(), &out, d); err != nil || !bytes.Equal(out.Bytes(), content) {
		t.Errorf("extraction: %v", err)
	}
	// Adding to it makes DER around the same bytes, and both verify.
	both := sign(t, b, testPKI().key(t, "P-256", nil), signer.Options{Existing: signer.Add})
	if got := opensslAccepts(t, both); !bytes.Equal(got, content) {
		t.Error("openssl gives back other content")
	}
	if s := verify(t, both, trusting()).Signatures; len(s) != 2 || s[0].Integrity != signer.Intact || s[1].Integrity != signer.Intact {
		t.Errorf("report %+v", s)
	}
}

func TestExisting(t *testing.T) {
	content := sample(2000)
	first := sign(t, content, testPKI().key(t, "RSA-2048", nil), signer.Options{})
	k := testPKI().key(t, "P-384", nil)
	t.Run("asks", func(t *testing.T) {
		err := signer.Sign(context.Background(), io.Discard, open(t, "f.p7m", first), k, signer.Options{Now: clock})
		var as *signer.AlreadySignedError
		if !errors.As(err, &as) || len(as.Signers) != 1 || as.Signers[0] != "Mario Rossi RSA-2048" || !as.When.Equal(now) {
			t.Errorf("error %v", err)
		}
	})
	t.Run("parallel", func(t *testing.T) {
		b := sign(t, first, k, signer.Options{Existing: signer.Add})
		if got := opensslAccepts(t, b); !bytes.Equal(got, content) {
			t.Error("other content")
		}
		r := verify(t, b, trusting())
		if len(r.Signatures) != 2 {
			t.Fatalf("report %+v", r)
		}
		for _, s := range r.Signatures {
			if s.Indication != signer.TotalPassed || s.Parent != "" {
				t.Errorf("verdict %+v", s)
			}
		}
		if err := signer.SecondOpinion(context.Background(), open(t, "f.p7m", b)); err != nil {
			t.Errorf("second opinion: %v", err)
		}
	})
	t.Run("envelope in envelope", func(t *testing.T) {
		b := sign(t, first, k, signer.Options{Existing: signer.Wrap})
		if got := opensslAccepts(t, b); !bytes.Equal(got, first) {
			t.Error("the inner envelope changed")
		}
		r := verify(t, b, trusting())
		if len(r.Signatures) != 2 || r.Signatures[1].ID != "1.1" || r.Signatures[1].Parent != "1" ||
			r.Signatures[0].Indication != signer.TotalPassed || r.Signatures[1].Indication != signer.TotalPassed {
			t.Errorf("report %+v", r)
		}
	})
	t.Run("counter-signature", func(t *testing.T) {
		b := sign(t, first, k, signer.Options{Existing: signer.CounterSign})
		b = sign(t, b, testPKI().key(t, "P-256", nil), signer.Options{Existing: signer.CounterSign})
		if got := opensslAccepts(t, b); !bytes.Equal(got, content) {
			t.Error("other content")
		}
		r := verify(t, b, trusting())
		if len(r.Signatures) != 3 {
			t.Fatalf("report %+v", r)
		}
		for i, s := range r.Signatures {
			if s.Indication != signer.TotalPassed || (i > 0) != (s.Parent == "1") {
				t.Errorf("verdict %+v", s)
			}
		}
	})
	t.Run("nested beyond the limit", func(t *testing.T) {
		b := content
		for range 12 {
			b = sign(t, b, k, signer.Options{Existing: signer.Wrap})
		}
		r := verify(t, b, trusting())
		if len(r.Signatures) != 10 || strings.Join(r.Notes, " ") != "nested nesting-limit" {
			t.Errorf("%d signatures, notes %v", len(r.Signatures), r.Notes)
		}
	})
}

func TestSignRefuses(t *testing.T) {
	p := testPKI()
	for _, tt := range []struct {
		name, reason string
		use          signer.Use
		change       func(*x509.Certificate)
	}{
		{"CNS by policy", "authentication", signer.UseAuthCNS, func(c *x509.Certificate) {
			c.Policies = []x509.OID{oid(t, 1, 3, 76, 16, 2, 1)}
		}},
		{"CNS by name", "authentication", signer.UseAuthCNS, func(c *x509.Certificate) {
			c.KeyUsage, c.ExtKeyUsage = x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
			c.Subject.CommonName = "RSSMRA85T10A562S/7430035012345678.aB3/d+e="
		}},
		{"CIE", "authentication", signer.UseAuthCIE, func(c *x509.Certificate) {
			c.Policies = []x509.OID{oid(t, 1, 3, 76, 47, 4)}
		}},
		{"authority", "ca", signer.UseOther, func(c *x509.Certificate) {
			c.IsCA, c.BasicConstraintsValid = true, true
		}},
		{"time-stamping", "not-for-signing", signer.UseOther, func(c *x509.Certificate) {
			c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping}
		}},
		{"encryption only", "not-for-signing", signer.UseUnknown, func(c *x509.Certificate) {
			c.KeyUsage = x509.KeyUsageKeyEncipherment
		}},
		{"expired", "expired", signer.UseSign, func(c *x509.Certificate) { c.NotAfter = now.Add(-time.Second) }},
		{"not yet valid", "not-yet-valid", signer.UseSign, func(c *x509.Certificate) { c.NotBefore = now.Add(time.Second) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			k := p.key(t, "P-256", tt.change)
			err := signer.Sign(context.Background(), io.Discard, open(t, "f", sample(9)), k, signer.Options{Now: clock})
			var ue *signer.UseError
			if !errors.As(err, &ue) || ue.Reason != tt.reason || ue.Use != tt.use {
				t.Errorf("error %v, use %v", err, ue)
			}
		})
	}
	t.Run("another's key", func(t *testing.T) {
		k := p.key(t, "P-256", nil)
		k.Signer = p.keys["root"]
		if err := signer.Sign(context.Background(), io.Discard, open(t, "f", nil), k, signer.Options{Now: clock}); !errors.Is(err, signer.ErrKey) {
			t.Errorf("error %v", err)
		}
	})
}

func oid(t *testing.T, arcs ...uint64) x509.OID {
	t.Helper()
	o, err := x509.OIDFromInts(arcs)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestClassify(t *testing.T) {
	qc := func(hex ...byte) []pkix.Extension {
		return []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 3}, Value: hex}}
	}
	compliance := []byte{0x30, 0x08, 0x06, 0x06, 0x04, 0x00, 0x8e, 0x46, 0x01, 0x01}
	seal := []byte{0x30, 0x13, 0x06, 0x06, 0x04, 0x00, 0x8e, 0x46, 0x01, 0x06, 0x30, 0x09, 0x06, 0x07, 0x04, 0x00, 0x8e, 0x46, 0x01, 0x06, 0x02}
	for _, tt := range []struct {
		name   string
		want   signer.Use
		change func(*x509.Certificate)
	}{
		{"firma digitale", signer.UseSign, nil},
		{"mixed", signer.UseSignMixed, func(c *x509.Certificate) { c.KeyUsage |= x509.KeyUsageDigitalSignature }},
		{"no device", signer.UseSignNoQSCD, func(c *x509.Certificate) { c.ExtraExtensions = qc(append([]byte{0x30, 10}, compliance...)...) }},
		{"seal", signer.UseSeal, func(c *x509.Certificate) {
			c.ExtraExtensions = qc(append(append([]byte{0x30, 31}, compliance...), seal...)...)
		}},
		{"company", signer.UseNonQualified, func(c *x509.Certificate) { c.ExtraExtensions = nil }},
		{"web server", signer.UseUnknown, func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageDigitalSignature }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := signer.Classify(testPKI().key(t, "P-256", tt.change).Chain[0]); got != tt.want {
				t.Errorf("use %v, want %v", got, tt.want)
			}
		})
	}
}

// changing is a file that is written to between the two readings.
type changing struct {
	b     []byte
	reads atomic.Int64
	cut   bool
}

func (c *changing) ReadAt(p []byte, off int64) (int, error) {
	if c.reads.Add(1) > 2 { // Open, first reading
		if c.cut {
			return bytes.NewReader(c.b[:len(c.b)-1]).ReadAt(p, off)
		}
		b := bytes.Clone(c.b)
		b[0] ^= 1
		return bytes.NewReader(b).ReadAt(p, off)
	}
	return bytes.NewReader(c.b).ReadAt(p, off)
}

func TestSignChangingFile(t *testing.T) {
	for _, o := range []signer.Options{{}, {Detached: true}} {
		for _, cut := range []bool{false, true} {
			c := &changing{b: sample(3000), cut: cut}
			d, err := signer.Open("f", c, 3000)
			if err != nil {
				t.Fatal(err)
			}
			o.Now = clock
			if err := signer.Sign(context.Background(), io.Discard, d, testPKI().key(t, "P-256", nil), o); !errors.Is(err, signer.ErrChanged) {
				t.Errorf("detached %v, cut %v: %v", o.Detached, cut, err)
			}
		}
	}
}

type failingKey struct {
	crypto.Signer
	err  error
	junk bool
}

func (f failingKey) Sign(_ io.Reader, d []byte, o crypto.SignerOpts) ([]byte, error) {
	if f.junk {
		d = bytes.Clone(d)
		d[0] ^= 1
		return f.Signer.Sign(rand.Reader, d, o)
	}
	return nil, f.err
}

func TestSignFailingKey(t *testing.T) {
	removed := errors.New("card removed")
	k := testPKI().key(t, "RSA-2048", nil)
	inner := k.Signer
	var out bytes.Buffer
	k.Signer = failingKey{inner, removed, false}
	if err := signer.Sign(context.Background(), &out, open(t, "f", sample(100)), k, signer.Options{Now: clock}); !errors.Is(err, removed) || out.Len() > 0 {
		t.Errorf("error %v, %d bytes written", err, out.Len())
	}
	k.Signer = failingKey{inner, nil, true}
	if err := signer.Sign(context.Background(), &out, open(t, "f", sample(100)), k, signer.Options{Now: clock}); !errors.Is(err, signer.ErrKey) || out.Len() > 0 {
		t.Errorf("a wrong signature: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := signer.Sign(ctx, &out, open(t, "f", sample(100)), testPKI().key(t, "P-256", nil), signer.Options{Now: clock}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestSuggest(t *testing.T) {
	for _, tt := range []struct {
		name, want string
		o          signer.Options
	}{
		{"atto.pdf", "atto.pdf.p7m", signer.Options{}},
		{"Perché n.1 #50%.txt", "Perché n.1 #50%.txt.p7m", signer.Options{Format: signer.CAdES}},
		{"atto.pdf", "atto.pdf.p7s", signer.Options{Detached: true}},
		{"atto.pdf", "atto_firmato.pdf", signer.Options{Format: signer.PAdES}},
		{"fattura.xml", "fattura_firmato.xml", signer.Options{Format: signer.XAdES}},
		{"atto.pdf.p7m", "atto.pdf.p7m", signer.Options{Existing: signer.Add}},
		{"atto.pdf.p7m", "atto.pdf.p7m.p7m", signer.Options{Existing: signer.Wrap}},
	} {
		if got := open(t, tt.name, nil).Suggest(tt.o); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestNegativeSerialAndLaterExpiry(t *testing.T) {
	p := testPKI()
	k := p.key(t, "P-256", func(c *x509.Certificate) { c.SerialNumber = new(big.Int).Lsh(big.NewInt(0xff), 120) })
	b := sign(t, sample(10), k, signer.Options{})
	if got := opensslAccepts(t, b); len(got) != 10 {
		t.Error("openssl gives back other content")
	}
	o := trusting()
	o.At = k.Chain[0].NotAfter.Add(time.Hour)
	if s := verify(t, b, o).Signatures[0]; s.Indication != signer.Indeterminate || s.SubIndication != signer.OutOfBoundsNoPOE || s.Integrity != signer.Intact {
		t.Errorf("after expiry: %+v", s)
	}
	o.At = k.Chain[0].NotBefore.Add(-time.Hour)
	if s := verify(t, b, o).Signatures[0]; s.Indication != signer.TotalFailed || s.SubIndication != signer.NotYetValid {
		t.Errorf("before it was issued: %+v", s)
	}
	if s := verify(t, b, signer.VerifyOptions{}).Signatures[0]; s.Indication != signer.Indeterminate || s.SubIndication != signer.NoCertificateChainFound {
		t.Errorf("trusting nobody: %+v", s)
	}
	o = signer.VerifyOptions{Anchors: []*x509.Certificate{mustCreate(p.template("Altro"), p.root, p.keys["P-384"].Public(), p.keys["root"])}}
	if s := verify(t, b, o).Signatures[0]; s.Indication != signer.Indeterminate || s.SubIndication != signer.NoCertificateChainFound {
		t.Errorf("trusting another: %+v", s)
	}
}

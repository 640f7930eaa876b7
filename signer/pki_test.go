package signer_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"ceralacca/signer"
)

// now is when everything in the tests happens.
var now = time.Date(2026, 11, 22, 10, 30, 0, 0, time.UTC)

func clock() time.Time { return now }

// pki is an authority of two levels and keys of every kind, made once: RSA keys are slow to make.
type pki struct {
	root, ca   *x509.Certificate
	caKey      crypto.Signer
	keys       map[string]crypto.Signer
	serial     int64
	serialLock sync.Mutex
}

var testPKI = sync.OnceValue(func() *pki {
	p := &pki{keys: map[string]crypto.Signer{}, serial: 1000}
	for name, c := range map[string]elliptic.Curve{"P-256": elliptic.P256(), "P-384": elliptic.P384(), "root": elliptic.P256()} {
		p.keys[name], _ = ecdsa.GenerateKey(c, rand.Reader)
	}
	p.keys["RSA-2048"], _ = rsa.GenerateKey(rand.Reader, 2048)
	p.keys["RSA-PSS"] = p.keys["RSA-2048"]
	p.caKey, _ = rsa.GenerateKey(rand.Reader, 2048)
	ca := func(cn string, serial int64, key crypto.PublicKey, parent *x509.Certificate, by crypto.Signer) *x509.Certificate {
		t := &x509.Certificate{
			SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: cn, Country: []string{"IT"}},
			NotBefore: now.AddDate(-5, 0, 0), NotAfter: now.AddDate(5, 0, 0), IsCA: true, BasicConstraintsValid: true,
			KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign, SubjectKeyId: []byte(cn),
		}
		if parent == nil {
			parent = t
		}
		return mustCreate(t, parent, key, by)
	}
	p.root = ca("Radice di prova", 1, p.keys["root"].Public(), nil, p.keys["root"])
	p.ca = ca("CA di prova", 2, p.caKey.Public(), p.root, p.keys["root"])
	return p
})

func mustCreate(t, parent *x509.Certificate, key crypto.PublicKey, by crypto.Signer) *x509.Certificate {
	der, err := x509.CreateCertificate(rand.Reader, t, parent, key, by)
	if err != nil {
		return nil
	}
	c, _ := x509.ParseCertificate(der)
	return c
}

var qcSign = pkix.Extension{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 3}, Value: []byte{
	0x30, 0x14, 0x30, 0x08, 0x06, 0x06, 0x04, 0x00, 0x8e, 0x46, 0x01, 0x01, 0x30, 0x08, 0x06, 0x06, 0x04, 0x00, 0x8e, 0x46, 0x01, 0x04,
}}

// template is a qualified signature certificate as Italian authorities issue them.
func (p *pki) template(cn string) *x509.Certificate {
	p.serialLock.Lock()
	defer p.serialLock.Unlock()
	p.serial++
	return &x509.Certificate{
		SerialNumber: big.NewInt(p.serial),
		Subject:      pkix.Name{CommonName: cn, Country: []string{"IT"}, SerialNumber: "TINIT-RSSMRA85T10A562S"},
		NotBefore:    now.AddDate(-1, 0, 0), NotAfter: now.AddDate(2, 0, 0),
		KeyUsage: x509.KeyUsageContentCommitment, ExtraExtensions: []pkix.Extension{qcSign},
	}
}

func (p *pki) key(t testing.TB, kind string, change func(*x509.Certificate)) signer.Key {
	t.Helper()
	tmpl := p.template("Mario Rossi " + kind)
	if change != nil {
		change(tmpl)
	}
	k := p.keys[kind]
	c := mustCreate(tmpl, p.ca, k.Public(), p.caKey)
	if c == nil {
		t.Fatal("certificate was not made")
	}
	if kind == "RSA-PSS" {
		c = pssOnly(t, c, p.caKey)
	}
	return signer.Key{Signer: k, Chain: []*x509.Certificate{c, p.ca, p.root}}
}

// pssOnly rewrites the key's algorithm to id-RSASSA-PSS, which crypto/x509 cannot write, and signs again.
func pssOnly(t testing.TB, c *x509.Certificate, by crypto.Signer) *x509.Certificate {
	t.Helper()
	var spki struct {
		Algorithm pkix.AlgorithmIdentifier
		Key       asn1.BitString
	}
	if _, err := asn1.Unmarshal(c.RawSubjectPublicKeyInfo, &spki); err != nil {
		t.Fatal(err)
	}
	spki.Algorithm = pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 10}}
	der, err := asn1.Marshal(spki)
	if err != nil {
		t.Fatal(err)
	}
	var tbs, outer asn1.RawValue
	if _, err := asn1.Unmarshal(c.RawTBSCertificate, &tbs); err != nil {
		t.Fatal(err)
	}
	tbs.Bytes, tbs.FullBytes = bytes.Replace(tbs.Bytes, c.RawSubjectPublicKeyInfo, der, 1), nil
	rawTBS, err := asn1.Marshal(tbs)
	if err != nil {
		t.Fatal(err)
	}
	h := sha256.Sum256(rawTBS)
	sig, err := by.Sign(rand.Reader, h[:], crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	sha256RSA := []byte{0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b, 0x05, 0x00}
	bits, err := asn1.Marshal(asn1.BitString{Bytes: sig, BitLength: 8 * len(sig)})
	if err != nil {
		t.Fatal(err)
	}
	outer = asn1.RawValue{Tag: 16, IsCompound: true, Bytes: append(append(rawTBS, sha256RSA...), bits...)}
	full, err := asn1.Marshal(outer)
	if err != nil {
		t.Fatal(err)
	}
	out, err := x509.ParseCertificate(full)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func open(t testing.TB, name string, b []byte) *signer.Document {
	t.Helper()
	d, err := signer.Open(name, bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func sign(t testing.TB, b []byte, k signer.Key, o signer.Options) []byte {
	t.Helper()
	if o.Now == nil {
		o.Now = clock
	}
	var out bytes.Buffer
	if err := signer.Sign(context.Background(), &out, open(t, "f", b), k, o); err != nil {
		t.Fatalf("signing: %v", err)
	}
	return out.Bytes()
}

func verify(t testing.TB, b []byte, o signer.VerifyOptions) *signer.Report {
	t.Helper()
	if o.Now == nil {
		o.Now = clock
	}
	r, err := signer.Verify(context.Background(), open(t, "f.p7m", b), o)
	if err != nil {
		t.Fatalf("verifying: %v", err)
	}
	return r
}

func trusting() signer.VerifyOptions {
	return signer.VerifyOptions{Anchors: []*x509.Certificate{testPKI().root}}
}

// openssl runs the foreign program in a directory of files.
func openssl(t testing.TB, dir string, args ...string) (string, error) {
	t.Helper()
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("openssl is not installed (.ci/install check)")
	}
	cmd := exec.Command("openssl", args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func write(t testing.TB, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func pemCert(c *x509.Certificate) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
}

// opensslAccepts lets openssl verify p7m and gives back the content that it found.
func opensslAccepts(t *testing.T, p7m []byte, extra ...string) []byte {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "f.p7m"), p7m)
	write(t, filepath.Join(dir, "ca.pem"), append(pemCert(testPKI().root), pemCert(testPKI().ca)...))
	args := append([]string{
		"cms", "-verify", "-cades", "-binary", "-inform", "DER", "-in", "f.p7m", "-CAfile", "ca.pem",
		"-purpose", "any", "-attime", "1795343400", "-out", "out",
	}, extra...)
	if out, err := openssl(t, dir, args...); err != nil {
		t.Fatalf("openssl refuses: %v\n%s", err, out)
	}
	b, err := os.ReadFile(filepath.Join(dir, "out"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

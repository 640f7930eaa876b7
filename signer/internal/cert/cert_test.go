package cert_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ceralacca/signer/internal/cert"
)

// corpus is the shared corpus of signed files, which is not part of the project.
func corpus(t testing.TB, elem ...string) string {
	t.Helper()
	root := os.Getenv("CERALACCA_SHARED")
	if root == "" {
		root = filepath.Join("..", "..", "..", "..", "shared")
	}
	p := filepath.Join(append([]string{root, "corpus", "files"}, elem...)...)
	if _, err := os.Stat(p); err != nil {
		t.Skip("the shared corpus is not here: set CERALACCA_SHARED")
	}
	return p
}

func TestOID(t *testing.T) {
	for _, tt := range []struct{ name, der, want string }{
		{"signedData", "06092a864886f70d010702", "1.2.840.113549.1.7.2"},
		{"large second arc", "0603883703", "2.999.3"},
		{"zero", "060100", "0.0"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b, _ := hex.DecodeString(tt.der)
			if got := cert.ParseOID(b[2:]); string(got) != tt.want {
				t.Fatalf("parsed %q, want %q", got, tt.want)
			}
			if got := hex.EncodeToString(cert.OID(tt.want).DER()); got != tt.der {
				t.Fatalf("encoded %s, want %s", got, tt.der)
			}
		})
	}
	for _, bad := range []string{"", "80", "2a86", "ffffffffffffffffffffffffffffff7f"} {
		b, _ := hex.DecodeString(bad)
		if got := cert.ParseOID(b); !strings.HasPrefix(string(got), "x") || got.DER() != nil {
			t.Errorf("damaged %q gave %q", bad, got)
		}
	}
}

// Every certificate of the corpus is read, also those that crypto/x509 refuses.
func TestCorpusCertificates(t *testing.T) {
	n, refused := 0, 0
	err := filepath.WalkDir(corpus(t, "pkits"), func(p string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(p, ".crt") && !strings.HasSuffix(p, ".cer") && !strings.HasSuffix(p, ".pem") {
			return err
		}
		b, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		if blk, _ := pem.Decode(b); blk != nil {
			b = blk.Bytes
		}
		c, err := cert.Parse(b)
		if err != nil {
			t.Errorf("%s: %v", filepath.Base(p), err)
			return nil
		}
		n++
		if c.X509 == nil {
			refused++
		} else if c.Serial.Cmp(c.X509.SerialNumber) != 0 || c.KeyUsage != c.X509.KeyUsage || c.IsCA != c.X509.IsCA ||
			!c.NotAfter.Equal(c.X509.NotAfter) || !c.NotBefore.Equal(c.X509.NotBefore) {
			t.Errorf("%s: fields differ from the standard library's", filepath.Base(p))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d certificates, %d of them refused by crypto/x509", n, refused)
	if n == 0 {
		t.Error("no certificates found")
	}
}

func TestECDSAFromStandardLibrary(t *testing.T) {
	for _, c := range []elliptic.Curve{elliptic.P224(), elliptic.P256(), elliptic.P384(), elliptic.P521()} {
		k, err := ecdsa.GenerateKey(c, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		d := crypto.SHA256.New()
		d.Write([]byte("x"))
		sig, err := ecdsa.SignASN1(rand.Reader, k, d.Sum(nil))
		if err != nil {
			t.Fatal(err)
		}
		alg := cert.Algorithm{OID: "1.2.840.10045.4.3.2"}
		if err := cert.Verify(&k.PublicKey, alg, 0, []byte("x"), sig); err != nil {
			t.Errorf("%s: %v", c.Params().Name, err)
		}
		if err := cert.Verify(&k.PublicKey, alg, 0, []byte("y"), sig); !errors.Is(err, cert.ErrSignature) {
			t.Errorf("%s: other message: %v", c.Params().Name, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte{0x30, 0x03, 0x02, 0x01, 0x01})
	if files, err := filepath.Glob(filepath.Join("..", "..", "..", "..", "shared", "corpus", "files", "pkits", "certs", "*.crt")); err == nil {
		for _, p := range files[:min(len(files), 20)] {
			if b, err := os.ReadFile(p); err == nil {
				f.Add(b)
			}
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := cert.Parse(b)
		if err != nil {
			return
		}
		_, _, _ = c.SerialHex(), c.KeyID(), cert.NameAttr(c.RawSubject, cert.OIDCommonName)
		_ = c.CheckSignatureFrom(c)
	})
}

// A modulus that lacks its leading zero is the positive number that was meant.
func TestModulusWithoutLeadingZero(t *testing.T) {
	n := append([]byte{0x97}, bytes.Repeat([]byte{0xa1}, 127)...)
	key := slices.Concat([]byte{0x30, 0x81, 0x88, 0x02, 0x81, 0x80}, n, []byte{0x02, 0x03, 1, 0, 1})
	spki := slices.Concat([]byte{0x30, 0x81, 0x9e, 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, 5, 0, 0x03, 0x81, 0x8c, 0}, key)
	k, err := cert.ParsePublicKey(spki)
	if r, ok := k.(*cert.RSAKey); err != nil || !ok || !bytes.Equal(r.N.Bytes(), n) {
		t.Errorf("key %v %v", k, err)
	}
}

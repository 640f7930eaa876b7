package signer

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"math/big"
	"testing"
	"time"

	"ceralacca/signer/internal/cert"
)

// One weak digest among those that a signature hangs on is enough, unless its time is proven to be before the end of
// that digest. Only what is proven to be younger than that end was weak from the start.
func TestEveryDigestCounts(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1)}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	c, err := cert.Parse(der)
	if err != nil {
		t.Fatal(err)
	}
	today, then := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC), time.Date(2010, 1, 1, 0, 0, 0, 0, time.UTC)
	for name, tt := range map[string]struct {
		more      []crypto.Hash
		at        time.Time
		notBefore time.Time
		want      SubIndication
	}{
		"strong alone":                   {nil, today, time.Time{}, ""},
		"strong ones":                    {[]crypto.Hash{crypto.SHA512, crypto.SHA3_256}, today, time.Time{}, ""},
		"SHA-1 among them":               {[]crypto.Hash{crypto.SHA512, crypto.SHA1}, today, time.Time{}, CryptoConstraintsFailureNoPOE},
		"SHA-1, proven early":            {[]crypto.Hash{crypto.SHA1}, then, time.Time{}, ""},
		"SHA-1, younger than its end":    {[]crypto.Hash{crypto.SHA1}, today, today, CryptoConstraintsFailure},
		"SHA-1, perhaps older":           {[]crypto.Hash{crypto.SHA1}, today, then, CryptoConstraintsFailureNoPOE},
		"MD5, younger than its end":      {[]crypto.Hash{crypto.MD5}, then, then, CryptoConstraintsFailure},
		"MD5, there at least since then": {[]crypto.Hash{crypto.MD5}, then, time.Time{}, CryptoConstraintsFailureNoPOE},
	} {
		e := &evidence{signer: c, hash: crypto.SHA256, alg: cert.Algorithm{}, more: tt.more, notBefore: tt.notBefore}
		if got := new(verifier).algorithms(e, tt.at); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

// A signature whose key hashes by itself is weighed like any other; TS 119 312 V1.5.1 knows no EdDSA.
func TestEdwardsIsNotTrustedYet(t *testing.T) {
	pub, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1)}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, pub, key)
	if err != nil {
		t.Fatal(err)
	}
	c, err := cert.Parse(der)
	if err != nil {
		t.Fatal(err)
	}
	e := &evidence{signer: c, more: []crypto.Hash{crypto.SHA256}}
	if got := new(verifier).algorithms(e, time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)); got != CryptoConstraintsFailureNoPOE {
		t.Errorf("%q", got)
	}
}

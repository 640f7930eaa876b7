package cert_test

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/sha3"
	"encoding/hex"
	"errors"
	"fmt"
	"testing"

	"github.com/cloudflare/circl/sign/mldsa/mldsa44"
	"github.com/cloudflare/circl/sign/mldsa/mldsa65"
	"github.com/cloudflare/circl/sign/mldsa/mldsa87"
	"github.com/cloudflare/circl/sign/slhdsa"
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"ceralacca/signer/internal/cert"
)

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// spki is a SubjectPublicKeyInfo without parameters.
func spki(oid cert.OID, key []byte) []byte {
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddBytes(cert.Algorithm{OID: oid}.DER())
		b.AddASN1BitString(key)
	})
	return b.BytesOrPanic()
}

// holds checks that a signature verifies, and that no bit of it and no other message does.
func holds(t *testing.T, oid cert.OID, key, message, sig []byte) {
	t.Helper()
	k, err := cert.ParsePublicKey(spki(oid, key))
	if err != nil {
		t.Fatal(err)
	}
	alg := cert.Algorithm{OID: oid}
	if err := cert.Verify(k, alg, crypto.SHA512, message, sig); err != nil {
		t.Fatalf("%s: %v", oid, err)
	}
	for _, at := range []int{0, len(sig) / 2, len(sig) - 1} {
		bad := bytes.Clone(sig)
		bad[at] ^= 1
		if err := cert.Verify(k, alg, crypto.SHA512, message, bad); !errors.Is(err, cert.ErrSignature) {
			t.Errorf("%s: octet %d changed: %v", oid, at, err)
		}
	}
	for name, bad := range map[string][]byte{"empty": nil, "short": sig[:len(sig)-1], "long": append(bytes.Clone(sig), 0)} {
		if err := cert.Verify(k, alg, crypto.SHA512, message, bad); !errors.Is(err, cert.ErrSignature) {
			t.Errorf("%s: %s signature: %v", oid, name, err)
		}
	}
	if err := cert.Verify(k, alg, crypto.SHA512, append(bytes.Clone(message), 'x'), sig); !errors.Is(err, cert.ErrSignature) {
		t.Errorf("%s: another message: %v", oid, err)
	}
	if err := cert.Verify(k, cert.Algorithm{OID: cert.OIDEd25519}, crypto.SHA512, message, sig); !errors.Is(err, cert.ErrSignature) {
		t.Errorf("%s: under the name of Ed25519: %v", oid, err)
	}
	if err := cert.VerifyDigest(k, alg, crypto.SHA512, make([]byte, 64), sig); err == nil {
		t.Errorf("%s: over a digest", oid)
	}
	if k, err := cert.ParsePublicKey(spki(oid, key[1:])); err == nil && cert.Verify(k, alg, 0, message, sig) == nil {
		t.Errorf("%s: a key that is too short", oid)
	}
}

// RFC 8032 §7.4, "Blank" and "1 octet".
func TestEd448(t *testing.T) {
	holds(
		t, cert.OIDEd448,
		unhex(t, "5fd7449b59b461fd2ce787ec616ad46a1da1342485a70e1f8a0ea75d80e96778edf124769b46c7061bd6783df1e50f6cd1fa1abeafe8256180"),
		nil,
		unhex(t, "533a37f6bbe457251f023c0d88f976ae2dfb504a843e34d2074fd823d41a591f2b233f034f628281f2fd7a22ddd47d7828c59bd0a21bfd3980"+
			"ff0d2028d4b18a9df63e006c5d1c2d345b925d8dc00b4104852db99ac5c7cdda8530a113a0f4dbb61149f05a7363268c71d95808ff2e652600"),
	)
}

func TestMLDSA(t *testing.T) {
	msg, sets := []byte("signed attributes"), map[cert.OID]func() ([]byte, []byte, error){
		"2.16.840.1.101.3.4.3.17": func() ([]byte, []byte, error) {
			pk, sk, err := mldsa44.GenerateKey(rand.Reader)
			sig := make([]byte, mldsa44.SignatureSize)
			return pk.Bytes(), sig, errors.Join(err, mldsa44.SignTo(sk, []byte("signed attributes"), nil, true, sig))
		},
		"2.16.840.1.101.3.4.3.18": func() ([]byte, []byte, error) {
			pk, sk, err := mldsa65.GenerateKey(rand.Reader)
			sig := make([]byte, mldsa65.SignatureSize)
			return pk.Bytes(), sig, errors.Join(err, mldsa65.SignTo(sk, []byte("signed attributes"), nil, true, sig))
		},
		"2.16.840.1.101.3.4.3.19": func() ([]byte, []byte, error) {
			pk, sk, err := mldsa87.GenerateKey(rand.Reader)
			sig := make([]byte, mldsa87.SignatureSize)
			return pk.Bytes(), sig, errors.Join(err, mldsa87.SignTo(sk, []byte("signed attributes"), nil, true, sig))
		},
	}
	for oid, sign := range sets {
		key, sig, err := sign()
		if err != nil {
			t.Fatal(err)
		}
		holds(t, oid, key, msg, sig)
	}
}

// A signature with a context is of another protocol (FIPS 204 §5.2).
func TestMLDSAContext(t *testing.T) {
	pk, sk, err := mldsa65.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	sig := make([]byte, mldsa65.SignatureSize)
	if err := mldsa65.SignTo(sk, []byte("m"), []byte("other protocol"), true, sig); err != nil {
		t.Fatal(err)
	}
	k := &cert.PQKey{Set: "2.16.840.1.101.3.4.3.18", Octets: pk.Bytes()}
	if err := cert.Verify(k, cert.Algorithm{OID: k.Set}, 0, []byte("m"), sig); !errors.Is(err, cert.ErrSignature) {
		t.Error(err)
	}
}

// The identifiers run from 20 on: SHA-2 at 128s, 128f, 192s, 192f, 256s, 256f, then SHAKE. Only the fast sets are
// signed with here; of the others the key alone is read.
func TestSLHDSA(t *testing.T) {
	for n, name := range []string{
		"SHA2-128s", "SHA2-128f", "SHA2-192s", "SHA2-192f", "SHA2-256s", "SHA2-256f",
		"SHAKE-128s", "SHAKE-128f", "SHAKE-192s", "SHAKE-192f", "SHAKE-256s", "SHAKE-256f",
	} {
		t.Run(name, func(t *testing.T) {
			oid := cert.OID(fmt.Sprintf("2.16.840.1.101.3.4.3.%d", 20+n))
			id, err := slhdsa.IDByName("SLH-DSA-" + name)
			if err != nil {
				t.Fatal(err)
			}
			if n%2 == 0 {
				size := []int{32, 48, 64}[n/2%3]
				k, err := cert.ParsePublicKey(spki(oid, make([]byte, size)))
				if err != nil || cert.Verify(k, cert.Algorithm{OID: oid}, 0, nil, make([]byte, 7856)) == nil {
					t.Error(k, err)
				}
				return
			}
			pk, sk, err := slhdsa.GenerateKey(rand.Reader, id)
			if err != nil {
				t.Fatal(err)
			}
			sig, err := slhdsa.SignDeterministic(&sk, slhdsa.NewMessage([]byte("m")), nil)
			if err != nil {
				t.Fatal(err)
			}
			key, err := pk.MarshalBinary()
			if err != nil {
				t.Fatal(err)
			}
			holds(t, oid, key, []byte("m"), sig)
		})
	}
}

// SHAKE as a digest of fixed length: what a sponge gives first, and Sum may be asked twice.
func TestSHAKE(t *testing.T) {
	for _, tt := range []struct {
		alg  cert.Algorithm
		want []byte
	}{
		{cert.Algorithm{OID: "2.16.840.1.101.3.4.2.11"}, sha3.SumSHAKE128([]byte("ab"), 32)},
		{cert.Algorithm{OID: "2.16.840.1.101.3.4.2.12"}, sha3.SumSHAKE256([]byte("ab"), 64)},
		{cert.Algorithm{OID: "2.16.840.1.101.3.4.2.18", Params: []byte{2, 2, 2, 0}}, sha3.SumSHAKE256([]byte("ab"), 64)},
	} {
		h, err := cert.DigestHash(tt.alg)
		if err != nil {
			t.Fatal(err)
		}
		d := cert.NewHash(h)
		d.Write([]byte("a"))
		first := d.Sum(nil)
		if again := d.Sum(nil); !bytes.Equal(first, again) {
			t.Errorf("%s: %x, then %x", cert.HashName(h), first, again)
		}
		d.Write([]byte("b"))
		if got := d.Sum([]byte("x")); !bytes.Equal(got, append([]byte("x"), tt.want...)) || d.Size() != len(tt.want) {
			t.Errorf("%s: %x", cert.HashName(h), got)
		}
	}
	for _, params := range [][]byte{nil, {2, 2, 1, 0}} {
		if _, err := cert.DigestHash(cert.Algorithm{OID: "2.16.840.1.101.3.4.2.18", Params: params}); err == nil {
			t.Errorf("SHAKE256 of another length: %x", params)
		}
	}
	if cert.NewHash(0) != nil || cert.NewHash(77) != nil {
		t.Error("a hash that is not computed here")
	}
}

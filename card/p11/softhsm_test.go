//go:build cgo && linux

package p11_test

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
	"encoding/asn1"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"ceralacca/card"
	"ceralacca/card/p11"

	"github.com/miekg/pkcs11"
)

const (
	hsmPIN = "84736251" // distinctive: it is looked for in memory
	hsmPUK = "19283746"
)

// softHSM finds the module, or says why the test is skipped.
func softHSM(t testing.TB) string {
	t.Helper()
	for _, pattern := range []string{"/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/*/softhsm/libsofthsm2.so", "/usr/lib*/libsofthsm2.so", "/usr/lib*/pkcs11/libsofthsm2.so"} {
		if found, _ := filepath.Glob(pattern); len(found) > 0 {
			return found[0]
		}
	}
	t.Skip("softhsm2 is not installed (.ci/install check)")
	return ""
}

// hsmKey is a key that the test puts into the token.
type hsmKey struct {
	id     byte
	key    crypto.Signer
	cert   []byte // nil: made for the key
	usage  x509.KeyUsage
	always bool
}

// hsmToken makes a token with keys.
func hsmToken(t testing.TB, keys ...hsmKey) string {
	t.Helper()
	return hsmTokenOf(t, hsmPIN, hsmPUK, keys...)
}

// hsmTokenOf makes a token with these PINs. The module is loaded into this process for that alone.
func hsmTokenOf(t testing.TB, pin, puk string, keys ...hsmKey) string {
	t.Helper()
	path := softHSM(t)
	dir := t.TempDir()
	conf := filepath.Join(dir, "conf")
	if err := os.WriteFile(conf, fmt.Appendf(nil, "directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n", dir), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SOFTHSM2_CONF", conf)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	c := pkcs11.New(path)
	if c == nil {
		t.Fatal("SoftHSM does not load")
	}
	must(c.Initialize())
	defer func() {
		must(c.Finalize())
		c.Destroy()
	}()
	slots, err := c.GetSlotList(true)
	must(err)
	must(c.InitToken(slots[0], puk, fmt.Sprintf("%-32s", "Test")))
	slots, err = c.GetSlotList(true)
	must(err)
	for _, slot := range slots {
		info, err := c.GetTokenInfo(slot)
		must(err)
		if info.Label != "Test" {
			continue
		}
		h, err := c.OpenSession(slot, pkcs11.CKF_SERIAL_SESSION|pkcs11.CKF_RW_SESSION)
		must(err)
		must(c.Login(h, pkcs11.CKU_SO, puk))
		must(c.InitPIN(h, pin))
		must(c.Logout(h))
		must(c.Login(h, pkcs11.CKU_USER, pin))
		for _, k := range keys {
			if k.cert == nil {
				k.cert = selfSigned(t, k.key, fmt.Sprintf("key %d", k.id), k.usage)
			}
			for _, template := range objects(t, k) {
				_, err := c.CreateObject(h, template)
				must(err)
			}
		}
		return path
	}
	t.Fatal("token is not there")
	return ""
}

// objects are the templates of a key and its certificate.
func objects(t testing.TB, k hsmKey) [][]*pkcs11.Attribute {
	t.Helper()
	c, err := x509.ParseCertificate(k.cert)
	if err != nil {
		t.Fatal(err)
	}
	a := pkcs11.NewAttribute
	id := a(pkcs11.CKA_ID, []byte{k.id})
	cert := []*pkcs11.Attribute{
		a(pkcs11.CKA_CLASS, pkcs11.CKO_CERTIFICATE), a(pkcs11.CKA_CERTIFICATE_TYPE, pkcs11.CKC_X_509), a(pkcs11.CKA_TOKEN, true),
		a(pkcs11.CKA_PRIVATE, false), a(pkcs11.CKA_VALUE, k.cert), a(pkcs11.CKA_SUBJECT, c.RawSubject), id,
	}
	key := []*pkcs11.Attribute{
		a(pkcs11.CKA_CLASS, pkcs11.CKO_PRIVATE_KEY), a(pkcs11.CKA_TOKEN, true), a(pkcs11.CKA_PRIVATE, true), a(pkcs11.CKA_SENSITIVE, true),
		a(pkcs11.CKA_SIGN, true), a(pkcs11.CKA_ALWAYS_AUTHENTICATE, k.always), id,
	}
	switch p := k.key.(type) {
	case *rsa.PrivateKey:
		key = append(
			key, a(pkcs11.CKA_KEY_TYPE, pkcs11.CKK_RSA), a(pkcs11.CKA_MODULUS, p.N.Bytes()), a(pkcs11.CKA_PUBLIC_EXPONENT, []byte{1, 0, 1}),
			a(pkcs11.CKA_PRIVATE_EXPONENT, p.D.Bytes()), a(pkcs11.CKA_PRIME_1, p.Primes[0].Bytes()), a(pkcs11.CKA_PRIME_2, p.Primes[1].Bytes()),
			a(pkcs11.CKA_EXPONENT_1, p.Precomputed.Dp.Bytes()), a(pkcs11.CKA_EXPONENT_2, p.Precomputed.Dq.Bytes()), a(pkcs11.CKA_COEFFICIENT, p.Precomputed.Qinv.Bytes()),
		)
	case *ecdsa.PrivateKey:
		d, err := p.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		curve, err := asn1.Marshal(map[elliptic.Curve]asn1.ObjectIdentifier{
			elliptic.P256(): {1, 2, 840, 10045, 3, 1, 7}, elliptic.P384(): {1, 3, 132, 0, 34},
		}[p.Curve])
		if err != nil {
			t.Fatal(err)
		}
		key = append(key, a(pkcs11.CKA_KEY_TYPE, pkcs11.CKK_EC), a(pkcs11.CKA_EC_PARAMS, curve), a(pkcs11.CKA_VALUE, d))
	}
	return [][]*pkcs11.Attribute{cert, key}
}

func ec(t testing.TB, c elliptic.Curve) *ecdsa.PrivateKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(c, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func shared(t testing.TB) *rsa.PrivateKey {
	t.Helper()
	k, err := rsaKey()
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// signAll signs with every key in every way, and checks each signature by itself.
func signAll(t testing.TB, tok card.Token, login func(card.Key)) int {
	t.Helper()
	keys, err := tok.Keys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	done := 0
	for _, k := range keys {
		for _, h := range []crypto.Hash{crypto.SHA256, crypto.SHA384, crypto.SHA512, crypto.SHA1} {
			digest := make([]byte, h.Size())
			rand.Read(digest)
			ways := []crypto.SignerOpts{h}
			if _, ok := k.Certificate.PublicKey.(*rsa.PublicKey); ok {
				for _, salt := range []int{rsa.PSSSaltLengthEqualsHash, rsa.PSSSaltLengthAuto, 20} {
					ways = append(ways, &rsa.PSSOptions{Hash: h, SaltLength: salt})
				}
			}
			for _, o := range ways {
				login(k)
				s, err := tok.Signer(t.Context(), k)
				if err != nil {
					t.Fatal(err)
				}
				sig, err := s.Sign(rand.Reader, digest, o)
				if err != nil {
					t.Errorf("key %s, %v, %T: %v", k.ID, h, o, err)
					continue
				}
				done++
				switch public := k.Certificate.PublicKey.(type) {
				case *ecdsa.PublicKey:
					if !ecdsa.VerifyASN1(public, digest, sig) {
						t.Errorf("key %s, %v: wrong", k.ID, h)
					}
				case *rsa.PublicKey:
					if pss, ok := o.(*rsa.PSSOptions); ok {
						err = rsa.VerifyPSS(public, h, digest, sig, pss)
					} else {
						err = rsa.VerifyPKCS1v15(public, h, digest, sig)
					}
					if err != nil {
						t.Errorf("key %s, %v, %T: %v", k.ID, h, o, err)
					}
				}
			}
		}
	}
	return done
}

func TestSoftHSM(t *testing.T) {
	path := hsmToken(
		t, hsmKey{id: 1, key: shared(t), usage: x509.KeyUsageDigitalSignature},
		hsmKey{id: 2, key: ec(t, elliptic.P256()), usage: x509.KeyUsageContentCommitment}, hsmKey{id: 3, key: ec(t, elliptic.P384())},
	)
	s := open(t, quick, path)
	slot := present(until(t, s, "card", hasCard))[0]
	tok := first(t, s)
	keys, err := tok.Keys(t.Context())
	if err != nil || len(keys) != 3 {
		t.Fatalf("%d keys, %v", len(keys), err)
	}
	for _, k := range keys {
		if k.AlwaysAsk || k.PIN != card.AuthPIN || k.Certificate == nil {
			t.Errorf("key %+v", k)
		}
	}
	if err := signWith(t, tok, t.Context()); errCode(err) != 0x101 {
		t.Errorf("signing without login: %v", err)
	}
	refusal := new(card.PINError)
	if err := tok.Login(t.Context(), card.AuthPIN, pin("00000000")); !errors.As(err, &refusal) || refusal.PUK || refusal.Blocked {
		t.Errorf("wrong PIN: %v", err)
	}
	if err := tok.Login(t.Context(), card.SignPIN, pin(hsmPIN)); !errors.Is(err, card.ErrUnsupported) {
		t.Errorf("PIN that is not there: %v", err)
	}
	if err := tok.Login(t.Context(), card.AuthPIN, pin(hsmPIN)); err != nil {
		t.Fatal(err)
	}
	if err := tok.Login(t.Context(), card.AuthPIN, pin(hsmPIN)); err != nil { // each login is judged anew
		t.Errorf("second login: %v", err)
	}
	t.Logf("%d signatures", signAll(t, tok, func(card.Key) {}))
	refuses(t, tok, keys)
	if err := tok.Login(t.Context(), card.AuthPIN, pin("00000000")); !errors.As(err, &refusal) {
		t.Errorf("wrong PIN after a right one: %v", err)
	}
	closes(t, s, slot, tok)
}

// closes ends the session, and its rights, but not the insertion.
func closes(t testing.TB, s card.Source, slot card.Slot, tok card.Token) {
	t.Helper()
	if err := tok.Close(); err != nil {
		t.Error(err)
	}
	if err := tok.Close(); err != nil {
		t.Error(err)
	}
	if _, err := tok.Keys(t.Context()); !errors.Is(err, card.ErrReset) {
		t.Errorf("a closed token: %v", err)
	}
	again := first(t, s)
	if err := signWith(t, again, t.Context()); err == nil {
		t.Error("the rights outlive the session")
	}
	if now := present(until(t, s, "card", hasCard))[0]; now.ID != slot.ID {
		t.Errorf("the same insertion is called %q and %q", slot.ID, now.ID)
	}
}

// refuses asks for signatures that nobody should make.
func refuses(t testing.TB, tok card.Token, keys []card.Key) {
	t.Helper()
	k := slices.IndexFunc(keys, func(k card.Key) bool { return k.Certificate.PublicKeyAlgorithm == x509.RSA })
	signer, err := tok.Signer(t.Context(), keys[k])
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []struct {
		digest []byte
		opts   crypto.SignerOpts
	}{
		{make([]byte, 5), crypto.SHA256},
		{make([]byte, 32), nil},
		{make([]byte, 16), crypto.MD5},
		{make([]byte, 300), crypto.Hash(0)},
		{make([]byte, 32), &rsa.PSSOptions{Hash: crypto.SHA256, SaltLength: 300}},
		{make([]byte, 16), &rsa.PSSOptions{Hash: crypto.MD5}},
	} {
		if sig, err := signer.Sign(rand.Reader, bad.digest, bad.opts); err == nil || sig != nil {
			t.Errorf("%d bytes signed with %v", len(bad.digest), bad.opts)
		}
	}
}

// errCode is the return value in an error; 0 where there is none.
func errCode(err error) uint {
	if e := new(p11.Error); errors.As(err, &e) {
		return e.Code
	}
	return 0
}

// A certificate whose key is another one gives no signature.
func TestForeignCertificate(t *testing.T) {
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	curve := ec(t, elliptic.P256())
	for name, k := range map[string]hsmKey{
		"RSA":   {id: 1, key: other, cert: certificate(t, "foreign", x509.KeyUsageDigitalSignature)},
		"ECDSA": {id: 1, key: curve, cert: selfSigned(t, ec(t, elliptic.P256()), "foreign", 0)},
	} {
		t.Run(name, func(t *testing.T) {
			tok := first(t, open(t, quick, hsmToken(t, k)))
			if err := tok.Login(t.Context(), card.AuthPIN, pin(hsmPIN)); err != nil {
				t.Fatal(err)
			}
			if err := signWith(t, tok, t.Context()); err == nil {
				t.Error("it signed")
			}
		})
	}
}

// A key and a certificate with different identifiers find each other by the modulus.
func TestModulus(t *testing.T) {
	k := hsmKey{id: 1, key: shared(t), usage: x509.KeyUsageDigitalSignature}
	decoy := hsmKey{id: 1, key: ec(t, elliptic.P256()), cert: certificate(t, "x", x509.KeyUsageDigitalSignature)}
	tok := first(t, open(t, quick, hsmToken(t, decoy, hsmKey{id: 9, key: k.key, cert: decoy.cert})))
	if err := tok.Login(t.Context(), card.AuthPIN, pin(hsmPIN)); err != nil {
		t.Fatal(err)
	}
	keys, err := tok.Keys(t.Context())
	if err != nil || len(keys) != 1 {
		t.Fatalf("%d keys, %v", len(keys), err)
	}
	if err := signWith(t, tok, t.Context()); err != nil {
		t.Error(err)
	}
}

func TestAlwaysAsk(t *testing.T) {
	s := open(t, quick, hsmToken(t, hsmKey{id: 5, key: shared(t), usage: x509.KeyUsageContentCommitment, always: true}))
	tok := first(t, s)
	login := func(card.Key) {
		if err := tok.Login(t.Context(), card.SignPIN, pin(hsmPIN)); err != nil {
			t.Fatal(err)
		}
	}
	login(card.Key{})
	if n, _ := search(t, children(t)[0], hsmPIN); n != 1 {
		t.Errorf("%d copies of the PIN between login and signature, want the one that is kept for it", n)
	}
	if keys, err := tok.Keys(t.Context()); err != nil || !keys[0].AlwaysAsk {
		t.Errorf("keys %+v, %v", keys, err)
	}
	if err := signWith(t, tok, t.Context()); err != nil {
		t.Error(err)
	}
	if err := signWith(t, tok, t.Context()); errCode(err) != 0x101 {
		t.Errorf("second signature without PIN: %v", err)
	}
	if n, _ := search(t, children(t)[0], hsmPIN); n != 0 {
		t.Errorf("%d copies of the PIN after the signature", n)
	}
	t.Logf("%d signatures", signAll(t, tok, login))
}

// When the login for one signature fails, the operation is undone and the next works.
func TestAlwaysAskRefused(t *testing.T) {
	path, log := fake(t, "always")
	tok := first(t, open(t, quick, path))
	if err := tok.Login(t.Context(), card.AuthPIN, pin(fakePIN)); err != nil {
		t.Fatal(err)
	}
	if err := signWith(t, tok, t.Context()); err == nil || errors.As(err, new(*card.PINError)) {
		t.Errorf("signing: %v", err)
	}
	if a, b, c := count(t, log, "C_Login"), count(t, log, "C_Login again"), count(t, log, "C_Sign"); a != 1 || b != 1 || c != 1 {
		t.Errorf("%d logins, %d for the key, %d signatures", a, b, c)
	}
}

func TestChangeAndUnblock(t *testing.T) {
	path := hsmToken(t, hsmKey{id: 1, key: shared(t), usage: x509.KeyUsageDigitalSignature})
	s := open(t, quick, path)
	tok := first(t, s)
	refusal, format := new(card.PINError), new(card.FormatError)
	if err := tok.ChangePIN(t.Context(), card.AuthPIN, pin("00000000"), pin("11223344")); !errors.As(err, &refusal) || refusal.PUK {
		t.Errorf("wrong old PIN: %v", err)
	}
	if err := tok.ChangePIN(t.Context(), card.AuthPIN, pin(hsmPIN), pin("1")); !errors.As(err, &format) || format.Min != 4 {
		t.Errorf("short new PIN: %v", err)
	}
	if err := tok.ChangePIN(t.Context(), card.AuthPIN, pin(hsmPIN), pin("11223344")); err != nil {
		t.Error(err)
	}
	if err := signWith(t, tok, t.Context()); err == nil {
		t.Error("a change gives the right to sign")
	}
	if err := tok.Login(t.Context(), card.AuthPIN, pin("11223344")); err != nil {
		t.Error(err)
	}
	if err := tok.ChangePIN(t.Context(), card.AuthPIN, pin("11223344"), pin(hsmPIN)); err != nil {
		t.Error(err)
	}
	if err := tok.Unblock(t.Context(), card.AuthPIN, pin(hsmPUK), pin("55667788")); !errors.Is(err, p11.ErrNoUnblock) || !errors.Is(err, card.ErrUnsupported) {
		t.Errorf("unblocking without a document: %v", err)
	}
	if tok.Info().PINs[0].CanReset {
		t.Error("tells that it can unblock")
	}
	tok.Close()

	o := quick
	o.InitPIN = []string{"LIBSOFTHSM2.so"}
	tok = first(t, open(t, o, path))
	if !tok.Info().PINs[0].CanReset {
		t.Error("tells that it cannot unblock")
	}
	if err := tok.Unblock(t.Context(), card.AuthPIN, pin("99999999"), pin("55667788")); !errors.As(err, &refusal) || !refusal.PUK {
		t.Errorf("wrong PUK: %v", err)
	}
	if err := tok.Unblock(t.Context(), card.AuthPIN, pin(hsmPUK), pin("55667788")); err != nil {
		t.Error(err)
	}
	if err := tok.Login(t.Context(), card.AuthPIN, pin("55667788")); err != nil {
		t.Error(err)
	}
}

// The same key, the same digest: what the module signs is what the key signs.
func TestSameSignature(t *testing.T) {
	tok := first(t, open(t, quick, hsmToken(t, hsmKey{id: 1, key: shared(t), usage: x509.KeyUsageDigitalSignature})))
	if err := tok.Login(context.Background(), card.AuthPIN, pin(hsmPIN)); err != nil {
		t.Fatal(err)
	}
	keys, err := tok.Keys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s, err := tok.Signer(t.Context(), keys[0])
	if err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256([]byte("Ceralacca"))
	for _, h := range []crypto.Hash{crypto.SHA256, 0} {
		ours, err := s.Sign(nil, digest[:], h)
		theirs, err2 := rsa.SignPKCS1v15(nil, shared(t), h, digest[:])
		if err != nil || err2 != nil || !bytes.Equal(ours, theirs) {
			t.Errorf("%v: differ, %v, %v", h, err, err2)
		}
	}
}

func BenchmarkSign(b *testing.B) {
	tok := first(b, open(b, quick, hsmToken(b, hsmKey{id: 1, key: shared(b), usage: x509.KeyUsageDigitalSignature})))
	if err := tok.Login(b.Context(), card.AuthPIN, pin(hsmPIN)); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := signWith(b, tok, b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

package xmlsig

import (
	"crypto"
	"math/big"
	"strings"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"ceralacca/signer/internal/cert"
)

// check does the mathematics of one signature value over message. The error is [cert.ErrSignature] for a wrong
// value and a *[cert.UnsupportedError] for what cannot be computed.
func (s scheme) check(pub crypto.PublicKey, message, sig []byte) error {
	switch s.family {
	case pkcs1:
		return cert.VerifyDigest(pub, cert.Algorithm{OID: cert.OIDRSA}, s.hash, digestOf(s.hash, message), sig)
	case pss:
		params, err := s.pssDER()
		if err != nil {
			return err
		}
		alg := cert.Algorithm{OID: cert.OIDRSAPSS, Params: params}
		return cert.VerifyDigest(pub, alg, s.hash, digestOf(s.hash, message), sig)
	case ecdsaRaw, dsaRaw:
		alg := cert.Algorithm{OID: cert.OIDECKey}
		if s.family == dsaRaw {
			alg.OID = cert.OIDDSA
		}
		digest := digestOf(s.hash, message)
		// The DER form that some makers write is not what these methods name; DSS and xmlsec refuse it.
		der, ok := pairDER(sig)
		if !ok {
			return cert.ErrSignature
		}
		return cert.VerifyDigest(pub, alg, s.hash, digest, der)
	case ed25519Pure:
		return cert.Verify(pub, cert.Algorithm{OID: cert.OIDEd25519}, 0, message, sig)
	case ed448Pure:
		return cert.Verify(pub, cert.Algorithm{OID: cert.OIDEd448}, 0, message, sig)
	}
	return &cert.UnsupportedError{What: "signature algorithm"}
}

// pairDER turns r and s of equal length, side by side, into SEQUENCE { r, s }.
func pairDER(sig []byte) ([]byte, bool) {
	if len(sig) == 0 || len(sig)%2 != 0 {
		return nil, false
	}
	half := len(sig) / 2
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1BigInt(new(big.Int).SetBytes(sig[:half]))
		b.AddASN1BigInt(new(big.Int).SetBytes(sig[half:]))
	})
	der, err := b.Bytes()
	return der, err == nil
}

// pssDER is RSASSA-PSS-params, RFC 8017 §A.2.3.
func (s scheme) pssDER() ([]byte, error) {
	hash := cert.Algorithm{OID: cert.HashOID(s.hash)}.DER()
	mgf := cert.Algorithm{OID: cert.OIDMGF1, Params: cert.Algorithm{OID: cert.HashOID(s.mgf)}.DER()}.DER()
	tag := func(n uint8) asn1.Tag { return asn1.Tag(n).ContextSpecific().Constructed() }
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(tag(0), func(b *cryptobyte.Builder) { b.AddBytes(hash) })
		b.AddASN1(tag(1), func(b *cryptobyte.Builder) { b.AddBytes(mgf) })
		b.AddASN1(tag(2), func(b *cryptobyte.Builder) { b.AddASN1Int64(int64(s.salt)) })
	})
	return b.Bytes()
}

// certificateKey is the key of c. Estonian cards of 2015 and 2016 hold certificates whose RSA modulus lacks the
// leading zero octet and so reads as a negative number; their signatures count all the same.
func certificateKey(c *cert.Certificate) crypto.PublicKey {
	if c.PublicKey != nil || c.PublicKeyAlgorithm.OID != cert.OIDRSA {
		return c.PublicKey
	}
	spki := cryptobyte.String(c.RawSPKI)
	var in, key, n, e cryptobyte.String
	var bits []byte
	if !spki.ReadASN1(&in, asn1.SEQUENCE) || !in.SkipASN1(asn1.SEQUENCE) || !in.ReadASN1BitStringAsBytes(&bits) {
		return nil
	}
	rest := cryptobyte.String(bits)
	if !rest.ReadASN1(&key, asn1.SEQUENCE) || !key.ReadASN1(&n, asn1.INTEGER) || !key.ReadASN1(&e, asn1.INTEGER) ||
		len(n) > maxKeyBytes || len(e) > 8 {
		return nil
	}
	return &cert.RSAKey{N: new(big.Int).SetBytes(n), E: new(big.Int).SetBytes(e)}
}

// oidURN begins the names of curves in ECKeyValue/NamedCurve (XMLDSig 1.1 §4.5.2.3).
const oidURN = "urn:oid:"

// keyValue reads ds:KeyValue (XMLDSig 1.1 §4.5.2), or what would stand in it; nil when that is no key of a known kind.
func keyValue(e *node) crypto.PublicKey {
	number := func(n *node) *big.Int {
		b, ok := unbase64(n.content())
		if !ok || len(b) == 0 || len(b) > maxKeyBytes {
			return nil
		}
		return new(big.Int).SetBytes(b)
	}
	if k := e.orChild(nsDS, "RSAKeyValue"); k != nil {
		n, exp := number(k.child(nsDS, "Modulus")), number(k.child(nsDS, "Exponent"))
		if n == nil || exp == nil || exp.BitLen() > 64 || n.Sign() == 0 {
			return nil
		}
		return &cert.RSAKey{N: n, E: exp}
	}
	if k := e.orChild(nsDS, "DSAKeyValue"); k != nil {
		d := &cert.DSAKey{
			P: number(k.child(nsDS, "P")), Q: number(k.child(nsDS, "Q")),
			G: number(k.child(nsDS, "G")), Y: number(k.child(nsDS, "Y")),
		}
		if d.P == nil || d.Q == nil || d.G == nil || d.Y == nil || d.P.BitLen() > 4096 || d.Q.BitLen() > 512 ||
			d.P.Sign() == 0 || d.Q.Sign() == 0 || d.G.Cmp(d.P) >= 0 || d.Y.Cmp(d.P) >= 0 {
			return nil
		}
		return d
	}
	if k := e.orChild(nsDSig11, "ECKeyValue"); k != nil {
		return ecKeyValue(k)
	}
	return nil
}

const maxKeyBytes = 2048 // 16384 bits

// ecKeyValue goes by the SubjectPublicKeyInfo form, so that the point is checked where certificates' points are.
func ecKeyValue(k *node) crypto.PublicKey {
	curve, ok := strings.CutPrefix(k.child(nsDSig11, "NamedCurve").value("URI"), oidURN)
	point, ok2 := unbase64(k.child(nsDSig11, "PublicKey").content())
	if !ok || !ok2 || len(point) > maxKeyBytes {
		return nil
	}
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddBytes(cert.Algorithm{OID: cert.OIDECKey, Params: cert.OID(curve).DER()}.DER())
		b.AddASN1BitString(point)
	})
	der, err := b.Bytes()
	if err != nil {
		return nil
	}
	key, err := cert.ParsePublicKey(der)
	if err != nil {
		return nil
	}
	return key
}

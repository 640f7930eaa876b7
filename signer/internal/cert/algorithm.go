package cert

import (
	"bytes"
	"crypto"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// Algorithm is an AlgorithmIdentifier (RFC 5280 §4.1.1.2).
type Algorithm struct {
	OID OID
	// Params is the whole parameters element; nil when absent.
	Params []byte
}

// ReadAlgorithm reads an AlgorithmIdentifier from s.
func ReadAlgorithm(s *cryptobyte.String) (Algorithm, bool) {
	var in cryptobyte.String
	if !s.ReadASN1(&in, asn1.SEQUENCE) {
		return Algorithm{}, false
	}
	oid, ok := ReadOID(&in)
	if !ok {
		return Algorithm{}, false
	}
	a := Algorithm{OID: oid}
	if !in.Empty() {
		a.Params = bytes.Clone(in)
	}
	return a, true
}

// DER encodes the identifier; nil if its OID is not in dotted form.
func (a Algorithm) DER() []byte {
	var b cryptobyte.Builder
	oid := a.OID.DER()
	if oid == nil {
		return nil
	}
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddBytes(oid)
		b.AddBytes(a.Params)
	})
	der, err := b.Bytes()
	if err != nil {
		return nil
	}
	return der
}

// UnsupportedError names an algorithm, curve or parameter that cannot be computed here. It says nothing about
// whether the signature is good.
type UnsupportedError struct {
	What string // "hash", "signature algorithm", "curve", "key", "parameters"
	OID  OID
}

func (e *UnsupportedError) Error() string { return fmt.Sprintf("unsupported %s %s", e.What, e.OID) }

type scheme int

const (
	schemePKCS1 scheme = iota + 1
	schemePSS
	schemeECDSA
	schemePlainECDSA // BSI TR-03111 §5.2.1: r and s side by side
	schemeDSA
	schemeEd25519
	schemeEd448
	schemePQ // ML-DSA and SLH-DSA
)

// needsMessage reports whether the scheme signs the message itself, not a digest of it.
func (s scheme) needsMessage() bool { return s >= schemeEd25519 }

type sigAlg struct {
	scheme scheme
	hash   crypto.Hash // 0: the caller's, or in the parameters
}

var sigAlgs = map[OID]sigAlg{
	OIDRSA:                  {schemePKCS1, 0},
	"1.2.840.113549.1.1.4":  {schemePKCS1, crypto.MD5},
	"1.2.840.113549.1.1.5":  {schemePKCS1, crypto.SHA1},
	"1.3.14.3.2.29":         {schemePKCS1, crypto.SHA1}, // OIW sha1WithRSASignature
	"1.2.840.113549.1.1.14": {schemePKCS1, crypto.SHA224},
	"1.2.840.113549.1.1.11": {schemePKCS1, crypto.SHA256},
	"1.2.840.113549.1.1.12": {schemePKCS1, crypto.SHA384},
	"1.2.840.113549.1.1.13": {schemePKCS1, crypto.SHA512},
	"1.2.840.113549.1.1.16": {schemePKCS1, crypto.SHA512_256},

	"2.16.840.1.101.3.4.3.13": {schemePKCS1, crypto.SHA3_224},
	"2.16.840.1.101.3.4.3.14": {schemePKCS1, crypto.SHA3_256},
	"2.16.840.1.101.3.4.3.15": {schemePKCS1, crypto.SHA3_384},
	"2.16.840.1.101.3.4.3.16": {schemePKCS1, crypto.SHA3_512},

	OIDRSAPSS: {schemePSS, 0},

	OIDECKey:                  {schemeECDSA, 0}, // key type in place of an algorithm
	"1.2.840.10045.4.1":       {schemeECDSA, crypto.SHA1},
	"1.2.840.10045.4.3.1":     {schemeECDSA, crypto.SHA224},
	"1.2.840.10045.4.3.2":     {schemeECDSA, crypto.SHA256},
	"1.2.840.10045.4.3.3":     {schemeECDSA, crypto.SHA384},
	"1.2.840.10045.4.3.4":     {schemeECDSA, crypto.SHA512},
	"2.16.840.1.101.3.4.3.9":  {schemeECDSA, crypto.SHA3_224},
	"2.16.840.1.101.3.4.3.10": {schemeECDSA, crypto.SHA3_256},
	"2.16.840.1.101.3.4.3.11": {schemeECDSA, crypto.SHA3_384},
	"2.16.840.1.101.3.4.3.12": {schemeECDSA, crypto.SHA3_512},

	"0.4.0.127.0.7.1.1.4.1.1": {schemePlainECDSA, crypto.SHA1},
	"0.4.0.127.0.7.1.1.4.1.2": {schemePlainECDSA, crypto.SHA224},
	"0.4.0.127.0.7.1.1.4.1.3": {schemePlainECDSA, crypto.SHA256},
	"0.4.0.127.0.7.1.1.4.1.4": {schemePlainECDSA, crypto.SHA384},
	"0.4.0.127.0.7.1.1.4.1.5": {schemePlainECDSA, crypto.SHA512},

	OIDDSA:                   {schemeDSA, 0},
	"1.2.840.10040.4.3":      {schemeDSA, crypto.SHA1},
	"2.16.840.1.101.3.4.3.1": {schemeDSA, crypto.SHA224},
	"2.16.840.1.101.3.4.3.2": {schemeDSA, crypto.SHA256},
	"2.16.840.1.101.3.4.3.3": {schemeDSA, crypto.SHA384},
	"2.16.840.1.101.3.4.3.4": {schemeDSA, crypto.SHA512},
	"2.16.840.1.101.3.4.3.5": {schemeDSA, crypto.SHA3_224},
	"2.16.840.1.101.3.4.3.6": {schemeDSA, crypto.SHA3_256},
	"2.16.840.1.101.3.4.3.7": {schemeDSA, crypto.SHA3_384},
	"2.16.840.1.101.3.4.3.8": {schemeDSA, crypto.SHA3_512},

	// RSA and ECDSA with RIPEMD-160 (TeleTrusT).
	"1.3.36.3.3.1.2":          {schemePKCS1, crypto.RIPEMD160},
	"1.3.36.3.3.2.2":          {schemeECDSA, crypto.RIPEMD160},
	"0.4.0.127.0.7.1.1.4.1.6": {schemePlainECDSA, crypto.RIPEMD160},
	// ECDSA with SHAKE (RFC 8702 §2).
	"1.3.6.1.5.5.7.6.32": {schemeECDSA, SHAKE128},
	"1.3.6.1.5.5.7.6.33": {schemeECDSA, SHAKE256},

	OIDEd25519: {schemeEd25519, 0},
	OIDEd448:   {schemeEd448, 0},

	// ML-DSA (RFC 9882).
	"2.16.840.1.101.3.4.3.17": {schemePQ, 0}, "2.16.840.1.101.3.4.3.18": {schemePQ, 0}, "2.16.840.1.101.3.4.3.19": {schemePQ, 0},
	// SLH-DSA with SHA-2, then with SHAKE (RFC 9814).
	"2.16.840.1.101.3.4.3.20": {schemePQ, 0}, "2.16.840.1.101.3.4.3.21": {schemePQ, 0}, "2.16.840.1.101.3.4.3.22": {schemePQ, 0},
	"2.16.840.1.101.3.4.3.23": {schemePQ, 0}, "2.16.840.1.101.3.4.3.24": {schemePQ, 0}, "2.16.840.1.101.3.4.3.25": {schemePQ, 0},
	"2.16.840.1.101.3.4.3.26": {schemePQ, 0}, "2.16.840.1.101.3.4.3.27": {schemePQ, 0}, "2.16.840.1.101.3.4.3.28": {schemePQ, 0},
	"2.16.840.1.101.3.4.3.29": {schemePQ, 0}, "2.16.840.1.101.3.4.3.30": {schemePQ, 0}, "2.16.840.1.101.3.4.3.31": {schemePQ, 0},
}

// Hash is the hash that the signature algorithm works with. An algorithm that names none, such as rsaEncryption in
// many CMS files, uses the digest algorithm that stands beside it: deflt. For a plain digest algorithm Hash is
// that digest. For an algorithm that [Algorithm.NeedsMessage], which hashes by itself, it is deflt.
func (a Algorithm) Hash(deflt crypto.Hash) (crypto.Hash, error) {
	s, ok := sigAlgs[a.OID]
	if !ok {
		return HashByOID(a.OID)
	}
	if s.scheme == schemePSS {
		p, err := parsePSS(a.Params, deflt)
		return p.hash, err
	}
	if s.hash == 0 {
		return deflt, nil
	}
	return s.hash, nil
}

// Names reports whether the algorithm itself says which hash it uses.
func (a Algorithm) Names() bool {
	s, ok := sigAlgs[a.OID]
	return ok && (s.hash != 0 || s.scheme == schemePSS && len(a.Params) > 0)
}

// NeedsMessage reports whether the signature is over the message itself and not over a digest: EdDSA, ML-DSA, SLH-DSA.
func (a Algorithm) NeedsMessage() bool { return sigAlgs[a.OID].scheme.needsMessage() }

type pssParams struct {
	hash, mgf crypto.Hash
	salt      int
}

// parsePSS reads RSASSA-PSS-params (RFC 8017 §A.2.3). Without parameters in a signature the hash beside it is used,
// as OpenSSL and Bouncy Castle do; the RFC's default is SHA-1 and applies to an empty SEQUENCE.
func parsePSS(params []byte, deflt crypto.Hash) (pssParams, error) {
	p := pssParams{crypto.SHA1, crypto.SHA1, 20}
	bad := &UnsupportedError{"parameters", OIDRSAPSS}
	s := cryptobyte.String(params)
	if s.Empty() || s.PeekASN1Tag(asn1.NULL) {
		if deflt == 0 {
			return p, bad
		}
		return pssParams{deflt, deflt, deflt.Size()}, nil
	}
	var in, f cryptobyte.String
	var has bool
	if !s.ReadASN1(&in, asn1.SEQUENCE) {
		return p, bad
	}
	tag := func(n uint8) asn1.Tag { return asn1.Tag(n).ContextSpecific().Constructed() }
	if !in.ReadOptionalASN1(&f, &has, tag(0)) {
		return p, bad
	}
	if has {
		a, ok := ReadAlgorithm(&f)
		h, err := HashByOID(a.OID)
		if !ok || err != nil {
			return p, bad
		}
		p.hash = h
	}
	if !in.ReadOptionalASN1(&f, &has, tag(1)) {
		return p, bad
	}
	if has {
		a, ok := ReadAlgorithm(&f)
		ps := cryptobyte.String(a.Params)
		inner, ok2 := ReadAlgorithm(&ps)
		h, err := HashByOID(inner.OID)
		if !ok || !ok2 || err != nil || a.OID != OIDMGF1 {
			return p, bad
		}
		p.mgf = h
	}
	if !in.ReadOptionalASN1(&f, &has, tag(2)) {
		return p, bad
	}
	if has && (!f.ReadASN1Integer(&p.salt) || p.salt < 0 || p.salt > 1<<14) {
		return p, bad
	}
	return p, nil
}

// PSSParameters reads RSASSA-PSS-params: hash, hash of the mask and length of the salt in bytes.
func PSSParameters(params []byte) (hash, mgf crypto.Hash, salt int, err error) {
	p, err := parsePSS(params, 0)
	return p.hash, p.mgf, p.salt, err
}

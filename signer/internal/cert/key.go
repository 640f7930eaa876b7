package cert

import (
	"crypto"
	"crypto/ed25519"
	"math/big"

	"github.com/cloudflare/circl/sign/ed448"
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// Public keys as [Verify] takes them. The standard library's *rsa.PublicKey, *ecdsa.PublicKey and ed25519.PublicKey
// are taken as well.
type (
	// RSAKey is an RSA public key of any size up to 16384 bits.
	RSAKey struct {
		N, E *big.Int
		// PSSOnly is true when the key's own algorithm is id-RSASSA-PSS (RFC 4055 §1.2).
		PSSOnly bool
		// PSSParams restricts the hash and salt; nil when the key does not.
		PSSParams []byte
	}
	// ECKey is a point on a named curve.
	ECKey struct {
		Curve OID
		X, Y  *big.Int
	}
	// DSAKey is a DSA public key.
	DSAKey struct{ P, Q, G, Y *big.Int }
	// Ed448Key is a public key of RFC 8032 §5.2, 57 octets.
	Ed448Key []byte
	// PQKey is a public key of ML-DSA (FIPS 204) or SLH-DSA (FIPS 205). Set is the identifier of its parameter set,
	// which is that of its signatures too (RFC 9881, RFC 9909).
	PQKey struct {
		Set    OID
		Octets []byte
	}
)

// Limits on numbers from files: public-key arithmetic on larger ones would take seconds.
const (
	maxRSABits      = 16384
	maxExponentBits = 64
	maxDSABits      = 4096
)

// ParsePublicKey reads a SubjectPublicKeyInfo. The error is an *[UnsupportedError] for an unknown kind of key.
func ParsePublicKey(spki []byte) (crypto.PublicKey, error) {
	s := cryptobyte.String(spki)
	var in cryptobyte.String
	var bits []byte
	if !s.ReadASN1(&in, asn1.SEQUENCE) {
		return nil, &SyntaxError{"subjectPublicKeyInfo"}
	}
	alg, ok := ReadAlgorithm(&in)
	if !ok || !in.ReadASN1BitStringAsBytes(&bits) {
		return nil, &SyntaxError{"subjectPublicKeyInfo"}
	}
	switch alg.OID {
	case OIDRSA, OIDRSAPSS, "2.5.8.1.1":
		return parseRSA(alg, bits)
	case OIDECKey:
		return parseEC(alg, bits)
	case OIDDSA, "1.3.14.3.2.12":
		return parseDSA(alg, bits)
	case OIDEd25519:
		if len(bits) != ed25519.PublicKeySize {
			return nil, &SyntaxError{"Ed25519 key"}
		}
		return ed25519.PublicKey(bits), nil
	case OIDEd448:
		if len(bits) != ed448.PublicKeySize {
			return nil, &SyntaxError{"Ed448 key"}
		}
		return Ed448Key(bits), nil
	}
	if sigAlgs[alg.OID].scheme == schemePQ {
		return &PQKey{alg.OID, bits}, nil
	}
	return nil, &UnsupportedError{"key", alg.OID}
}

func parseRSA(alg Algorithm, bits []byte) (crypto.PublicKey, error) {
	s := cryptobyte.String(bits)
	var in cryptobyte.String
	n, okN := new(big.Int), false
	e, okE := new(big.Int), false
	if s.ReadASN1(&in, asn1.SEQUENCE) {
		n, okN = readModulus(&in)
		e, okE = readBigInt(&in)
	}
	if !okN || !okE || n.Sign() <= 0 || e.Sign() <= 0 {
		return nil, &SyntaxError{"RSA key"}
	}
	if n.BitLen() > maxRSABits || e.BitLen() > maxExponentBits {
		return nil, &UnsupportedError{"key", alg.OID}
	}
	k := &RSAKey{N: n, E: e, PSSOnly: alg.OID == OIDRSAPSS}
	if k.PSSOnly {
		k.PSSParams = alg.Params
	}
	return k, nil
}

// readModulus reads an INTEGER as unsigned: a generation of Estonian cards lacks the leading zero. OpenSSL and Bouncy
// Castle take the number that was meant, and a negative modulus would mean nothing.
func readModulus(s *cryptobyte.String) (*big.Int, bool) {
	var v cryptobyte.String
	if !s.ReadASN1(&v, asn1.INTEGER) || len(v) == 0 {
		return nil, false
	}
	return new(big.Int).SetBytes(v), true
}

// readBigInt reads an INTEGER that need not be minimal. Callers that need a positive number check the sign.
func readBigInt(s *cryptobyte.String) (*big.Int, bool) {
	var v cryptobyte.String
	if !s.ReadASN1(&v, asn1.INTEGER) || len(v) == 0 {
		return nil, false
	}
	return signedInt(v), true
}

func signedInt(v []byte) *big.Int {
	n := new(big.Int).SetBytes(v)
	if v[0]&0x80 != 0 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(v))))
	}
	return n
}

func parseEC(alg Algorithm, bits []byte) (crypto.PublicKey, error) {
	p := cryptobyte.String(alg.Params)
	oid, ok := ReadOID(&p)
	if !ok {
		return nil, &UnsupportedError{"curve", alg.OID} // explicit parameters, forbidden by RFC 5480 §2.1.1
	}
	c := curveByOID(oid)
	if c == nil {
		return nil, &UnsupportedError{"curve", oid}
	}
	x, y, ok := c.point(bits)
	if !ok {
		return nil, &SyntaxError{"EC point"}
	}
	return &ECKey{oid, x, y}, nil
}

func parseDSA(alg Algorithm, bits []byte) (crypto.PublicKey, error) {
	p := cryptobyte.String(alg.Params)
	if p.Empty() {
		// Parameters inherited from the issuer's key (RFC 3279 §2.3.2).
		return nil, &UnsupportedError{"parameters", alg.OID}
	}
	var in cryptobyte.String
	v := cryptobyte.String(bits)
	k := &DSAKey{}
	ok := p.ReadASN1(&in, asn1.SEQUENCE)
	for _, f := range []**big.Int{&k.P, &k.Q, &k.G} {
		if ok {
			*f, ok = readBigInt(&in)
		}
	}
	if ok {
		k.Y, ok = readBigInt(&v)
	}
	if !ok || k.P.Sign() <= 0 || k.Q.Sign() <= 0 || k.G.Sign() <= 0 || k.Y.Sign() <= 0 {
		return nil, &SyntaxError{"DSA key"}
	}
	if k.P.BitLen() > maxDSABits || k.Q.BitLen() > 512 {
		return nil, &UnsupportedError{"key", alg.OID}
	}
	return k, nil
}

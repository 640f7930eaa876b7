package cert

import (
	"crypto"
	"crypto/ed25519"
	"crypto/elliptic"
	"math/big"

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
	// Ed448Key is recognised, but signatures by it cannot be checked here.
	Ed448Key []byte
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
		return Ed448Key(bits), nil
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

// curve is y² = x³ + ax + b over the field of p, with a point G of order n.
type curve struct {
	std            elliptic.Curve // set for the curves of the standard library
	p, a, b        *big.Int
	gx, gy, n      *big.Int
	size, sizeBits int // of a coordinate in bytes; of n in bits
}

func hexInt(s string) *big.Int {
	n, _ := new(big.Int).SetString(s, 16)
	return n
}

func newCurve(p, a, b, gx, gy, n string) *curve {
	c := &curve{p: hexInt(p), a: hexInt(a), b: hexInt(b), gx: hexInt(gx), gy: hexInt(gy), n: hexInt(n)}
	c.size, c.sizeBits = (c.p.BitLen()+7)/8, c.n.BitLen()
	return c
}

func stdCurve(e elliptic.Curve) *curve {
	p := e.Params()
	a := new(big.Int).Sub(p.P, big.NewInt(3))
	return &curve{e, p.P, a, p.B, p.Gx, p.Gy, p.N, (p.BitSize + 7) / 8, p.N.BitLen()}
}

// curveByOID knows the NIST curves, secp256k1 and the brainpool "r1" curves (RFC 5639). German and Austrian
// certificates, and the signers of the German trusted list, use brainpool.
func curveByOID(o OID) *curve {
	switch o {
	case "1.3.132.0.33":
		return stdCurve(elliptic.P224())
	case "1.2.840.10045.3.1.7":
		return stdCurve(elliptic.P256())
	case "1.3.132.0.34":
		return stdCurve(elliptic.P384())
	case "1.3.132.0.35":
		return stdCurve(elliptic.P521())
	case "1.3.132.0.10":
		return newCurve("FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEFFFFFC2F", "0", "7",
			"79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798",
			"483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8",
			"FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141")
	case "1.3.36.3.3.2.8.1.1.7":
		return newCurve("A9FB57DBA1EEA9BC3E660A909D838D726E3BF623D52620282013481D1F6E5377",
			"7D5A0975FC2C3057EEF67530417AFFE7FB8055C126DC5C6CE94A4B44F330B5D9",
			"26DC5C6CE94A4B44F330B5D9BBD77CBF958416295CF7E1CE6BCCDC18FF8C07B6",
			"8BD2AEB9CB7E57CB2C4B482FFC81B7AFB9DE27E1E3BD23C23A4453BD9ACE3262",
			"547EF835C3DAC4FD97F8461A14611DC9C27745132DED8E545C1D54C72F046997",
			"A9FB57DBA1EEA9BC3E660A909D838D718C397AA3B561A6F7901E0E82974856A7")
	case "1.3.36.3.3.2.8.1.1.11":
		return newCurve("8CB91E82A3386D280F5D6F7E50E641DF152F7109ED5456B412B1DA197FB71123ACD3A729901D1A71874700133107EC53",
			"7BC382C63D8C150C3C72080ACE05AFA0C2BEA28E4FB22787139165EFBA91F90F8AA5814A503AD4EB04A8C7DD22CE2826",
			"04A8C7DD22CE28268B39B55416F0447C2FB77DE107DCD2A62E880EA53EEB62D57CB4390295DBC9943AB78696FA504C11",
			"1D1C64F068CF45FFA2A63A81B7C13F6B8847A3E77EF14FE3DB7FCAFE0CBD10E8E826E03436D646AAEF87B2E247D4AF1E",
			"8ABE1D7520F9C2A45CB1EB8E95CFD55262B70B29FEEC5864E19C054FF99129280E4646217791811142820341263C5315",
			"8CB91E82A3386D280F5D6F7E50E641DF152F7109ED5456B31F166E6CAC0425A7CF3AB6AF6B7FC3103B883202E9046565")
	case "1.3.36.3.3.2.8.1.1.13":
		return newCurve("AADD9DB8DBE9C48B3FD4E6AE33C9FC07CB308DB3B3C9D20ED6639CCA703308717D4D9B009BC66842AECDA12AE6A380E62881FF2F2D82C68528AA6056583A48F3",
			"7830A3318B603B89E2327145AC234CC594CBDD8D3DF91610A83441CAEA9863BC2DED5D5AA8253AA10A2EF1C98B9AC8B57F1117A72BF2C7B9E7C1AC4D77FC94CA",
			"3DF91610A83441CAEA9863BC2DED5D5AA8253AA10A2EF1C98B9AC8B57F1117A72BF2C7B9E7C1AC4D77FC94CADC083E67984050B75EBAE5DD2809BD638016F723",
			"81AEE4BDD82ED9645A21322E9C4C6A9385ED9F70B5D916C1B43B62EEF4D0098EFF3B1F78E2D0D48D50D1687B93B97D5F7C6D5047406A5E688B352209BCB9F822",
			"7DDE385D566332ECC0EABFA9CF7822FDF209F70024A57B1AA000C55B881F8111B2DCDE494A5F485E5BCA4BD88A2763AED1CA2B2FA8F0540678CD1E0F3AD80892",
			"AADD9DB8DBE9C48B3FD4E6AE33C9FC07CB308DB3B3C9D20ED6639CCA70330870553E5C414CA92619418661197FAC10471DB1D381085DDADDB58796829CA90069")
	}
	return nil
}

// point reads an uncompressed or compressed point (SEC 1 §2.3.4) and checks that it lies on the curve.
func (c *curve) point(b []byte) (x, y *big.Int, ok bool) {
	switch {
	case len(b) == 1+2*c.size && b[0] == 4:
		x, y = new(big.Int).SetBytes(b[1:1+c.size]), new(big.Int).SetBytes(b[1+c.size:])
	case len(b) == 1+c.size && (b[0] == 2 || b[0] == 3):
		x = new(big.Int).SetBytes(b[1:])
		if x.Cmp(c.p) >= 0 {
			return nil, nil, false
		}
		if y = new(big.Int).ModSqrt(c.rhs(x), c.p); y == nil {
			return nil, nil, false
		}
		if y.Bit(0) != uint(b[0]&1) {
			y.Sub(c.p, y)
		}
	default:
		return nil, nil, false
	}
	if x.Cmp(c.p) >= 0 || y.Cmp(c.p) >= 0 {
		return nil, nil, false
	}
	y2 := new(big.Int).Mul(y, y)
	return x, y, y2.Mod(y2, c.p).Cmp(c.rhs(x)) == 0
}

func (c *curve) rhs(x *big.Int) *big.Int {
	r := new(big.Int).Mul(x, x)
	r.Add(r, c.a).Mul(r, x).Add(r, c.b)
	return r.Mod(r, c.p)
}

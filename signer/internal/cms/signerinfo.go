package cms

import (
	"bytes"
	"crypto"
	"slices"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"ceralacca/signer/internal/cert"
)

// SignerInfo is one signer's part (RFC 5652 §5.3).
type SignerInfo struct {
	// Raw is the element as it stands in the file.
	Raw     []byte
	Version int
	// Issuer and Serial (content octets of the INTEGER) name the certificate, or KeyID alone does.
	Issuer, Serial, KeyID         []byte
	DigestAlgorithm               cert.Algorithm
	SignatureAlgorithm            cert.Algorithm
	Signature                     []byte
	SignedAttrs, UnsignedAttrs    []Attribute
	RawSignedAttrs, RawUnsigned   []byte // [0] and [1] as they stand; nil when absent
	rawSignatureAlg, rawDigestAlg []byte
}

// Attribute is a signed or unsigned attribute.
type Attribute struct {
	Type cert.OID
	// Values are whole elements in definite lengths.
	Values [][]byte
	// Raw is the attribute as it stands in the file.
	Raw []byte
}

// ParseSignerInfo reads one SignerInfo element in memory. A counter-signature is one too (RFC 5652 §11.4).
func ParseSignerInfo(raw []byte) (*SignerInfo, error) {
	if len(raw) == 0 || raw[0] != 0x30 {
		return nil, &SyntaxError{-1, "SignerInfo expected"}
	}
	kids, err := children(raw, 16)
	if err != nil {
		return nil, err
	}
	if len(kids) < 5 {
		return nil, &SyntaxError{-1, "SignerInfo too short"}
	}
	si := &SignerInfo{Raw: raw}
	v := cryptobyte.String(kids[0])
	if !v.ReadASN1Integer(&si.Version) {
		return nil, &SyntaxError{-1, "version of SignerInfo"}
	}
	if err := si.parseSID(kids[1]); err != nil {
		return nil, err
	}
	si.rawDigestAlg = kids[2]
	if si.DigestAlgorithm, err = algorithm(kids[2]); err != nil {
		return nil, err
	}
	kids = kids[3:]
	if kids[0][0] == 0xa0 {
		si.RawSignedAttrs = kids[0]
		if si.SignedAttrs, err = attributes(kids[0]); err != nil {
			return nil, err
		}
		kids = kids[1:]
	}
	if len(kids) < 2 || len(kids) > 3 {
		return nil, &SyntaxError{-1, "number of fields in SignerInfo"}
	}
	si.rawSignatureAlg = kids[0]
	if si.SignatureAlgorithm, err = algorithm(kids[0]); err != nil {
		return nil, err
	}
	if si.Signature, err = octetString(kids[1]); err != nil {
		return nil, err
	}
	if len(kids) == 3 {
		if kids[2][0] != 0xa1 {
			return nil, &SyntaxError{-1, "unsigned attributes expected"}
		}
		si.RawUnsigned = kids[2]
		if si.UnsignedAttrs, err = attributes(kids[2]); err != nil {
			return nil, err
		}
	}
	return si, nil
}

func (si *SignerInfo) parseSID(raw []byte) error {
	der, err := Normalise(raw)
	if err != nil {
		return err
	}
	s := cryptobyte.String(der)
	var in, issuer, serial cryptobyte.String
	switch der[0] {
	case 0x30:
		if s.ReadASN1(&in, asn1.SEQUENCE) && in.ReadASN1Element(&issuer, asn1.SEQUENCE) &&
			in.ReadASN1(&serial, asn1.INTEGER) && len(serial) > 0 {
			si.Issuer, si.Serial = issuer, serial
			return nil
		}
	case 0x80:
		if s.ReadASN1(&in, asn1.Tag(0).ContextSpecific()) {
			si.KeyID = in
			return nil
		}
	case 0xa0: // explicit instead of implicit, seen in the wild
		if s.ReadASN1(&in, asn1.Tag(0).ContextSpecific().Constructed()) && in.ReadASN1(&serial, asn1.OCTET_STRING) {
			si.KeyID = serial
			return nil
		}
	}
	return &SyntaxError{-1, "sid"}
}

func octetString(raw []byte) ([]byte, error) {
	der, err := Normalise(raw)
	if err != nil {
		return nil, err
	}
	s := cryptobyte.String(der)
	var v cryptobyte.String
	if !s.ReadASN1(&v, asn1.OCTET_STRING) {
		return nil, &SyntaxError{-1, "OCTET STRING expected"}
	}
	return v, nil
}

func attributes(raw []byte) ([]Attribute, error) {
	kids, err := children(raw, maxAttrs)
	if err != nil {
		return nil, err
	}
	as := make([]Attribute, 0, len(kids))
	for _, k := range kids {
		f, err := children(k, 8)
		if err != nil {
			return nil, err
		}
		if k[0] != 0x30 || len(f) != 2 || f[1][0] != 0x31 {
			return nil, &SyntaxError{-1, "Attribute"}
		}
		s := cryptobyte.String(f[0])
		a := Attribute{Raw: k}
		var ok bool
		if a.Type, ok = cert.ReadOID(&s); !ok {
			return nil, &SyntaxError{-1, "type of Attribute"}
		}
		values, err := children(f[1], maxAttrs)
		if err != nil {
			return nil, err
		}
		for _, v := range values {
			der, err := Normalise(v)
			if err != nil {
				return nil, err
			}
			a.Values = append(a.Values, der)
		}
		as = append(as, a)
	}
	return as, nil
}

// Find gives the first value of the first attribute of that type, or nil.
func Find(as []Attribute, oid cert.OID) []byte {
	for _, a := range as {
		if a.Type == oid && len(a.Values) > 0 {
			return a.Values[0]
		}
	}
	return nil
}

// Count is how many values of that type there are in all attributes.
func Count(as []Attribute, oid cert.OID) int {
	n := 0
	for _, a := range as {
		if a.Type == oid {
			n += max(len(a.Values), 1)
		}
	}
	return n
}

// Values gives all values of that type.
func Values(as []Attribute, oid cert.OID) [][]byte {
	var out [][]byte
	for _, a := range as {
		if a.Type == oid {
			out = append(out, a.Values...)
		}
	}
	return out
}

// SigningTime is the claimed time; zero without the attribute. It proves nothing.
func (si *SignerInfo) SigningTime() time.Time {
	s := cryptobyte.String(Find(si.SignedAttrs, OIDSigningTime))
	t, ok := cert.ReadTime(&s)
	if !ok {
		return time.Time{}
	}
	return t
}

// Hash is the digest algorithm of the signer, one that [cert.NewHash] makes; an *[cert.UnsupportedError] if it is not
// known.
func (si *SignerInfo) Hash() (crypto.Hash, error) { return cert.DigestHash(si.DigestAlgorithm) }

// CounterSignatures are the counter-signatures in the unsigned attributes, and how many could not be read.
func (si *SignerInfo) CounterSignatures() (list []*SignerInfo, damaged int) {
	for _, v := range Values(si.UnsignedAttrs, OIDCounterSignature) {
		c, err := ParseSignerInfo(v)
		if err != nil {
			damaged++
			continue
		}
		list = append(list, c)
	}
	return list, damaged
}

// Matches reports whether c is the certificate that the sid names.
func (si *SignerInfo) Matches(c *cert.Certificate) bool {
	if si.KeyID != nil {
		return bytes.Equal(si.KeyID, c.KeyID())
	}
	return bytes.Equal(trimInt(si.Serial), trimInt(c.RawSerial)) && bytes.Equal(si.Issuer, c.RawIssuer)
}

// trimInt takes away what makes one INTEGER look different from itself: superfluous leading octets.
func trimInt(v []byte) []byte {
	for len(v) > 1 && (v[0] == 0 && v[1] < 0x80 || v[0] == 0xff && v[1] >= 0x80) {
		v = v[1:]
	}
	return v
}

// maxNamed is how many certificates of the same issuer and number are looked at: there should be one.
const maxNamed = 16

// Signer picks the signer's certificate out of pool: named by the sid and, if several are, the one whose key verifies
// (some authorities number the root and its first certificate alike), before others the one whose hash stands in
// the ESS attribute. Where the issuer is written in another string type than in the certificate (RFC 5280 §7.1
// lets names differ so) the ESS hash alone decides, then the serial number with the same common name. nil if none.
func (si *SignerInfo) Signer(pool []*cert.Certificate) *cert.Certificate {
	var named []*cert.Certificate
	for _, c := range pool {
		if len(named) < maxNamed && si.Matches(c) {
			named = append(named, c)
		}
	}
	ess := si.ESS()
	slices.SortStableFunc(named, func(a, b *cert.Certificate) int {
		return rank(ess.Compare(a)) - rank(ess.Compare(b))
	})
	if len(named) > 0 {
		return si.byKey(named)
	}
	if si.KeyID != nil {
		return nil
	}
	i := slices.IndexFunc(pool, func(c *cert.Certificate) bool {
		if !bytes.Equal(trimInt(si.Serial), trimInt(c.RawSerial)) {
			return false
		}
		if ess.Compare(c) == ESSMatch {
			return true
		}
		cn := cert.NameAttr(si.Issuer, cert.OIDCommonName)
		return cn != "" && cn == cert.NameAttr(c.RawIssuer, cert.OIDCommonName)
	})
	if i < 0 {
		return nil
	}
	return pool[i]
}

func rank(r ESSResult) int {
	if r == ESSMatch {
		return 0
	}
	return 1
}

func (si *SignerInfo) byKey(named []*cert.Certificate) *cert.Certificate {
	if len(named) > 1 && si.RawSignedAttrs != nil {
		h, err := si.Hash()
		for _, c := range named {
			k := Check{}
			if err == nil && k.value(si, c, h, nil) == nil {
				return c
			}
		}
	}
	return named[0]
}

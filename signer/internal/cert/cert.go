package cert

import (
	"bytes"
	"crypto"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"math/big"
	"strings"
	"time"
	"unicode/utf16"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// Limits on certificates from files.
const (
	maxSize       = 1 << 20
	maxExtensions = 256
)

// SyntaxError says which part of a certificate or key cannot be read.
type SyntaxError struct{ Part string }

func (e *SyntaxError) Error() string { return "malformed " + e.Part }

// Extension is one certificate extension.
type Extension struct {
	OID      OID
	Critical bool
	Value    []byte // the content of extnValue
}

// Certificate is what a signature needs of an X.509 certificate. Slices point into Raw: do not change them.
type Certificate struct {
	Raw, RawTBS, RawSPKI  []byte
	RawIssuer, RawSubject []byte // Name elements
	Serial                *big.Int
	RawSerial             []byte // content octets, as they stand
	NotBefore, NotAfter   time.Time
	SignatureAlgorithm    Algorithm
	Signature             []byte
	PublicKeyAlgorithm    Algorithm
	PublicKey             crypto.PublicKey // see [ParsePublicKey]; nil when it is of an unknown kind
	Extensions            []Extension
	IsCA                  bool
	MaxPathLen            int // -1: no limit
	KeyUsage              x509.KeyUsage
	HasKeyUsage           bool
	SubjectKeyID          []byte
	AuthorityKeyID        []byte
	Policies, EKU         []OID
	QCStatements          []QCStatement
	// X509 is the standard library's view; nil when it refuses the certificate.
	X509 *x509.Certificate
	// Problems names the extensions and fields that are damaged and were passed over.
	Problems []string
}

// QCStatement is one statement of the qcStatements extension (RFC 3739 §3.2.6, EN 319 412-5).
type QCStatement struct {
	OID  OID
	Info []byte // the statementInfo element; nil when absent
}

// Parse reads one certificate. Bytes after it are an error.
func Parse(der []byte) (*Certificate, error) {
	if len(der) > maxSize {
		return nil, &SyntaxError{"certificate: too large"}
	}
	in := cryptobyte.String(der)
	var body, tbs, sig cryptobyte.String
	var tbsRaw cryptobyte.String
	if !in.ReadASN1(&body, asn1.SEQUENCE) || !in.Empty() || !body.ReadASN1Element(&tbsRaw, asn1.SEQUENCE) {
		return nil, &SyntaxError{"certificate"}
	}
	c := &Certificate{Raw: der, RawTBS: tbsRaw, MaxPathLen: -1}
	tbs = tbsRaw
	var ok bool
	if c.SignatureAlgorithm, ok = ReadAlgorithm(&body); !ok || !body.ReadASN1(&sig, asn1.BIT_STRING) || len(sig) == 0 {
		return nil, &SyntaxError{"certificate signature"}
	}
	c.Signature = sig[1:]
	if !tbs.ReadASN1(&tbs, asn1.SEQUENCE) {
		return nil, &SyntaxError{"tbsCertificate"}
	}
	if err := c.parseTBS(tbs); err != nil {
		return nil, err
	}
	if x, err := x509.ParseCertificate(der); err == nil {
		c.X509 = x
	}
	return c, nil
}

func (c *Certificate) parseTBS(tbs cryptobyte.String) error {
	var serial, issuer, validity, subject, spki, ext cryptobyte.String
	ctx := func(n uint8) asn1.Tag { return asn1.Tag(n).ContextSpecific() }
	if !tbs.SkipOptionalASN1(ctx(0).Constructed()) || !tbs.ReadASN1(&serial, asn1.INTEGER) || len(serial) == 0 {
		return &SyntaxError{"serial number"}
	}
	c.RawSerial, c.Serial = serial, signedInt(serial)
	if _, ok := ReadAlgorithm(&tbs); !ok {
		return &SyntaxError{"signature field"}
	}
	if !tbs.ReadASN1Element(&issuer, asn1.SEQUENCE) || !tbs.ReadASN1(&validity, asn1.SEQUENCE) ||
		!tbs.ReadASN1Element(&subject, asn1.SEQUENCE) || !tbs.ReadASN1Element(&spki, asn1.SEQUENCE) {
		return &SyntaxError{"tbsCertificate"}
	}
	c.RawIssuer, c.RawSubject, c.RawSPKI = issuer, subject, spki
	var ok1, ok2 bool
	c.NotBefore, ok1 = ReadTime(&validity)
	c.NotAfter, ok2 = ReadTime(&validity)
	if !ok1 || !ok2 {
		return &SyntaxError{"validity"}
	}
	inner := spki
	if inner.ReadASN1(&inner, asn1.SEQUENCE) {
		c.PublicKeyAlgorithm, _ = ReadAlgorithm(&inner)
	}
	key, err := ParsePublicKey(spki)
	if err != nil {
		c.Problems = append(c.Problems, "public key: "+err.Error())
	}
	c.PublicKey = key
	tbs.SkipOptionalASN1(ctx(1))
	tbs.SkipOptionalASN1(ctx(2))
	var has bool
	if !tbs.ReadOptionalASN1(&ext, &has, ctx(3).Constructed()) {
		return &SyntaxError{"extensions"}
	}
	if has {
		return c.parseExtensions(ext)
	}
	return nil
}

func (c *Certificate) parseExtensions(ext cryptobyte.String) error {
	var list cryptobyte.String
	if !ext.ReadASN1(&list, asn1.SEQUENCE) {
		return &SyntaxError{"extensions"}
	}
	for !list.Empty() {
		var e, val cryptobyte.String
		x := Extension{}
		var ok bool
		if len(c.Extensions) == maxExtensions || !list.ReadASN1(&e, asn1.SEQUENCE) {
			return &SyntaxError{"extensions"}
		}
		if x.OID, ok = ReadOID(&e); !ok {
			return &SyntaxError{"extensions"}
		}
		if e.PeekASN1Tag(asn1.BOOLEAN) {
			var b cryptobyte.String
			e.ReadASN1(&b, asn1.BOOLEAN)
			x.Critical = len(b) == 1 && b[0] != 0 // BER says any non-zero octet
		}
		if !e.ReadASN1(&val, asn1.OCTET_STRING) {
			return &SyntaxError{"extensions"}
		}
		x.Value = val
		c.Extensions = append(c.Extensions, x)
		if !c.readExtension(x.OID, val) {
			c.Problems = append(c.Problems, fmt.Sprintf("extension %s", x.OID))
		}
	}
	return nil
}

// readExtension is false when a known extension is damaged. It then counts as absent.
func (c *Certificate) readExtension(oid OID, v cryptobyte.String) bool {
	var in cryptobyte.String
	switch oid {
	case OIDExtKeyUsage:
		if !v.ReadASN1(&in, asn1.BIT_STRING) || len(in) < 1 {
			return false
		}
		c.HasKeyUsage = true
		for i := range 9 {
			if 1+i/8 < len(in) && in[1+i/8]&(0x80>>(i%8)) != 0 {
				c.KeyUsage |= 1 << i
			}
		}
		return true
	case OIDExtBasicConstraints:
		if !v.ReadASN1(&in, asn1.SEQUENCE) {
			return false
		}
		if in.PeekASN1Tag(asn1.BOOLEAN) {
			var b cryptobyte.String
			in.ReadASN1(&b, asn1.BOOLEAN)
			c.IsCA = len(b) == 1 && b[0] != 0
		}
		if !in.Empty() {
			n := 0
			if !in.ReadASN1Integer(&n) || n < 0 {
				return false
			}
			c.MaxPathLen = n
		}
		return true
	case OIDExtSubjectKeyID:
		ok := v.ReadASN1(&in, asn1.OCTET_STRING)
		c.SubjectKeyID = in
		return ok
	case OIDExtAuthorityKeyID:
		var has bool
		ok := v.ReadASN1(&in, asn1.SEQUENCE) && in.ReadOptionalASN1(&v, &has, asn1.Tag(0).ContextSpecific())
		if ok && has {
			c.AuthorityKeyID = v
		}
		return ok
	case OIDExtEKU:
		return readOIDs(v, false, &c.EKU)
	case OIDExtPolicies:
		return readOIDs(v, true, &c.Policies)
	case OIDExtQCStatements:
		return c.readQC(v)
	}
	return true
}

// readOIDs reads a SEQUENCE of identifiers, or of SEQUENCEs that begin with one. What was read before the damage is
// kept: a certificate with one malformed policy still has the others.
func readOIDs(v cryptobyte.String, nested bool, to *[]OID) bool {
	var list cryptobyte.String
	if !v.ReadASN1(&list, asn1.SEQUENCE) {
		return false
	}
	for !list.Empty() {
		item := &list
		if nested {
			var in cryptobyte.String
			if !list.ReadASN1(&in, asn1.SEQUENCE) {
				return false
			}
			item = &in
		}
		o, ok := ReadOID(item)
		if !ok {
			return false
		}
		*to = append(*to, o)
	}
	return true
}

func (c *Certificate) readQC(v cryptobyte.String) bool {
	var list cryptobyte.String
	if !v.ReadASN1(&list, asn1.SEQUENCE) {
		return false
	}
	for !list.Empty() {
		var in cryptobyte.String
		if !list.ReadASN1(&in, asn1.SEQUENCE) {
			return false
		}
		o, ok := ReadOID(&in)
		if !ok {
			return false
		}
		q := QCStatement{OID: o}
		if !in.Empty() {
			q.Info = in
		}
		c.QCStatements = append(c.QCStatements, q)
	}
	return true
}

// ReadTime reads a Time (RFC 5280 §4.1.2.5), also without seconds or with an offset, which old certificates have.
func ReadTime(s *cryptobyte.String) (time.Time, bool) {
	var v cryptobyte.String
	var tag asn1.Tag
	if !s.ReadAnyASN1(&v, &tag) || len(v) > 32 {
		return time.Time{}, false
	}
	var layouts []string
	switch tag {
	case asn1.UTCTime:
		layouts = []string{"060102150405Z", "0601021504Z", "060102150405Z0700", "0601021504Z0700"}
	case asn1.GeneralizedTime:
		layouts = []string{"20060102150405Z", "20060102150405.999999999Z", "20060102150405Z0700", "200601021504Z", "20060102150405"}
	}
	for _, l := range layouts {
		t, err := time.Parse(l, string(v))
		if err != nil {
			continue
		}
		if tag == asn1.UTCTime && t.Year() >= 2050 { // RFC 5280 §4.1.2.5.1
			t = t.AddDate(-100, 0, 0)
		}
		return t.UTC(), true
	}
	return time.Time{}, false
}

// CheckSignatureFrom checks the signature on c with the public key of issuer: mathematics only.
func (c *Certificate) CheckSignatureFrom(issuer *Certificate) error {
	return Verify(issuer.PublicKey, c.SignatureAlgorithm, 0, c.RawTBS, c.Signature)
}

// SelfIssued reports whether subject and issuer are the same.
func (c *Certificate) SelfIssued() bool { return bytes.Equal(c.RawSubject, c.RawIssuer) }

// SHA256 is the digest of the whole certificate.
func (c *Certificate) SHA256() [32]byte { return sha256.Sum256(c.Raw) }

// KeyID is the subject key identifier, computed where the extension is absent (RFC 5280 §4.2.1.2 method 1).
func (c *Certificate) KeyID() []byte {
	if len(c.SubjectKeyID) > 0 {
		return c.SubjectKeyID
	}
	s := cryptobyte.String(c.RawSPKI)
	var bits []byte
	if s.ReadASN1(&s, asn1.SEQUENCE) && s.SkipASN1(asn1.SEQUENCE) && s.ReadASN1BitStringAsBytes(&bits) {
		h := sha1.Sum(bits)
		return h[:]
	}
	return nil
}

// SerialHex is the serial number in lower-case hex, with a minus sign where it is negative.
func (c *Certificate) SerialHex() string {
	if c.Serial.Sign() >= 0 && len(c.RawSerial) > 0 {
		if t := bytes.TrimLeft(c.RawSerial, "\x00"); len(t) > 0 {
			return hex.EncodeToString(t)
		}
		return "00"
	}
	return c.Serial.Text(16)
}

// NamePart is one attribute of a Name.
type NamePart struct {
	OID   OID
	Value string
}

// NameParts are the attributes of a Name element in their order, up to the first damage.
func NameParts(name []byte) []NamePart {
	s := cryptobyte.String(name)
	var list []NamePart
	if !s.ReadASN1(&s, asn1.SEQUENCE) {
		return nil
	}
	for !s.Empty() {
		var rdn cryptobyte.String
		if !s.ReadASN1(&rdn, asn1.SET) {
			return list
		}
		for !rdn.Empty() {
			var av, v cryptobyte.String
			var tag asn1.Tag
			if !rdn.ReadASN1(&av, asn1.SEQUENCE) {
				return list
			}
			if o, ok := ReadOID(&av); ok && av.ReadAnyASN1(&v, &tag) {
				list = append(list, NamePart{o, Text(v, tag)})
			}
		}
	}
	return list
}

// NameAttr is the first value of the attribute oid in a Name element, or "".
func NameAttr(name []byte, oid OID) string {
	for _, p := range NameParts(name) {
		if p.OID == oid {
			return p.Value
		}
	}
	return ""
}

// Text decodes the string types of DirectoryString. TeletexString is read as Latin-1, as everybody does.
func Text(v []byte, tag asn1.Tag) string {
	switch tag {
	case 30: // BMPString
		u := make([]uint16, len(v)/2)
		for i := range u {
			u[i] = uint16(v[2*i])<<8 | uint16(v[2*i+1])
		}
		return string(utf16.Decode(u))
	case asn1.T61String:
		r := make([]rune, len(v))
		for i, b := range v {
			r[i] = rune(b)
		}
		return string(r)
	}
	return strings.ToValidUTF8(string(v), "\uFFFD")
}

package cert

import (
	"encoding/hex"
	"strconv"
	"strings"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// OID is an object identifier in dotted form, such as "1.2.840.113549.1.7.2": comparable, printable and good as
// a map key. One whose arcs do not fit 64 bits, or whose encoding is damaged, is "x" and the hex of its octets.
type OID string

// The object identifiers that more than one package needs.
const (
	OIDRSA        OID = "1.2.840.113549.1.1.1"
	OIDRSAPSS     OID = "1.2.840.113549.1.1.10"
	OIDMGF1       OID = "1.2.840.113549.1.1.8"
	OIDECKey      OID = "1.2.840.10045.2.1"
	OIDEd25519    OID = "1.3.101.112"
	OIDEd448      OID = "1.3.101.113"
	OIDDSA        OID = "1.2.840.10040.4.1"
	OIDMD5        OID = "1.2.840.113549.2.5"
	OIDRIPEMD160  OID = "1.3.36.3.2.1"
	OIDSHA1       OID = "1.3.14.3.2.26"
	OIDSHA224     OID = "2.16.840.1.101.3.4.2.4"
	OIDSHA256     OID = "2.16.840.1.101.3.4.2.1"
	OIDSHA384     OID = "2.16.840.1.101.3.4.2.2"
	OIDSHA512     OID = "2.16.840.1.101.3.4.2.3"
	OIDSHA512x256 OID = "2.16.840.1.101.3.4.2.6"
	OIDSHA3x224   OID = "2.16.840.1.101.3.4.2.7"
	OIDSHA3x256   OID = "2.16.840.1.101.3.4.2.8"
	OIDSHA3x384   OID = "2.16.840.1.101.3.4.2.9"
	OIDSHA3x512   OID = "2.16.840.1.101.3.4.2.10"

	OIDCommonName   OID = "2.5.4.3"
	OIDSerialNumber OID = "2.5.4.5"

	OIDExtKeyUsage         OID = "2.5.29.15"
	OIDExtBasicConstraints OID = "2.5.29.19"
	OIDExtSubjectKeyID     OID = "2.5.29.14"
	OIDExtAuthorityKeyID   OID = "2.5.29.35"
	OIDExtPolicies         OID = "2.5.29.32"
	OIDExtEKU              OID = "2.5.29.37"
	OIDExtQCStatements     OID = "1.3.6.1.5.5.7.1.3"

	OIDEKUClientAuth   OID = "1.3.6.1.5.5.7.3.2"
	OIDEKUTimeStamping OID = "1.3.6.1.5.5.7.3.8"
	OIDEKUOCSPSigning  OID = "1.3.6.1.5.5.7.3.9"

	OIDQcCompliance OID = "0.4.0.1862.1.1"
	OIDQcSSCD       OID = "0.4.0.1862.1.4"
	OIDQcType       OID = "0.4.0.1862.1.6"
	OIDQcTypeESign  OID = "0.4.0.1862.1.6.1"
	OIDQcTypeESeal  OID = "0.4.0.1862.1.6.2"
)

// ParseOID turns the content octets of an OBJECT IDENTIFIER into an OID.
func ParseOID(content []byte) OID {
	bad := OID("x" + hex.EncodeToString(content))
	if len(content) == 0 || len(content) > 64 || content[len(content)-1]&0x80 != 0 {
		return bad
	}
	var b strings.Builder
	var arc uint64
	for i, first := 0, true; i < len(content); i++ {
		if arc>>57 != 0 {
			return bad
		}
		arc = arc<<7 | uint64(content[i]&0x7f)
		if content[i]&0x80 != 0 {
			continue
		}
		if first { // X.690 §8.19.4: the first octets carry two arcs
			root := min(arc/40, 2)
			b.WriteString(strconv.FormatUint(root, 10))
			arc -= root * 40
			first = false
		}
		b.WriteByte('.')
		b.WriteString(strconv.FormatUint(arc, 10))
		arc = 0
	}
	return OID(b.String())
}

// ReadOID reads an OBJECT IDENTIFIER element from s.
func ReadOID(s *cryptobyte.String) (OID, bool) {
	var v cryptobyte.String
	if !s.ReadASN1(&v, asn1.OBJECT_IDENTIFIER) {
		return "", false
	}
	return ParseOID(v), true
}

// DER is the whole element of the identifier; nil if it is not in dotted form.
func (o OID) DER() []byte {
	var arcs []uint64
	for _, p := range strings.Split(string(o), ".") {
		n, err := strconv.ParseUint(p, 10, 64)
		if err != nil {
			return nil
		}
		arcs = append(arcs, n)
	}
	if len(arcs) < 2 || arcs[0] > 2 || (arcs[0] < 2 && arcs[1] > 39) {
		return nil
	}
	body := appendArc(nil, arcs[0]*40+arcs[1])
	for _, a := range arcs[2:] {
		body = appendArc(body, a)
	}
	if len(body) > 127 {
		return nil
	}
	return append([]byte{0x06, byte(len(body))}, body...)
}

func appendArc(b []byte, n uint64) []byte {
	groups := 1
	for x := n >> 7; x > 0; x >>= 7 {
		groups++
	}
	for i := groups - 1; i >= 0; i-- {
		c := byte(n>>(7*i)) & 0x7f
		if i > 0 {
			c |= 0x80
		}
		b = append(b, c)
	}
	return b
}

package trust

import (
	"ceralacca/signer/internal/cert"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// Readers of DER that more than one structure needs. Each returns false on malformed input.

// maxItems bounds every repeated element but the entries of a CRL.
const maxItems = 1024

// readOID reads an OBJECT IDENTIFIER as dotted text.
func readOID(s *cryptobyte.String, out *string) bool {
	id, ok := cert.ReadOID(s)
	*out = string(id)
	return ok
}

// readOIDs reads SEQUENCE OF OBJECT IDENTIFIER.
func readOIDs(v cryptobyte.String) ([]string, bool) {
	var seq cryptobyte.String
	if !v.ReadASN1(&seq, asn1.SEQUENCE) {
		return nil, false
	}
	var out []string
	for !seq.Empty() {
		var id string
		if !readOID(&seq, &id) || len(out) == maxItems {
			return nil, false
		}
		out = append(out, id)
	}
	return out, true
}

func readMappings(v cryptobyte.String) ([][2]string, bool) {
	var seq cryptobyte.String
	if !v.ReadASN1(&seq, asn1.SEQUENCE) {
		return nil, false
	}
	var out [][2]string
	for !seq.Empty() {
		var item cryptobyte.String
		var m [2]string
		if !seq.ReadASN1(&item, asn1.SEQUENCE) || !readOID(&item, &m[0]) || !readOID(&item, &m[1]) || len(out) == maxItems {
			return nil, false
		}
		out = append(out, m)
	}
	return out, true
}

// eachExtension walks the Extensions of a CRL or OCSP answer. Each may stand once.
func eachExtension(in cryptobyte.String, do func(id string, critical bool, value cryptobyte.String) bool) bool {
	var list cryptobyte.String
	if !in.ReadASN1(&list, asn1.SEQUENCE) {
		return false
	}
	seen := map[string]bool{}
	for n := 0; !list.Empty(); n++ {
		var ext, value cryptobyte.String
		var id string
		var critical bool
		if n == maxExtensions || !list.ReadASN1(&ext, asn1.SEQUENCE) || !readOID(&ext, &id) ||
			ext.PeekASN1Tag(asn1.BOOLEAN) && !ext.ReadASN1Boolean(&critical) ||
			!ext.ReadASN1(&value, asn1.OCTET_STRING) || seen[id] || !do(id, critical, value) {
			return false
		}
		seen[id] = true
	}
	return true
}

// readInteger reads an INTEGER by its octets.
func readInteger(s *cryptobyte.String, out *[]byte) bool {
	var raw cryptobyte.String
	if !s.ReadASN1(&raw, asn1.INTEGER) || len(raw) == 0 || len(raw) > 256 {
		return false
	}
	*out = trimInteger(raw)
	return true
}

// trimInteger takes redundant leading octets away: wrong in DER, seen in the field.
func trimInteger(raw []byte) []byte {
	for len(raw) > 1 && (raw[0] == 0 && raw[1] < 0x80 || raw[0] == 0xff && raw[1] >= 0x80) {
		raw = raw[1:]
	}
	return raw
}

// readSmall reads a counter of RFC 5280; what does not fit is as good as unlimited.
func readSmall(s *cryptobyte.String, tag asn1.Tag, out *int) bool {
	var raw cryptobyte.String
	if !s.ReadASN1(&raw, tag) || len(raw) == 0 || raw[0] >= 0x80 {
		return false
	}
	n := 0
	for _, b := range raw {
		n = min(n<<8|int(b), 1<<20)
	}
	*out = n
	return true
}

func readBits(s *cryptobyte.String, out *[]byte) bool {
	var raw cryptobyte.String
	if !s.ReadASN1(&raw, asn1.BIT_STRING) || len(raw) == 0 || raw[0] != 0 {
		return false
	}
	*out = raw[1:]
	return true
}

// bitSet reads the content of a named BIT STRING, bit 0 of ASN.1 becoming bit 0 of the result.
func bitSet(raw []byte) (uint16, bool) {
	if len(raw) == 0 || raw[0] > 7 {
		return 0, false
	}
	var set uint16
	for i := 0; i < 16 && i/8 < len(raw)-1; i++ {
		if raw[1+i/8]>>(7-i%8)&1 == 1 {
			set |= 1 << i
		}
	}
	return set, true
}

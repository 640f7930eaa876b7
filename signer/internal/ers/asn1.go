package ers

import (
	"bytes"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"ceralacca/signer/internal/cert"
	"ceralacca/signer/internal/cms"
)

// MaxBytes bounds a record in ASN.1.
const MaxBytes = 32 << 20

// Sniff reports whether the first bytes of a file look like an evidence record in ASN.1: SEQUENCE { version 1,
// digestAlgorithms SEQUENCE OF AlgorithmIdentifier, … }.
func Sniff(b []byte) bool {
	in, ok := enter(b)
	if !ok || !bytes.HasPrefix(in, []byte{2, 1, 1}) {
		return false
	}
	if in, ok = enter(in[3:]); ok {
		in, ok = enter(in)
	}
	return ok && in[0] == 6
}

// enter steps into a SEQUENCE in DER or BER, of which b may have only the beginning.
func enter(b []byte) ([]byte, bool) {
	if len(b) < 2 || b[0] != 0x30 {
		return nil, false
	}
	n := 2
	if b[1] > 0x80 {
		n += int(b[1] & 0x7f)
	}
	if n > 6 || n >= len(b) {
		return nil, false
	}
	return b[n:], true
}

// Parse reads an EvidenceRecord (RFC 4998 §3.1) in DER or BER. The error is a [*SyntaxError] or a [*LimitError].
func Parse(raw []byte) (*Record, error) {
	if len(raw) > MaxBytes {
		return nil, &LimitError{"bytes", MaxBytes}
	}
	der, err := cms.Normalise(raw)
	if err != nil {
		return nil, &SyntaxError{"encoding"}
	}
	in := cryptobyte.String(der)
	var body, chains cryptobyte.String
	var version int
	if !in.ReadASN1(&body, asn1.SEQUENCE) || !body.ReadASN1Integer(&version) || version != 1 ||
		!body.SkipASN1(asn1.SEQUENCE) || !body.SkipOptionalASN1(tag(0)) {
		return nil, &SyntaxError{"EvidenceRecord"}
	}
	r := &Record{Encrypted: body.PeekASN1Tag(tag(1))}
	if !body.SkipOptionalASN1(tag(1)) || !body.ReadASN1(&chains, asn1.SEQUENCE) || !body.Empty() || chains.Empty() {
		return nil, &SyntaxError{"EvidenceRecord"}
	}
	var n limits
	all := []byte(chains)
	for !chains.Empty() {
		before := all[:len(all)-len(chains)]
		var chain cryptobyte.String
		if !chains.ReadASN1(&chain, asn1.SEQUENCE) || chain.Empty() {
			return nil, &SyntaxError{"ArchiveTimeStampChain"}
		}
		c, err := readChain(chain, &n)
		if err != nil {
			return nil, err
		}
		if len(before) > 0 && c.Hash != 0 && c.Hash.Available() {
			var b cryptobyte.Builder
			b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddBytes(before) })
			older, err := b.Bytes()
			if err != nil {
				return nil, &SyntaxError{"ArchiveTimeStampSequence"}
			}
			c.Before = digest(c.Hash, older)
		}
		r.Chains = append(r.Chains, c)
	}
	return r, nil
}

func tag(n uint8) asn1.Tag { return asn1.Tag(n).ContextSpecific().Constructed() }

// readChain reads the time-stamps of a chain; its hash is that of the first.
func readChain(in cryptobyte.String, n *limits) (Chain, error) {
	var c Chain
	for !in.Empty() {
		s, err := readStamp(&in)
		if err == nil {
			err = n.add(s.Groups)
		}
		if err != nil {
			return c, err
		}
		if len(c.Stamps) == 0 {
			c.Hash = s.Hash
		}
		if c.Hash != 0 && c.Hash.Available() {
			s.Digest = digest(c.Hash, s.Raw)
		}
		c.Stamps = append(c.Stamps, s)
	}
	return c, nil
}

// readStamp reads an ArchiveTimeStamp: { [0] digestAlgorithm, [1] attributes, [2] reducedHashtree, timeStamp }, the
// first three optional and tagged implicitly.
func readStamp(in *cryptobyte.String) (Stamp, error) {
	var body, algorithm, tree, token cryptobyte.String
	var stated, hasTree bool
	if !in.ReadASN1(&body, asn1.SEQUENCE) || !body.ReadOptionalASN1(&algorithm, &stated, tag(0)) || !body.SkipOptionalASN1(tag(1)) ||
		!body.ReadOptionalASN1(&tree, &hasTree, tag(2)) || !body.ReadASN1Element(&token, asn1.SEQUENCE) || !body.Empty() {
		return Stamp{}, &SyntaxError{"ArchiveTimeStamp"}
	}
	s := NewStamp(token)
	if stated {
		oid, ok := cert.ReadOID(&algorithm)
		if !ok {
			return s, &SyntaxError{"digestAlgorithm"}
		}
		s.Hash, _ = cert.HashByOID(oid) // unknown: told by Check
	}
	for !tree.Empty() {
		var partial cryptobyte.String
		if !tree.ReadASN1(&partial, asn1.SEQUENCE) {
			return s, &SyntaxError{"PartialHashtree"}
		}
		group := [][]byte{}
		for !partial.Empty() {
			var d []byte
			if !partial.ReadASN1Bytes(&d, asn1.OCTET_STRING) {
				return s, &SyntaxError{"PartialHashtree"}
			}
			group = append(group, d)
		}
		if s.Groups = append(s.Groups, group); len(s.Groups) > MaxGroups || len(group) > MaxDigests {
			return s, &LimitError{"digests", MaxDigests}
		}
	}
	return s, nil
}

package signer

import (
	"bytes"
	"context"
	"crypto"
	"errors"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"ceralacca/signer/internal/cert"
	"ceralacca/signer/internal/cms"
)

// archive puts an archive-time-stamp-v3 (EN 319 122-1 §5.5.3) into the SignerInfo. It covers the content by digest,
// the SignerInfo, and, over the index in the token, what stands in e and among the unsigned attributes now; what is
// added later is not covered and breaks nothing.
func (s *signing) archive(ctx context.Context, e *cms.Envelope, si, digest []byte) ([]byte, error) {
	info, err := cms.ParseSignerInfo(si)
	if err != nil {
		return nil, err
	}
	index, err := hashIndex(s.hash, e, info)
	if err != nil {
		return nil, err
	}
	ct := e.ContentType
	if ct == "" {
		ct = cms.OIDData
	}
	fields := cms.SequenceOf(si)
	if info.RawUnsigned != nil && len(fields) > 0 {
		fields = fields[:len(fields)-1]
	}
	if len(fields) != 6 {
		return nil, errors.New("signer information without signed attributes")
	}
	h := s.hash.New()
	h.Write(ct.DER())
	h.Write(digest)
	for _, f := range fields {
		h.Write(f)
	}
	h.Write(index)
	tok, err := s.stamp(ctx, h.Sum(nil))
	if err != nil {
		return nil, err
	}
	inner, err := tok.Data.SignerInfos[0].WithUnsigned(cms.Attr{Type: cms.OIDATSHashIndexV3, Values: [][]byte{index}})
	if err != nil {
		return nil, err
	}
	te := keep(tok.Data)
	te.SignerInfos = [][]byte{inner}
	var raw bytes.Buffer
	content := tok.Data.Content()
	if err := te.Write(ctx, &raw, content, content.Size()); err != nil {
		return nil, err
	}
	return info.WithUnsigned(cms.Attr{Type: cms.OIDArchiveTimeStampV3, Values: [][]byte{raw.Bytes()}})
}

// hashIndex is ATSHashIndexV3 (EN 319 122-1 §5.5.2): the digest of each certificate, of each CRL or OCSP answer, and,
// for each value of each unsigned attribute, of the attribute's type followed by that value. It holds a digest for each
// of these elements, which are in memory and bounded already; their octets are not put together anywhere.
func hashIndex(h crypto.Hash, e *cms.Envelope, info *cms.SignerInfo) ([]byte, error) {
	sum := func(parts ...[]byte) []byte {
		d := h.New()
		for _, p := range parts {
			d.Write(p)
		}
		return d.Sum(nil)
	}
	list := func(b *cryptobyte.Builder, sums [][]byte) {
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			for _, s := range sums {
				b.AddASN1OctetString(s)
			}
		})
	}
	var certs, revocations, attrs [][]byte
	for _, c := range e.Certificates {
		certs = append(certs, sum(c))
	}
	for _, r := range e.Revocations {
		revocations = append(revocations, sum(r))
	}
	for _, a := range info.UnsignedAttrs {
		for _, v := range a.Values {
			attrs = append(attrs, sum(a.Type.DER(), v))
		}
	}
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddBytes(cert.Algorithm{OID: cert.HashOID(h)}.DER())
		list(b, certs)
		list(b, revocations)
		list(b, attrs)
	})
	return b.Bytes()
}

package cms

import (
	"crypto"
	"errors"
	"io"
	"slices"

	"golang.org/x/crypto/cryptobyte"

	"ceralacca/signer/internal/cert"
)

// What the time-stamps among the attributes of a SignerInfo cover (EN 319 122-1 §5.2.8, §5.4 and §5.5, TS 101 733
// §6.3.5 and §6.4.1).

// Sealed counts the proofs that adding anything to the envelope would break. An archive time-stamp covers all its
// certificates and CRLs: that of TS 101 733 v2.2.1 §6.4.1, and the one before it, which does so in versions 1.5.1 to
// 1.6.3. An evidence record covers all of it (RFC 4998 appendix A). An archive time-stamp of the third kind covers
// certificates and unsigned attributes one by one, and what is added later is not covered (EN 319 122-1 §5.5.2).
func (sd *SignedData) Sealed() (stamps, records int) {
	for _, si := range sd.SignerInfos {
		stamps += Count(si.UnsignedAttrs, OIDArchiveTimeStampV1) + Count(si.UnsignedAttrs, OIDArchiveTimeStampV2)
		records += Count(si.UnsignedAttrs, OIDEvidenceInternal) + Count(si.UnsignedAttrs, OIDEvidenceExternal)
	}
	return stamps, records
}

// ErrArchiveIndex means that an archive-time-stamp-v3 has no index that can be read.
var ErrArchiveIndex = errors.New("index of the archive time-stamp missing or malformed")

// ArchiveIndex is the ats-hash-index of an archive-time-stamp-v3 (EN 319 122-1 §5.5.2): what stood in the envelope
// when it was stamped, by digest.
type ArchiveIndex struct {
	Raw                []byte // the value of the attribute, DER
	hash               crypto.Hash
	version            cert.OID
	certs, crls, attrs [][]byte
}

// ParseArchiveIndex looks for the index among the unsigned attributes of the time-stamp. The error is
// [ErrArchiveIndex] or a *[cert.UnsupportedError].
func ParseArchiveIndex(unsigned []Attribute) (*ArchiveIndex, error) {
	for _, oid := range []cert.OID{OIDATSHashIndexV3, OIDATSHashIndexV2, OIDATSHashIndexV1} {
		raw := Find(unsigned, oid)
		if raw == nil {
			continue
		}
		x := &ArchiveIndex{Raw: raw, hash: crypto.SHA256, version: oid}
		parts := SequenceOf(raw)
		if len(parts) == 4 {
			s := cryptobyte.String(parts[0])
			alg, ok := cert.ReadAlgorithm(&s)
			if !ok {
				return nil, ErrArchiveIndex
			}
			h, err := cert.HashByOID(alg.OID)
			if err != nil || !h.Available() {
				return nil, &cert.UnsupportedError{What: "hash", OID: alg.OID}
			}
			x.hash, parts = h, parts[1:]
		}
		if len(parts) != 3 {
			return nil, ErrArchiveIndex
		}
		for i, list := range []*[][]byte{&x.certs, &x.crls, &x.attrs} {
			for _, e := range SequenceOf(parts[i]) {
				v, err := octetString(e)
				if err != nil {
					return nil, ErrArchiveIndex
				}
				*list = append(*list, v)
			}
		}
		return x, nil
	}
	return nil, ErrArchiveIndex
}

// Whole reports whether all that the index names is still there: nothing was taken away since.
func (x *ArchiveIndex) Whole(sd *SignedData, si *SignerInfo) bool {
	return subset(x.certs, x.sums(sd.RawCertificates)) && subset(x.crls, x.sums(sd.RawRevocations)) &&
		subset(x.attrs, x.attributeSums(si))
}

// CoversRevocation reports whether every CRL and OCSP answer of the envelope stood there when it was stamped.
func (x *ArchiveIndex) CoversRevocation(sd *SignedData) bool {
	for _, r := range sd.RawRevocations {
		if !slices.ContainsFunc(x.sums([][]byte{r}), func(s []byte) bool { return contains(x.crls, s) }) {
			return false
		}
	}
	return true
}

// sums are the digests of the elements as they stand and in DER, because producers take either.
func (x *ArchiveIndex) sums(elements [][]byte) [][]byte {
	var all [][]byte
	for _, e := range elements {
		all = append(all, sum(x.hash, e))
		if der, err := Normalise(e); err == nil && string(der) != string(e) {
			all = append(all, sum(x.hash, der))
		}
	}
	return all
}

// attributeSums are the digests of the unsigned attributes: in the present version of type and each value (EN 319 122-1
// §5.5.2), or, as some writers have read it, of type and all values; before that version of the whole attribute.
func (x *ArchiveIndex) attributeSums(si *SignerInfo) [][]byte {
	if x.version != OIDATSHashIndexV3 {
		var raw [][]byte
		for _, a := range si.UnsignedAttrs {
			raw = append(raw, a.Raw)
		}
		return x.sums(raw)
	}
	var all [][]byte
	for _, a := range si.UnsignedAttrs {
		for _, v := range a.Values {
			all = append(all, sum(x.hash, a.Type.DER(), v))
		}
		all = append(all, sum(x.hash, slices.Concat([][]byte{a.Type.DER()}, a.Values)...))
	}
	return all
}

func subset(small, large [][]byte) bool {
	return !slices.ContainsFunc(small, func(s []byte) bool { return !contains(large, s) })
}

func contains(list [][]byte, v []byte) bool {
	return slices.ContainsFunc(list, func(o []byte) bool { return string(o) == string(v) })
}

// fields are the elements of the SignerInfo without the unsigned attributes.
func (si *SignerInfo) fields() ([][]byte, error) {
	kids, err := si.elements()
	if err != nil {
		return nil, err
	}
	for i, k := range kids {
		if kids[i], err = Normalise(k); err != nil {
			return nil, err
		}
	}
	return kids, nil
}

// ArchiveV3 writes what an archive-time-stamp-v3 covers (EN 319 122-1 §5.5.3). content is the digest of the content
// by the time-stamp's own hash.
func (si *SignerInfo) ArchiveV3(w io.Writer, eContentType cert.OID, content []byte, x *ArchiveIndex) error {
	fields, err := si.fields()
	if err != nil {
		return err
	}
	for _, b := range slices.Concat([][]byte{eContentType.DER(), content}, fields, [][]byte{x.Raw}) {
		if _, err := w.Write(b); err != nil {
			return err
		}
	}
	return nil
}

// ArchiveV2 writes what an archive-time-stamp-v2 covers (TS 101 733 v2.2.1 §6.4.1): the envelope as it stands, with
// the unsigned attributes for which keep holds. outside is the content of a detached signature. Before version 2.1.1
// tag and length of the unsigned attributes were left out; that is what bare asks for.
func (si *SignerInfo) ArchiveV2(w io.Writer, sd *SignedData, outside io.Reader, keep func(Attribute) bool, bare bool) error {
	if _, err := io.Copy(w, io.NewSectionReader(sd.encap, 0, sd.encap.Size())); err != nil {
		return err
	}
	if outside != nil {
		if _, err := io.Copy(w, outside); err != nil {
			return err
		}
	}
	parts, err := si.fields()
	if err != nil {
		return err
	}
	parts = slices.Concat([][]byte{sd.rawCerts, sd.rawCRLs}, parts)
	var attrs []byte
	for _, a := range si.UnsignedAttrs {
		if !keep(a) {
			continue
		}
		der, err := Normalise(a.Raw)
		if err != nil {
			return err
		}
		attrs = append(attrs, der...)
	}
	if !bare && len(attrs) > 0 {
		attrs = tlv(0xa1, attrs)
	}
	for _, b := range append(parts, attrs) {
		if _, err := w.Write(b); err != nil {
			return err
		}
	}
	return nil
}

// References writes what a time-stamp over references covers (TS 101 733 §6.3.5 and §6.3.6): the attributes of
// complete references and, if signed is set, the signature value and its time-stamps before them.
func (si *SignerInfo) References(w io.Writer, signed bool) error {
	var parts [][]byte
	types := []cert.OID{OIDCertificateRefs, OIDRevocationRefs}
	if signed {
		parts = append(parts, si.Signature)
		types = append([]cert.OID{OIDSignatureTimeStamp}, types...)
	}
	for _, oid := range types {
		for _, a := range si.UnsignedAttrs {
			if a.Type != oid {
				continue
			}
			der, err := Normalise(a.Raw)
			if err != nil {
				return err
			}
			parts = append(parts, SequenceOf(der)...)
		}
	}
	for _, b := range parts {
		if _, err := w.Write(b); err != nil {
			return err
		}
	}
	return nil
}

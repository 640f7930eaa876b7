package cms

import (
	"bytes"
	"context"
	"crypto"
	"errors"
	"hash"
	"io"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"ceralacca/signer/internal/cert"
)

// Status is what the mathematics say.
type Status int

// The three outcomes.
const (
	Unknown Status = iota // something needed is missing: the content, the certificate, the algorithm
	Intact
	Broken
)

// Failure says what does not hold when Status is not Intact.
type Failure int

// The failures.
const (
	NoFailure        Failure = iota
	ContentMissing           // detached, and no digest was given
	SignerMissing            // no certificate was given
	Unsupported              // an algorithm or key that cannot be computed here; see Err
	DigestMismatch           // the content is not the one that was signed
	SignatureInvalid         // the signature value does not belong to key and attributes
)

// Problem is a fact about a SignerInfo that a verdict has to weigh, by a stable code.
type Problem string

// The problems.
const (
	AttrsNotDER         Problem = "signed-attributes-not-der"     // not in DER order, or BER lengths
	AlgorithmsDiffer    Problem = "digest-algorithm-mismatch"     // digestAlgorithm is not the signature's hash
	ProtectionMismatch  Problem = "algorithm-protection-mismatch" // RFC 6211
	ContentTypeMissing  Problem = "content-type-missing"
	ContentTypeMismatch Problem = "content-type-mismatch"
	ContentTypeExtra    Problem = "content-type-in-countersignature" // RFC 5652 §11.4 forbids it
	DigestMissing       Problem = "message-digest-missing"
	ValueInvalid        Problem = "signature-value-invalid" // told of a signature whose content is missing
	AttributeRepeated   Problem = "attribute-repeated"
	NoSignedAttrs       Problem = "no-signed-attributes"
	SigningCertMissing  Problem = "signing-certificate-missing"
	SigningCertMismatch Problem = "signing-certificate-mismatch"
	SigningCertIssuer   Problem = "signing-certificate-issuer-mismatch"
	SigningCertUnusable Problem = "signing-certificate-unusable"
)

// Check is the result of [SignerInfo.Check].
type Check struct {
	Status   Status
	Failure  Failure
	Err      error
	Problems []Problem
	Hash     crypto.Hash // of digestAlgorithm; 0 if unknown
	// ValueHash is the hash under the signature value where the signature algorithm names another one; else 0.
	ValueHash crypto.Hash
	ESS       ESSResult
}

// Target is what a signature is over.
type Target struct {
	// Digest gives the digest of the content, nil if there is none. It is called at most once.
	Digest func(h crypto.Hash) []byte
	// EContentType is what the content-type attribute must say; empty for a counter-signature.
	EContentType cert.OID
}

// Target is what sd's own signers sign. d is what [Digests] gave; nil when the content is missing.
func (sd *SignedData) Target(d map[crypto.Hash][]byte) Target {
	return Target{func(h crypto.Hash) []byte { return d[h] }, sd.EContentType}
}

// CounterTarget is what a counter-signature of si signs.
func (si *SignerInfo) CounterTarget() Target {
	return Target{Digest: func(h crypto.Hash) []byte { return sum(h, si.Signature) }}
}

// Check does the mathematics of one signature: the digest of the content, the signature value, the signed
// attributes that belong to them. c is the signer's certificate, nil if it was not found. Trust, validity and
// strength of algorithms are not its business.
//
// Signed attributes are to be signed as DER (RFC 5652 §5.4). Both faults exist: producers that store them unsorted
// and sign them sorted (an Italian one among them), and producers that sign them as they stand. Each encoding is
// tried; the signature covers the same attributes in either, so nothing is lost but the form, which is told.
//
// Where digestAlgorithm is not the hash that the signature algorithm names, digestAlgorithm is for the content and the
// named hash for the signed attributes, as EU DSS and Bouncy Castle have it; OpenSSL takes digestAlgorithm for both.
// Without signed attributes there is one digest only, by digestAlgorithm. The difference is told. A
// CMSAlgorithmProtection attribute that says otherwise (RFC 6211 §3) breaks the signature.
func (si *SignerInfo) Check(c *cert.Certificate, t Target) Check {
	k := Check{}
	k.lookAtAttributes(si, t)
	if c != nil {
		k.compareESS(si, c)
	}
	h, err := si.Hash()
	if err != nil {
		return k.stop(Unknown, Unsupported, err)
	}
	k.Hash = h
	if si.SignatureAlgorithm.Names() {
		sh, err := si.SignatureAlgorithm.Hash(h)
		if err != nil {
			return k.stop(Unknown, Unsupported, err)
		}
		if sh != h {
			k.add(AlgorithmsDiffer)
			if si.RawSignedAttrs != nil {
				k.ValueHash = sh
			}
		}
	}
	digest := t.Digest(h)
	if si.RawSignedAttrs != nil && digest != nil {
		md, ok := messageDigest(si.SignedAttrs)
		if !ok || !bytes.Equal(md, digest) {
			return k.stop(Broken, DigestMismatch, nil)
		}
	}
	if c == nil {
		return k.stop(Unknown, SignerMissing, nil)
	}
	if err := k.value(si, c, h, digest); err != nil {
		if unsupported := (*cert.UnsupportedError)(nil); errors.As(err, &unsupported) {
			return k.stop(Unknown, Unsupported, err)
		}
		if errors.Is(err, errNoContent) {
			return k.stop(Unknown, ContentMissing, nil)
		}
		if digest == nil {
			// EN 319 102-1 §5.2.7.4 looks for the signed data first, and so does DSS: no verdict, but it is told.
			k.add(ValueInvalid)
			return k.stop(Unknown, ContentMissing, err)
		}
		return k.stop(Broken, SignatureInvalid, err)
	}
	if k.Has(ProtectionMismatch) {
		return k.stop(Broken, SignatureInvalid, nil)
	}
	if digest == nil {
		return k.stop(Unknown, ContentMissing, nil)
	}
	return k.stop(Intact, NoFailure, nil)
}

var errNoContent = errors.New("content missing")

func (k *Check) add(p Problem) {
	if !k.Has(p) {
		k.Problems = append(k.Problems, p)
	}
}

// Has reports whether p was found.
func (k *Check) Has(p Problem) bool { return slices.Contains(k.Problems, p) }

func (k *Check) stop(s Status, f Failure, err error) Check {
	k.Status, k.Failure, k.Err = s, f, err
	return *k
}

func messageDigest(as []Attribute) ([]byte, bool) {
	s := cryptobyte.String(Find(as, OIDMessageDigest))
	var md cryptobyte.String
	ok := s.ReadASN1(&md, asn1.OCTET_STRING) && s.Empty()
	return md, ok
}

func (k *Check) lookAtAttributes(si *SignerInfo, t Target) {
	if si.RawSignedAttrs == nil {
		k.add(NoSignedAttrs)
		return
	}
	for _, oid := range []cert.OID{OIDContentType, OIDMessageDigest, OIDSigningTime, OIDSigningCertificate, OIDSigningCertificateV2, OIDAlgorithmProtection} {
		if Count(si.SignedAttrs, oid) > 1 {
			k.add(AttributeRepeated)
		}
	}
	ct := cryptobyte.String(Find(si.SignedAttrs, OIDContentType))
	switch oid, ok := cert.ReadOID(&ct); {
	case t.EContentType == "":
		if ok {
			k.add(ContentTypeExtra)
		}
	case !ok:
		k.add(ContentTypeMissing)
	case oid != t.EContentType:
		k.add(ContentTypeMismatch)
	}
	if _, ok := messageDigest(si.SignedAttrs); !ok {
		k.add(DigestMissing)
	}
	if v := Find(si.SignedAttrs, OIDAlgorithmProtection); v != nil && !si.protected(v) {
		k.add(ProtectionMismatch)
	}
}

// protected compares CMSAlgorithmProtection with the fields it protects (RFC 6211 §2). NULL and absent parameters
// are the same algorithm.
func (si *SignerInfo) protected(der []byte) bool {
	s := cryptobyte.String(der)
	if !s.ReadASN1(&s, asn1.SEQUENCE) {
		return false
	}
	d, ok := cert.ReadAlgorithm(&s)
	if !ok || !sameAlgorithm(d, si.DigestAlgorithm) {
		return false
	}
	var in cryptobyte.String
	if !s.ReadASN1(&in, asn1.Tag(1).ContextSpecific().Constructed()) {
		return false
	}
	oid, ok := cert.ReadOID(&in)
	return ok && sameAlgorithm(cert.Algorithm{OID: oid, Params: in}, si.SignatureAlgorithm)
}

func sameAlgorithm(a, b cert.Algorithm) bool {
	null := []byte{5, 0}
	if bytes.Equal(a.Params, null) {
		a.Params = nil
	}
	if bytes.Equal(b.Params, null) {
		b.Params = nil
	}
	return a.OID == b.OID && bytes.Equal(a.Params, b.Params)
}

func (k *Check) compareESS(si *SignerInfo, c *cert.Certificate) {
	k.ESS = si.ESS().Compare(c)
	switch k.ESS {
	case ESSAbsent:
		k.add(SigningCertMissing)
	case ESSMismatch:
		k.add(SigningCertMismatch)
	case ESSIssuerMismatch:
		k.add(SigningCertIssuer)
	case ESSUnusable:
		k.add(SigningCertUnusable)
	case ESSMatch:
	}
}

// value checks the signature value.
func (k *Check) value(si *SignerInfo, c *cert.Certificate, h crypto.Hash, digest []byte) error {
	alg := si.SignatureAlgorithm
	_, err := cert.DigestHash(alg)
	if err == nil && !alg.Names() || si.RawSignedAttrs == nil && k.Has(AlgorithmsDiffer) {
		// A digest algorithm where the signature algorithm belongs, or one that differs: the key says the rest.
		alg = cert.Algorithm{OID: c.PublicKeyAlgorithm.OID}
	}
	if si.RawSignedAttrs == nil {
		if digest == nil {
			return errNoContent
		}
		return cert.VerifyDigest(c.PublicKey, alg, h, digest, si.Signature)
	}
	for i, enc := range si.encodings() {
		if err = cert.Verify(c.PublicKey, alg, h, enc, si.Signature); err == nil {
			if i > 0 {
				k.add(AttrsNotDER)
			}
			break
		}
	}
	if !bytes.Equal(si.encodings()[0][1:], si.RawSignedAttrs[1:]) {
		k.add(AttrsNotDER)
	}
	return err
}

// MaxSignedAttributes bounds what [SignedAttributes] is asked about; real ones are some hundred octets.
const MaxSignedAttributes = 1 << 20

// SignedAttributes reports whether content is what a signer signs who has signed attributes: a SET of them with a
// content-type and a message-digest. A signature without signed attributes over it is one that somebody took away from
// another document, together with its attributes, which now pretend to be the document (RFC 5652 §5.4 digests either
// alike; draft-ietf-lamps-cms-euf-cma-signeddata describes the attack).
func SignedAttributes(content []byte) bool {
	if len(content) == 0 || content[0] != 0x31 || len(content) > MaxSignedAttributes {
		return false
	}
	if n, err := elementLen(content); err != nil || n != len(content) {
		return false
	}
	as, err := attributes(content)
	return err == nil && Count(as, OIDContentType) > 0 && Count(as, OIDMessageDigest) > 0
}

// encodings are the ways in which the signed attributes may have been digested, DER first.
func (si *SignerInfo) encodings() [][]byte {
	var stored [][]byte
	for _, a := range si.SignedAttrs {
		der, err := Normalise(a.Raw)
		if err != nil {
			continue
		}
		stored = append(stored, der)
	}
	sorted := slices.Clone(stored)
	slices.SortFunc(sorted, bytes.Compare)
	list := [][]byte{tlv(0x31, sorted...)}
	add := func(b []byte) {
		if !slices.ContainsFunc(list, func(o []byte) bool { return bytes.Equal(o, b) }) {
			list = append(list, b)
		}
	}
	add(tlv(0x31, stored...))
	add(append([]byte{0x31}, si.RawSignedAttrs[1:]...))
	return list
}

// Hashes are the digests that the signers of sd need of the content, in one reading.
func (sd *SignedData) Hashes() []crypto.Hash {
	var hs []crypto.Hash
	for _, si := range sd.SignerInfos {
		if h, err := si.Hash(); err == nil && !slices.Contains(hs, h) {
			hs = append(hs, h)
		}
	}
	return hs
}

// Digests reads r to its end once and gives the digests.
func Digests(ctx context.Context, r io.Reader, hs []crypto.Hash) (map[crypto.Hash][]byte, error) {
	ds := make([]hash.Hash, len(hs))
	for i, h := range hs {
		if ds[i] = cert.NewHash(h); ds[i] == nil {
			return nil, &cert.UnsupportedError{What: "hash", OID: cert.HashOID(h)}
		}
	}
	buf := make([]byte, 64<<10)
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		n, err := r.Read(buf)
		for _, d := range ds {
			d.Write(buf[:n])
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
	}
	out := make(map[crypto.Hash][]byte, len(hs))
	for i, h := range hs {
		out[h] = ds[i].Sum(nil)
	}
	return out, nil
}

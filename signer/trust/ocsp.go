package trust

import (
	"bytes"
	"crypto"
	"crypto/sha1"
	"errors"
	"fmt"
	"slices"
	"time"

	"ceralacca/signer/internal/cert"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

const (
	maxOCSPSize = 256 << 10
	oidSHA1     = "1.3.14.3.2.26"
)

var errOCSP = errors.New("malformed OCSP response")

// OCSPStatusError is an answer of the responder without a statement, such as tryLater (3), RFC 6960 §4.2.1.
type OCSPStatusError int

func (e OCSPStatusError) Error() string {
	return fmt.Sprintf("OCSP responder answered with status %d", int(e))
}

// ocspResponse is a BasicOCSPResponse, RFC 6960 §4.2.
type ocspResponse struct {
	Raw, TBS, Signature []byte
	Alg                 cert.Algorithm
	ResponderName       *name
	ResponderKey        []byte // SHA-1 of the responder's key
	Produced            time.Time
	Single              []ocspSingle
	Nonce               []byte
	Certs               []*certificate
}

// ocspSingle is the statement about one certificate.
type ocspSingle struct {
	Hash              crypto.Hash
	NameHash, KeyHash []byte
	Serial            []byte
	Status            state
	At                time.Time // of the revocation
	Reason            int
	This, Next        time.Time
	ArchiveCutoff     time.Time
	unknownCritical   bool
}

// parseOCSP reads an OCSPResponse or, as embedded evidence may be, a bare BasicOCSPResponse.
func parseOCSP(der []byte) (*ocspResponse, error) {
	if len(der) > maxOCSPSize {
		return nil, errOCSP
	}
	in := cryptobyte.String(der)
	var body cryptobyte.String
	if !in.ReadASN1(&body, asn1.SEQUENCE) {
		return nil, errOCSP
	}
	if !body.PeekASN1Tag(asn1.ENUM) {
		return parseBasicOCSP(der)
	}
	var status, wrapped, bytesSeq, basic cryptobyte.String
	var id string
	if !body.ReadASN1(&status, asn1.ENUM) || len(status) != 1 {
		return nil, errOCSP
	}
	if status[0] != 0 {
		return nil, OCSPStatusError(status[0])
	}
	if !body.ReadASN1(&wrapped, asn1.Tag(0).ContextSpecific().Constructed()) || !wrapped.ReadASN1(&bytesSeq, asn1.SEQUENCE) ||
		!readOID(&bytesSeq, &id) || id != "1.3.6.1.5.5.7.48.1.1" || !bytesSeq.ReadASN1(&basic, asn1.OCTET_STRING) {
		return nil, errOCSP
	}
	return parseBasicOCSP(basic)
}

func parseBasicOCSP(der []byte) (*ocspResponse, error) {
	in := cryptobyte.String(der)
	var body, tbs, certs cryptobyte.String
	r := &ocspResponse{Raw: der}
	var ok, present bool
	if !in.ReadASN1(&body, asn1.SEQUENCE) || !body.ReadASN1Element(&tbs, asn1.SEQUENCE) {
		return nil, errOCSP
	}
	r.TBS = tbs
	if r.Alg, ok = cert.ReadAlgorithm(&body); !ok || !readBits(&body, &r.Signature) ||
		!body.ReadOptionalASN1(&certs, &present, asn1.Tag(0).ContextSpecific().Constructed()) {
		return nil, errOCSP
	}
	if present {
		r.readCerts(certs)
	}
	if !tbs.ReadASN1(&tbs, asn1.SEQUENCE) || !r.readData(tbs) {
		return nil, errOCSP
	}
	return r, nil
}

func (r *ocspResponse) readCerts(in cryptobyte.String) {
	var seq cryptobyte.String
	if !in.ReadASN1(&seq, asn1.SEQUENCE) {
		return
	}
	for !seq.Empty() && len(r.Certs) < 32 {
		var c cryptobyte.String
		if !seq.ReadASN1Element(&c, asn1.SEQUENCE) {
			return
		}
		if p, err := parseCertificate(c); err == nil {
			r.Certs = append(r.Certs, p)
		}
	}
}

// readData reads ResponseData.
func (r *ocspResponse) readData(tbs cryptobyte.String) bool {
	var id, list, exts cryptobyte.String
	var present bool
	if !tbs.SkipOptionalASN1(asn1.Tag(0).ContextSpecific().Constructed()) {
		return false
	}
	switch {
	case tbs.PeekASN1Tag(asn1.Tag(1).ContextSpecific().Constructed()):
		tbs.ReadASN1(&id, asn1.Tag(1).ContextSpecific().Constructed())
		n, err := readName(&id)
		if err != nil {
			return false
		}
		r.ResponderName = &n
	case tbs.ReadASN1(&id, asn1.Tag(2).ContextSpecific().Constructed()):
		if !id.ReadASN1Bytes(&r.ResponderKey, asn1.OCTET_STRING) {
			return false
		}
	default:
		return false
	}
	var ok bool
	if r.Produced, ok = cert.ReadTime(&tbs); !ok || !tbs.ReadASN1(&list, asn1.SEQUENCE) {
		return false
	}
	for !list.Empty() {
		s, ok := readSingle(&list)
		if !ok || len(r.Single) == maxItems {
			return false
		}
		r.Single = append(r.Single, s)
	}
	if !tbs.ReadOptionalASN1(&exts, &present, asn1.Tag(1).ContextSpecific().Constructed()) {
		return false
	}
	return !present || eachExtension(exts, func(id string, critical bool, v cryptobyte.String) bool {
		if id == "1.3.6.1.5.5.7.48.1.2" {
			r.Nonce = v
			return true
		}
		return !critical
	})
}

func readSingle(list *cryptobyte.String) (ocspSingle, bool) {
	var item, id, status, next, exts cryptobyte.String
	var present bool
	s := ocspSingle{}
	if !list.ReadASN1(&item, asn1.SEQUENCE) || !item.ReadASN1(&id, asn1.SEQUENCE) {
		return s, false
	}
	alg, ok := cert.ReadAlgorithm(&id)
	if !ok || !id.ReadASN1Bytes(&s.NameHash, asn1.OCTET_STRING) || !id.ReadASN1Bytes(&s.KeyHash, asn1.OCTET_STRING) ||
		!readInteger(&id, &s.Serial) {
		return s, false
	}
	s.Hash, _ = cert.HashByOID(alg.OID) // zero: the statement matches nothing
	var tag asn1.Tag
	if !item.ReadAnyASN1(&status, &tag) {
		return s, false
	}
	switch tag {
	case asn1.Tag(0).ContextSpecific():
		s.Status = stateGood
	case asn1.Tag(1).ContextSpecific().Constructed():
		if !s.readRevoked(status) {
			return s, false
		}
	case asn1.Tag(2).ContextSpecific():
		s.Status = stateUnknown
	default:
		return s, false
	}
	if s.This, ok = cert.ReadTime(&item); !ok ||
		!item.ReadOptionalASN1(&next, &present, asn1.Tag(0).ContextSpecific().Constructed()) {
		return s, false
	}
	if present {
		if s.Next, ok = cert.ReadTime(&next); !ok {
			return s, false
		}
	}
	if !item.ReadOptionalASN1(&exts, &present, asn1.Tag(1).ContextSpecific().Constructed()) {
		return s, false
	}
	return s, !present || eachExtension(exts, s.readExtension)
}

func (s *ocspSingle) readExtension(id string, critical bool, v cryptobyte.String) bool {
	if id == "1.3.6.1.5.5.7.48.1.6" {
		var ok bool
		s.ArchiveCutoff, ok = cert.ReadTime(&v)
		return ok
	}
	s.unknownCritical = s.unknownCritical || critical
	return true
}

func (s *ocspSingle) readRevoked(in cryptobyte.String) bool {
	s.Status = stateRevoked
	var ok, present bool
	var reason cryptobyte.String
	if s.At, ok = cert.ReadTime(&in); !ok ||
		!in.ReadOptionalASN1(&reason, &present, asn1.Tag(0).ContextSpecific().Constructed()) {
		return false
	}
	if present {
		var raw cryptobyte.String
		if !reason.ReadASN1(&raw, asn1.ENUM) || len(raw) != 1 {
			return false
		}
		if s.Reason = int(raw[0]); s.Reason == reasonHold {
			s.Status = stateHold
		}
	}
	return true
}

// matches tells whether the statement is about c: both hashes of its issuer and the serial number.
func (s *ocspSingle) matches(c, issuer *certificate) bool {
	if s.Hash == 0 || !s.Hash.Available() || s.unknownCritical || c.issuerKey != issuer.subjectKey ||
		!bytes.Equal(s.Serial, c.Serial) {
		return false
	}
	h := s.Hash.New()
	h.Write(c.RawIssuer)
	if !bytes.Equal(h.Sum(nil), s.NameHash) {
		return false
	}
	h.Reset()
	h.Write(issuer.keyBits())
	return bytes.Equal(h.Sum(nil), s.KeyHash)
}

// keyBits is the content of subjectPublicKey without its unused-bits octet: what OCSP hashes.
func (c *certificate) keyBits() []byte {
	s := cryptobyte.String(c.RawSPKI)
	var bits []byte
	if s.ReadASN1(&s, asn1.SEQUENCE) && s.SkipASN1(asn1.SEQUENCE) && readBits(&s, &bits) {
		return bits
	}
	return nil
}

// responder finds who signed r and may: the issuer itself, or a certificate issued directly by it for OCSP signing
// (RFC 6960 §4.2.2.2). The signature is checked. nil if there is nobody.
func (r *ocspResponse) responder(k *checker, issuer *certificate) *certificate {
	for _, c := range slices.Concat([]*certificate{issuer}, r.Certs, k.responders(issuer)) {
		if r.named(c) && (c.identity() == issuer.identity() || k.delegated(c, issuer)) &&
			k.verify(c, r.Alg, r.TBS, r.Signature) {
			return c
		}
	}
	return nil
}

func (r *ocspResponse) named(c *certificate) bool {
	if r.ResponderName != nil {
		return r.ResponderName.equal(c.Subject)
	}
	sum := sha1.Sum(c.keyBits())
	return bytes.Equal(sum[:], r.ResponderKey)
}

func (k *checker) delegated(c, issuer *certificate) bool {
	return c.hasEKU(cert.OIDEKUOCSPSigning) && c.UnknownCritical == "" && c.issuerKey == issuer.subjectKey &&
		k.verify(issuer, c.SignatureAlgorithm, c.RawTBS, c.Signature)
}

// ocspRequest asks about c, RFC 6960 §4.1. SHA-1 in the CertID is a name, not a protection, and the only hash
// that every responder knows. A nonce is left out: most responders answer from prepared statements, and freshness
// is judged by thisUpdate.
func ocspRequest(c, issuer *certificate) ([]byte, error) {
	nameHash, keyHash := sha1.Sum(c.RawIssuer), sha1.Sum(issuer.keyBits())
	var b cryptobyte.Builder
	seq := func(f func(b *cryptobyte.Builder)) func(b *cryptobyte.Builder) {
		return func(b *cryptobyte.Builder) { b.AddASN1(asn1.SEQUENCE, f) }
	}
	seq(seq(seq(seq(seq(func(b *cryptobyte.Builder) {
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddBytes(cert.OID(oidSHA1).DER())
			b.AddASN1NULL()
		})
		b.AddASN1OctetString(nameHash[:])
		b.AddASN1OctetString(keyHash[:])
		b.AddASN1(asn1.INTEGER, func(b *cryptobyte.Builder) { b.AddBytes(c.Serial) })
	})))))(&b)
	return b.Bytes()
}

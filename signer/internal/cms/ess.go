package cms

import (
	"bytes"
	"crypto"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"ceralacca/signer/internal/cert"
)

// ESS is the reference to the signer's certificate in the signed attributes: signing-certificate (RFC 2634 §5.4)
// or signing-certificate-v2 (RFC 5035 §3). Only the first certificate in it is the signer's.
type ESS struct {
	Present bool
	V1      bool
	Damaged bool
	OID     cert.OID // of the hash
	Digest  []byte
	Issuer  []byte // Name element; nil when issuerSerial is absent
	Serial  []byte // content octets
}

// ESSResult says whether a certificate is the one that was signed for.
type ESSResult int

// The results of [ESS.Compare].
const (
	ESSAbsent         ESSResult = iota // no attribute
	ESSMatch                           // the hash matches, and the issuer and serial number where they are given
	ESSIssuerMismatch                  // the hash matches, the issuer or serial number does not
	ESSMismatch                        // another certificate
	ESSUnusable                        // damaged, or a hash that is not known
)

// ESS reads the attribute, v2 before v1.
func (si *SignerInfo) ESS() ESS {
	if v := Find(si.SignedAttrs, OIDSigningCertificateV2); v != nil {
		return parseESS(v, false)
	}
	if v := Find(si.SignedAttrs, OIDSigningCertificate); v != nil {
		return parseESS(v, true)
	}
	return ESS{}
}

func parseESS(der []byte, v1 bool) ESS {
	e := ESS{Present: true, V1: v1, Damaged: true, OID: cert.OIDSHA256}
	if v1 {
		e.OID = cert.OIDSHA1
	}
	s := cryptobyte.String(der)
	var list, id, digest, is, names, serial cryptobyte.String
	if !s.ReadASN1(&list, asn1.SEQUENCE) || !list.ReadASN1(&list, asn1.SEQUENCE) || !list.ReadASN1(&id, asn1.SEQUENCE) {
		return e
	}
	if !v1 && id.PeekASN1Tag(asn1.SEQUENCE) {
		a, ok := cert.ReadAlgorithm(&id)
		if !ok {
			return e
		}
		e.OID = a.OID
	}
	if !id.ReadASN1(&digest, asn1.OCTET_STRING) {
		return e
	}
	e.Digest = digest
	if id.Empty() {
		e.Damaged = false
		return e
	}
	if !id.ReadASN1(&is, asn1.SEQUENCE) || !is.ReadASN1(&names, asn1.SEQUENCE) || !is.ReadASN1(&serial, asn1.INTEGER) || len(serial) == 0 {
		return e
	}
	e.Serial = serial
	for !names.Empty() {
		var n cryptobyte.String
		var tag asn1.Tag
		if !names.ReadAnyASN1(&n, &tag) {
			return e
		}
		if tag == asn1.Tag(4).ContextSpecific().Constructed() {
			e.Issuer = n
			break
		}
	}
	e.Damaged = false
	return e
}

// Compare tells whether c is the certificate that e names.
func (e ESS) Compare(c *cert.Certificate) ESSResult {
	if !e.Present {
		return ESSAbsent
	}
	h, err := cert.DigestHash(cert.Algorithm{OID: e.OID})
	if err != nil || e.Damaged {
		return ESSUnusable
	}
	if !bytes.Equal(sum(h, c.Raw), e.Digest) {
		return ESSMismatch
	}
	if e.Serial != nil && !bytes.Equal(trimInt(e.Serial), trimInt(c.RawSerial)) {
		return ESSIssuerMismatch
	}
	if e.Issuer != nil && !bytes.Equal(e.Issuer, c.RawIssuer) {
		return ESSIssuerMismatch
	}
	return ESSMatch
}

func sum(h crypto.Hash, parts ...[]byte) []byte {
	d := cert.NewHash(h)
	for _, p := range parts {
		d.Write(p)
	}
	return d.Sum(nil)
}

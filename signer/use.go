package signer

import (
	"crypto/x509"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"ceralacca/signer/internal/cert"
)

// Use is what a certificate is for, told by its content alone.
type Use int

// The uses, in the words of Italian practice.
const (
	UseUnknown      Use = iota
	UseOther            // CA, time-stamping, OCSP signing: never signs a document
	UseAuthCNS          // autenticazione CNS: logs in, never signs
	UseAuthCIE          // CIE authentication
	UseSign             // firma digitale: nonRepudiation only, QcCompliance and QcSSCD
	UseSignMixed        // as UseSign but with digitalSignature too (older or foreign)
	UseSeal             // qualified electronic seal
	UseSignNoQSCD       // qualified certificate without a device: advanced signature
	UseNonQualified     // nonRepudiation without QcCompliance: company or test
)

// Policies that only authentication certificates carry: the national CNS one, two of Lombardia's older cards, CIE.
var (
	policiesCNS = []cert.OID{"1.3.76.16.2.1", "1.3.159.6.1.3.2.10", "1.3.76.12.1.1.10.2.2.10"}
	policyCIE   = cert.OID("1.3.76.47.4")
)

// cnsName is the common name of a CNS certificate: codice fiscale, card number, hash of the personal data.
var cnsName = regexp.MustCompile(`^"?[A-Z0-9]{16}/[A-Z0-9]+\.[^=]+="?$`)

// Classify tells what c is for. The order of the rules matters: an authentication certificate is one whatever else
// it claims. Lists of trusted services cannot decide this, because some keys issue both kinds.
func Classify(c *x509.Certificate) Use {
	k, err := cert.Parse(c.Raw)
	if err != nil {
		return UseUnknown
	}
	return classify(k)
}

func classify(c *cert.Certificate) Use {
	has := func(u x509.KeyUsage) bool { return c.KeyUsage&u != 0 }
	policy := func(o cert.OID) bool { return slices.Contains(c.Policies, o) }
	switch {
	case c.IsCA, slices.Contains(c.EKU, cert.OIDEKUTimeStamping), slices.Contains(c.EKU, cert.OIDEKUOCSPSigning):
		return UseOther
	case slices.ContainsFunc(policiesCNS, policy),
		has(x509.KeyUsageDigitalSignature) && slices.Contains(c.EKU, cert.OIDEKUClientAuth) &&
			cnsName.MatchString(cert.NameAttr(c.RawSubject, cert.OIDCommonName)):
		return UseAuthCNS
	case policy(policyCIE):
		return UseAuthCIE
	case !has(x509.KeyUsageContentCommitment):
		return UseUnknown
	}
	statement := func(o cert.OID) bool {
		return slices.ContainsFunc(c.QCStatements, func(q cert.QCStatement) bool { return q.OID == o })
	}
	switch {
	case !statement(cert.OIDQcCompliance):
		return UseNonQualified
	case sealOnly(c):
		return UseSeal
	case !statement(cert.OIDQcSSCD):
		return UseSignNoQSCD
	case c.KeyUsage == x509.KeyUsageContentCommitment:
		return UseSign
	}
	return UseSignMixed
}

// sealOnly reads QcType (EN 319 412-5 §4.2.3). Certificates from before 2016 have none and are for signatures.
func sealOnly(c *cert.Certificate) bool {
	seal, sign := false, false
	for _, q := range c.QCStatements {
		if q.OID != cert.OIDQcType {
			continue
		}
		s := cryptobyte.String(q.Info)
		if !s.ReadASN1(&s, asn1.SEQUENCE) {
			continue
		}
		for !s.Empty() {
			o, ok := cert.ReadOID(&s)
			if !ok {
				break
			}
			seal = seal || o == cert.OIDQcTypeESeal
			sign = sign || o == cert.OIDQcTypeESign
		}
	}
	return seal && !sign
}

// UseError refuses to sign with a certificate.
type UseError struct {
	Use Use
	// Reason is the rule: "authentication", "ca", "expired", "not-yet-valid", "not-for-signing".
	Reason string
}

func (e *UseError) Error() string { return "certificate may not sign: " + e.Reason }

// maySign is nil when c may sign at the time now.
func maySign(c *cert.Certificate, now time.Time) error {
	u := classify(c)
	refuse := func(reason string) error { return &UseError{u, reason} }
	switch {
	case u == UseAuthCNS || u == UseAuthCIE:
		return refuse("authentication")
	case c.IsCA:
		return refuse("ca")
	case u == UseOther || u == UseUnknown:
		return refuse("not-for-signing")
	case now.After(c.NotAfter):
		return refuse("expired")
	case now.Before(c.NotBefore):
		return refuse("not-yet-valid")
	}
	return nil
}

// fiscalCode finds the codice fiscale: in serialNumber (EN 319 412-1 §5.1.3 "TINIT-…", before it "IT:…"), or before
// the first slash of a CNS common name.
func fiscalCode(c *cert.Certificate) string {
	sn := cert.NameAttr(c.RawSubject, cert.OIDSerialNumber)
	for _, p := range []string{"TINIT-", "IT:", ""} {
		if v, ok := strings.CutPrefix(sn, p); ok && isFiscalCode(v) {
			return v
		}
	}
	cn := strings.Trim(cert.NameAttr(c.RawSubject, cert.OIDCommonName), `"`)
	if v, _, ok := strings.Cut(cn, "/"); ok && isFiscalCode(v) {
		return v
	}
	return ""
}

// fiscalCodeForm is the shape with omocodia (DM 23/12/1976); the check letter is not looked at, because real ones
// that fail it are in use.
var fiscalCodeForm = regexp.MustCompile(`^[A-Z]{6}[0-9LMNPQRSTUV]{2}[ABCDEHLMPRST][0-9LMNPQRSTUV]{2}[A-Z][0-9LMNPQRSTUV]{3}[A-Z]$`)

func isFiscalCode(s string) bool { return fiscalCodeForm.MatchString(s) }

// newCertificate is the view of c for a report.
func newCertificate(c *cert.Certificate) *Certificate {
	if c == nil {
		return nil
	}
	return &Certificate{
		DER: c.Raw, X509: c.X509,
		SubjectCN: cert.NameAttr(c.RawSubject, cert.OIDCommonName), IssuerCN: cert.NameAttr(c.RawIssuer, cert.OIDCommonName),
		FiscalCode: fiscalCode(c), Serial: c.SerialHex(), NotBefore: c.NotBefore, NotAfter: c.NotAfter,
	}
}

// Describe is the view of c that a [Report] gives of a signer: names, codice fiscale, serial number, validity.
func Describe(c *x509.Certificate) *Certificate {
	k, err := cert.Parse(c.Raw)
	if err != nil { // the standard library has read it, so this takes a certificate that was not parsed but made
		return &Certificate{
			DER: c.Raw, X509: c, SubjectCN: c.Subject.CommonName, IssuerCN: c.Issuer.CommonName,
			NotBefore: c.NotBefore, NotAfter: c.NotAfter,
		}
	}
	return newCertificate(k)
}

package signer

import "crypto/x509"

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

// Classify tells what c is for. The order of the rules matters.
func Classify(c *x509.Certificate) Use { return UseUnknown }

// UseError refuses to sign with a certificate.
type UseError struct {
	Use Use
	// Reason is the rule: "authentication", "ca", "expired", "not-yet-valid", "not-for-signing".
	Reason string
}

func (e *UseError) Error() string { return "certificate may not sign: " + e.Reason }

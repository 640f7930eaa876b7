package signer

import (
	"crypto"
	"crypto/x509"
	"time"

	"ceralacca/signer/internal/cert"
	"ceralacca/signer/trust"
)

// The sub-indications of ETSI EN 319 102-1 table 5 that are given here.
const (
	FormatFailure                 SubIndication = "FORMAT_FAILURE"
	HashFailure                   SubIndication = "HASH_FAILURE"
	SigCryptoFailure              SubIndication = "SIG_CRYPTO_FAILURE"
	NotYetValid                   SubIndication = "NOT_YET_VALID"
	SigConstraintsFailure         SubIndication = "SIG_CONSTRAINTS_FAILURE"
	ChainConstraintsFailure       SubIndication = "CHAIN_CONSTRAINTS_FAILURE"
	CryptoConstraintsFailure      SubIndication = "CRYPTO_CONSTRAINTS_FAILURE"
	CryptoConstraintsFailureNoPOE SubIndication = "CRYPTO_CONSTRAINTS_FAILURE_NO_POE"
	PolicyProcessingError         SubIndication = "POLICY_PROCESSING_ERROR"
	NoSigningCertificateFound     SubIndication = "NO_SIGNING_CERTIFICATE_FOUND"
	NoCertificateChainFound       SubIndication = "NO_CERTIFICATE_CHAIN_FOUND"
	OutOfBoundsNoPOE              SubIndication = "OUT_OF_BOUNDS_NO_POE"
	SignedDataNotFound            SubIndication = "SIGNED_DATA_NOT_FOUND"
)

// evidence is what a format found out about one signature before anybody is trusted. A format fills it, judge
// judges it: so every format is judged by the same rules.
type evidence struct {
	sig    Signature // ID, Parent, Format, Level, Integrity, Claimed, Proven, CoversWholeFile, Findings
	signer *cert.Certificate
	pool   []*cert.Certificate // where issuers are looked for

	// failure is a TOTAL-FAILED that the mathematics or the form make certain.
	failure SubIndication
	// constraint is the first rule that keeps the signature from passing although nothing is proven against it.
	constraint SubIndication

	stamp  bool // a time-stamp, not a signature of a person
	judged bool

	hash crypto.Hash // of the content; 0 when not known
	alg  cert.Algorithm
}

func (e *evidence) find(code string, s Severity, cite string, err error, args map[string]string) {
	e.sig.Findings = append(e.sig.Findings, Finding{Code: code, Severity: s, Cite: cite, Args: args, Err: err})
}

// judge gives the indication (EN 319 102-1 §5.3 and §5.5). The order is the standard's: form, signer's certificate, mathematics, chain and validity, algorithms, attributes.
//
// The time of judgement is the earliest proof of existence or, without one, the time asked for. A certificate that
// has expired since does not make a signature false: it is INDETERMINATE until a proof of time is found.
func (v *verifier) judge(e *evidence) {
	s := &e.sig
	e.judged = true
	e.proven(v.proof)
	s.Signer = newCertificate(e.signer)
	at := v.at
	if !s.Proven.IsZero() {
		at = s.Proven
	}
	if !e.stamp && claimedOutside(s.Claimed, e.signer) {
		e.find("claimed-time-outside-certificate", Warning, "EN 319 122-1 §5.2.1", nil, map[string]string{
			"claimed":    s.Claimed.Format(time.RFC3339),
			"not_before": e.signer.NotBefore.Format(time.RFC3339), "not_after": e.signer.NotAfter.Format(time.RFC3339),
		})
	}
	if !e.stamp && e.signer != nil {
		e.purpose()
	}
	s.Indication, s.SubIndication = v.indicate(e, at)
}

// purpose tells when a certificate that is not for signing documents has signed one. That does not make the signature
// false; in Italy one by a CNS is an advanced signature, and only towards the administration.
func (e *evidence) purpose() {
	switch classify(e.signer) {
	case UseAuthCNS, UseAuthCIE:
		e.find("authentication-certificate", Warning, "DPCM 22/2/2013 art. 61 c. 2", nil, nil)
	case UseOther:
		e.find("certificate-not-for-signing", Warning, "RFC 5280 §4.2.1.3", nil, nil)
	case UseUnknown:
		if e.signer.HasKeyUsage && e.signer.KeyUsage&x509.KeyUsageDigitalSignature == 0 {
			e.find("certificate-not-for-signing", Warning, "RFC 5280 §4.2.1.3", nil, nil)
		}
	case UseSign, UseSignMixed, UseSeal, UseSignNoQSCD, UseNonQualified:
	}
}

func (v *verifier) indicate(e *evidence, at time.Time) (Indication, SubIndication) {
	p := path{}
	if e.signer != nil {
		p = v.path(e, at)
		for _, c := range p.certs {
			e.sig.Chain = append(e.sig.Chain, newCertificate(c))
		}
	}
	weak := v.algorithms(e, at)
	switch {
	case e.failure != "":
		return TotalFailed, e.failure
	case e.signer == nil:
		return Indeterminate, orElse(e.constraint, NoSigningCertificateFound)
	case e.constraint == NoSigningCertificateFound || e.sig.Integrity != Intact:
		return Indeterminate, orElse(e.constraint, SigConstraintsFailure)
	case !p.anchored:
		return Indeterminate, NoCertificateChainFound
	case at.Before(e.signer.NotBefore):
		return TotalFailed, NotYetValid
	case p.expired:
		return Indeterminate, OutOfBoundsNoPOE
	case p.broken:
		return Indeterminate, ChainConstraintsFailure
	case weak != "":
		return Indeterminate, weak
	case e.constraint != "":
		return Indeterminate, e.constraint
	}
	e.find("extra-anchor-used", Info, "trust given by the person", nil, map[string]string{"cn": p.anchorName()})
	e.find("revocation-not-checked", Warning, "EN 319 102-1 §5.2.6", nil, nil)
	return TotalPassed, ""
}

func orElse(a, b SubIndication) SubIndication {
	if a != "" {
		return a
	}
	return b
}

// algorithms tells whether digest and key were still strong at the time at (TS 119 312).
func (v *verifier) algorithms(e *evidence, at time.Time) SubIndication {
	if e.signer == nil || e.hash == 0 {
		return ""
	}
	err := trust.CheckDigest(e.hash, at)
	if err == nil {
		if kind, bits := trust.KeyKind(e.signer.PublicKey, e.alg); kind != "" {
			err = trust.CheckKey(kind, bits, at)
		}
	}
	if err == nil {
		return ""
	}
	e.find("algorithm-weak", Warning, "TS 119 312", err, nil)
	if e.sig.Proven.IsZero() {
		return CryptoConstraintsFailureNoPOE
	}
	return CryptoConstraintsFailure
}

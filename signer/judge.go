package signer

import (
	"crypto"
	"crypto/x509"
	"slices"
	"strings"
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

	ocsp, crls [][]byte  // revocation data that came with the signature
	dataProven time.Time // when that data is proven to have existed; zero without a proof
	notBefore  time.Time // proof that the signature was made later than that; zero without one

	baseline baseline
	covers   []string // URIs of what it signs in a container

	stamp  bool // a time-stamp, not a signature of a person
	judged bool

	hash crypto.Hash   // of the content; 0 when not known
	more []crypto.Hash // others that the signature hangs on
	alg  cert.Algorithm
}

func (e *evidence) find(code string, s Severity, cite string, err error, args map[string]string) {
	e.sig.Findings = append(e.sig.Findings, Finding{Code: code, Severity: s, Cite: cite, Args: args, Err: err})
}

// judge gives the indication (EN 319 102-1 §5.3 and §5.5). The order is the standard's: form, signer's certificate,
// mathematics, chain and validity, algorithms, attributes. What is signed belongs to the mathematics: a time-stamp over a
// file that is not at hand is judged no further, sound as the token itself may be.
//
// The time of judgement is the earliest proof of existence or, without one, the time asked for. A certificate that
// has expired since does not make a signature false: it is INDETERMINATE until a proof of time is found.
func (v *verifier) judge(e *evidence) {
	s := &e.sig
	e.judged = true
	e.proven(v.proof)
	if e.dataProven.IsZero() {
		e.dataProven = v.dataProven
	}
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

// indicate combines what the format found with what package trust thinks of the signer's certificate.
func (v *verifier) indicate(e *evidence, at time.Time) (Indication, SubIndication) {
	op := v.opinion(e, at)
	weak := v.algorithms(e, at)
	switch {
	case e.failure != "":
		return TotalFailed, e.failure
	case e.signer == nil:
		return Indeterminate, orElse(e.constraint, NoSigningCertificateFound)
	case e.constraint == NoSigningCertificateFound || e.constraint == SignedDataNotFound || e.sig.Integrity != Intact:
		return Indeterminate, orElse(e.constraint, SigConstraintsFailure)
	case op.Indication == trust.Failed:
		return TotalFailed, SubIndication(op.SubIndication)
	case op.Indication == trust.Indeterminate:
		return Indeterminate, SubIndication(op.SubIndication)
	case weak != "":
		return Indeterminate, weak
	case e.constraint != "":
		return Indeterminate, e.constraint
	}
	e.sig.Qualification = Qualification(op.Qualification)
	return TotalPassed, ""
}

// opinion asks package trust about the signer's certificate and takes its chain and findings over.
func (v *verifier) opinion(e *evidence, at time.Time) *trust.Opinion {
	nothing := &trust.Opinion{SubIndication: trust.CertificateChainGeneralFailure}
	if e.signer == nil {
		return nothing
	}
	o := trust.JudgeOptions{
		Leaf: e.signer.Raw, At: at, Proven: !e.sig.Proven.IsZero() || !v.o.At.IsZero(),
		OCSP: slices.Concat(e.ocsp, v.ocsp), CRLs: slices.Concat(e.crls, v.crls), TimeStamp: e.stamp,
		DataProven: e.dataProven, NotBefore: e.notBefore,
	}
	if e.stamp {
		o.Stamped = e.sig.Claimed
	}
	for _, c := range slices.Concat(e.pool, v.pool) {
		o.Pool = append(o.Pool, c.Raw)
	}
	for _, c := range v.anchors {
		o.Anchors = append(o.Anchors, c.Raw)
	}
	op, err := v.store.Judge(v.ctx, o)
	if err != nil {
		e.find("chain-not-judged", Warning, "EN 319 102-1 §5.2.6", err, nil)
		return nothing
	}
	for _, der := range op.Chain {
		if c, err := cert.Parse(der); err == nil {
			e.sig.Chain = append(e.sig.Chain, newCertificate(c))
		}
	}
	for _, f := range op.Findings {
		e.find(f.Code, Warning, "EN 319 102-1 §5.2.6", f.Err, f.Args)
	}
	e.sig.Service, e.sig.Revocation = op.Service, op.Revocation
	if op.ExtraAnchor && op.SubIndication == trust.TryLater && e.unrevocable(op) {
		op.Indication, op.SubIndication = trust.Passed, ""
		op.Qualification = strings.TrimPrefix(op.Qualification, "Indeterminate ")
		for _, c := range e.sig.Chain[:len(e.sig.Chain)-1] {
			if at.Before(c.NotBefore) || at.After(c.NotAfter) {
				op.Indication, op.SubIndication = trust.Indeterminate, trust.OutOfBoundsNoPOE
			}
		}
	}
	return op
}

// unrevocable reports whether all that is missing under an anchor of the person's own are answers that nobody gives:
// the certificates name no service to ask. Whoever trusts such an authority trusts it without them; the finding
// "revocation-missing" stays. For an authority of an official list there is no such leave.
func (e *evidence) unrevocable(op *trust.Opinion) bool {
	for i, r := range op.Revocation {
		if r.State == "good" || r.State == "not-needed" {
			continue
		}
		if r.State != "" || i >= len(e.sig.Chain) {
			return false
		}
		x := e.sig.Chain[i].X509
		if x == nil || len(x.OCSPServer) > 0 || len(x.CRLDistributionPoints) > 0 {
			return false
		}
	}
	return true
}

func orElse(a, b SubIndication) SubIndication {
	if a != "" {
		return a
	}
	return b
}

// algorithms tells whether digest and key were still strong at the time at (TS 119 312). That they were weak already when
// the signature was made is certain only if something in it is younger than their end (EN 319 102-1 table 6 and §5.3.4): a
// time-stamp on it tells when it was there at the latest.
func (v *verifier) algorithms(e *evidence, at time.Time) SubIndication {
	if e.signer == nil || e.hash == 0 && len(e.more) == 0 {
		return ""
	}
	err := e.strength(at)
	if err == nil {
		return ""
	}
	e.find("algorithm-weak", Warning, "TS 119 312", err, nil)
	if !e.notBefore.IsZero() && e.strength(e.notBefore) != nil {
		return CryptoConstraintsFailure
	}
	return CryptoConstraintsFailureNoPOE
}

// strength is the first fault of digests and key at a time.
func (e *evidence) strength(at time.Time) error {
	for _, h := range append([]crypto.Hash{e.hash}, e.more...) {
		if h == 0 { // the key hashes by itself
			continue
		}
		if err := trust.CheckDigest(h, at); err != nil {
			return err
		}
	}
	if kind, bits := trust.KeyKind(e.signer.PublicKey, e.alg); kind != "" {
		return trust.CheckKey(kind, bits, at)
	}
	return nil
}

package tsp

import (
	"bytes"
	"crypto"
	"fmt"
	"io"
	"math/big"
	"slices"
	"time"

	"ceralacca/signer/internal/cert"
	"ceralacca/signer/internal/cms"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// maxToken bounds a token; real ones have some 10 kB, with revocation data up to a few 100.
const maxToken = 16 << 20

// FormatError means that the bytes are not what RFC 3161 or RFC 5544 describe.
type FormatError struct {
	What string
	Err  error
}

func (e *FormatError) Error() string {
	if e.Err != nil {
		return "malformed " + e.What + ": " + e.Err.Error()
	}
	return "malformed " + e.What
}

func (e *FormatError) Unwrap() error { return e.Err }

// Info is TSTInfo, RFC 3161 §2.4.2: what the authority says.
type Info struct {
	Policy    cert.OID
	Algorithm cert.OID // of the imprint
	Hash      crypto.Hash
	Imprint   []byte
	Serial    *big.Int
	Time      time.Time
	Accuracy  time.Duration // zero when not stated
	Nonce     *big.Int      // nil when absent
	// Qualified is the statement esi4-qtstStatement-1 (EN 319 422 §9.1): the authority says that it is a
	// qualified time-stamp.
	Qualified bool
}

// Token is a TimeStampToken.
type Token struct {
	Raw  []byte
	Info Info
	Data *cms.SignedData
	// Signer is the authority's certificate as named by the first SignerInfo; nil when it is not in the token
	// and [Token.Find] was not given it.
	Signer *cert.Certificate
}

// ParseToken reads a TimeStampToken in DER or BER. The error is a *[FormatError] or what [cms.Parse] gives.
func ParseToken(raw []byte) (*Token, error) {
	if len(raw) > maxToken {
		return nil, &FormatError{What: "time-stamp token: too large"}
	}
	sd, err := cms.ParseBytes(raw)
	if err != nil {
		return nil, &FormatError{"time-stamp token", err}
	}
	if sd.EContentType != cms.OIDTSTInfo || sd.Detached {
		return nil, &FormatError{What: "time-stamp token: content is not TSTInfo"}
	}
	content, err := io.ReadAll(sd.Content())
	if err != nil {
		return nil, &FormatError{"time-stamp token", err}
	}
	t := &Token{Raw: raw, Data: sd}
	if t.Info, err = parseInfo(content); err != nil {
		return nil, err
	}
	t.Find(nil)
	return t, nil
}

// Find looks for the authority's certificate in the token and in more, and tells whether it is known.
func (t *Token) Find(more []*cert.Certificate) bool {
	if t.Signer == nil && len(t.Data.SignerInfos) > 0 {
		t.Signer = t.Data.SignerInfos[0].Signer(append(t.Data.Certificates[:len(t.Data.Certificates):len(t.Data.Certificates)], more...))
	}
	return t.Signer != nil
}

func parseInfo(der []byte) (Info, error) {
	bad := &FormatError{What: "TSTInfo"}
	in := cryptobyte.String(der)
	var seq, imprint, exts cryptobyte.String
	var version int
	var info Info
	var ok, present bool
	if !in.ReadASN1(&seq, asn1.SEQUENCE) || !in.Empty() || !seq.ReadASN1Integer(&version) || version != 1 {
		return info, bad
	}
	if info.Policy, ok = cert.ReadOID(&seq); !ok || !seq.ReadASN1(&imprint, asn1.SEQUENCE) {
		return info, bad
	}
	alg, ok := cert.ReadAlgorithm(&imprint)
	if !ok || !imprint.ReadASN1Bytes(&info.Imprint, asn1.OCTET_STRING) {
		return info, bad
	}
	info.Algorithm = alg.OID
	info.Hash, _ = cert.HashByOID(alg.OID) // unknown: told by Check
	info.Serial = new(big.Int)
	if !seq.ReadASN1Integer(info.Serial) {
		return info, bad
	}
	if info.Time, ok = cert.ReadTime(&seq); !ok {
		return info, bad
	}
	if seq.PeekASN1Tag(asn1.SEQUENCE) && !info.readAccuracy(&seq) {
		return info, bad
	}
	if seq.PeekASN1Tag(asn1.BOOLEAN) && !seq.SkipASN1(asn1.BOOLEAN) { // ordering: of no use here
		return info, bad
	}
	if seq.PeekASN1Tag(asn1.INTEGER) {
		info.Nonce = new(big.Int)
		if !seq.ReadASN1Integer(info.Nonce) {
			return info, bad
		}
	}
	if !seq.SkipOptionalASN1(asn1.Tag(0).ContextSpecific().Constructed()) ||
		!seq.ReadOptionalASN1(&exts, &present, asn1.Tag(1).ContextSpecific().Constructed()) ||
		present && !info.readExtensions(exts) {
		return info, bad
	}
	return info, nil
}

func (i *Info) readAccuracy(s *cryptobyte.String) bool {
	var seq cryptobyte.String
	var n int64
	if !s.ReadASN1(&seq, asn1.SEQUENCE) {
		return false
	}
	if seq.PeekASN1Tag(asn1.INTEGER) {
		if !seq.ReadASN1Integer(&n) || n < 0 || n > 1<<31 {
			return false
		}
		i.Accuracy = time.Duration(n) * time.Second
	}
	for tag, unit := range []time.Duration{time.Millisecond, time.Microsecond} {
		t := asn1.Tag(tag).ContextSpecific()
		if seq.PeekASN1Tag(t) {
			if !seq.ReadASN1Int64WithTag(&n, t) || n < 0 || n > 999 {
				return false
			}
			i.Accuracy += time.Duration(n) * unit
		}
	}
	return true
}

func (i *Info) readExtensions(list cryptobyte.String) bool {
	for n := 0; !list.Empty(); n++ {
		var ext, value, statements cryptobyte.String
		var critical bool
		if n == 64 || !list.ReadASN1(&ext, asn1.SEQUENCE) {
			return false
		}
		id, ok := cert.ReadOID(&ext)
		if !ok || ext.PeekASN1Tag(asn1.BOOLEAN) && !ext.ReadASN1Boolean(&critical) ||
			!ext.ReadASN1(&value, asn1.OCTET_STRING) {
			return false
		}
		if id != cert.OIDExtQCStatements {
			if critical {
				return false
			}
			continue
		}
		if !value.ReadASN1(&statements, asn1.SEQUENCE) {
			return false
		}
		for !statements.Empty() {
			var st cryptobyte.String
			if !statements.ReadASN1(&st, asn1.SEQUENCE) {
				return false
			}
			if id, ok := cert.ReadOID(&st); ok && id == "0.4.0.19422.1.1" {
				i.Qualified = true
			}
		}
	}
	return true
}

// Problems of a token beside those of [cms.Problem].
const (
	SignerCount    cms.Problem = "time-stamp-signer-count"     // not exactly one, RFC 3161 §2.4.2
	EKUMissing     cms.Problem = "time-stamping-key-usage"     // no extended key usage timeStamping
	EKUNotAlone    cms.Problem = "time-stamping-not-alone"     // other usages beside it, RFC 3161 §2.3
	EKUNotCritical cms.Problem = "time-stamping-not-critical"  // RFC 3161 §2.3
	OutsideCert    cms.Problem = "time-stamp-outside-validity" // stamped outside the authority's certificate
	UnknownImprint cms.Problem = "time-stamp-imprint-unknown"  // its hash is not known here
)

// Result is what [Token.Check] found.
type Result struct {
	// Signers holds the mathematics of each SignerInfo, in order; the rules allow just one.
	Signers []cms.Check
	// Problems are the faults of form and of the authority's certificate.
	Problems []cms.Problem
}

// Intact reports whether there is a signature and all of them hold.
func (r Result) Intact() bool {
	for _, s := range r.Signers {
		if s.Status != cms.Intact {
			return false
		}
	}
	return len(r.Signers) > 0
}

// Sound reports whether the token may serve as a proof, trust left aside: intact and as RFC 3161 wants it. A
// critical flag left out and a clumsy certificate are told as problems but do not spoil the proof.
func (r Result) Sound() bool {
	if !r.Intact() || len(r.Signers) != 1 {
		return false
	}
	for _, p := range r.Problems {
		switch p {
		case EKUNotCritical, EKUNotAlone, cms.AttrsNotDER, cms.SigningCertIssuer:
		default:
			return false
		}
	}
	return true
}

// Check does the mathematics and looks at the form: one signer, content type, ESSCertID of either version
// (RFC 5816), the authority's key usage.
func (t *Token) Check() Result {
	var r Result
	content, err := io.ReadAll(t.Data.Content())
	if err != nil {
		return r
	}
	digest := func(h crypto.Hash) []byte {
		d := h.New()
		d.Write(content)
		return d.Sum(nil)
	}
	for i, si := range t.Data.SignerInfos {
		c := t.Signer
		if i > 0 {
			c = si.Signer(t.Data.Certificates)
		}
		k := si.Check(c, cms.Target{Digest: digest, EContentType: cms.OIDTSTInfo})
		// The content type is what makes the signature one over a time; RFC 3161 leaves no choice, where CMS does.
		if k.Status == cms.Intact && (k.Has(cms.ContentTypeMismatch) || k.Has(cms.ContentTypeMissing) ||
			k.Has(cms.NoSignedAttrs)) {
			k.Status, k.Failure = cms.Broken, cms.SignatureInvalid
		}
		r.Signers = append(r.Signers, k)
		r.Problems = append(r.Problems, k.Problems...)
	}
	if len(r.Signers) != 1 {
		r.Problems = append(r.Problems, SignerCount)
	}
	if t.Info.Hash == 0 || !t.Info.Hash.Available() {
		r.Problems = append(r.Problems, UnknownImprint)
	}
	if t.Signer != nil {
		r.Problems = append(r.Problems, authorityProblems(t.Signer, t.Info.Time, t.signed())...)
	}
	return r
}

// signed is when the authority says that it signed the token, which may be some seconds after the time that this states.
func (t *Token) signed() time.Time {
	if len(t.Data.SignerInfos) > 0 {
		if at := t.Data.SignerInfos[0].SigningTime(); !at.IsZero() {
			return at
		}
	}
	return t.Info.Time
}

// authorityProblems are those of the authority's certificate c. It has to hold at every one of the times, also at that of
// the signature, as for EU DSS.
func authorityProblems(c *cert.Certificate, times ...time.Time) []cms.Problem {
	var ps []cms.Problem
	has := false
	for _, id := range c.EKU {
		has = has || id == cert.OIDEKUTimeStamping
	}
	switch {
	case !has:
		ps = append(ps, EKUMissing)
	case len(c.EKU) > 1:
		ps = append(ps, EKUNotAlone)
	}
	for _, e := range c.Extensions {
		if e.OID == cert.OIDExtEKU && !e.Critical && has {
			ps = append(ps, EKUNotCritical)
		}
	}
	if slices.ContainsFunc(times, func(at time.Time) bool { return at.Before(c.NotBefore) || at.After(c.NotAfter) }) {
		ps = append(ps, OutsideCert)
	}
	return ps
}

// Stamps reports whether the imprint is that of the bytes in r.
func (t *Token) Stamps(r io.Reader) (bool, error) {
	return t.Covers(func(w io.Writer) error {
		if _, err := io.Copy(w, r); err != nil {
			return fmt.Errorf("reading what was stamped: %w", err)
		}
		return nil
	})
}

// Covers reports whether the imprint is that of the bytes that write gives. The error is that of write, or a
// *[cert.UnsupportedError].
func (t *Token) Covers(write func(io.Writer) error) (bool, error) {
	if t.Info.Hash == 0 || !t.Info.Hash.Available() {
		return false, &cert.UnsupportedError{What: "hash", OID: t.Info.Algorithm}
	}
	d := t.Info.Hash.New()
	if err := write(d); err != nil {
		return false, err
	}
	return bytes.Equal(d.Sum(nil), t.Info.Imprint), nil
}

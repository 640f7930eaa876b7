package signer

import (
	"context"
	"crypto"
	"errors"
	"io"
	"maps"
	"slices"
	"time"

	"ceralacca/signer/internal/cert"
	"ceralacca/signer/internal/cms"
)

// maxNesting is how many envelopes inside each other are opened, and how deep counter-signatures are followed.
const maxNesting = 10

// maxSignatures is how many signatures of a file are judged, counter-signatures and inner envelopes included.
const maxSignatures = 500

// full notes that there are more signatures than are judged.
func (v *verifier) full() bool {
	if len(v.report.Signatures) < maxSignatures {
		return false
	}
	v.note("too-many-signatures")
	return true
}

// cms judges a file that is a SignedData.
func (v *verifier) cms(ctx context.Context, r io.ReaderAt, size int64) error {
	v.report.Format = CAdES
	return v.signedData(ctx, r, size, "", 1)
}

// signedData judges one envelope and, inside it, the next. The signatures of an inner envelope have the first
// signature of the outer one as parent.
func (v *verifier) signedData(ctx context.Context, r io.ReaderAt, size int64, parent string, depth int) error {
	sd, err := cms.Parse(ctx, r, size)
	if err != nil {
		return v.unreadable(ctx, err, parent)
	}
	if depth == 1 {
		v.note(sd.Notes...)
	}
	digests, content, err := v.covered(ctx, sd, depth)
	if err != nil {
		return err
	}
	first, inside := "", v.proof
	for _, si := range sd.SignerInfos {
		if v.full() {
			return nil
		}
		id := v.nextID(parent)
		if first == "" {
			first = id
		}
		e := v.signerInfo(si, sd, sd.Target(digests), place{id, parent})
		e.sig.CoversWholeFile = covers(sd)
		e.attributesAsContent(ctx, si, content)
		v.addStamped(e, v.cmsProofs(ctx, e, si, sd, content))
		if e.sig.Integrity == Intact && !e.sig.Proven.IsZero() { // the signature binds the content, and so does its time
			inside = earlier(inside, e.sig.Proven)
		}
		v.counterSignatures(ctx, si, sd, e, 1)
	}
	if first == "" {
		v.note("no-signers")
		if depth == 1 {
			v.report.Format = NoForm
		}
		first = parent
	}
	outer := v.proof
	defer func() { v.proof = outer }()
	v.proof = inside
	return v.inner(ctx, sd, first, depth)
}

// inner goes on with the content where that is an envelope too.
func (v *verifier) inner(ctx context.Context, sd *cms.SignedData, parent string, depth int) error {
	if sd.Detached {
		return nil
	}
	content := sd.Content()
	head := make([]byte, min(content.Size(), sniffed))
	if _, err := content.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	f := cms.Sniff(head)
	if f.ContentType != cms.OIDSignedData || !f.HasContent || f.EContentType == cms.OIDTSTInfo {
		d, err := Open("", content, content.Size())
		if err != nil || d.kind == SignedData {
			return err
		}
		return v.inside(ctx, d, parent)
	}
	v.note("nested")
	if depth == maxNesting {
		v.note("nesting-limit")
		return nil
	}
	return v.signedData(ctx, content, content.Size(), parent, depth+1)
}

// unreadable turns a file that cannot be read as what it claims to be into a verdict; other errors stay errors.
func (v *verifier) unreadable(ctx context.Context, err error, parent string) error {
	syntax, limit := (*cms.SyntaxError)(nil), (*cms.LimitError)(nil)
	if ctx.Err() != nil || !errors.As(err, &syntax) && !errors.As(err, &limit) && !errors.Is(err, cms.ErrNotSignedData) {
		return err
	}
	e := &evidence{sig: Signature{ID: v.nextID(parent), Parent: parent, Format: CAdES}, failure: FormatFailure}
	if limit != nil {
		e.failure = "" // too large for us is not the same as broken
		e.constraint = PolicyProcessingError
	}
	e.find("unreadable", Error, "RFC 5652 §5.1", err, nil)
	v.add(e)
	return nil
}

// covered reads the content once: what is in the envelope, or of the originals of a detached one that which a signature
// in it fits, else the first.
func (v *verifier) covered(ctx context.Context, sd *cms.SignedData, depth int) (map[crypto.Hash][]byte, original, error) {
	over := []*io.SectionReader{sd.Content()}
	switch {
	case sd.Detached && depth > 1:
		over = nil
	case sd.Detached:
		over = v.originals()
	}
	var first map[crypto.Hash][]byte
	for _, o := range over {
		if len(sd.SignerInfos) == 0 {
			break
		}
		digests, err := cms.Digests(ctx, io.NewSectionReader(o, 0, o.Size()), sd.Hashes())
		if err != nil {
			return nil, nil, err
		}
		fits := slices.ContainsFunc(sd.SignerInfos, func(si *cms.SignerInfo) bool {
			return si.Check(si.Signer(sd.Certificates), sd.Target(digests)).Status == cms.Intact
		})
		if len(over) == 1 || fits {
			return digests, wholly(o), nil
		}
		if first == nil {
			first = digests
		}
	}
	if len(over) == 0 {
		return nil, nil, nil
	}
	return first, wholly(over[0]), nil
}

// originals are what the person gave for signatures that do not carry what they sign, Content first.
func (v *verifier) originals() []*io.SectionReader {
	var all []*io.SectionReader
	if v.o.Content != nil {
		all = append(all, io.NewSectionReader(v.o.Content, 0, v.o.ContentSize))
	}
	for _, name := range slices.Sorted(maps.Keys(v.o.Contents)) {
		all = append(all, v.o.Contents[name])
	}
	return all
}

// covers is false when bytes stand behind the envelope, other than padding with zeros.
func covers(sd *cms.SignedData) bool { return sd.Trailing == 0 || sd.TrailingZeros }

// place is where in the report a signature belongs.
type place struct{ id, parent string }

// signerInfo gathers what one SignerInfo says, whatever format it was found in.
func (v *verifier) signerInfo(si *cms.SignerInfo, sd *cms.SignedData, t cms.Target, p place) *evidence {
	pool := slices.Concat(sd.Certificates, certificateValues(si), v.pool, v.anchors)
	c := si.Signer(pool)
	k := si.Check(c, t)
	e := &evidence{
		sig:    Signature{ID: p.id, Parent: p.parent, Format: CAdES, Claimed: si.SigningTime()},
		signer: c, pool: pool,
		hash: k.Hash, alg: si.SignatureAlgorithm,
		ocsp: revocationOCSP(sd), crls: slices.Clone(sd.CRLs),
	}
	e.revocationValues(si)
	e.mathematics(k)
	for _, p := range k.Problems {
		e.problem(p, t.EContentType == "")
	}
	e.baseline = cadesBaseline(si, k)
	return e
}

// attributesAsContent recognises a signature that was made over the attributes of another document, which stand here as the
// content. It is one of the known attacks, and fails for its form as those on PDF do.
func (e *evidence) attributesAsContent(ctx context.Context, si *cms.SignerInfo, content original) {
	if si.RawSignedAttrs != nil {
		return
	}
	r := &head{limit: cms.MaxSignedAttributes + 1}
	if err := content.write(ctx, r); err != nil && !errors.Is(err, errEnough) {
		return // it is missing, which is told
	}
	if cms.SignedAttributes(r.b) {
		e.failure = orElse(e.failure, FormatFailure)
		e.find("attack-signed-attributes", Error, "RFC 5652 §5.4", nil, nil)
	}
}

// head keeps what is written to it as long as it may be a SET of attributes.
type head struct {
	b     []byte
	limit int
}

var errEnough = errors.New("enough was read")

func (h *head) Write(p []byte) (int, error) {
	h.b = append(h.b, p[:min(len(p), h.limit-len(h.b))]...)
	if len(h.b) == h.limit || len(h.b) > 0 && h.b[0] != 0x31 {
		return len(p), errEnough // no SET, or one too large
	}
	return len(p), nil
}

// revocationOCSP are the OCSP answers of the envelope, whole or bare.
func revocationOCSP(sd *cms.SignedData) [][]byte {
	return slices.Concat(sd.OCSPResponses, sd.BasicOCSPs)
}

// counterSignatures judges the counter-signatures of si and theirs. They sign the signature value alone, so one can
// be intact over a signature whose content was changed. The standard leaves the two apart; here none passes over a
// signature that failed, because there is nothing left that it would confirm.
func (v *verifier) counterSignatures(ctx context.Context, si *cms.SignerInfo, sd *cms.SignedData, over *evidence, depth int) {
	parent := over.sig.ID
	list, damaged := si.CounterSignatures()
	for range damaged {
		e := &evidence{sig: Signature{ID: v.nextID(parent), Parent: parent, Format: CAdES}, failure: FormatFailure}
		e.find("unreadable", Error, "RFC 5652 §11.4", nil, nil)
		v.add(e)
	}
	for _, c := range list {
		if v.full() {
			return
		}
		e := v.signerInfo(c, sd, si.CounterTarget(), place{v.nextID(parent), parent})
		e.sig.CoversWholeFile = covers(sd)
		if over.sig.Indication == TotalFailed {
			e.constraint = orElse(e.constraint, SigConstraintsFailure)
			e.find("countersigned-signature-failed", Error, "RFC 5652 §11.4", nil, nil)
		}
		if depth == maxNesting {
			e.find("nesting-limit", Warning, "limit of this program", nil, nil)
		}
		v.addStamped(e, v.cmsStamps(ctx, e, c, sd, ofBytes(si.Signature)))
		if depth < maxNesting {
			v.counterSignatures(ctx, c, sd, e, depth+1)
		}
	}
}

// certificateValues are the certificates of the CAdES-X-L attribute (TS 101 733 §6.3.3).
func certificateValues(si *cms.SignerInfo) []*cert.Certificate {
	var out []*cert.Certificate
	for _, v := range cms.Values(si.UnsignedAttrs, cms.OIDCertificateValues) {
		for _, der := range cms.SequenceOf(v) {
			if c, err := cert.Parse(der); err == nil {
				out = append(out, c)
			}
		}
	}
	return out
}

// mathematics takes over the result of the check.
func (e *evidence) mathematics(k cms.Check) {
	if k.ValueHash != 0 {
		e.more = append(e.more, k.ValueHash)
	}
	switch k.Status {
	case cms.Intact:
		e.sig.Integrity = Intact
	case cms.Broken:
		e.sig.Integrity = Broken
	case cms.Unknown:
		e.sig.Integrity = IntegrityUnknown
	}
	switch k.Failure {
	case cms.DigestMismatch:
		e.failure = HashFailure
		e.find("content-changed", Error, "RFC 5652 §5.6", nil, nil)
	case cms.SignatureInvalid:
		e.failure = SigCryptoFailure
		e.find("signature-value-invalid", Error, "RFC 5652 §5.6", k.Err, nil)
	case cms.ContentMissing:
		e.constraint = SignedDataNotFound
		e.find("content-missing", Warning, "RFC 5652 §5.2", nil, nil)
	case cms.SignerMissing:
		e.constraint = NoSigningCertificateFound
		e.find("signer-certificate-missing", Warning, "EN 319 102-1 §5.2.3", nil, nil)
	case cms.Unsupported:
		e.constraint = CryptoConstraintsFailure
		e.find("algorithm-unsupported", Warning, "TS 119 312", k.Err, nil)
	case cms.NoFailure:
	}
}

// problem weighs what the check found. Faults of form that leave the meaning alone are warnings; what lets a
// signature be moved to another certificate or another kind of content keeps it from passing.
func (e *evidence) problem(p cms.Problem, counter bool) {
	code, s, cite, constraint := string(p), Warning, "RFC 5652 §5.3", SubIndication("")
	switch p {
	case cms.AttrsNotDER:
		cite = "RFC 5652 §5.4"
	case cms.ProtectionMismatch:
		s, cite = Error, "RFC 6211 §3"
	case cms.ContentTypeMissing, cms.ContentTypeMismatch:
		s, cite, constraint = Error, "RFC 5652 §11.1", SigConstraintsFailure
	case cms.ContentTypeExtra:
		cite = "RFC 5652 §11.4"
	case cms.DigestMissing:
		s, cite = Error, "RFC 5652 §11.2"
	case cms.ValueInvalid:
		s, cite = Error, "RFC 5652 §5.6"
	case cms.AttributeRepeated:
		s, constraint = Error, SigConstraintsFailure
	case cms.NoSignedAttrs:
		cite = "EN 319 122-1 §6.3"
	case cms.SigningCertMissing:
		cite = "EN 319 122-1 §6.3"
		if counter {
			s = Info
		}
	case cms.SigningCertMismatch:
		s, cite, constraint = Error, "EN 319 102-1 §5.2.3.4", NoSigningCertificateFound
	case cms.SigningCertUnusable:
		s, cite, constraint = Error, "EN 319 102-1 §5.2.3.4", SigConstraintsFailure
	case cms.SigningCertIssuer:
		cite = "EN 319 102-1 §5.2.3.4"
	}
	e.find(code, s, cite, nil, nil)
	if constraint != "" && e.constraint == "" {
		e.constraint = constraint
	}
}

// claimedOutside is worth telling: the clock of the signer, or the story, is wrong.
func claimedOutside(claimed time.Time, c *cert.Certificate) bool {
	return !claimed.IsZero() && c != nil && (claimed.Before(c.NotBefore) || claimed.After(c.NotAfter))
}

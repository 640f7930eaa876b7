package signer

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"slices"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"ceralacca/signer/internal/cert"
	"ceralacca/signer/internal/cms"
	"ceralacca/signer/internal/tsp"
	"ceralacca/signer/internal/xmlsig"
)

// original opens what a signature is over, as often as asked; nil when it is not at hand.
type original func() (io.ReadCloser, error)

// wholly is an original that is at hand.
func wholly(r *io.SectionReader) original {
	return func() (io.ReadCloser, error) { return io.NopCloser(io.NewSectionReader(r, 0, r.Size())), nil }
}

// ofBytes is a short original.
func ofBytes(b []byte) original {
	return wholly(io.NewSectionReader(bytes.NewReader(b), 0, int64(len(b))))
}

// errAbsent means that what a time-stamp covers is not at hand.
var errAbsent = errors.New("what is covered is not at hand")

func (o original) write(ctx context.Context, w io.Writer) error {
	if o == nil {
		return errAbsent
	}
	r, err := o()
	if err != nil {
		return errors.Join(errAbsent, err)
	}
	return errors.Join(copyAll(ctx, w, r), r.Close())
}

// stamped is a time-stamp token among the attributes of a signature.
type stamped struct {
	stamp Stamp
	raw   []byte
	// over are the ways to write what it covers; one of them has to fit.
	over []func(tok *tsp.Token, w io.Writer) error
	// weigh looks at it once it is known to fit, and tells whether it also covers the revocation data of the
	// signature; nil when there is nothing to look at.
	weigh func(tok *tsp.Token, s *evidence) (revocation bool)
}

// imprint compares the imprint of the token with what write gives. A nil error and another digest is a mismatch.
func (e *evidence) imprint(tok *tsp.Token, write ...func(w io.Writer) error) {
	var failed error
	for _, f := range write {
		ok, err := tok.Covers(f)
		if ok {
			return
		}
		failed = errors.Join(failed, err)
	}
	var unsupported *cert.UnsupportedError
	var algorithm *xmlsig.AlgorithmError
	var entry *fs.PathError
	switch {
	case failed == nil:
		e.otherContent()
	case errors.As(failed, &unsupported), errors.As(failed, &algorithm):
		e.constraint = orElse(e.constraint, CryptoConstraintsFailure)
		e.find("algorithm-unsupported", Warning, "TS 119 312", failed, nil)
	case errors.Is(failed, cms.ErrArchiveIndex):
		e.otherContent()
	case errors.Is(failed, errAbsent), errors.Is(failed, fs.ErrNotExist), errors.As(failed, &entry):
		e.missingContent()
	default:
		e.constraint = orElse(e.constraint, SignedDataNotFound)
		e.find("content-missing", Warning, "RFC 3161 §2.4.2", failed, nil)
	}
}

// stamps judges the time-stamps of the signature e, which are added to the report after e itself. EN 319 102-1 §5.6.2
// goes backwards through time, and so do these: the newest archive time-stamp stands on its own, each older one, and
// everything else, on the proof that the newer ones give. The earliest that is trusted and covers the signature value
// becomes the proof of existence of e; a trusted one over the content alone proves that e was made later.
func (v *verifier) stamps(e *evidence, list []stamped) []*evidence {
	list = v.affordable(list)
	all := make([]*evidence, len(list))
	tokens := make([]*tsp.Token, len(list))
	var order []int
	for i := range list {
		p := place{v.nextID(e.sig.ID), e.sig.ID}
		if v.report != nil && len(v.report.Signatures)+i >= maxSignatures {
			v.note("too-many-signatures")
			all = all[:i]
			break
		}
		tok, err := tsp.Parse(list[i].raw)
		if err != nil {
			all[i] = v.badToken(p, err)
			all[i].sig.Stamp = list[i].stamp
			continue
		}
		tok.Find(e.pool)
		tokens[i], all[i] = tok, v.stampEvidence(e, tok, p, &list[i])
		order = append(order, i)
	}
	rank := func(i int) int {
		switch list[i].stamp {
		case StampArchive:
			return 0
		case StampReferences:
			return 1
		case StampContent:
			return 3
		}
		return 2
	}
	slices.SortStableFunc(order, func(a, b int) int {
		if c := rank(a) - rank(b); c != 0 {
			return c
		}
		return tokens[b].Info.Time.Compare(tokens[a].Info.Time)
	})
	var proof time.Time
	for _, i := range order {
		proof = v.stampProof(e, all[i], tokens[i], &list[i], proof)
	}
	return all
}

// maxWide bounds the time-stamps of a file, other than those over a signature value, for which much has to be read
// again; a signature that is archived anew each year has some tens.
const maxWide = 64

// affordable is list as far as it may be judged.
func (v *verifier) affordable(list []stamped) []stamped {
	return slices.DeleteFunc(list, func(l stamped) bool {
		if l.stamp == StampSignature {
			return false
		}
		if v.wide++; v.wide <= maxWide {
			return false
		}
		v.note("too-many-signatures")
		return true
	})
}

// stampEvidence gathers one token of the signature e.
func (v *verifier) stampEvidence(e *evidence, tok *tsp.Token, p place, l *stamped) *evidence {
	s := v.bareToken(tok, p)
	s.sig.Stamp = l.stamp
	var ways []func(io.Writer) error
	for _, f := range l.over {
		ways = append(ways, func(w io.Writer) error { return f(tok, w) })
	}
	if s.imprint(tok, ways...); s.has("content-missing") && s.sig.Integrity == Intact {
		s.sig.Integrity = IntegrityUnknown
	}
	// From B-LT on the signature carries the validation data of its time-stamps too (EN 319 122-1 §5.5.2).
	s.pool, s.ocsp, s.crls = slices.Concat(s.pool, e.pool), slices.Concat(s.ocsp, e.ocsp), slices.Concat(s.crls, e.crls)
	return s
}

// stampProof judges s with the proof that newer time-stamps gave, and returns what is proven with it.
func (v *verifier) stampProof(e, s *evidence, tok *tsp.Token, l *stamped, proof time.Time) time.Time {
	s.proven(proof)
	s.dataProven = e.dataProven
	covers := l.weigh != nil && s.failure == "" && l.weigh(tok, s)
	v.judge(s)
	if s.sig.Indication != TotalPassed {
		return proof
	}
	t := tok.Info.Time
	switch l.stamp {
	case StampContent:
		if t.After(e.notBefore) {
			e.notBefore = t
		}
		return proof
	case StampReferences:
		return proof
	case StampArchive:
		if covers {
			v.dataProof(e, t)
		}
		proof = earlier(proof, t)
	}
	e.proven(t)
	return proof
}

// dataProof takes t as a proof of the revocation data inside e. What the file keeps elsewhere, such as the security store of a
// PDF, is judged together with it and not proven by what stands in e, so that then none is taken as proven.
func (v *verifier) dataProof(e *evidence, t time.Time) {
	if len(v.ocsp)+len(v.crls) == 0 {
		e.dataProven = earlier(e.dataProven, t)
	}
}

// has reports whether the finding was made.
func (e *evidence) has(code string) bool {
	return slices.ContainsFunc(e.sig.Findings, func(f Finding) bool { return f.Code == code })
}

// cmsProofs are the evidence records and the time-stamps among the attributes of a SignerInfo. The records cover all that
// stands beside them.
func (v *verifier) cmsProofs(ctx context.Context, e *evidence, si *cms.SignerInfo, sd *cms.SignedData, content original) []*evidence {
	records, proven := v.cmsEvidence(ctx, e, si, sd, content)
	defer v.within(proven)()
	return append(records, v.cmsStamps(ctx, e, si, sd, content)...)
}

// within makes t a proof of what is judged until the function that it returns is called.
func (v *verifier) within(t time.Time) func() {
	outer := v.proof
	if !t.IsZero() {
		v.proof = earlier(outer, t)
	}
	return func() { v.proof = outer }
}

// cmsStamps are the time-stamps among the attributes of a SignerInfo. content is what it signs.
func (v *verifier) cmsStamps(ctx context.Context, e *evidence, si *cms.SignerInfo, sd *cms.SignedData, content original) []*evidence {
	var list []stamped
	add := func(attrs []cms.Attribute, oid cert.OID, s stamped) {
		for _, raw := range cms.Values(attrs, oid) {
			s.raw = raw
			list = append(list, s)
		}
	}
	one := func(f func(tok *tsp.Token, w io.Writer) error) []func(*tsp.Token, io.Writer) error {
		return []func(*tsp.Token, io.Writer) error{f}
	}
	add(si.SignedAttrs, cms.OIDContentTimeStamp, stamped{stamp: StampContent, over: one(func(_ *tsp.Token, w io.Writer) error {
		return content.write(ctx, w)
	})})
	add(si.UnsignedAttrs, cms.OIDSignatureTimeStamp, stamped{stamp: StampSignature, over: one(func(_ *tsp.Token, w io.Writer) error {
		_, err := w.Write(si.Signature)
		return err
	})})
	add(si.UnsignedAttrs, cms.OIDESCTimeStamp, stamped{stamp: StampSignatureAndReferences, over: one(func(_ *tsp.Token, w io.Writer) error {
		return si.References(w, true)
	})})
	add(si.UnsignedAttrs, cms.OIDCertCRLTimeStamp, stamped{stamp: StampReferences, over: one(func(_ *tsp.Token, w io.Writer) error {
		return si.References(w, false)
	})})
	a := cmsArchive{ctx, si, sd, content}
	add(si.UnsignedAttrs, cms.OIDArchiveTimeStampV2, stamped{
		stamp: StampArchive, over: []func(*tsp.Token, io.Writer) error{a.v2(false), a.v2(true)},
		weigh: func(*tsp.Token, *evidence) bool { return true },
	})
	add(si.UnsignedAttrs, cms.OIDArchiveTimeStampV3, stamped{stamp: StampArchive, over: one(a.v3), weigh: a.weigh})
	return v.stamps(e, list)
}

// cmsArchive is what the archive time-stamps of one SignerInfo cover.
type cmsArchive struct {
	ctx     context.Context // of the call of cmsStamps
	si      *cms.SignerInfo
	sd      *cms.SignedData
	content original
}

// v2 covers the archive time-stamps that are older than itself, and all other attributes.
func (a cmsArchive) v2(bare bool) func(*tsp.Token, io.Writer) error {
	return func(tok *tsp.Token, w io.Writer) error {
		keep := func(at cms.Attribute) bool {
			if at.Type != cms.OIDArchiveTimeStampV2 && at.Type != cms.OIDArchiveTimeStampV3 {
				return true
			}
			if len(at.Values) == 0 {
				return false
			}
			older, err := tsp.Parse(at.Values[0])
			return err == nil && older.Info.Time.Before(tok.Info.Time)
		}
		var outside io.Reader
		if a.sd.Detached {
			if a.content == nil {
				return errAbsent
			}
			r, err := a.content()
			if err != nil {
				return errors.Join(errAbsent, err)
			}
			defer r.Close()
			outside = r
		}
		if err := a.si.ArchiveV2(w, a.sd, outside, keep, bare); err != nil {
			return err
		}
		return a.ctx.Err()
	}
}

func (a cmsArchive) v3(tok *tsp.Token, w io.Writer) error {
	x, err := archiveIndex(tok)
	if err != nil {
		return err
	}
	h := tok.Info.Hash.New()
	if err := a.content.write(a.ctx, h); err != nil {
		return err
	}
	return a.si.ArchiveV3(w, a.sd.EContentType, h.Sum(nil), x)
}

func archiveIndex(tok *tsp.Token) (*cms.ArchiveIndex, error) {
	if len(tok.Data.SignerInfos) == 0 {
		return nil, cms.ErrArchiveIndex
	}
	return cms.ParseArchiveIndex(tok.Data.SignerInfos[0].UnsignedAttrs)
}

// weigh tells when something that was archived is no longer there. The signature itself is covered all the same, so
// that the proof of its time stands, as for DSS.
func (a cmsArchive) weigh(tok *tsp.Token, s *evidence) bool {
	x, err := archiveIndex(tok)
	if err != nil {
		return false
	}
	if !x.Whole(a.sd, a.si) {
		s.find("archived-data-missing", Warning, "EN 319 122-1 §5.5.2", nil, nil)
	}
	return x.CoversRevocation(a.sd)
}

// revocationValues takes over the revocation data among the attributes: revocation-values of CAdES-X-L (TS 101 733
// §6.3.4) and adbe-revocationInfoArchival of PDF (ISO 32000-1 §12.8.3.3.2).
func (e *evidence) revocationValues(si *cms.SignerInfo) {
	const oidAdobe cert.OID = "1.2.840.113583.1.1.8"
	values := cms.Values(si.UnsignedAttrs, cms.OIDRevocationValues)
	values = append(values, cms.Values(si.SignedAttrs, oidAdobe)...)
	for _, v := range append(values, cms.Values(si.UnsignedAttrs, oidAdobe)...) {
		s := cryptobyte.String(v)
		var seq, crls, ocsps cryptobyte.String
		var some bool
		if !s.ReadASN1(&seq, asn1.SEQUENCE) ||
			!seq.ReadOptionalASN1(&crls, &some, asn1.Tag(0).ContextSpecific().Constructed()) ||
			!seq.ReadOptionalASN1(&ocsps, &some, asn1.Tag(1).ContextSpecific().Constructed()) {
			continue
		}
		e.crls = append(e.crls, cms.SequenceOf(crls)...)
		e.ocsp = append(e.ocsp, cms.SequenceOf(ocsps)...)
	}
}

// xmlStamps are the time-stamps among the qualifying properties (EN 319 132-1 §5.2.8, §5.3 and §5.5).
func (v *verifier) xmlStamps(ctx context.Context, e *evidence, x *xmlsig.XAdES) []*evidence {
	kinds := map[xmlsig.TimeStampKind]Stamp{
		xmlsig.SignatureTime: StampSignature, xmlsig.AllDataObjects: StampContent,
		xmlsig.IndividualDataObjects: StampContent, xmlsig.SigAndRefs: StampSignatureAndReferences,
		xmlsig.RefsOnly: StampReferences, xmlsig.Archive: StampArchive, xmlsig.ArchiveOld: StampArchive,
	}
	var list []stamped
	for i := range x.TimeStamps {
		t := &x.TimeStamps[i]
		s := stamped{stamp: kinds[t.Kind], over: []func(*tsp.Token, io.Writer) error{func(_ *tsp.Token, w io.Writer) error {
			return t.Message(ctx, w)
		}}}
		if s.stamp == StampArchive {
			// It covers the unsigned properties before it; revocation values that stand behind it prove less, and then
			// none is taken as proven.
			s.weigh = func(*tsp.Token, *evidence) bool { return t.CoversRevocation }
		}
		for _, raw := range t.Tokens {
			s.raw = raw
			list = append(list, s)
		}
	}
	return v.stamps(e, list)
}

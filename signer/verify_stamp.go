package signer

import (
	"context"
	"errors"
	"io"
	"slices"
	"time"

	"ceralacca/signer/internal/cert"
	"ceralacca/signer/internal/cms"
	"ceralacca/signer/internal/ers"
	"ceralacca/signer/internal/tsp"
)

// maxToken bounds a file that is nothing but a time-stamp.
const maxToken = 8 << 20

// stamped judges a file that is a time-stamp or is wrapped in one: TSD, TSR or TST, told by content.
func (v *verifier) stamped(ctx context.Context, d *Document) error {
	head := make([]byte, min(d.size, sniffed))
	if n, _ := d.r.ReadAt(head, 0); ers.Sniff(head[:n]) {
		return v.evidenceFile(ctx, d)
	}
	t, err := tsp.ParseStamped(ctx, d.r, d.size)
	if err == nil {
		return v.timeStampedData(ctx, d, t)
	}
	var form *tsp.FormatError
	if !errors.Is(err, cms.ErrNotSignedData) && !errors.As(err, &form) {
		return err
	}
	if d.size > maxToken {
		return v.unreadable(ctx, &cms.LimitError{What: "time-stamp"}, v.root)
	}
	b := make([]byte, d.size)
	if _, err := d.r.ReadAt(b, 0); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	v.format(TST)
	if _, err := tsp.ParseResponse(b); err == nil {
		v.format(TSR)
	}
	tok, err := tsp.Parse(b)
	var refused *tsp.StatusError
	switch {
	case errors.As(err, &refused): // the authority said no: there is no time-stamp to judge
		v.format(TSR)
		v.note("time-stamp-refused")
		return nil
	case err != nil:
		e := v.badToken(v.top(), err)
		if sd, err := cms.ParseBytes(b); err == nil && sd.EContentType == cms.OIDTSTInfo { // a token, whose content is none
			e.sig.Integrity = Broken
		}
		v.add(e)
		return nil
	case len(tok.Data.SignerInfos) == 0:
		v.format(NoForm)
		v.note("no-signers")
		return nil
	}
	e := v.token(ctx, tok, v.top(), v.stampedFile(ctx, tok))
	e.sig.Stamp = StampFile
	others := v.otherSigners(tok, e)
	v.add(e)
	for _, o := range others {
		v.add(o)
	}
	return nil
}

// stampedFile is the original that tok covers, else the first; nil when there is none.
func (v *verifier) stampedFile(ctx context.Context, tok *tsp.Token) original {
	all := v.originals()
	for _, o := range all {
		if ok, _ := tok.Covers(func(w io.Writer) error { return wholly(o).write(ctx, w) }); ok {
			return wholly(o)
		}
	}
	if len(all) == 0 {
		return nil
	}
	return wholly(all[0])
}

// otherSigners are the signers of a token beside the first, which the standard forbids: each is told, none passes.
func (v *verifier) otherSigners(tok *tsp.Token, first *evidence) []*evidence {
	var all []*evidence
	for i, k := range tok.Check().Signers {
		if i == 0 || v.full() || i == maxSignatures {
			continue
		}
		e := &evidence{sig: first.sig, pool: first.pool, hash: first.hash, stamp: true, ocsp: first.ocsp, crls: first.crls}
		e.sig.ID, e.sig.Findings = v.nextID(v.root), nil
		e.signer = tok.Data.SignerInfos[i].Signer(first.pool)
		e.mathematics(k)
		e.tokenProblem(tsp.SignerCount)
		if first.failure == HashFailure {
			e.otherContent()
		}
		all = append(all, e)
	}
	return all
}

// timeStampedData judges the tokens of a TSD (RFC 5544) and then what is inside, for which the earliest of them that
// is trusted proves the time.
func (v *verifier) timeStampedData(ctx context.Context, d *Document, t *tsp.Stamped) error {
	v.format(TSD)
	v.note(t.Notes...)
	v.crls = append(v.crls, t.CRLs...)
	var outside io.Reader
	content := t.Content()
	if all := v.originals(); content == nil && len(all) > 0 {
		outside = io.NewSectionReader(all[0], 0, all[0].Size())
	}
	var fits []bool
	var unsupported *cert.UnsupportedError
	if content != nil || outside != nil {
		var err error
		if fits, err = t.Stamps(outside); err != nil && !errors.As(err, &unsupported) {
			return err
		}
	}
	first := ""
	for i, tok := range t.Tokens {
		p := v.top()
		e := v.bareToken(tok, p)
		e.sig.Stamp = StampFile
		switch {
		case unsupported != nil:
			e.constraint = orElse(e.constraint, CryptoConstraintsFailure)
			e.find("algorithm-unsupported", Warning, "TS 119 312", unsupported, nil)
		case fits == nil:
			e.missingContent()
		case !fits[i]:
			e.otherContent()
		}
		v.judge(e)
		if e.sig.Indication == TotalPassed && (v.proof.IsZero() || tok.Info.Time.Before(v.proof)) {
			v.proof = tok.Info.Time
		}
		v.add(e)
		if first == "" {
			first = p.id
		}
	}
	if content == nil {
		return nil
	}
	inner, err := Open(d.name, content, content.Size())
	if err != nil {
		return err
	}
	return v.inside(ctx, inner, first)
}

// add judges e if that was not done yet, and puts it into the report.
func (v *verifier) add(e *evidence) {
	if !e.judged {
		v.judge(e)
	}
	v.report.Signatures = append(v.report.Signatures, e.sig)
}

// addStamped puts a signature and then its time-stamps into the report.
func (v *verifier) addStamped(e *evidence, stamps []*evidence) {
	if !e.judged {
		v.judge(e) // the level asks for the chain
	}
	e.sig.Level = v.level(e.baseline, e, stamps)
	for _, e := range append([]*evidence{e}, stamps...) {
		v.add(e)
	}
}

// badToken is what is told of a token that cannot be read.
func (v *verifier) badToken(p place, err error) *evidence {
	e := &evidence{sig: Signature{ID: p.id, Parent: p.parent, Format: TST}, failure: FormatFailure}
	e.find("unreadable", Error, "RFC 3161 §2.4.2", err, nil)
	return e
}

// token gathers what a time-stamp token says; over is what it must cover, nil when that is not at hand.
func (v *verifier) token(ctx context.Context, tok *tsp.Token, p place, over original) *evidence {
	e := v.bareToken(tok, p)
	e.imprint(tok, func(w io.Writer) error { return over.write(ctx, w) })
	return e
}

// bareToken gathers what a token says without looking at what it covers.
func (v *verifier) bareToken(tok *tsp.Token, p place) *evidence {
	pool := slices.Concat(tok.Data.Certificates, v.pool, v.anchors)
	tok.Find(pool)
	e := &evidence{
		sig:    Signature{ID: p.id, Parent: p.parent, Format: TST, Claimed: tok.Info.Time, CoversWholeFile: true},
		signer: tok.Signer, pool: pool, hash: tok.Info.Hash, stamp: true,
		ocsp: revocationOCSP(tok.Data), crls: tok.Data.CRLs,
	}
	for _, si := range tok.Data.SignerInfos {
		e.pool = append(e.pool, certificateValues(si)...)
		e.revocationValues(si)
	}
	res := tok.Check()
	if len(res.Signers) > 0 { // further ones are a fault of form, whatever their mathematics
		e.mathematics(res.Signers[0])
		if h := res.Signers[0].Hash; h != 0 {
			e.more = append(e.more, h)
		}
	}
	for _, p := range res.Problems {
		e.tokenProblem(p)
	}
	return e
}

// missingContent: the token's own mathematics stand, but not what it covers.
func (e *evidence) missingContent() {
	if e.constraint == "" {
		e.constraint = SignedDataNotFound
	}
	e.find("content-missing", Warning, "RFC 3161 §2.4.2", nil, nil)
}

// otherContent: the token covers something else.
func (e *evidence) otherContent() {
	e.failure, e.sig.Integrity = HashFailure, Broken
	e.find("time-stamp-imprint-differs", Error, "RFC 3161 §2.4.2", nil, nil)
}

// tokenProblem weighs a fault of form: only what RFC 3161 makes a condition of a time-stamp keeps it from passing.
func (e *evidence) tokenProblem(p cms.Problem) {
	switch p {
	case tsp.SignerCount, tsp.EKUMissing, tsp.OutsideCert:
		e.find(string(p), Error, "RFC 3161 §2.3", nil, nil)
		if e.constraint == "" {
			e.constraint = SigConstraintsFailure
		}
	case tsp.EKUNotAlone, tsp.EKUNotCritical, tsp.UnknownImprint:
		e.find(string(p), Warning, "RFC 3161 §2.3", nil, nil)
	default:
		e.problem(p, false)
	}
}

// proven takes t as a proof of existence if it is the earliest.
func (e *evidence) proven(t time.Time) {
	if !t.IsZero() {
		e.sig.Proven = earlier(e.sig.Proven, t)
	}
}

package signer

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha1" // adbe.pkcs7.sha1 and adbe.x509.rsa_sha1 of PDF 1.3 sign a SHA-1 digest; they are read, never made
	"encoding/asn1"
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"ceralacca/signer/internal/cert"
	"ceralacca/signer/internal/cms"
	"ceralacca/signer/internal/pdf"
	"ceralacca/signer/internal/tsp"
)

// pdf judges every signature and document time-stamp of a PDF file (EN 319 142-1, ISO 32000-1 §12.8).
func (v *verifier) pdf(ctx context.Context, d *Document) error {
	v.format(NoForm)
	s, err := pdf.Scan(ctx, d.r, d.size)
	if err != nil {
		var bad *pdf.Error
		if ctx.Err() != nil || !errors.As(err, &bad) || bad.Kind == pdf.Unreadable {
			return err
		}
		v.note("pdf-" + string(bad.Kind))
		return nil
	}
	if len(s.Signatures) == 0 {
		if len(s.Strays) > 0 { // EU DSS sees nothing either; but somebody has signed an earlier revision
			v.note("signatures-without-field")
		}
		return nil
	}
	v.format(PAdES)
	if err := v.securityStore(ctx, d); err != nil {
		return err
	}
	all, err := v.pdfSignatures(ctx, d, s)
	if err != nil {
		return err
	}
	v.pdfLevels(ctx, d, s.Signatures, all)
	for i, group := range all {
		for _, e := range group {
			v.add(e)
		}
		v.strayNote(&s.Signatures[i])
	}
	return nil
}

// maxDocProofs bounds the document time-stamps whose revisions are read; a file stamped anew each year has a few.
const maxDocProofs = 32

// docProof is a trusted document time-stamp: it proves that everything in the first end bytes existed at that time,
// the validation data of the file included if data is set.
type docProof struct {
	end  int64
	at   time.Time
	data bool
}

// pdfSignatures gathers and judges all signatures from the last to the first, so that each document time-stamp is
// judged with the proof that the later ones give (EN 319 102-1 §5.6.2), and then proves the time of what it covers.
func (v *verifier) pdfSignatures(ctx context.Context, d *Document, s *pdf.Scanned) ([][]*evidence, error) {
	all, places := make([][]*evidence, len(s.Signatures)), make([]place, len(s.Signatures))
	for i := range places {
		places[i] = v.top()
	}
	outer, outerData := v.proof, v.dataProven
	defer func() { v.proof, v.dataProven = outer, outerData }()
	var proofs []docProof
	for i := len(s.Signatures) - 1; i >= 0; i-- {
		sig := &s.Signatures[i]
		v.proof, v.dataProven = outer, outerData
		for _, p := range proofs {
			if sig.SignedEnd == 0 || sig.SignedEnd >= p.end {
				continue
			}
			v.proof = earlier(v.proof, p.at)
			if p.data {
				v.dataProven = earlier(v.dataProven, p.at)
			}
		}
		group, err := v.pdfSignature(ctx, sig, places[i])
		if err != nil {
			return nil, err
		}
		for _, f := range s.Findings {
			group[0].pdfFinding(f)
		}
		for _, e := range group {
			if !e.judged {
				v.judge(e)
			}
		}
		all[i] = group
		if stamp := group[0]; stamp.stamp && stamp.sig.Indication == TotalPassed && sig.SignedEnd > 0 && len(proofs) < maxDocProofs {
			then, err := pdf.Store(ctx, d.r, sig.SignedEnd)
			data := err == nil && len(then.OCSPs) == len(v.ocsp) && len(then.CRLs) == len(v.crls)
			proofs = append(proofs, docProof{sig.SignedEnd, stamp.sig.Claimed, data})
		}
	}
	return all, ctx.Err()
}

// earlier is the earlier of two times of which the first may be none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}

// securityStore makes the validation data of the file known (EN 319 142-1 §5.4). A damaged store proves nothing, and
// takes nothing away.
func (v *verifier) securityStore(ctx context.Context, d *Document) error {
	s, err := pdf.Store(ctx, d.r, d.size)
	if err != nil {
		return ctx.Err()
	}
	v.ocsp, v.crls = s.OCSPs, s.CRLs
	for _, der := range s.Certs {
		if c, err := cert.Parse(der); err == nil {
			v.pool = append(v.pool, c)
		}
	}
	return nil
}

// strayNote tells how many revisions follow, for those who show the signed revision.
func (v *verifier) strayNote(s *pdf.Signature) {
	if !s.CoversWholeFile {
		v.note("later-revisions")
	}
}

// pdfSignature gathers one signature; the first of the result is the signature itself, its time-stamps follow.
func (v *verifier) pdfSignature(ctx context.Context, s *pdf.Signature, p place) ([]*evidence, error) {
	digest := digestOf(ctx, s.Signed())
	var group []*evidence
	switch {
	case s.Type == pdf.DocTimeStamp || s.SubFilter == "ETSI.RFC3161":
		group = []*evidence{v.docTimeStamp(ctx, s, p)}
	case s.SubFilter == "adbe.x509.rsa_sha1":
		group = []*evidence{v.rsaSHA1(s, p, digest)}
	default:
		group = v.pdfCMS(ctx, s, p, digest)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	e := group[0]
	e.sig.CoversWholeFile = s.CoversWholeFile
	if s.Signed() == nil && !pristine(s) { // a PDF carries what is signed, and this one has no such bytes
		e.sig.Integrity = Broken
	}
	if e.sig.Format == PAdES {
		e.sig.Claimed = orTime(e.sig.Claimed, s.Claimed)
	}
	for _, f := range s.Findings {
		e.pdfFinding(f)
	}
	for _, c := range s.Changes {
		e.pdfChange(c)
	}
	return group, nil
}

// digestOf hashes the covered bytes on demand, with whatever hash the signature turns out to want.
func digestOf(ctx context.Context, r io.Reader) func(crypto.Hash) []byte {
	return func(h crypto.Hash) []byte {
		if r == nil {
			return nil
		}
		got, err := cms.Digests(ctx, r, []crypto.Hash{h})
		if err != nil {
			return nil
		}
		return got[h]
	}
}

func (v *verifier) docTimeStamp(ctx context.Context, s *pdf.Signature, p place) *evidence {
	tok, err := tsp.ParseToken(s.Contents)
	if err != nil {
		e := &evidence{sig: Signature{ID: p.id, Parent: p.parent, Format: TST, Integrity: Broken}, failure: FormatFailure}
		e.find("unreadable", Error, "RFC 3161 §2.4.2", err, nil)
		return e
	}
	e := v.token(ctx, tok, p, signedBytes(s))
	e.sig.Stamp = StampDocument
	return e
}

// signedBytes are what a signature of a PDF covers.
func signedBytes(s *pdf.Signature) original {
	if s.Signed() == nil {
		return nil
	}
	return func() (io.ReadCloser, error) { return io.NopCloser(s.Signed()), nil }
}

// encapsulated digests what sd carries, which is what its signer signed (RFC 5652 §5.4), provided that it stands for the
// covered bytes: their SHA-1 in adbe.pkcs7.sha1, and where a producer has put something there in the other forms, which
// want nothing, that SHA-1 or the bytes themselves. Anything else is a mismatch, as it is to EU DSS and pyHanko.
func encapsulated(ctx context.Context, s *pdf.Signature, sd *cms.SignedData, digest func(crypto.Hash) []byte) func(crypto.Hash) []byte {
	return func(h crypto.Hash) []byte {
		got, err := cms.Digests(ctx, sd.Content(), []crypto.Hash{h})
		if err != nil {
			return nil
		}
		stands := s.SubFilter != "adbe.pkcs7.sha1" && bytes.Equal(got[h], digest(h))
		if sd.Content().Size() == sha1.Size {
			content, err := io.ReadAll(sd.Content())
			stands = stands || err == nil && bytes.Equal(content, digest(crypto.SHA1))
		}
		if !stands {
			return []byte{} // no digest is empty: a mismatch, not a missing content
		}
		return got[h]
	}
}

// pdfCMS gathers the SignedData in /Contents: PAdES, or the older forms of Adobe.
func (v *verifier) pdfCMS(ctx context.Context, s *pdf.Signature, p place, digest func(crypto.Hash) []byte) []*evidence {
	sd, err := cms.ParseBytes(s.Contents)
	if err != nil || len(sd.SignerInfos) == 0 {
		// The form says that there is a signature, and there is none that holds.
		e := &evidence{sig: Signature{ID: p.id, Parent: p.parent, Format: PAdES, Integrity: Broken}, failure: FormatFailure}
		if pristine(s) { // nobody signed, and nobody pretends
			e.failure, e.constraint, e.sig.Integrity = "", FormatFailure, IntegrityUnknown
		}
		e.find("unreadable", Error, "ISO 32000-1 §12.8.3.3", err, nil)
		return []*evidence{e}
	}
	t := cms.Target{Digest: digest, EContentType: sd.EContentType}
	if !sd.Detached && sd.Content().Size() > 0 { // some producers leave an empty one
		t.Digest = encapsulated(ctx, s, sd, digest)
	}
	si := sd.SignerInfos[0]
	e := v.signerInfo(si, sd, t, p)
	e.sig.Format = PAdES
	if !sd.Detached && s.SubFilter != "adbe.pkcs7.sha1" {
		severity := Error
		if e.sig.Integrity == Intact {
			severity = Warning
		}
		e.find("contents-encapsulated", severity, "ISO 32000-1 §12.8.3.3.1", nil, nil)
	}
	e.baseline = padesBaseline(s, si, sd)
	if len(sd.SignerInfos) > 1 {
		e.find("several-signers", Warning, "EN 319 142-1 §6.3", nil, nil) // only the first counts, as for DSS
	}
	stamps := v.cmsProofs(ctx, e, si, sd, signedBytes(s))
	if e.baseline.b { // as far as the signature itself tells; pdfLevels adds what the file says
		e.sig.Level = "B-B"
		if slices.ContainsFunc(stamps, func(s *evidence) bool { return s.sig.Stamp == StampSignature }) {
			e.sig.Level = "B-T"
		}
	}
	return append([]*evidence{e}, stamps...)
}

// pristine tells room kept for a signature that was never made.
func pristine(s *pdf.Signature) bool {
	return len(s.Findings) == 1 && s.Findings[0].Code == "contents-empty"
}

// rsaSHA1 gathers the oldest form: a bare PKCS #1 signature in an OCTET STRING, with certificates in /Cert.
func (v *verifier) rsaSHA1(s *pdf.Signature, p place, digest func(crypto.Hash) []byte) *evidence {
	e := &evidence{sig: Signature{ID: p.id, Parent: p.parent, Format: PAdES}, hash: crypto.SHA1}
	for _, der := range s.Certs {
		if c, err := cert.Parse(der); err == nil {
			e.pool = append(e.pool, c)
		}
	}
	var value []byte
	rest, err := asn1.Unmarshal(s.Contents, &value)
	switch {
	case err != nil || len(rest) > 0:
		e.failure, e.sig.Integrity = FormatFailure, Broken
		e.find("unreadable", Error, "ISO 32000-1 §12.8.3.2", err, nil)
		return e
	case len(e.pool) == 0:
		e.constraint = NoSigningCertificateFound
		e.find("signer-certificate-missing", Warning, "ISO 32000-1 §12.8.3.2", nil, nil)
		return e
	}
	e.signer = e.pool[0]
	sum := digest(crypto.SHA1)
	if sum == nil {
		e.constraint = SignedDataNotFound
		e.find("content-missing", Warning, "ISO 32000-1 §12.8.3.2", nil, nil)
		return e
	}
	e.find("old-form", Warning, "ISO 32000-2 §12.8.3.2", nil, nil)
	if err := cert.VerifyDigest(e.signer.PublicKey, cert.Algorithm{OID: cert.OIDRSA}, crypto.SHA1, sum, value); err != nil {
		e.failure, e.sig.Integrity = SigCryptoFailure, Broken
		e.find("signature-value-invalid", Error, "ISO 32000-1 §12.8.3.2", err, nil)
		return e
	}
	e.sig.Integrity = Intact
	return e
}

// pdfFinding takes over a finding of the reader; a flagged one means that the file must not be shown as signed and
// unmodified.
func (e *evidence) pdfFinding(f pdf.Finding) {
	s := Info
	if f.Flag {
		s = Error
		switch { // as DSS: what is signed is not what the form promises
		case slices.Contains(broken, f.Code): // and the form is looked at before the digest (EN 319 102-1 §5.2.2)
			e.failure = FormatFailure
		case strings.HasPrefix(f.Code, "attack-"), strings.HasPrefix(f.Code, "byterange-"):
			e.failure = orElse(e.failure, FormatFailure)
		}
		e.constraint = orElse(e.constraint, SigConstraintsFailure)
	}
	e.find(f.Code, s, f.Cite, nil, f.Args)
}

// pdfChange tells what a later revision did to the signed one.
func (e *evidence) pdfChange(c pdf.Change) {
	args := map[string]string{"class": string(c.Class), "path": c.Path, "how": c.How}
	if c.Allowed {
		e.findOnce("later-"+string(c.Class), Info, "ISO 32000-2 §12.8.2.2", args)
		return
	}
	e.findOnce("changed-"+string(c.Class), Error, "ISO 32000-2 §12.8.2.2", args)
	e.constraint = orElse(e.constraint, SigConstraintsFailure)
}

// findOnce is find, once for each code: a thousand edited pages are one fact.
func (e *evidence) findOnce(code string, s Severity, cite string, args map[string]string) {
	for _, f := range e.sig.Findings {
		if f.Code == code {
			return
		}
	}
	e.find(code, s, cite, nil, args)
}

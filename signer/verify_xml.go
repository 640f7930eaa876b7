package signer

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"ceralacca/signer/internal/asic"
	"ceralacca/signer/internal/cert"
	"ceralacca/signer/internal/xmlsig"
)

// maxXML bounds a document that has to be held in memory to be canonicalised.
const maxXML = 64 << 20

// xml judges every XML signature of the document.
func (v *verifier) xml(ctx context.Context, d *Document) error {
	v.format(NoForm)
	if d.size > maxXML {
		v.note("xml-too-large")
		return nil
	}
	b := make([]byte, d.size)
	if _, err := d.r.ReadAt(b, 0); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	// Most XML inside an envelope, such as an invoice, has no signature of its own, and need not be parsed to know.
	if v.root != "" && !bytes.Contains(b, []byte("SignatureValue")) && bytes.IndexByte(b, 0) < 0 {
		return nil
	}
	if bytes.Contains(b, []byte(xmlsig.EvidenceNamespace)) {
		if r, ok, err := xmlsig.ReadEvidence(ctx, b, xmlsig.Limits{}); ok {
			v.format(ERS)
			v.detachedEvidence(ctx, r, err)
			return ctx.Err()
		}
	}
	o := xmlsig.Options{}
	if v.o.Content != nil || len(v.o.Contents) > 0 {
		o.Resolve = v.original
	}
	for _, c := range v.originals() {
		o.Others = append(o.Others, wholly(c))
	}
	return v.xmlSignatures(ctx, b, o, nil)
}

// original opens what a reference outside the document names: by the last element of its path, since the folder it
// was signed in is not that of the reader; without such a name the single original, whatever it is called.
func (v *verifier) original(_ context.Context, uri string) (io.ReadCloser, error) {
	name := uri
	if plain, err := url.PathUnescape(uri); err == nil {
		name = plain
	}
	if c, ok := v.o.Contents[path.Base(name)]; ok {
		return io.NopCloser(io.NewSectionReader(c, 0, c.Size())), nil
	}
	if v.o.Content == nil {
		return nil, fs.ErrNotExist
	}
	return io.NopCloser(io.NewSectionReader(v.o.Content, 0, v.o.ContentSize)), nil
}

// xmlSignatures judges the signatures in doc. extra looks at each of them before it is judged; it may be nil.
func (v *verifier) xmlSignatures(ctx context.Context, doc []byte, o xmlsig.Options, extra func(*evidence)) error {
	sigs, err := xmlsig.Verify(ctx, doc, o)
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if !bytes.Contains(doc, []byte("SignatureValue")) {
			v.note("xml-unreadable")
			return nil
		}
		p := v.top()
		e := &evidence{sig: Signature{ID: p.id, Parent: p.parent, Format: XAdES}, constraint: FormatFailure}
		e.find("unreadable", Error, "XMLDSig 1.1 §4", err, nil)
		if v.report.Format == NoForm {
			v.format(XAdES)
		}
		v.add(e)
		return nil
	}
	if len(sigs) > 0 && v.report.Format == NoForm {
		v.format(XAdES)
	}
	for i := range sigs {
		if err := v.xmlSignature(ctx, &sigs[i], v.root, extra); err != nil {
			return err
		}
	}
	return nil
}

func (v *verifier) xmlSignature(ctx context.Context, s *xmlsig.Signature, parent string, extra func(*evidence)) error {
	p := place{v.nextID(parent), parent}
	e := &evidence{sig: Signature{ID: p.id, Parent: parent, Format: XAdES, CoversWholeFile: s.CoversDocument || parent != v.root}, hash: s.Hash}
	for _, der := range s.Certificates {
		if c, err := cert.Parse(der); err == nil {
			e.pool = append(e.pool, c)
		}
	}
	e.pool = append(e.pool, v.anchors...)
	if s.PSS {
		e.alg.OID = cert.OIDRSAPSS
	}
	if s.SignerDER != nil {
		e.signer, _ = cert.Parse(s.SignerDER)
	}
	e.xmlMathematics(s)
	for _, f := range s.Findings {
		severity := Severity(f.Severity)
		e.find(f.Code, severity, "XMLDSig 1.1", f.Err, f.Args)
		switch {
		case f.Code == "signing-certificate-mismatch":
			e.constraint = orElse(e.constraint, NoSigningCertificateFound) // EN 319 102-1 §5.2.3.4
		case f.Code == "counter-signature-elsewhere": // of this signature it is none, whatever else it may sign; EU DSS has it so too
			e.failure = orElse(e.failure, HashFailure)
		case f.Code == "duplicate-id": // as for EU DSS: what was signed cannot be told in such a document
			e.failure = orElse(e.failure, FormatFailure)
		case severity == Error:
			e.constraint = orElse(e.constraint, SigConstraintsFailure)
		}
	}
	for _, r := range s.References {
		var entry *asic.EntryError
		if errors.As(r.Err, &entry) {
			e.signedFileMissing(r.URI, entry)
		}
	}
	for _, r := range s.References {
		e.covers = append(e.covers, r.URI)
		if r.Digest != 0 {
			e.more = append(e.more, r.Digest)
		}
	}
	stamps, err := v.xades(ctx, e, s)
	if err != nil {
		return err
	}
	if extra != nil {
		extra(e)
	}
	v.addStamped(e, stamps)
	for i := range s.Counter {
		if err := v.xmlSignature(ctx, &s.Counter[i], p.id, nil); err != nil {
			return err
		}
	}
	return nil
}

// xmlMathematics takes over how value and references came out.
func (e *evidence) xmlMathematics(s *xmlsig.Signature) {
	e.sig.Integrity = [...]Integrity{IntegrityUnknown, Intact, Broken}[s.State()]
	if e.sig.Integrity == Broken && strings.HasPrefix(s.Location, digiDoc) {
		e.sig.Integrity, e.constraint = IntegrityUnknown, SigConstraintsFailure
		e.find("digidoc-form", Warning, "DIGIDOC-XML 1.3", nil, nil)
		return
	}
	for _, r := range s.References {
		if r.State == xmlsig.Bad {
			e.failure = HashFailure
			e.find("content-changed", Error, "XMLDSig 1.1 §3.2.1", r.Err, map[string]string{"reference": r.URI})
			return
		}
	}
	var algorithm *xmlsig.AlgorithmError
	switch {
	case e.sig.Integrity == Intact && onlyAbsent(s):
		e.constraint = SignedDataNotFound // the mathematics of the list stand
		e.find("content-missing", Warning, "XMLDSig 1.1 §5.1", nil, nil)
	case s.Value == xmlsig.Bad:
		e.failure = SigCryptoFailure
		e.find("signature-value-invalid", Error, "XMLDSig 1.1 §3.2.2", s.ValueErr, nil)
	case e.sig.Integrity == Intact:
	case s.SignerDER == nil && s.KeyValue == nil:
		e.constraint = NoSigningCertificateFound
		e.find("signer-certificate-missing", Warning, "EN 319 102-1 §5.2.3", s.ValueErr, nil)
	case errors.As(s.ValueErr, &algorithm):
		e.constraint = CryptoConstraintsFailure
		e.find("algorithm-unsupported", Warning, "TS 119 312", s.ValueErr, nil)
	default:
		e.constraint = SignedDataNotFound
		e.find("content-missing", Warning, "XMLDSig 1.1 §3.2.1", s.ValueErr, nil)
	}
}

// digiDoc is the root of DIGIDOC-XML, the Estonian form before ASiC. Its libraries canonicalise in ways of their own, so
// that here a digest that fits says something and one that does not says nothing.
const digiDoc = "/SignedDoc/"

// onlyAbsent reports whether all that was signed is lists of files of which not one is at hand: then nothing that a
// person could look at was checked, however good the digest of the list is.
func onlyAbsent(s *xmlsig.Signature) bool {
	lists := 0
	for _, r := range s.References {
		if r.SignedProperties {
			continue
		}
		lists++
		if len(r.Manifest) == 0 || slices.ContainsFunc(r.Manifest, func(m xmlsig.Reference) bool { return m.State != xmlsig.Unknown }) {
			return false
		}
	}
	return lists > 0
}

// xades weighs the qualifying properties (EN 319 132-1) and returns the time-stamps.
func (v *verifier) xades(ctx context.Context, e *evidence, s *xmlsig.Signature) ([]*evidence, error) {
	x := s.XAdES
	if x == nil {
		return nil, nil
	}
	e.sig.Claimed, e.ocsp, e.crls = x.SigningTime, x.OCSPs, x.CRLs
	e.baseline = xadesBaseline(s)
	records, proven := v.xmlEvidence(e, x)
	defer v.within(proven)()
	return append(records, v.xmlStamps(ctx, e, x)...), ctx.Err()
}

func orTime(a, b time.Time) time.Time {
	if a.IsZero() {
		return b
	}
	return a
}

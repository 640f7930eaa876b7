package signer

import (
	"context"
	"crypto"
	"errors"
	"io"
	"path"
	"slices"
	"time"

	"ceralacca/signer/internal/asic"
	"ceralacca/signer/internal/cms"
	"ceralacca/signer/internal/tsp"
	"ceralacca/signer/internal/xmlsig"
)

// asic judges every signature of a container (EN 319 162-1).
func (v *verifier) asic(ctx context.Context, d *Document) error {
	c, err := asic.Open(ctx, d.r, d.size, asic.Limits{})
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		v.format(NoForm)
		v.note("zip-unreadable")
		return nil
	}
	v.format(NoForm)
	switch {
	case c.Kind == asic.Simple:
		v.format(ASiCS)
	case c.Kind == asic.Extended:
		v.format(ASiCE)
	case len(c.Parts) == 0:
		return nil
	}
	stamps, proofs, err := v.containerStamps(ctx, c)
	if err != nil {
		return err
	}
	outer, outerData := v.proof, v.dataProven
	defer func() { v.proof, v.dataProven = outer, outerData }()
	for _, part := range c.Parts {
		if list := stamps[part.Name]; list != nil {
			for _, e := range v.number(list, v.root) {
				v.add(e)
			}
			continue
		}
		v.proof, v.dataProven = outer, outerData
		if t := proofs[part.Name]; !t.IsZero() {
			v.proof, v.dataProven = earlier(outer, t), earlier(outerData, t)
		}
		if err := v.asicPart(ctx, c, part); err != nil {
			return err
		}
	}
	return nil
}

// containerStamps judges the evidence records and then the time-stamps of a container, the newest first, and tells by
// file name what the trusted ones prove: their manifests list the signatures and the older time-stamps that they preserve
// (EN 319 162-1 §4.4.5).
func (v *verifier) containerStamps(ctx context.Context, c *asic.Container) (map[string][]*evidence, map[string]time.Time, error) {
	proofs := map[string]time.Time{}
	judged := v.containerEvidence(ctx, c, proofs)
	type found struct {
		part asic.Part
		tok  *tsp.Token
	}
	var all []found
	for _, p := range c.Parts {
		if p.Kind != asic.TimeStamp || p.Err != nil {
			continue
		}
		tok, err := tsp.Parse(p.Bytes)
		if err != nil {
			e := v.badToken(place{}, err)
			e.sig.Integrity = Broken // the container says that there is one
			judged[p.Name] = []*evidence{e}
			continue
		}
		all = append(all, found{p, tok})
	}
	slices.SortStableFunc(all, func(a, b found) int { return b.tok.Info.Time.Compare(a.tok.Info.Time) })
	outer, outerData := v.proof, v.dataProven
	defer func() { v.proof, v.dataProven = outer, outerData }()
	for _, f := range all {
		v.proof, v.dataProven = outer, outerData
		if t := proofs[f.part.Name]; !t.IsZero() {
			v.proof, v.dataProven = earlier(outer, t), earlier(outerData, t)
		}
		e := v.token(ctx, f.tok, place{}, func() (io.ReadCloser, error) { return c.OpenFile(f.part.Content) })
		e.sig.Stamp = StampFile
		e.container(c, f.part)
		v.judge(e)
		judged[f.part.Name] = []*evidence{e}
		if e.sig.Indication != TotalPassed || f.part.Manifest == nil {
			continue
		}
		for _, o := range f.part.Manifest.Objects {
			if name, err := c.EntryName(o.URI); err == nil {
				proofs[name] = earlier(proofs[name], f.tok.Info.Time)
			}
		}
	}
	return judged, proofs, ctx.Err()
}

// asicPart judges one file of META-INF.
func (v *verifier) asicPart(ctx context.Context, c *asic.Container, p asic.Part) error {
	weigh := func(e *evidence) { e.container(c, p) }
	if p.Err != nil {
		at := v.top()
		e := &evidence{sig: Signature{ID: at.id, Parent: at.parent, Format: ASiCE, Integrity: Broken}, failure: FormatFailure}
		if c.Kind == asic.Simple {
			e.sig.Format = ASiCS
		}
		e.find("unreadable", Error, "EN 319 162-1 §4", p.Err, nil)
		v.add(e)
		return nil
	}
	switch p.Kind {
	case asic.XAdES:
		return v.xmlSignatures(ctx, p.Bytes, xmlsig.Options{Resolve: c.Resolve}, weigh)
	case asic.CAdES:
		return v.asicCAdES(ctx, c, p, weigh)
	case asic.TimeStamp, asic.EvidenceRecord: // judged before
	}
	return nil
}

func (v *verifier) asicCAdES(ctx context.Context, c *asic.Container, p asic.Part, weigh func(*evidence)) error {
	sd, err := cms.ParseBytes(p.Bytes)
	if err != nil {
		n := len(v.report.Signatures)
		if err := v.unreadable(ctx, err, v.root); err != nil {
			return err
		}
		for i := range v.report.Signatures[n:] {
			if s := &v.report.Signatures[n+i]; s.Indication == TotalFailed { // the container says that there is one
				s.Integrity = Broken
			}
		}
		return nil
	}
	var digests map[crypto.Hash][]byte
	if f, err := c.OpenFile(p.Content); err == nil {
		digests, err = cms.Digests(ctx, f, sd.Hashes())
		if err = errors.Join(err, f.Close()); ctx.Err() != nil {
			return err
		}
	}
	v.detached(ctx, sd, digests, func() (io.ReadCloser, error) { return c.OpenFile(p.Content) }, weigh)
	return nil
}

// detached judges a SignedData that stands beside its content, which has these digests. weigh looks at each signature before it is judged.
func (v *verifier) detached(ctx context.Context, sd *cms.SignedData, digests map[crypto.Hash][]byte, content original, weigh func(*evidence)) {
	for _, si := range sd.SignerInfos {
		if v.full() {
			return
		}
		e := v.signerInfo(si, sd, sd.Target(digests), v.top())
		e.sig.CoversWholeFile = true
		weigh(e)
		e.attributesAsContent(ctx, si, content)
		v.addStamped(e, v.cmsProofs(ctx, e, si, sd, content))
		v.counterSignatures(ctx, si, sd, e, 1)
	}
}

// signedFileMissing: a container carries what it signs, so one that lacks a file, or has it under another name, is
// not what was signed: broken, as DSS too calls the signature not intact, unlike one whose original is elsewhere by
// design. That DSS finds a file of another name by its digest, with a warning, we do not follow: the name is signed too. The indication stays that of EN 319 102-1 §5.2.7.4, since nobody can tell what the file held.
func (e *evidence) signedFileMissing(name string, entry *asic.EntryError) {
	switch entry.Reason {
	case "encrypted", "method": // it is there, and cannot be read here
		if e.sig.Integrity == Intact {
			e.sig.Integrity = IntegrityUnknown
		}
	case "duplicate": // which of the two a reader shows is chance
		e.sig.Integrity, e.failure = Broken, orElse(e.failure, FormatFailure)
	default:
		e.sig.Integrity = Broken
	}
	e.findOnce("signed-file-missing", Error, "EN 319 162-1 §4.4", map[string]string{"name": name})
}

// container weighs what the container says: deviations from its rules, whether the files that the manifest lists are
// those that were signed, and whether there are others.
func (e *evidence) container(c *asic.Container, p asic.Part) {
	for _, f := range c.Findings {
		e.find(f.Code, Severity(f.Severity), "EN 319 162-1 §A.1", f.Err, map[string]string{"name": f.Name})
		if Severity(f.Severity) == Error {
			e.constraint = orElse(e.constraint, SigConstraintsFailure)
		}
	}
	if err := c.Malformed(p); err != nil {
		e.failure = orElse(e.failure, FormatFailure)
		e.findOnce(err.Error(), Warning, "EN 319 162-1 §4.3.3.2 and §4.4.3.2", map[string]string{"name": p.Name})
	}
	e.manifest(p)
	if p.Kind == asic.CAdES && c.Archived(p.Name) {
		e.baseline.archived = true // the time-stamp of the container does what one in the signature would
	}
	if p.Manifest != nil {
		for _, o := range p.Manifest.Objects {
			e.covers = append(e.covers, o.URI)
		}
	} else if p.Content != "" {
		e.covers = append(e.covers, p.Content)
	}
	if c.OpenDocument() {
		e.openDocument(c, p)
		return
	}
	if c.Kind == asic.Other || e.stamp {
		return
	}
	for _, name := range c.Uncovered(e.covers) {
		e.sig.CoversWholeFile = false
		e.findOnce("file-not-signed", Warning, "EN 319 162-1 §4.4.1", map[string]string{"name": name})
	}
}

// openDocument weighs what a signature of an OpenDocument package leaves out (ODF 1.2 part 3 §5): one of the document
// is over all of its files, else it shows as a signature of what nobody signed, for instance when one of the macros is
// put in its place (CVE-2021-25633); one of the macros is over them alone.
func (e *evidence) openDocument(c *asic.Container, p asic.Part) {
	uncovered := c.Uncovered(e.covers)
	if len(uncovered) == 0 {
		return
	}
	e.sig.CoversWholeFile = false
	if path.Base(p.Name) == "macrosignatures.xml" {
		e.find("macros-only", Warning, "ODF 1.2 part 3 §5.2", nil, nil)
		return
	}
	e.constraint = orElse(e.constraint, SigConstraintsFailure)
	for _, name := range uncovered[:min(len(uncovered), maxUncovered)] {
		e.find("file-not-signed", Error, "ODF 1.2 part 3 §5.2", nil, map[string]string{"name": name})
	}
}

// maxUncovered bounds how many files that a signature leaves out are told by name.
const maxUncovered = 20

// manifest weighs the files that a manifest lists.
func (e *evidence) manifest(p asic.Part) {
	if p.Manifest == nil {
		return
	}
	for _, o := range p.Manifest.Objects {
		var entry *asic.EntryError
		switch o.State {
		case xmlsig.Bad:
			e.failure, e.sig.Integrity = HashFailure, Broken
			e.findOnce("content-changed", Error, "EN 319 162-1 §A.4", map[string]string{"reference": o.URI})
		case xmlsig.Unknown:
			e.constraint = orElse(e.constraint, SignedDataNotFound)
			if errors.As(o.Err, &entry) {
				e.signedFileMissing(o.URI, entry)
			} else if e.sig.Integrity == Intact {
				e.sig.Integrity = IntegrityUnknown
			}
			e.findOnce("content-missing", Warning, "EN 319 162-1 §A.4", map[string]string{"reference": o.URI})
		}
	}
}

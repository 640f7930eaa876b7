package signer

import (
	"bytes"
	"context"
	"crypto"
	"errors"
	"io"
	"slices"
	"time"

	"ceralacca/signer/internal/asic"
	"ceralacca/signer/internal/cert"
	"ceralacca/signer/internal/cms"
	"ceralacca/signer/internal/ers"
	"ceralacca/signer/internal/xmlsig"
)

// evidenceRecord judges the time-stamps of a record (EN 319 102-1 §5.6.2.3.3): the newest on its own, each older one on the
// proof that the newer ones give. It returns them from the oldest on, not yet numbered, and, if the oldest is trusted and
// covers the objects, since when these are proven to exist.
// weigh looks at the oldest before it is judged; it may be nil.
func (v *verifier) evidenceRecord(r *ers.Record, objects []ers.Object, pool []*cert.Certificate, weigh func(*evidence)) ([]*evidence, time.Time) {
	links := r.Check(objects)
	if room := max(0, maxSignatures-len(v.report.Signatures)); len(links) > room {
		v.note("too-many-signatures")
		links = links[len(links)-room:]
	}
	all := make([]*evidence, len(links))
	for i, l := range links {
		if l.Token == nil {
			all[i] = v.badToken(place{}, l.Err)
			continue
		}
		l.Token.Find(pool)
		all[i] = v.bareToken(l.Token, place{})
		all[i].pool = slices.Concat(all[i].pool, pool)
		all[i].link(l)
	}
	var proof time.Time
	for i, s := range slices.Backward(all) {
		s.sig.Stamp = StampEvidence
		if i == 0 && weigh != nil {
			weigh(s)
		}
		s.proven(proof)
		v.judge(s)
		if proof = (time.Time{}); s.sig.Indication == TotalPassed {
			proof = links[i].Token.Info.Time
		}
	}
	return all, proof
}

// number gives the evidence of one parent its places in the report.
func (v *verifier) number(list []*evidence, parent string) []*evidence {
	for _, e := range list {
		e.sig.ID, e.sig.Parent = v.nextID(parent), parent
	}
	return list
}

// link takes over how a time-stamp of an evidence record came out.
func (e *evidence) link(l ers.Link) {
	args := map[string]string{"what": l.Fault}
	switch {
	case l.State == ers.Bad && l.Fault == "object":
		e.failure, e.sig.Integrity = HashFailure, Broken
		e.find("evidence-object-missing", Error, "RFC 4998 §5.3", nil, args)
	case l.State == ers.Bad:
		e.failure, e.sig.Integrity = HashFailure, Broken
		e.find("evidence-chain-broken", Error, "RFC 4998 §5.3", nil, args)
	case l.State == ers.Unknown && l.Fault == "algorithm":
		e.constraint = orElse(e.constraint, CryptoConstraintsFailure)
		e.find("algorithm-unsupported", Warning, "TS 119 312", nil, args)
	case l.State == ers.Unknown:
		e.missingContent()
		if e.sig.Integrity == Intact {
			e.sig.Integrity = IntegrityUnknown
		}
	case l.Others > 0:
		e.find("evidence-others", Info, "RFC 4998 §4.2", nil, nil)
	}
}

// evidenceFile judges a file that is an evidence record, over the originals that the person gave.
func (v *verifier) evidenceFile(ctx context.Context, d *Document) error {
	v.format(ERS)
	if d.size > ers.MaxBytes {
		return v.unreadable(ctx, &cms.LimitError{What: "evidence record"}, v.root)
	}
	b := make([]byte, d.size)
	if _, err := d.r.ReadAt(b, 0); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	r, err := ers.Parse(b)
	v.detachedEvidence(ctx, r, err)
	return ctx.Err()
}

// detachedEvidence judges a record that is a file of its own. Without a document that it may be about there is nothing to
// prove, and so nothing to judge.
func (v *verifier) detachedEvidence(ctx context.Context, r *ers.Record, err error) {
	var objects []ers.Object
	for _, o := range v.originals() {
		objects = append(objects, fileObject(ctx, wholly(o)))
	}
	switch {
	case err != nil:
		v.note(unreadableEvidence)
	case len(objects) == 0:
		v.note("evidence-record")
	default:
		list, _ := v.evidenceRecord(r, objects, nil, nil)
		for _, e := range v.number(list, v.root) {
			v.add(e)
		}
	}
}

// unreadableEvidence is the note on a record that cannot be read: it proves nothing, and takes nothing away.
const unreadableEvidence = "evidence-unreadable"

// fileObject is a file that a record may cover.
func fileObject(ctx context.Context, open original) ers.Object {
	return func(h crypto.Hash, canonical string) ([][]byte, error) {
		r, err := open()
		if err != nil {
			return nil, err
		}
		forms, err := xmlsig.Digests(ctx, r, h, canonical)
		return forms, errors.Join(err, r.Close())
	}
}

// xmlEvidence judges the records among the qualifying properties (TS 119 132-3) and takes what they prove over into e.
// The second result is since when the time-stamps of the signature are proven; zero without a proof of them all.
func (v *verifier) xmlEvidence(e *evidence, x *xmlsig.XAdES) ([]*evidence, time.Time) {
	var all []*evidence
	var stamps time.Time
	for _, r := range x.Evidence {
		if r.Err != nil {
			v.note(unreadableEvidence)
			continue
		}
		list, proof := v.evidenceRecord(r.Record, []ers.Object{r.Object}, e.pool, nil)
		all = append(all, list...)
		if proof.IsZero() {
			continue
		}
		e.proven(proof)
		if r.CoversRevocation {
			e.dataProven = earlier(e.dataProven, proof)
		}
		if r.Before == len(x.TimeStamps) {
			stamps = earlier(stamps, proof)
		}
	}
	return v.number(all, e.sig.ID), stamps
}

// cmsEvidence judges the records among the unsigned attributes of a SignerInfo (TS 119 122-3 §5.2), which cover all that is in the
// SignedData beside them. content is what it signs, outside of a detached one.
func (v *verifier) cmsEvidence(ctx context.Context, e *evidence, si *cms.SignerInfo, sd *cms.SignedData, content original) ([]*evidence, time.Time) {
	var all []*evidence
	var proven time.Time
	for _, oid := range []cert.OID{cms.OIDEvidenceInternal, cms.OIDEvidenceExternal} {
		for _, raw := range cms.Values(si.UnsignedAttrs, oid) {
			r, err := ers.Parse(raw)
			if err != nil {
				v.note(unreadableEvidence)
				continue
			}
			objects := []ers.Object{func(h crypto.Hash, _ string) ([][]byte, error) { return sealedCMS(ctx, h, si, sd, raw) }}
			if oid == cms.OIDEvidenceExternal {
				objects = append(objects, func(h crypto.Hash, _ string) ([][]byte, error) {
					if !sd.Detached { // the wrong attribute: what is outside, if anything, is not at hand
						return nil, errAbsent
					}
					d := h.New()
					if err := content.write(ctx, d); err != nil {
						return nil, err
					}
					return [][]byte{d.Sum(nil)}, nil
				})
			}
			list, proof := v.evidenceRecord(r, objects, e.pool, nil)
			all = append(all, list...)
			if !proof.IsZero() {
				proven = earlier(proven, proof)
			}
		}
	}
	if !proven.IsZero() {
		e.proven(proven)
		v.dataProof(e, proven)
	}
	return v.number(all, e.sig.ID), proven
}

// sealedCMS are the digests that the record raw may have of the SignedData in which it stands: without the record, and
// without those that stand beside it or with those that are older; in DER (TS 119 122-3 §5.2), the signers in the order of
// the file or of DER, and as it stood before the record was put in (RFC 4998 appendix A).
func sealedCMS(ctx context.Context, h crypto.Hash, si *cms.SignerInfo, sd *cms.SignedData, raw []byte) ([][]byte, error) {
	own := slices.Index(sd.SignerInfos, si)
	if own < 0 {
		return nil, errAbsent // a counter-signature has no SignedData of its own
	}
	var forms [][]byte
	add := func(write func(w io.Writer) error) error {
		d := h.New()
		if err := write(d); err != nil {
			return err
		}
		forms = append(forms, d.Sum(nil))
		return nil
	}
	for _, keepOlder := range []bool{false, true} {
		bare, err := si.Without(func(t cert.OID, value []byte) bool {
			record := t == cms.OIDEvidenceInternal || t == cms.OIDEvidenceExternal
			return record && (!keepOlder || bytes.Equal(value, raw) || !olderEvidence(value, raw))
		})
		if err != nil {
			return nil, err
		}
		envelope := keep(sd)
		envelope.SignerInfos[own] = bare
		given, sorted := envelope.SignerInfos, cms.SortSet(envelope.SignerInfos)
		err = add(func(w io.Writer) error { return sd.WriteWith(ctx, w, given) })
		for _, infos := range [][][]byte{given, sorted} {
			envelope.SignerInfos = infos
			err = errors.Join(err, add(func(w io.Writer) error { return rewrite(ctx, w, envelope, sd) }))
			if slices.EqualFunc(infos, sorted, bytes.Equal) {
				break
			}
		}
		if err != nil {
			return nil, err
		}
	}
	return forms, nil
}

// rewrite writes e around the content of sd.
func rewrite(ctx context.Context, w io.Writer, e *cms.Envelope, sd *cms.SignedData) error {
	if sd.Detached {
		return e.Write(ctx, w, nil, 0)
	}
	return e.Write(ctx, w, sd.Content(), sd.Content().Size())
}

// olderEvidence reports whether the record a begins before the record b.
func olderEvidence(a, b []byte) bool {
	x, errA := ers.Parse(a)
	y, errB := ers.Parse(b)
	if errA != nil || errB != nil {
		return false
	}
	s, t := x.Chains[0].Stamps[0].Token, y.Chains[0].Stamps[0].Token
	return s != nil && t != nil && s.Info.Time.Before(t.Info.Time)
}

// containerEvidence judges the evidence records of a container and tells by file name what they prove: the files that their
// manifests list, else the one that the container carries (EN 319 162-1 §4.3.3.2 and §4.4.3.2).
func (v *verifier) containerEvidence(ctx context.Context, c *asic.Container, proofs map[string]time.Time) map[string][]*evidence {
	judged := map[string][]*evidence{}
	for _, p := range c.Parts {
		if p.Kind != asic.EvidenceRecord {
			continue
		}
		if p.Err != nil {
			v.note(unreadableEvidence)
			continue
		}
		r, isXML, err := xmlsig.ReadEvidence(ctx, p.Bytes, xmlsig.Limits{})
		if !isXML {
			r, err = ers.Parse(p.Bytes)
		}
		if err != nil {
			v.note(unreadableEvidence)
			continue
		}
		var names []string
		var objects []ers.Object
		add := func(name string) {
			names = append(names, name)
			objects = append(objects, fileObject(ctx, func() (io.ReadCloser, error) { return c.OpenFile(name) }))
		}
		if p.Manifest == nil && p.Content != "" {
			add(p.Content)
		} else if p.Manifest != nil {
			for _, o := range p.Manifest.Objects {
				if name, err := c.EntryName(o.URI); err == nil {
					add(name)
				} else {
					add(o.URI) // cannot be opened, and so is told
				}
			}
		}
		list, proof := v.evidenceRecord(r, objects, nil, func(e *evidence) { e.container(c, p) })
		judged[p.Name] = list
		for _, name := range names {
			if !proof.IsZero() {
				proofs[name] = earlier(proofs[name], proof)
			}
		}
	}
	return judged
}

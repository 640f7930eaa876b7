package xmlsig

import (
	"bytes"
	"context"
	"crypto"
	"io"
	"slices"
	"strconv"
	"strings"

	"ceralacca/signer/internal/ers"
)

// EvidenceNamespace is that of RFC 6283.
const EvidenceNamespace = "urn:ietf:params:xml:ns:ers"

const (
	nsERS = EvidenceNamespace
	// nsSealing is that of TS 119 132-3.
	nsSealing = "http://uri.etsi.org/19132/v1.1.1#"
)

// Evidence is an evidence record among the unsigned properties of a signature (TS 119 132-3 §5.2).
type Evidence struct {
	Record *ers.Record // nil when it cannot be read
	Err    error
	// Object is the signature as far as it stands before the record, for [ers.Record.Check].
	Object ers.Object
	// Before is how many of the signature's time-stamps stand before it, and CoversRevocation tells that all revocation
	// values do.
	Before           int
	CoversRevocation bool
}

// ReadEvidence reads an evidence record of RFC 6283. It reports false when doc is something else.
func ReadEvidence(ctx context.Context, doc []byte, lim Limits) (*ers.Record, bool, error) {
	d, err := parse(doc, lim)
	if err != nil || !d.root.is(nsERS, "EvidenceRecord") {
		return nil, false, err
	}
	r, err := newWork(ctx, d, Options{Limits: lim}).evidence(d.root)
	return r, true, err
}

// Digests are those of a document beside a record: of its octets and, if it is XML, of its canonical form (RFC 6283
// §3.2.1). An empty method means octets alone.
func Digests(ctx context.Context, doc io.Reader, h crypto.Hash, method string) ([][]byte, error) {
	if method == "" {
		sum := h.New()
		_, err := io.Copy(sum, contextReader{ctx, doc})
		return [][]byte{sum.Sum(nil)}, err
	}
	sum := h.New()
	var head bytes.Buffer
	lim := int64(Limits{}.filled().Bytes)
	if _, err := io.Copy(sum, io.TeeReader(io.LimitReader(contextReader{ctx, doc}, lim+1), &head)); err != nil {
		return nil, err
	}
	if _, err := io.Copy(sum, contextReader{ctx, doc}); err != nil {
		return nil, err
	}
	forms := [][]byte{sum.Sum(nil)}
	m, ok := methods[method]
	d, err := parseTyped(head.Bytes(), Limits{})
	if err != nil || !ok { // no XML, or more than is parsed
		return forms, nil
	}
	sum.Reset()
	k := newWork(ctx, d, Options{})
	if err := m.write(budget{sum, k}, nodeSet{doc: d, apex: d.top, comments: true}); err != nil {
		return forms, k.fatal(err)
	}
	return append(forms, sum.Sum(nil)), nil
}

// evidence reads the EvidenceRecord e.
func (k *work) evidence(e *node) (*ers.Record, error) {
	r := &ers.Record{XML: true, Encrypted: e.child(nsERS, "EncryptionInformation") != nil}
	sequence := e.child(nsERS, "ArchiveTimeStampSequence")
	chains, ok := inOrder(sequence, "ArchiveTimeStampChain")
	if !ok {
		return nil, &ers.SyntaxError{What: "ArchiveTimeStampSequence"}
	}
	for i, n := range chains {
		if i >= ers.MaxStamps {
			return nil, &ers.LimitError{What: "time-stamps", Max: ers.MaxStamps}
		}
		c := ers.Chain{Canonical: n.child(nsERS, "CanonicalizationMethod").value("Algorithm")}
		c.Hash, _ = digestMethod(n.child(nsERS, "DigestMethod"))
		m, known := methods[c.Canonical]
		if !known {
			c.Hash = 0 // told as an algorithm that is not computed
		}
		if i > 0 && c.Hash != 0 {
			sum := c.Hash.New()
			newer := chains[i:]
			set := nodeSet{doc: k.doc, apex: sequence, comments: true}.without(func(x *node) bool { return slices.Contains(newer, x) })
			if err := m.write(budget{sum, k}, set); err != nil {
				return nil, err
			}
			c.Before = sum.Sum(nil)
		}
		stamps, ok := inOrder(n, "ArchiveTimeStamp")
		if !ok {
			return nil, &ers.SyntaxError{What: "ArchiveTimeStampChain"}
		}
		for _, n := range stamps {
			s, err := k.archiveTimeStamp(n, &c, m)
			if err != nil {
				return nil, err
			}
			c.Stamps = append(c.Stamps, s)
		}
		r.Chains = append(r.Chains, c)
	}
	return r, r.Bounded()
}

// archiveTimeStamp reads one ArchiveTimeStamp of the chain c.
func (k *work) archiveTimeStamp(n *node, c *ers.Chain, m c14n) (ers.Stamp, error) {
	stamp := n.child(nsERS, "TimeStamp")
	token := stamp.child(nsERS, "TimeStampToken")
	raw, _ := unbase64(token.content())
	s := ers.NewStamp(raw)
	s.Hash = c.Hash
	if c.Hash != 0 && stamp != nil {
		sum := c.Hash.New()
		if err := m.write(budget{sum, k}, nodeSet{doc: k.doc, apex: stamp, comments: true}); err != nil {
			return s, err
		}
		s.Digest = sum.Sum(nil)
	}
	tree := n.child(nsERS, "HashTree")
	if tree == nil {
		return s, nil
	}
	groups, ok := inOrder(tree, "Sequence")
	if !ok {
		return s, &ers.SyntaxError{What: "HashTree"}
	}
	for _, g := range groups {
		group := [][]byte{}
		for _, v := range g.children(nsERS, "DigestValue") {
			d, _ := unbase64(v.content())
			group = append(group, d)
		}
		s.Groups = append(s.Groups, group)
	}
	return s, nil
}

// inOrder are the children of that name by their Order, which has to be another for each; false if there are none.
func inOrder(n *node, local string) ([]*node, bool) {
	all := n.children(nsERS, local)
	order := make(map[*node]int, len(all))
	seen := make(map[int]bool, len(all))
	for _, c := range all {
		i, err := strconv.Atoi(strings.TrimSpace(c.value("Order")))
		if err != nil || i < 1 || seen[i] {
			return nil, false
		}
		order[c], seen[i] = i, true
	}
	slices.SortFunc(all, func(a, b *node) int { return order[a] - order[b] })
	return all, len(all) > 0
}

// addEvidence reads the records of a SealingEvidenceRecords property.
func (k *work) addEvidence(s *Signature, sig *node, p properties, e *node) {
	for c := e.first; c != nil; c = c.next {
		if c.kind != elementNode || len(s.XAdES.Evidence) >= maxEvidence {
			continue
		}
		v := Evidence{Object: k.sealed(sig, p, e), Before: len(s.XAdES.TimeStamps), CoversRevocation: true}
		switch {
		case c.is(nsERS, "EvidenceRecord"):
			v.Record, v.Err = k.evidence(c)
		case c.is(nsSealing, "ASN1EvidenceRecord"):
			raw, _ := unbase64(c.content())
			v.Record, v.Err = ers.Parse(raw)
		default:
			continue
		}
		s.XAdES.Evidence = append(s.XAdES.Evidence, v)
	}
}

// maxEvidence bounds the evidence records of a signature.
const maxEvidence = 64

// sealed computes what an evidence record in the property e covers (TS 119 132-3 §5.2.2): the data and the manifests'
// data, the parts of the signature, the unsigned properties before e, and the Objects without qualifying properties,
// each by its digest.
func (k *work) sealed(sig *node, p properties, e *node) ers.Object {
	return func(h crypto.Hash, _ string) ([][]byte, error) {
		own := *k
		own.left = k.stamps
		m, ok := canonicalizer(sig.path(nsDS, "SignedInfo", "CanonicalizationMethod"))
		if !ok {
			return nil, &AlgorithmError{"canonicalization", sig.path(nsDS, "SignedInfo", "CanonicalizationMethod").value("Algorithm")}
		}
		leaves, err := own.referenceDigests(h, sig, sig.child(nsDS, "SignedInfo").children(nsDS, "Reference"), m, 0)
		if err != nil {
			return nil, err
		}
		parts := []*node{sig.child(nsDS, "SignedInfo"), sig.child(nsDS, "SignatureValue"), sig.child(nsDS, "KeyInfo")}
		for n := p.unsigned.first; n != nil && n != e; n = n.next {
			if n.kind == elementNode {
				parts = append(parts, n)
			}
		}
		for _, o := range sig.children(nsDS, "Object") {
			if !slices.ContainsFunc(p.all, func(q *node) bool { return q.parent == o }) {
				parts = append(parts, o)
			}
		}
		for _, n := range parts {
			if n == nil {
				continue
			}
			sum := h.New()
			if err := own.canonical(sum, m, n); err != nil {
				return nil, err
			}
			leaves = append(leaves, sum.Sum(nil))
		}
		slices.SortFunc(leaves, bytes.Compare)
		sum := h.New()
		for _, l := range leaves {
			sum.Write(l)
		}
		return [][]byte{sum.Sum(nil)}, nil
	}
}

// referenceDigests are the digests by h of what the references lead to, and those in manifests too.
func (k *work) referenceDigests(h crypto.Hash, sig *node, refs []*node, m c14n, nested int) ([][]byte, error) {
	var out [][]byte
	for _, r := range refs {
		sum := h.New()
		t, err := k.process(sum, sig, r, m)
		if err != nil {
			return nil, err
		}
		out = append(out, sum.Sum(nil))
		if a := t.set.apex; a.is(nsDS, "Manifest") && nested < maxManifests {
			inner, err := k.referenceDigests(h, sig, a.children(nsDS, "Reference"), m, nested+1)
			if err != nil {
				return nil, err
			}
			out = append(out, inner...)
		}
	}
	return out, nil
}

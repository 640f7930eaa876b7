package xmlsig

import (
	"bytes"
	"context"
	"crypto"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"ceralacca/signer/internal/cert"
)

// Verify computes every signature in doc. The error tells that the document could not be read or the limits
// were met; a bad signature is no error. Counter-signatures stand below the signature they confirm.
func Verify(ctx context.Context, doc []byte, o Options) ([]Signature, error) {
	d, err := parse(doc, o.Limits)
	if err != nil {
		return nil, err
	}
	k := newWork(ctx, d, o)
	tops, counters := d.signatures()
	if len(tops)+len(counters) > k.lim.Signatures {
		return nil, &LimitError{"signatures", k.lim.Signatures}
	}
	var out []Signature
	// A counter-signature that no signature owns comes last, as one of its own, rather than not at all.
	for _, n := range append(tops, counters...) {
		if k.seen[n] {
			continue
		}
		s, err := k.signature(n, o.Certificates)
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

// signatures lists the signature elements, those in a CounterSignature property apart.
func (d *document) signatures() (tops, counters []*node) {
	for n := d.root; n != nil; n = n.following(d.root, false) {
		if !n.is(nsDS, "Signature") {
			continue
		}
		if n.isCounter() {
			counters = append(counters, n)
		} else {
			tops = append(tops, n)
		}
	}
	return tops, counters
}

// isCounter tells a signature that stands in a CounterSignature property of another.
func (n *node) isCounter() bool {
	return n.parent != nil && n.parent.local == "CounterSignature" && isXAdES(n.parent.space)
}

// signature verifies one element. Only the end of the context and the limit of work are errors.
func (k *work) signature(n *node, extra [][]byte) (Signature, error) {
	k.seen[n] = true
	s := Signature{ID: n.value("Id"), Location: n.location()}
	info := n.child(nsDS, "SignedInfo")
	if len(n.children(nsDS, "SignedInfo")) != 1 || len(n.children(nsDS, "SignatureValue")) != 1 {
		s.ValueErr = &StructureError{"signature-parts"}
		s.find("xml-structure", Error, s.ValueErr)
		return s, nil
	}
	s.Canonicalization = info.child(nsDS, "CanonicalizationMethod").value("Algorithm")
	s.Method = info.child(nsDS, "SignatureMethod").value("Algorithm")
	props := k.properties(n)
	k.collectCertificates(&s, n, props)
	if err := k.value(&s, n, info, props, extra); err != nil {
		return s, err
	}
	refs := info.children(nsDS, "Reference")
	if len(refs) == 0 {
		s.find("no-reference", Error, &StructureError{"no-reference"})
	}
	var err error
	if s.References, err = k.references(n, refs, 0); err != nil {
		return s, err
	}
	k.readXAdES(&s, n, props)
	k.judgeCoverage(&s, n)
	if err := k.spent(); err != nil {
		return s, err
	}
	for _, c := range props.counters() {
		cs, err := k.signature(c, extra)
		if err != nil {
			return s, err
		}
		k.judgeCounter(&cs, n)
		s.Counter = append(s.Counter, cs)
	}
	return s, nil
}

// fatal tells the errors that end the whole verification.
func (k *work) fatal(err error) error {
	if e := k.ctx.Err(); e != nil {
		return e
	}
	var l *LimitError
	if errors.As(err, &l) && l.What == "work" {
		return err
	}
	return nil
}

// value checks SignatureValue over the canonical SignedInfo with each certificate that could be meant.
func (k *work) value(s *Signature, n, signed *node, props properties, extra [][]byte) error {
	m, ok := canonicalizer(signed.child(nsDS, "CanonicalizationMethod"))
	if !ok {
		s.ValueErr = &AlgorithmError{"canonicalization", s.Canonicalization}
		s.find("algorithm-refused", Warning, s.ValueErr, "role", "canonicalization", "uri", s.Canonicalization)
		return nil
	}
	sch, err := signatureMethod(signed.child(nsDS, "SignatureMethod"))
	if err != nil {
		s.ValueErr = err
		if _, name, _ := strings.Cut(s.Method, "#"); strings.HasPrefix(name, "hmac-") {
			s.find("shared-secret", Warning, err, "uri", s.Method)
			return nil
		}
		s.find("algorithm-refused", Warning, err, "role", "signature", "uri", s.Method)
		return nil
	}
	s.Hash, s.PSS = sch.hash, sch.family == pss
	if s.Raw, ok = unbase64(n.child(nsDS, "SignatureValue").content()); !ok || len(s.Raw) == 0 {
		s.Value, s.ValueErr = Bad, &StructureError{"signature-value"}
		return nil
	}
	var message bytes.Buffer
	if err := k.canonical(&message, m, signed); err != nil {
		s.ValueErr = err
		return k.fatal(err)
	}
	k.tryCertificates(s, sch, message.Bytes(), props, extra)
	info := n.child(nsDS, "KeyInfo")
	if s.Value == Good || k.ctx.Err() != nil {
		k.judgeKeyInfo(s, info)
		return k.ctx.Err()
	}
	if s.SignerDER != nil && len(info.children(nsDS, "X509Data")) > 0 {
		return nil // whoever KeyInfo names did not make this value, whatever bare key stands beside
	}
	switch kv := k.bareKey(info); {
	case kv != nil:
		st, err := outcome(sch.check(kv, message.Bytes(), s.Raw))
		if st == Good || s.SignerDER == nil {
			s.KeyValue, s.SignerDER, s.Value, s.ValueErr = kv, nil, st, err
			s.find("key-without-certificate", Warning, nil)
		}
	case s.SignerDER == nil:
		s.ValueErr = &StructureError{"no-key"}
		s.find("no-signing-certificate", Warning, nil)
	}
	return nil
}

func outcome(err error) (State, error) {
	switch {
	case err == nil:
		return Good, nil
	case errors.Is(err, cert.ErrSignature):
		return Bad, err
	}
	return Unknown, err
}

// maxCertificates bounds how many keys one signature value is tried with.
const maxCertificates = 64

// tryCertificates sets Value and SignerDER. The certificate that the signing-certificate property names comes
// first; a value that only another one verifies is intact mathematics with a finding, which readXAdES makes.
func (k *work) tryCertificates(s *Signature, sch scheme, message []byte, props properties, extra [][]byte) {
	named := props.signingCertificate()
	candidates := slices.Concat(s.Certificates, extra)
	if i := slices.IndexFunc(candidates, named.matches); i > 0 {
		candidates[0], candidates[i] = candidates[i], candidates[0]
	}
	if len(candidates) > maxCertificates {
		candidates = candidates[:maxCertificates]
	}
	for _, der := range candidates {
		if k.ctx.Err() != nil {
			break
		}
		c, err := cert.Parse(der)
		if err != nil {
			s.find("certificate-unreadable", Warning, err)
			continue
		}
		st, err := outcome(sch.check(certificateKey(c), message, s.Raw))
		if st == Good || s.SignerDER == nil {
			s.SignerDER, s.Value, s.ValueErr = der, st, err
		}
		if st == Good {
			break
		}
	}
}

// maxManifests bounds manifests within manifests.
const maxManifests = 3

// references computes the digests of the Reference elements of a SignedInfo or Manifest.
func (k *work) references(sig *node, refs []*node, nested int) ([]Reference, error) {
	if *k.refs += len(refs); len(refs) > k.lim.References || *k.refs > 4*k.lim.References {
		return nil, &LimitError{"references", k.lim.References}
	}
	out := make([]Reference, 0, len(refs))
	for _, n := range refs {
		r := Reference{ID: n.value("Id"), Type: n.value("Type"), node: n}
		r.URI, r.HasURI = n.attr("URI")
		if err := k.reference(&r, sig); err != nil {
			return out, err
		}
		if m := r.target.set.apex; r.State == Good && m.is(nsDS, "Manifest") && nested < maxManifests {
			var err error
			if r.Manifest, err = k.references(sig, m.children(nsDS, "Reference"), nested+1); err != nil {
				return out, err
			}
		}
		out = append(out, r)
	}
	return out, nil
}

func (k *work) reference(r *Reference, sig *node) error {
	h, err := digestMethod(r.node.child(nsDS, "DigestMethod"))
	if err != nil {
		r.Err = err
		return nil
	}
	r.Digest = h
	want, ok := unbase64(r.node.child(nsDS, "DigestValue").content())
	switch {
	case !ok || len(r.node.children(nsDS, "DigestValue")) != 1:
		r.State, r.Err = Bad, &StructureError{"digest-value"}
		return nil
	case len(r.node.children(nsDS, "DigestMethod")) > 1 || len(r.node.children(nsDS, "Transforms")) > 1:
		// One verifier would take the first, another the last.
		r.State, r.Err = Bad, &StructureError{"reference-parts"}
		return nil
	}
	var got []byte
	got, r.Err = k.digest(r, sig)
	if k.among(r, want) {
		got, r.Err = want, nil
	}
	if r.Err == nil && k.ctx.Err() != nil {
		r.Err = k.ctx.Err()
	}
	if apex := r.target.set.apex; apex != nil {
		r.Location, r.Local, r.Space = k.place(apex), apex.local, apex.space
	}
	switch {
	case r.Err != nil:
		var s *StructureError
		if errors.As(r.Err, &s) {
			r.State = Bad
		}
		return k.fatal(r.Err)
	case bytes.Equal(got, want):
		r.State = Good
	default:
		r.State, r.Err = Bad, errDigest
	}
	return nil
}

// digest computes the digest of what r covers. A file outside that is taken as it stands is read once, however
// often it is named: it may be gigabytes long.
func (k *work) digest(r *Reference, sig *node) ([]byte, error) {
	plain := r.HasURI && r.URI != "" && r.URI[0] != '#' && r.node.child(nsDS, "Transforms") == nil
	key := r.URI + "\x00" + r.Digest.String()
	if known, ok := k.sums[key]; plain && ok {
		r.target = target{octets: io.NopCloser(strings.NewReader(""))}
		return known, nil
	}
	sum := r.Digest.New()
	var err error
	if r.target, err = k.process(sum, sig, r.node, c14n{}); err != nil {
		return nil, err
	}
	got := sum.Sum(nil)
	if plain {
		k.sums[key] = got
	}
	return got, nil
}

// among tells if the file that r does not find by its name is one of the others.
func (k *work) among(r *Reference, want []byte) bool {
	var ref *ReferenceError
	if !errors.As(r.Err, &ref) || ref.Reason != "missing" || r.HasURI && strings.HasPrefix(r.URI, "#") || r.node.child(nsDS, "Transforms") != nil {
		return false
	}
	for i, open := range k.others {
		key := fmt.Sprint("#", i, r.Digest) // no URI of a file begins so
		got, ok := k.sums[key]
		if !ok {
			f, err := open()
			if err != nil {
				continue
			}
			sum := r.Digest.New()
			_, err = io.Copy(sum, contextReader{k.ctx, f})
			if errors.Join(err, f.Close()) != nil {
				continue
			}
			got = sum.Sum(nil)
			k.sums[key] = got
		}
		if bytes.Equal(got, want) {
			r.target = target{octets: io.NopCloser(strings.NewReader(""))}
			return true
		}
	}
	return false
}

// errDigest means that the octets a reference covers are not those that were signed.
var errDigest = errors.New("digest does not match")

// digests compares b with a DigestMethod and DigestValue inside e.
func digests(e *node, b []byte) (State, crypto.Hash) {
	h, err := digestMethod(e.child(nsDS, "DigestMethod"))
	if err != nil {
		return Unknown, 0
	}
	want, ok := unbase64(e.child(nsDS, "DigestValue").content())
	if !ok || !sameDigest(h, b, want) {
		return Bad, h
	}
	return Good, h
}

package xmlsig

import "errors"

// judgeCoverage tells what was signed and finds the ways in which something else could be shown in its place.
func (k *work) judgeCoverage(s *Signature, sig *node) {
	data := 0
	for i := range s.References {
		r := &s.References[i]
		k.findReference(s, r)
		if r.SignedProperties || isSignedPropertiesType(r.Type) {
			continue
		}
		data++
		if r.State != Good {
			continue
		}
		apex := r.target.set.apex
		if r.target.opaque {
			s.find("covers-part-of-file", Warning, nil, "uri", r.URI)
		}
		if apex != nil && r.target.set.empty() {
			s.find("covers-nothing", Error, nil, "uri", r.URI)
			continue
		}
		if (apex == k.doc.top || apex == k.doc.root) && r.target.set.tops == nil && !r.target.opaque && !r.target.text {
			s.CoversDocument = true
		} else if apex != nil {
			k.findPlace(s, r, sig)
		}
	}
	if data == 0 && len(s.References) > 0 {
		s.find("no-data-reference", Error, nil)
	}
	k.findUncovered(s, sig)
}

// findReference turns the error of a reference, and of those in its manifest, into a finding.
func (k *work) findReference(s *Signature, r *Reference) {
	for i := range r.Manifest {
		m := &r.Manifest[i]
		if m.State == Unknown {
			s.find("manifest-entry-unknown", Warning, m.Err, "uri", m.URI)
			continue
		}
		k.findReference(s, m)
	}
	var ref *ReferenceError
	var alg *AlgorithmError
	switch {
	case errors.As(r.Err, &ref) && ref.Reason == "duplicate-id":
		s.find("duplicate-id", Error, r.Err, "uri", r.URI)
	case errors.As(r.Err, &ref):
		s.find("reference-"+ref.Reason, Warning, r.Err, "uri", r.URI)
	case errors.As(r.Err, &alg):
		s.find("algorithm-refused", Warning, r.Err, "role", alg.Role, "uri", alg.URI)
	case errors.Is(r.Err, errDigest):
		s.find("digest-mismatch", Error, r.Err, "uri", r.URI)
	case r.Err != nil:
		s.find("reference-failed", Warning, r.Err, "uri", r.URI)
	}
}

// findPlace looks at where the signed element stands. A reference to a part of the document is legitimate, but
// the reader must be told which; an element inside somebody else's signature is not what a person looks at.
func (k *work) findPlace(s *Signature, r *Reference, sig *node) {
	apex, root := r.target.set.apex, k.doc.root
	if apex != root && apex.is(root.space, root.local) && root.space != nsDS {
		// The signed element stands below an unsigned one of its name, which a program would read in its place.
		s.find("unsigned-twin", Error, nil, "element", root.local, "location", "/"+root.local)
	}
	if sig.isCounter() && apex.is(nsDS, "SignatureValue") {
		return // judgeCounter tells whose it is
	}
	if apex.inside(sig) || sig.inside(apex) {
		if sig.inside(apex) && apex != sig {
			s.find("covers-part", Info, nil, "location", r.Location)
		}
		return
	}
	for n := apex; n != nil; n = n.parent {
		if n.is(nsDS, "Object") && n.parent.is(nsDS, "Signature") {
			if !apex.is(nsDS, "SignatureValue") {
				s.find("reference-into-other-signature", Warning, nil, "uri", r.URI, "location", r.Location)
			}
			return
		}
	}
	s.find("covers-part", Info, nil, "location", r.Location)
}

// findUncovered looks for content in the signature's own Objects that no good reference covers: an enveloped
// signature takes itself out of what is signed, so anything could be put there afterwards. What bears the name of
// something signed that stands there too is put there to be taken for it.
func (k *work) findUncovered(s *Signature, sig *node) {
	above, names := s.signedInside(sig)
	for _, o := range sig.children(nsDS, "Object") {
		stray := k.stray(s.References, above, o)
		if stray == nil {
			continue
		}
		s.find("object-not-covered", Warning, nil, "location", k.place(o))
		for n := o; n != nil; {
			if names[elementName{n.space, n.local}] && !k.coveredByAny(s.References, n) {
				s.find("unsigned-twin", Error, nil, "element", n.local, "location", k.place(n))
				break
			}
			if n == o {
				n = stray
			} else {
				n = n.following(o, false)
			}
		}
		return // one is enough to tell, and there could be very many
	}
}

// stray is the first element or text in o that no good reference covers and that says something of its own: one that
// only wraps what is signed (above) does not, and the qualifying properties are judged by themselves.
func (k *work) stray(refs []Reference, above map[*node]bool, o *node) *node {
	for c := o.first; c != nil; {
		silent := c.kind != elementNode && c.kind != textNode || c.kind == textNode && isBlank(c.text) ||
			c.parent == o && c.local == "QualifyingProperties" && isXAdES(c.space)
		if !silent && !above[c] && !k.coveredByAny(refs, c) {
			return c
		}
		c = c.following(o, silent || !above[c])
	}
	return nil
}

type elementName struct{ space, local string }

// signedInside looks at the elements within the signature's Objects that its good references lead to: what stands
// above them there, and their names.
func (s *Signature) signedInside(sig *node) (above map[*node]bool, names map[elementName]bool) {
	above, names = make(map[*node]bool), make(map[elementName]bool)
	for i := range s.References {
		r := &s.References[i]
		a := r.target.set.apex
		if r.State != Good || r.target.octets != nil || a == nil || a.kind != elementNode || a.parent == sig || !a.parent.inside(sig) {
			continue
		}
		names[elementName{a.space, a.local}] = true
		for n := a.parent; n != sig && !above[n]; n = n.parent {
			above[n] = true
		}
	}
	return above, names
}

// coveredByAny tells if one of refs, or of those in their manifests, covers n. Beyond the budget nothing counts as covered.
func (k *work) coveredByAny(refs []Reference, n *node) bool {
	for i := range refs {
		if !k.spend(coverCost) {
			return false
		}
		if k.covers(&refs[i], n) || k.coveredByAny(refs[i].Manifest, n) {
			return true
		}
	}
	return false
}

func isBlank(s string) bool {
	for i := 0; i < len(s); i++ {
		if !isSpace(s[i]) {
			return false
		}
	}
	return true
}

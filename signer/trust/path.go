package trust

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	maxPath       = 10  // certificates between leaf and anchor
	maxSignatures = 256 // signature values computed for one path search
)

// PathError is why a certificate did not lead to an anchor.
type PathError struct {
	// Reason is a stable code: "no-issuer", "validity", "basic-constraints", "path-length", "key-usage",
	// "name-constraints", "policy", "critical-extension", "algorithm", "too-complex".
	Reason  string
	Subject string // of the certificate that failed
	Err     error
}

func (e *PathError) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("certificate path of %q: %s: %v", e.Subject, e.Reason, e.Err)
	}
	return fmt.Sprintf("certificate path of %q: %s", e.Subject, e.Reason)
}

func (e *PathError) Unwrap() error { return e.Err }

// subIndication is the word of EN 319 102-1 table 5 for the failure.
func (e *PathError) subIndication() string {
	switch e.Reason {
	case "no-issuer":
		return NoCertificateChainFound
	case "validity":
		return OutOfBoundsNoPOE
	case "algorithm":
		return CryptoConstraintsFailureNoPOE
	case "too-complex":
		return CertificateChainGeneralFailure
	}
	return ChainConstraintsFailure
}

// anchor is a key that is believed, with the reason: services of a trusted list or the caller's word.
type anchor struct {
	Cert     *certificate
	Services []*service
	Extra    bool
}

// expiredFrom is the promise, in force at t, to keep expired certificates; zero without one.
func (a *anchor) expiredFrom(t time.Time) time.Time {
	for _, s := range a.Services {
		if st := s.at(t); st != nil && !st.ExpiredFrom.IsZero() {
			return st.ExpiredFrom
		}
	}
	return time.Time{}
}

// path runs from the leaf up; the anchor is not part of Certs unless the leaf itself is the anchor.
type path struct {
	Certs  []*certificate
	Anchor *anchor
}

// issuer is who signed Certs[i].
func (p *path) issuer(i int) *certificate {
	if i+1 < len(p.Certs) {
		return p.Certs[i+1]
	}
	return p.Anchor.Cert
}

// builder searches paths by depth first: RFC 4158 without its heuristics, but within a budget. Candidates are
// told by name and proved by signature before they are followed, so a bag full of other people's certificates
// costs little.
type builder struct {
	at      time.Time
	pool    map[string][]*certificate // by subject
	anchors map[string][]*anchor      // by subject
	policy  policyInput
	// leafValidity is off while judging signatures: an expired leaf is a matter of proof, not of the path.
	leafValidity bool
	anyAlgorithm bool
	budget       int
	verified     map[[2][32]byte]bool
}

func newBuilder(at time.Time) *builder {
	return &builder{
		at: at, pool: map[string][]*certificate{}, anchors: map[string][]*anchor{},
		budget: maxSignatures, verified: map[[2][32]byte]bool{},
	}
}

func (b *builder) addPool(certs ...*certificate) {
	for _, c := range certs {
		k := c.subjectKey
		known := false
		for _, o := range b.pool[k] {
			known = known || o.sum == c.sum
		}
		if !known {
			b.pool[k] = append(b.pool[k], c)
		}
	}
}

func (b *builder) addAnchor(a *anchor) {
	k := a.Cert.subjectKey
	b.anchors[k] = append(b.anchors[k], a)
}

// build returns the first valid path, or the failure of the path that went furthest.
func (b *builder) build(ctx context.Context, leaf *certificate) (*path, error) {
	s := &search{b: b, ctx: ctx, best: &PathError{Reason: "no-issuer", Subject: leaf.Subject.text()}}
	if p := s.extend([]*certificate{leaf}); p != nil {
		return p, nil
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if s.partial != nil {
		return s.partial, s.best
	}
	return nil, s.best
}

// search is one run of the builder.
type search struct {
	b       *builder
	ctx     context.Context
	best    *PathError
	partial *path // the complete but invalid path that best speaks of
}

func (s *search) extend(chain []*certificate) *path {
	last := chain[len(chain)-1]
	if s.ctx.Err() != nil {
		return nil
	}
	for _, a := range s.b.anchors[last.subjectKey] {
		if a.Cert.identity() == last.identity() {
			if p := s.try(chain, a, true); p != nil {
				return p
			}
		}
	}
	for _, a := range s.b.anchors[last.issuerKey] {
		if s.signed(last, a.Cert) {
			if p := s.try(chain, a, false); p != nil {
				return p
			}
		}
	}
	if len(chain) > maxPath {
		return nil
	}
	for _, c := range s.b.pool[last.issuerKey] {
		if inChain(chain, c) || !s.signed(last, c) {
			continue
		}
		if p := s.extend(append(chain[:len(chain):len(chain)], c)); p != nil {
			return p
		}
	}
	return nil
}

// try validates a complete chain. With self the last certificate is the anchor's own.
func (s *search) try(chain []*certificate, a *anchor, self bool) *path {
	p := &path{Certs: append([]*certificate(nil), chain...), Anchor: a}
	if self && len(chain) > 1 {
		p.Certs = p.Certs[:len(chain)-1]
	}
	err := s.b.validate(p)
	if err == nil {
		return p
	}
	if s.partial == nil {
		s.best, s.partial = err, p
	}
	return nil
}

func (s *search) signed(child, issuer *certificate) bool {
	key := [2][32]byte{child.sum, issuer.sum}
	if ok, known := s.b.verified[key]; known {
		return ok
	}
	if s.b.budget == 0 {
		s.best = &PathError{Reason: "too-complex", Subject: child.Subject.text()}
		return false
	}
	s.b.budget--
	s.b.verified[key] = false // a circle of inherited keys ends here
	if issuer.lacksParameters() {
		s.inherit(issuer)
	}
	ok := issuer.verify(child.SignatureAlgorithm, child.RawTBS, child.Signature) == nil
	s.b.verified[key] = ok
	return ok
}

// inherit looks for the issuer of c, whose key has no parameters of its own.
func (s *search) inherit(c *certificate) {
	for _, a := range s.b.anchors[c.issuerKey] {
		if s.signed(c, a.Cert) {
			c.inherit(a.Cert)
			return
		}
	}
	for _, i := range s.b.pool[c.issuerKey] {
		if s.signed(c, i) {
			c.inherit(i)
			return
		}
	}
}

func inChain(chain []*certificate, c *certificate) bool {
	for _, o := range chain {
		if o.identity() == c.identity() && o.selfIssued() == c.selfIssued() && bytes.Equal(o.Serial, c.Serial) {
			return true
		}
	}
	return false
}

// validate is RFC 5280 §6.1 without signatures (proved while building) and without revocation (judged apart).
func (b *builder) validate(p *path) *PathError {
	n := len(p.Certs)
	if n == 1 && p.Certs[0].identity() == p.Anchor.Cert.identity() {
		return nil // the anchor itself
	}
	left := n + 1 // max_path_length
	var constraints []*nameConstraints
	policies := newPolicyState(b.policy, n)
	for i := n - 1; i >= 0; i-- {
		c := p.Certs[i]
		if err := b.checkOne(c, p.issuer(i), i == 0, constraints); err != nil {
			return err
		}
		if err := policies.step(c, i == 0); err != nil {
			return &PathError{"policy", c.Subject.text(), err}
		}
		if i == 0 {
			break
		}
		if err := checkIssuer(c, &left); err != nil {
			return err
		}
		if c.Constraints != nil {
			constraints = append(constraints, c.Constraints)
		}
	}
	if err := policies.finish(); err != nil {
		return &PathError{"policy", p.Certs[0].Subject.text(), err}
	}
	return nil
}

func (b *builder) checkOne(c, issuer *certificate, leaf bool, constraints []*nameConstraints) *PathError {
	if (!leaf || b.leafValidity) && (b.at.Before(c.NotBefore) || b.at.After(c.NotAfter)) {
		return &PathError{"validity", c.Subject.text(), nil}
	}
	if !b.anyAlgorithm {
		if err := checkSignatureAlgorithm(c.SignatureAlgorithm, issuer, b.at); err != nil {
			return &PathError{"algorithm", c.Subject.text(), err}
		}
	}
	if leaf || !c.selfIssued() {
		for _, nc := range constraints {
			if !nc.allows(c) {
				return &PathError{"name-constraints", c.Subject.text(), nil}
			}
		}
	}
	if c.UnknownCritical != "" {
		return &PathError{"critical-extension", c.Subject.text(), errors.New("extension " + c.UnknownCritical)}
	}
	return nil
}

// checkIssuer checks what c must be to sign the next certificate, RFC 5280 §6.1.4 (k)–(n).
func checkIssuer(c *certificate, left *int) *PathError {
	if !c.IsCA {
		return &PathError{"basic-constraints", c.Subject.text(), nil}
	}
	if !c.selfIssued() {
		if *left <= 0 {
			return &PathError{"path-length", c.Subject.text(), nil}
		}
		*left--
	}
	if c.MaxPathLen >= 0 {
		*left = min(*left, c.MaxPathLen)
	}
	if c.HasKeyUsage && !c.hasKeyUsage(kuCertSign) {
		return &PathError{"key-usage", c.Subject.text(), nil}
	}
	return nil
}

// text is the name for logs: the common name, else the last attribute.
func (n name) text() string {
	if cn := n.values("2.5.4.3"); len(cn) > 0 {
		return cn[0]
	}
	if len(n.RDNs) == 0 {
		return ""
	}
	return n.RDNs[len(n.RDNs)-1][0].Text
}

package signer

import (
	"bytes"
	"crypto/x509"
	"slices"
	"time"

	"ceralacca/signer/internal/cert"
)

// Limits on the search for a path: a bag of certificates that issue each other must not cost exponential time.
const (
	maxPath  = 10
	maxSteps = 60 // signatures of certificates that are checked for one signer
	// maxAllSteps is the same for all signers of a file: thousands of signers times a full search would be minutes.
	maxAllSteps = 2000
)

// path is the way from the signer's certificate up to an anchor, or as far as it leads.
type path struct {
	certs    []*cert.Certificate
	anchored bool // the last one is an anchor
	expired  bool // one below the anchor is outside its validity
	broken   bool // one that issues may not issue
}

func (p path) anchorName() string {
	return cert.NameAttr(p.certs[len(p.certs)-1].RawSubject, cert.OIDCommonName)
}

// path looks for a path to one of the person's anchors (RFC 5280 §6.1, without policies and names). An anchor is
// trusted as it is: its own dates and signature are not looked at. Among several paths one without faults wins.
func (v *verifier) path(e *evidence, at time.Time) path {
	s := &search{v: v, pool: e.pool, at: at, steps: maxSteps}
	s.climb([]*cert.Certificate{e.signer})
	return s.best
}

type search struct {
	v     *verifier
	pool  []*cert.Certificate
	at    time.Time
	steps int
	best  path
}

func (s *search) climb(certs []*cert.Certificate) {
	last := certs[len(certs)-1]
	p := s.examine(certs)
	if better(p, s.best) {
		s.best = p
	}
	if p.anchored || len(certs) == maxPath || last.SelfIssued() && last.CheckSignatureFrom(last) == nil {
		return
	}
	for _, c := range slices.Concat(s.v.anchors, s.pool) {
		if !bytes.Equal(c.RawSubject, last.RawIssuer) || s.steps <= 0 || s.v.steps >= maxAllSteps || s.best.perfect() ||
			slices.ContainsFunc(certs, func(o *cert.Certificate) bool { return bytes.Equal(o.Raw, c.Raw) }) {
			continue
		}
		s.steps--
		s.v.steps++
		if last.CheckSignatureFrom(c) == nil {
			s.climb(append(slices.Clip(certs), c))
		}
	}
}

func (p path) perfect() bool { return p.anchored && !p.expired && !p.broken }

func better(a, b path) bool {
	rank := func(p path) int {
		switch {
		case p.perfect():
			return 3
		case p.anchored && !p.broken:
			return 2
		case p.anchored:
			return 1
		}
		return 0
	}
	if rank(a) != rank(b) {
		return rank(a) > rank(b)
	}
	return len(a.certs) > len(b.certs)
}

func (s *search) examine(certs []*cert.Certificate) path {
	p := path{certs: certs, anchored: s.anchor(certs[len(certs)-1])}
	for i, c := range certs {
		if i == len(certs)-1 && p.anchored {
			break
		}
		if s.at.Before(c.NotBefore) || s.at.After(c.NotAfter) {
			p.expired = true
		}
		if i > 0 && !mayIssue(c, i-1) {
			p.broken = true
		}
	}
	return p
}

// anchor matches by key and name, as trusted lists do, so that a renewed certificate of the same key counts.
func (s *search) anchor(c *cert.Certificate) bool {
	return slices.ContainsFunc(s.v.anchors, func(a *cert.Certificate) bool {
		return bytes.Equal(a.RawSPKI, c.RawSPKI) && bytes.Equal(a.RawSubject, c.RawSubject)
	})
}

// mayIssue is RFC 5280 §6.1.4 (k) to (n); below is how many authorities stand between c and the signer.
func mayIssue(c *cert.Certificate, below int) bool {
	return c.IsCA && (c.MaxPathLen < 0 || below <= c.MaxPathLen) &&
		(!c.HasKeyUsage || c.KeyUsage&x509.KeyUsageCertSign != 0)
}

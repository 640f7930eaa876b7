package trust

import (
	"bytes"
	"context"
	"slices"
	"time"

	"ceralacca/signer/internal/cert"
)

const (
	// clockSkew is how far ahead of ours the clock of a responder may be.
	clockSkew = 5 * time.Minute
	// maxNesting bounds the revocation of revocation: the signer of a CRL, and who speaks for it.
	maxNesting = 2
	// maxWork bounds the signature values that are computed for the revocation data of one judgement, maxPoints the
	// distribution points of one certificate that are looked at; real ones have up to four.
	maxWork   = 512
	maxPoints = 8
)

// state is what evidence says about a certificate.
type state int

const (
	stateNone state = iota // no usable evidence
	stateGood
	stateRevoked
	stateHold
	stateUnknown
)

// Revocation is what is known about the state of one certificate, and from where.
type Revocation struct {
	// State is "good", "revoked", "suspended", "unknown", "not-needed" (short-term certificate) or "" for
	// no usable evidence.
	State string
	// At is the time of the revocation or suspension; Reason its code of RFC 5280 §5.3.1.
	At     time.Time
	Reason int
	// Source is "ocsp" or "crl"; Origin "embedded", "online" or "memory".
	Source, Origin string
	// ThisUpdate and NextUpdate are those of the answer; NextUpdate may be zero.
	ThisUpdate, NextUpdate time.Time
	// Stale says that the newest answer is older than it should be. With State "good" it counts all the same: see
	// JudgeOptions.Stamped.
	Stale bool
	// Detail is a code for missing evidence: "offline", "no-address", "unreachable", "stale", "not-covering-expired",
	// "responder-expired", "not-authentic", "reasons" (the lists do not answer for every reason).
	Detail string
}

// evidence is one piece of revocation data with its origin.
type evidence struct {
	ocsp   *ocspResponse
	crl    *crl
	origin string
}

// checker weighs evidence about the certificates of paths.
type checker struct {
	b   *builder // pool and anchors, for those who sign revocation data
	at  time.Time
	now time.Time
	// stamped is the time that a time-stamp states, when its authority is judged; zero otherwise.
	stamped time.Time
	data    []evidence
	// proven is the time by which the embedded data existed; its signers must have been valid then.
	proven time.Time
	// expiredFrom is the date since when the list says that the anchor keeps expired certificates on its CRLs.
	expiredFrom time.Time
	// vouched is a CRL whose signer is being judged, with that signer: a list may speak about the one who signs it
	// (RFC 5280 leaves it open, PKITS 4.14.30 needs it), since nobody else speaks about him.
	vouched *crl
	voucher *certificate

	work   *int // signature values that may still be computed
	signed map[signedList]bool
}

// signedList remembers whether a key signed a CRL, which may have many megabytes.
type signedList struct {
	list *crl
	by   [32]byte
}

// verify checks a signature on revocation data, within the budget that hostile files run into.
func (k *checker) verify(c *certificate, alg cert.Algorithm, message, sig []byte) bool {
	if k.work == nil {
		k.work = new(int)
		*k.work = maxWork
	}
	*k.work--
	return *k.work >= 0 && c.verify(alg, message, sig) == nil
}

// signedBy tells whether c signed l.
func (k *checker) signedBy(l *crl, c *certificate) bool {
	key := signedList{l, c.sum}
	if ok, known := k.signed[key]; known {
		return ok
	}
	if k.signed == nil {
		k.signed = map[signedList]bool{}
	}
	k.signed[key] = k.verify(c, l.Alg, l.TBS, l.Signature)
	return k.signed[key]
}

// answer is the weighed outcome for one certificate.
type answer struct {
	state       state
	at          time.Time
	reason      int
	this, next  time.Time
	source      string
	origin      string
	signerStale bool   // the signer of the evidence had expired when the evidence is known to have existed
	old         bool   // it is past its date, and counts for want of newer
	detail      string // why other evidence was passed over
}

// better prefers revoked over everything, then a clear state over none, then the newer answer.
func (a answer) better(b answer) bool {
	if (a.state == stateRevoked) != (b.state == stateRevoked) {
		return a.state == stateRevoked
	}
	rank := func(s state) int {
		switch s {
		case stateNone:
			return 0
		case stateUnknown:
			return 1
		}
		return 2
	}
	if rank(a.state) != rank(b.state) {
		return rank(a.state) > rank(b.state)
	}
	return a.this.After(b.this)
}

// status asks all evidence about c, which issuer signed. leaf adds the rule of freshness.
func (k *checker) status(ctx context.Context, c, issuer *certificate, depth int) answer {
	best := k.byOCSP(ctx, c, issuer)
	if crl := k.byCRL(ctx, c, issuer, depth); crl.better(best) {
		if crl.detail == "" {
			crl.detail = best.detail
		}
		best = crl
	}
	return best
}

// timely tells whether evidence of that age speaks about the time that is judged. Revocation is final, so proof of
// it never grows old. Good news about a time-stamp authority that was in force when the stamp was made, or is later,
// is old when it is past its date, but not void: nobody could judge a signature of level LT without a network
// otherwise, on the day after it was made. EU DSS has it so; CIR (EU) 2025/1945 asks no freshness here.
func (k *checker) timely(s state, this, next time.Time) bool {
	switch {
	case this.After(k.now.Add(clockSkew)):
		return false
	case s == stateRevoked, k.inForce(k.at, this, next):
		return true
	}
	return s == stateGood && !k.stamped.IsZero() && k.inForce(k.stamped, this, next)
}

// inForce tells whether evidence is from the time at or later, or had not reached its end then.
func (k *checker) inForce(at, this, next time.Time) bool {
	if next.IsZero() {
		next = this.Add(leafFreshness)
	}
	return !this.Before(at) || !next.Before(at)
}

// speaksForExpired: after a certificate has expired its authority may forget it (RFC 6960 §4.4.4, RFC 5280
// §5.2: ExpiredCertsOnCRL), so "good" needs a promise that it has not.
func (k *checker) speaksForExpired(c *certificate, this, keptFrom time.Time) bool {
	if !this.After(c.NotAfter) {
		return true
	}
	for _, from := range []time.Time{keptFrom, k.expiredFrom} {
		if !from.IsZero() && !from.After(c.NotAfter) {
			return true
		}
	}
	return false
}

func (k *checker) byOCSP(ctx context.Context, c, issuer *certificate) answer {
	best := answer{}
	for _, e := range k.data {
		if e.ocsp == nil || !slices.ContainsFunc(e.ocsp.Single, func(s ocspSingle) bool { return s.matches(c, issuer) }) {
			continue
		}
		signer := e.ocsp.responder(k, issuer)
		for i := range e.ocsp.Single {
			s := &e.ocsp.Single[i]
			if !s.matches(c, issuer) {
				continue
			}
			a := k.weighOCSP(ctx, e, s, c, issuer, signer)
			if a.better(best) || best.state == stateNone && a.state == stateNone {
				best = a
			}
		}
	}
	return best
}

func (k *checker) weighOCSP(ctx context.Context, e evidence, s *ocspSingle, c, issuer, signer *certificate) answer {
	a := answer{state: s.Status, at: s.At, reason: s.Reason, this: s.This, next: s.Next, source: "ocsp", origin: e.origin}
	none := func(why string) answer { return answer{detail: why, this: s.This, next: s.Next} }
	if signer == nil {
		return none("not-authentic")
	}
	if !k.b.anyAlgorithm && checkSignatureAlgorithm(e.ocsp.Alg, signer, k.evidenceTime(e)) != nil {
		return none("not-authentic")
	}
	if e.ocsp.Produced.Before(signer.NotBefore) || e.ocsp.Produced.After(signer.NotAfter) {
		return none("not-authentic")
	}
	// A delegate without id-pkix-ocsp-nocheck may be revoked (RFC 6960 §4.2.2.2.1); what is at hand must not say so.
	if signer.identity() != issuer.identity() && !signer.NoCheck {
		if d := k.byCRL(ctx, signer, issuer, maxNesting); d.state == stateRevoked || d.state == stateHold {
			return none("not-authentic")
		}
	}
	if !k.timely(s.Status, s.This, s.Next) {
		return none("stale")
	}
	if s.Status == stateGood && !k.speaksForExpired(c, s.This, s.ArchiveCutoff) {
		return none("not-covering-expired")
	}
	a.signerStale = k.evidenceTime(e).After(signer.NotAfter)
	a.old = s.Status == stateGood && !k.inForce(k.at, s.This, s.Next)
	return a
}

// responders are the certificates of the pool that issuer has made responders.
func (k *checker) responders(issuer *certificate) []*certificate {
	var out []*certificate
	for _, list := range k.b.pool {
		for _, c := range list {
			if c.issuerKey == issuer.subjectKey && len(c.EKU) > 0 {
				out = append(out, c)
			}
		}
	}
	return out
}

// evidenceTime is when a piece of evidence is known to have existed.
func (k *checker) evidenceTime(e evidence) time.Time {
	if e.origin == "embedded" && !k.proven.IsZero() {
		return k.proven
	}
	return k.now
}

// byCRL is RFC 5280 §6.3.3: several lists may be needed until every reason is answered.
func (k *checker) byCRL(ctx context.Context, c, issuer *certificate, depth int) answer {
	n := min(len(c.CRLPoints), maxPoints)
	points := append(c.CRLPoints[:n:n],
		distributionPoint{Full: []generalName{{Kind: gnDirectory, Name: c.Issuer}}})
	var mask uint16
	worst := answer{}
	for i := range points {
		for _, e := range k.data {
			if ctx.Err() != nil || mask == allReasons {
				break
			}
			if e.crl == nil || e.crl.Base != nil {
				continue
			}
			reasons, ok := e.crl.covers(c, &points[i])
			if !ok || reasons&^mask == 0 {
				continue
			}
			a := k.weighCRL(ctx, e, c, issuer, depth)
			switch a.state {
			case stateRevoked, stateHold:
				return a
			case stateGood:
				mask |= reasons
				if worst.state == stateNone || a.this.Before(worst.this) {
					worst = a
				}
			default:
				if worst.state == stateNone {
					worst = a
				}
			}
		}
	}
	if worst.state == stateGood && mask != allReasons {
		return answer{detail: "reasons"}
	}
	return worst
}

func (k *checker) weighCRL(ctx context.Context, e evidence, c, issuer *certificate, depth int) answer {
	l := e.crl
	a := answer{state: stateGood, this: l.This, next: l.Next, source: "crl", origin: e.origin}
	none := func(why string) answer { return answer{detail: why, this: l.This, next: l.Next} }
	signer := k.crlSigner(ctx, l, c, issuer, depth)
	if l.UnknownCritical || signer == nil ||
		!k.b.anyAlgorithm && checkSignatureAlgorithm(l.Alg, signer, k.evidenceTime(e)) != nil {
		return none("not-authentic")
	}
	entry, err := l.find(c.Serial, c.Issuer)
	if err != nil {
		return none("not-authentic")
	}
	for _, d := range k.data {
		if d.crl == nil || d.crl.Base == nil || d.crl.UnknownCritical || !l.baseOf(d.crl) ||
			!k.timely(stateGood, d.crl.This, d.crl.Next) || !k.signedBy(d.crl, signer) {
			continue
		}
		changed, err := d.crl.find(c.Serial, c.Issuer)
		if err != nil {
			return none("not-authentic")
		}
		if changed != nil {
			entry = changed
		}
		a.this, a.next = d.crl.This, d.crl.Next
	}
	if entry != nil && entry.Reason != reasonRemove {
		a.state, a.at, a.reason = stateRevoked, entry.At, entry.Reason
		if entry.Reason == reasonHold {
			a.state = stateHold
		}
	}
	if !k.timely(a.state, a.this, a.next) {
		return none("stale")
	}
	if a.state == stateGood && !k.speaksForExpired(c, a.this, l.ExpiredFrom) {
		return none("not-covering-expired")
	}
	a.old = a.state == stateGood && !k.inForce(k.at, a.this, a.next)
	a.signerStale = k.evidenceTime(e).After(signer.NotAfter) && signer.identity() != k.anchorIdentity(signer)
	return a
}

// anchorIdentity is the identity of c if c is an anchor: the list vouches for those, whatever their dates.
func (k *checker) anchorIdentity(c *certificate) identity {
	for _, a := range k.b.anchors[c.subjectKey] {
		if a.Cert.identity() == c.identity() {
			return c.identity()
		}
	}
	return identity{}
}

// crlSigner finds the key that signed l and may: the issuer of c itself, or a certificate of that name (another key
// of the same authority, or the issuer of an indirect CRL) that leads to an anchor and is not revoked.
func (k *checker) crlSigner(ctx context.Context, l *crl, c, issuer *certificate, depth int) *certificate {
	if l == k.vouched {
		return k.voucher
	}
	name := l.Issuer.key()
	mayBe := func(s *certificate) bool {
		return s.subjectKey == name && (!s.HasKeyUsage || s.hasKeyUsage(kuCRLSign)) &&
			(len(l.AKI) == 0 || len(s.SubjectKeyID) == 0 || bytes.Equal(l.AKI, s.SubjectKeyID)) &&
			k.signedBy(l, s)
	}
	if mayBe(issuer) {
		return issuer
	}
	for _, a := range k.b.anchors[name] {
		if mayBe(a.Cert) {
			return a.Cert
		}
	}
	if depth >= maxNesting {
		return nil
	}
	for _, s := range k.b.pool[name] {
		if s.sum == c.sum || !mayBe(s) {
			continue
		}
		p, err := k.b.build(ctx, s)
		if err != nil {
			continue
		}
		if k.pathGood(ctx, p, l, s, depth+1) {
			return s
		}
	}
	return nil
}

// pathGood tells whether nobody on the path of signer, who signed the list own, is revoked.
func (k *checker) pathGood(ctx context.Context, p *path, own *crl, signer *certificate, depth int) bool {
	inner := *k
	inner.vouched, inner.voucher = own, signer
	for i, c := range p.Certs {
		if c.identity() == p.Anchor.Cert.identity() {
			continue
		}
		if a := inner.status(ctx, c, p.issuer(i), depth); a.state != stateGood {
			return false
		}
	}
	return true
}

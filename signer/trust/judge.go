package trust

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"
)

// JudgeOptions describe a certificate and what is known about the moment it was used.
type JudgeOptions struct {
	// Leaf is the certificate to judge, DER; Pool holds candidates for its issuers and for signers of
	// revocation data, in any order. What cannot be read in Pool is passed over.
	Leaf []byte
	Pool [][]byte
	// At is the best-signature-time (EN 319 102-1 §5.5): the earliest proof that the signature existed. Zero
	// means now. Proven tells that At is such a proof and not just the present, or a date that a person declared
	// and vouches for.
	At     time.Time
	Proven bool
	// NotBefore is a proof that the signature was made later (a content time-stamp); zero without one. Only with
	// it a revoked or expired certificate becomes FAILED.
	NotBefore time.Time
	// OCSP and CRLs are embedded revocation data, DER. DataProven is when they are known to have existed
	// (an archive time-stamp); zero means now.
	OCSP, CRLs [][]byte
	DataProven time.Time
	// Anchors are certificates, DER, that the person trusts beside the lists.
	Anchors [][]byte
	// TimeStamp judges a time-stamp authority instead of a signer, and Stamped is the time that its stamp states:
	// good news that was in force then counts, with a finding, where nothing newer is to be had.
	TimeStamp bool
	Stamped   time.Time
}

// Finding is a fact worth telling, by a stable code. Codes of this package: "list-out-of-date", "list-missing",
// "service-not-granted", "extra-anchor", "revoked-later", "revoked", "suspended", "revocation-missing",
// "revocation-stale", "revocation-unknown", "expired", "not-yet-valid", "path", "qualifier-criteria-unknown",
// "qualifiers-contradict", "directive-certificate-ended", "not-time-stamping".
type Finding struct {
	Code string
	Args map[string]string
	Err  error
}

// Opinion is what the store thinks of a certificate. Indication and SubIndication are those of the certificate's
// part in the validation (EN 319 102-1 §5.2.6 and §5.5); the signature's own mathematics is not in it.
type Opinion struct {
	Indication    Indication
	SubIndication string // empty for Passed
	// Qualification is that of a signature that is otherwise good.
	Qualification string
	// Chain holds DER from the leaf to the anchor, the anchor included; as far as it was found.
	Chain [][]byte
	// ExtraAnchor tells that the chain ends at an anchor of the caller and not in an official list.
	ExtraAnchor bool
	// Service is the entry of the list that the chain ends at; nil for an extra anchor.
	Service *ServiceInfo
	// Revocation says for each certificate of Chain but the anchor what is known.
	Revocation []Revocation
	Findings   []Finding
}

// ServiceInfo is an entry of a trusted list and where it was read.
type ServiceInfo struct {
	Territory, Provider, Name string
	Type, Status              string    // at the time judged; empty when the service did not exist yet
	Sequence                  int       // of the list
	Issued, NextUpdate        time.Time // of the list
	Origin                    string    // of the list: "snapshot", "cache", "network"
}

// Judge gives an opinion on o.Leaf. It asks the network, unless offline, for what is missing: the list of the
// issuer's country, issuers, OCSP, CRLs. An error means that no opinion could be formed: the leaf is no certificate,
// or ctx ended. What is wrong with a certificate is an Opinion.
func (s *Store) Judge(ctx context.Context, o JudgeOptions) (*Opinion, error) {
	j, err := s.begin(ctx, o)
	if err != nil {
		return nil, err
	}
	found, pathErr := j.path(ctx)
	if found != nil {
		j.describe(found)
	}
	if pathErr == nil { // nobody's answer mends a path that does not hold
		j.revocation(ctx, found)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	j.conclude(found, pathErr)
	return j.op, nil
}

// begin gathers what is known before a path is looked for.
func (s *Store) begin(ctx context.Context, o JudgeOptions) (*judgement, error) {
	leaf, err := parseCertificate(o.Leaf)
	if err != nil {
		return nil, fmt.Errorf("reading the certificate to judge: %w", err)
	}
	j := &judgement{s: s, o: o, leaf: leaf, now: s.c.Now(), op: &Opinion{Qualification: NotRelevant}}
	if j.at = o.At; j.at.IsZero() || j.at.After(j.now) { // an authority's clock may be ahead of ours
		j.at = j.now
	}
	j.pool()
	j.lists(ctx)
	return j, nil
}

// judgement is one run of Judge.
type judgement struct {
	s     *Store
	o     JudgeOptions
	leaf  *certificate
	at    time.Time
	now   time.Time
	b     *builder
	held  map[string]*held
	check *checker
	op    *Opinion
	leafA answer
	caSub string // outcome of the certificates above the leaf
}

func (j *judgement) note(code string, err error, args ...string) {
	f := Finding{Code: code, Err: err}
	for i := 0; i+1 < len(args); i += 2 {
		if f.Args == nil {
			f.Args = map[string]string{}
		}
		f.Args[args[i]] = args[i+1]
	}
	j.op.Findings = append(j.op.Findings, f)
}

// What a hostile file may bring for one certificate; the rest is passed over.
const (
	maxPool     = 512
	maxEvidence = 64
)

func first(list [][]byte, n int) [][]byte { return list[:min(len(list), n)] }

func (j *judgement) pool() {
	j.b = newBuilder(j.at)
	for _, der := range first(j.o.Pool, maxPool) {
		if c, err := parseCertificate(der); err == nil {
			j.b.addPool(c)
		}
	}
	j.check = &checker{b: j.b, at: j.at, now: j.now, stamped: j.o.Stamped, proven: j.o.DataProven}
	for _, der := range first(j.o.OCSP, maxEvidence) {
		if r, err := parseOCSP(der); err == nil {
			j.check.data = append(j.check.data, evidence{ocsp: r, origin: "embedded"})
		}
	}
	for _, der := range first(j.o.CRLs, maxEvidence) {
		if l, err := parseCRL(der); err == nil {
			j.check.data = append(j.check.data, evidence{crl: l, origin: "embedded"})
		}
	}
}

// lists takes the anchors of all lists in use; the list of the issuer's country is fetched when it is not there.
func (j *judgement) lists(ctx context.Context) {
	s := j.s
	if t := j.leaf.country(); len(t) == 2 && s.list(ctx, t) == nil && s.list(ctx, territoryLOTL) != nil {
		err := s.fetchOnDemand(ctx, t)
		var le *ListError
		if err != nil && !(errors.As(err, &le) && le.Reason == "pointer") {
			j.note("list-missing", err, "territory", t)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.load(ctx)
	j.held = maps.Clone(s.lists)
	for k, v := range s.byName {
		j.b.anchors[k] = v[:len(v):len(v)]
	}
	for _, der := range j.o.Anchors {
		if c, err := parseCertificate(der); err == nil {
			j.b.addAnchor(&anchor{Cert: c, Extra: true})
		}
	}
}

// path builds, and asks for issuers while that helps.
func (j *judgement) path(ctx context.Context) (*path, *PathError) {
	top := j.leaf
	for n := 0; ; n++ {
		p, err := j.b.build(ctx, j.leaf)
		if err == nil {
			return p, nil
		}
		var pe *PathError
		if !errors.As(err, &pe) {
			return nil, &PathError{Reason: "no-issuer", Subject: j.leaf.Subject.text(), Err: err}
		}
		if pe.Reason != "no-issuer" || j.s.c.Offline || n == maxIssuers {
			return p, pe
		}
		more := j.s.fetchIssuers(ctx, top)
		if len(more) == 0 {
			return p, pe
		}
		j.b.addPool(more...)
		top = more[0]
	}
}

// describe fills in what the path ends at.
func (j *judgement) describe(p *path) {
	for _, c := range p.Certs {
		j.op.Chain = append(j.op.Chain, c.Raw)
	}
	if last := p.Certs[len(p.Certs)-1]; last.identity() != p.Anchor.Cert.identity() {
		j.op.Chain = append(j.op.Chain, p.Anchor.Cert.Raw)
	}
	var q string
	var st standing
	switch {
	case p.Anchor.Extra:
		j.op.ExtraAnchor = true
		j.note("extra-anchor", nil, "anchor", p.Anchor.Cert.Subject.text())
		if q = TSA; !j.o.TimeStamp {
			q, _ = qualify(j.leaf, p.Anchor, j.at)
		}
	case j.o.TimeStamp:
		q, st = qualifyTime(p.Anchor, j.at)
	default:
		q, st = qualify(j.leaf, p.Anchor, j.at)
	}
	j.op.Qualification = q
	j.op.Findings = append(j.op.Findings, st.findings...)
	if !p.Anchor.Extra {
		j.service(p.Anchor, st)
	}
}

func (j *judgement) service(a *anchor, st standing) {
	v := st.service
	if v == nil {
		v = a.Services[0]
	}
	info := &ServiceInfo{Territory: v.Territory, Provider: v.Provider}
	if state := st.state; state != nil {
		info.Name, info.Type, info.Status = state.Name, state.Type, state.Status
	} else if state := v.at(j.at); state != nil {
		info.Name, info.Type, info.Status = state.Name, state.Type, state.Status
	} else {
		info.Name = v.States[0].Name
	}
	if info.Status == "" || !granted(info.Status, j.at) {
		j.note("service-not-granted", nil, "service", info.Name, "status", info.Status)
	}
	if h := j.held[v.Territory]; h != nil {
		info.Sequence, info.Issued, info.NextUpdate, info.Origin = h.Sequence, h.Issued, h.NextUpdate, h.origin
		if h.outOfDate(j.now) {
			j.note("list-out-of-date", nil, "territory", v.Territory, "next-update", h.NextUpdate.Format(time.RFC3339))
		}
	}
	j.op.Service = info
}

// revocation weighs embedded data, and asks where they do not answer: OCSP first, then CRLs.
func (j *judgement) revocation(ctx context.Context, p *path) {
	for i, c := range p.Certs {
		issuer := p.issuer(i)
		if c.NoRevAvail || c.identity() == p.Anchor.Cert.identity() {
			j.exempt(i)
			continue
		}
		j.check.expiredFrom = time.Time{}
		if i+1 == len(p.Certs) {
			j.check.expiredFrom = p.Anchor.expiredFrom(j.now)
		}
		a, asked := j.ask(ctx, c, issuer)
		r := a.report(asked)
		stale := i == 0 && !j.o.TimeStamp && a.state == stateGood && j.at.Sub(a.this) > leafFreshness
		if r.Stale = stale || a.old || a.detail == "stale"; stale {
			a.state, a.detail = stateNone, "stale"
		}
		j.op.Revocation = append(j.op.Revocation, r)
		if i == 0 {
			j.leafA = a
		} else if sub := j.weigh(a, c, RevokedCANoPOE); sub != "" && j.caSub == "" {
			j.caSub = sub
		}
	}
}

// exempt notes a certificate whose state nobody publishes: an anchor, or one that lives shorter than a revocation.
func (j *judgement) exempt(i int) {
	j.op.Revocation = append(j.op.Revocation, Revocation{State: "not-needed"})
	if i == 0 {
		j.leafA = answer{state: stateGood, this: j.at}
	}
}

func (j *judgement) ask(ctx context.Context, c, issuer *certificate) (answer, error) {
	good := func(a answer) bool {
		return a.state != stateNone && a.state != stateUnknown && !a.signerStale && !a.old &&
			(c != j.leaf || j.o.TimeStamp || a.state != stateGood || j.at.Sub(a.this) <= leafFreshness)
	}
	a := j.check.status(ctx, c, issuer, 0)
	if good(a) {
		return a, nil
	}
	if j.s.c.Offline {
		return a, ErrOffline
	}
	ocsp, err := j.s.askOCSP(ctx, c, issuer)
	if j.check.data = append(j.check.data, ocsp...); len(ocsp) > 0 {
		if a = j.check.status(ctx, c, issuer, 0); good(a) {
			return a, nil
		}
	}
	crls, crlErr := j.s.askCRL(ctx, c)
	if j.check.data = append(j.check.data, crls...); len(crls) > 0 {
		a = j.check.status(ctx, c, issuer, 0)
	}
	return a, errors.Join(err, crlErr)
}

// report puts an answer into the words of the API.
func (a answer) report(asked error) Revocation {
	r := Revocation{
		State: map[state]string{stateGood: "good", stateRevoked: "revoked", stateHold: "suspended", stateUnknown: "unknown"}[a.state],
		At:    a.at, Reason: a.reason, Source: a.source, Origin: a.origin, ThisUpdate: a.this, NextUpdate: a.next,
		Detail: a.detail,
	}
	if a.signerStale {
		r.Detail = "responder-expired"
	}
	if r.State == "" && r.Detail == "" {
		switch {
		case errors.Is(asked, ErrOffline):
			r.Detail = "offline"
		case asked != nil:
			r.Detail = "unreachable"
		default:
			r.Detail = "no-address"
		}
	}
	return r
}

// weigh gives the sub-indication that an answer about c brings; empty for none.
func (j *judgement) weigh(a answer, c *certificate, revoked string) string {
	who := c.Subject.text()
	switch a.state {
	case stateRevoked:
		when := a.at.Format(time.RFC3339)
		if j.o.Proven && j.at.Before(a.at) {
			j.note("revoked-later", nil, "certificate", who, "at", when)
			return ""
		}
		j.note("revoked", nil, "certificate", who, "at", when)
		return revoked
	case stateHold:
		if j.o.Proven && j.at.Before(a.at) {
			return ""
		}
		j.note("suspended", nil, "certificate", who, "at", a.at.Format(time.RFC3339))
		return TryLater
	case stateUnknown:
		j.note("revocation-unknown", nil, "certificate", who)
		return TryLater
	case stateNone:
		code := "revocation-missing"
		if a.detail == "stale" {
			code = "revocation-stale"
		}
		j.note(code, nil, "certificate", who, "detail", a.detail)
		return TryLater
	}
	if a.old {
		j.note("revocation-stale", nil, "certificate", who, "detail", "stale")
	}
	if a.signerStale {
		return RevocationOutOfBoundsNoPOE
	}
	return ""
}

// conclude orders what was found as EN 319 102-1 does: the path (§5.2.6), then the times (§5.5.4 step 4), with what
// proof of time makes of them.
//
//   - Before the certificate began: NOT_YET_VALID is FAILED, be the time proven, declared or the present.
//   - Revoked, and the time is not proven to be earlier: REVOKED_NO_POE; FAILED with a proof that it was later.
//   - After the certificate ended: OUT_OF_BOUNDS_NOT_REVOKED when it is known not to have been revoked by then, else
//     OUT_OF_BOUNDS_NO_POE; FAILED with a proof that it was later.
//   - Suspended, or nothing known: TRY_LATER.
func (j *judgement) conclude(p *path, pe *PathError) {
	lower := j.o.NotBefore
	leafSub := ""
	if pe == nil {
		leafSub = j.weigh(j.leafA, j.leaf, RevokedNoPOE)
	}
	expired := j.at.After(j.leaf.NotAfter)
	if expired {
		j.note("expired", nil, "not-after", j.leaf.NotAfter.Format(time.RFC3339))
	}
	early := j.at.Before(j.leaf.NotBefore)
	if early {
		j.note("not-yet-valid", nil, "not-before", j.leaf.NotBefore.Format(time.RFC3339))
	}
	switch {
	case early && (pe == nil || pe.Reason == "validity"): // the issuer had not begun either
		j.set(p, Failed, NotYetValid)
	case pe != nil: // dates that nobody vouches for prove nothing
		j.note("path", pe, "reason", pe.Reason, "certificate", pe.Subject)
		sub := pe.subIndication()
		if sub == CryptoConstraintsFailureNoPOE && j.o.Proven {
			sub = CryptoConstraintsFailure
		}
		j.set(p, Indeterminate, sub)
	case j.o.TimeStamp && !j.leaf.hasEKU("1.3.6.1.5.5.7.3.8"):
		j.note("not-time-stamping", nil)
		j.set(p, Indeterminate, ChainConstraintsFailure)
	case leafSub == RevokedNoPOE && !lower.IsZero() && !lower.Before(j.leafA.at):
		j.set(p, Failed, Revoked)
	case leafSub == RevokedNoPOE:
		j.set(p, Indeterminate, RevokedNoPOE)
	case j.caSub == RevokedCANoPOE:
		j.set(p, Indeterminate, RevokedCANoPOE)
	case expired && lower.After(j.leaf.NotAfter):
		j.set(p, Failed, Expired)
	case expired && leafSub == "":
		j.set(p, Indeterminate, OutOfBoundsNotRevoked)
	case expired:
		j.set(p, Indeterminate, OutOfBoundsNoPOE)
	case leafSub != "":
		j.set(p, Indeterminate, leafSub)
	case j.caSub != "":
		j.set(p, Indeterminate, j.caSub)
	default:
		j.set(p, Passed, "")
	}
}

// set gives the outcome, and leaves of the qualification what the outcome carries.
func (j *judgement) set(p *path, i Indication, sub string) {
	op := j.op
	op.Indication, op.SubIndication = i, sub
	switch {
	case i == Failed || p == nil:
		op.Qualification = NotRelevant
	case i == Indeterminate && op.Qualification != NotRelevant:
		op.Qualification = indeterminate + op.Qualification
	}
}

package trust

import (
	"slices"
	"time"
)

// Qualifications of ETSI TS 119 615 §5.3 that Judge gives. When the outcome is INDETERMINATE the word
// "Indeterminate " stands before them.
const (
	QESig       = "QESig"      // qualified electronic signature
	QESeal      = "QESeal"     // qualified electronic seal
	AdESigQC    = "AdESig-QC"  // advanced signature with a qualified certificate
	AdESealQC   = "AdESeal-QC" // advanced seal with a qualified certificate
	AdESig      = "AdESig"     // advanced signature
	AdESeal     = "AdESeal"    // advanced seal
	QTSA        = "QTSA"       // qualified time-stamp
	TSA         = "TSA"        // time-stamp
	NotRelevant = "N/A"        // no statement: failed, or no known authority
)

// indeterminate is put before a qualification that the outcome does not carry.
const indeterminate = "Indeterminate "

// standing is what the list says about a certificate at one time.
type standing struct {
	qualified bool
	qscd      bool
	seal      bool
	web       bool
	state     *serviceState
	service   *service
	findings  []Finding
}

// stand decides TS 119 615 §4.4 for one date: is there a granted CA/QC service for this certificate, and what do
// its qualifiers make of it.
func stand(c *certificate, services []*service, t time.Time) standing {
	best := standing{}
	for _, s := range services {
		st := s.at(t)
		if st == nil || st.Type != "CA/QC" {
			continue
		}
		one := c.claims()
		one.service, one.state = s, st
		one.apply(c, st)
		if !granted(st.Status, t) || st.UnknownCritical != "" || !one.forPurpose(st, t) {
			one.qualified = false
		}
		if best.service == nil || one.qualified && !best.qualified {
			best = one
		}
	}
	return best
}

// claims is what the certificate says of itself, EN 319 412-5 and, for the time before, the policies of TS 101 456.
func (c *certificate) claims() standing {
	old, oldDevice := c.hasPolicy("0.4.0.1456.1.2"), c.hasPolicy("0.4.0.1456.1.1")
	return standing{
		qualified: (c.QC.Compliance || old || oldDevice) && !c.QC.Other,
		qscd:      c.QC.SSCD || oldDevice || c.hasPolicy("0.4.0.194112.1.2") || c.hasPolicy("0.4.0.194112.1.3"),
		seal:      slices.Contains(c.QC.Types, "eseal") && !slices.Contains(c.QC.Types, "esign"),
		web:       len(c.QC.Types) == 1 && c.QC.Types[0] == "web",
	}
}

// apply lets the list override the certificate, TS 119 612 §5.5.9.2.3.
func (s *standing) apply(c *certificate, st *serviceState) {
	var found []string
	for _, r := range st.Qualifiers {
		matched, decided := r.Criteria.match(c)
		if !decided {
			s.findings = append(s.findings, Finding{Code: "qualifier-criteria-unknown", Args: map[string]string{"service": st.Name}})
			continue
		}
		if matched {
			found = append(found, r.Qualifiers...)
		}
	}
	has := func(names ...string) bool {
		return slices.ContainsFunc(names, func(n string) bool { return slices.Contains(found, n) })
	}
	yes, no := has("QCWithQSCD", "QCWithSSCD", "QCQSCDManagedOnBehalf"), has("QCNoQSCD", "QCNoSSCD")
	if yes && no || has("QCStatement") && has("NotQualified") {
		s.findings = append(s.findings, Finding{Code: "qualifiers-contradict", Args: map[string]string{"service": st.Name}})
	}
	switch {
	case no:
		s.qscd = false
	case yes:
		s.qscd = true
	}
	s.qualified = (s.qualified || has("QCStatement")) && !has("NotQualified")
	sig, seal, web := has("QCForESig"), has("QCForESeal", "QCForLegalPerson"), has("QCForWSA")
	if sig || seal || web {
		s.seal, s.web = seal && !sig, web && !sig && !seal
	}
}

// forPurpose matches the kind of certificate with the service's additionalServiceInformation, which lists must
// state since 1 July 2016; before, a CA/QC service was for signatures.
func (s *standing) forPurpose(st *serviceState, t time.Time) bool {
	want := "ForeSignatures"
	if s.seal {
		want = "ForeSeals"
	}
	if s.web {
		want = "ForWebSiteAuthentication"
	}
	if len(st.Purposes) == 0 {
		return want == "ForeSignatures" && t.Before(eIDASStart)
	}
	return slices.Contains(st.Purposes, want)
}

// qualify gives the qualification of a good signature by c at t: the certificate must have been qualified when it
// was issued and at the time of signing (TS 119 615 §5.3.4).
func qualify(c *certificate, a *anchor, t time.Time) (string, standing) {
	at, issued := stand(c, a.Services, t), stand(c, a.Services, c.NotBefore)
	if at.service == nil {
		at.service = issued.service
	}
	qc := at.qualified && issued.qualified
	if qc && c.NotBefore.Before(eIDASStart) && !t.Before(directiveEnd) {
		qc = false
		at.findings = append(at.findings, Finding{Code: "directive-certificate-ended"})
	}
	device := at.qscd && issued.qscd
	claim := c.claims()
	seal := at.seal || at.service == nil && claim.seal
	pick := func(sig, seals string) string {
		if seal {
			return seals
		}
		return sig
	}
	switch {
	case at.web || at.service == nil && claim.web:
		return NotRelevant, at
	case qc && device:
		return pick(QESig, QESeal), at
	case qc:
		return pick(AdESigQC, AdESealQC), at
	}
	return pick(AdESig, AdESeal), at
}

// qualifyTime does the same for a time-stamp authority.
func qualifyTime(a *anchor, t time.Time) (string, standing) {
	out := standing{}
	for _, s := range a.Services {
		st := s.at(t)
		if st == nil {
			continue
		}
		if out.service == nil {
			out.service, out.state = s, st
		}
		if st.Type == "TSA/QTST" && granted(st.Status, t) && st.UnknownCritical == "" {
			return QTSA, standing{service: s, state: st, qualified: true}
		}
	}
	return TSA, out
}

package trust

import "slices"

// Answered reports whether OCSP responses and CRLs, each in DER, speak of every certificate of chain, leaf first, but
// the last one, which is trusted or at the end of what is known. It is a matter of presence alone: whether what they
// say is authentic, fresh and good, [Store.Judge] tells.
func Answered(chain, ocsps, crls [][]byte) bool {
	if len(chain) < 2 {
		return false
	}
	certs := make([]*certificate, len(chain))
	for i, der := range chain {
		c, err := parseCertificate(der)
		if err != nil {
			return false
		}
		certs[i] = c
	}
	var answers []ocspSingle
	for _, der := range first(ocsps, maxEvidence) {
		if r, err := parseOCSP(der); err == nil {
			answers = append(answers, r.Single...)
		}
	}
	var lists []*crl
	for _, der := range first(crls, maxEvidence) {
		if l, err := parseCRL(der); err == nil {
			lists = append(lists, l)
		}
	}
	for i, c := range certs[:len(certs)-1] {
		if !slices.ContainsFunc(answers, func(s ocspSingle) bool { return s.matches(c, certs[i+1]) }) &&
			!slices.ContainsFunc(lists, func(l *crl) bool { return l.Issuer.equal(c.Issuer) }) {
			return false
		}
	}
	return true
}

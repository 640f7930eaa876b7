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
	for i, c := range certs[:len(certs)-1] {
		byOCSP := func(der []byte) bool {
			r, err := parseOCSP(der)
			return err == nil && slices.ContainsFunc(r.Single, func(s ocspSingle) bool { return s.matches(c, certs[i+1]) })
		}
		byCRL := func(der []byte) bool {
			l, err := parseCRL(der)
			return err == nil && l.Issuer.equal(c.Issuer)
		}
		if !slices.ContainsFunc(ocsps, byOCSP) && !slices.ContainsFunc(crls, byCRL) {
			return false
		}
	}
	return true
}

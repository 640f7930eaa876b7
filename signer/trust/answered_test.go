package trust

import "testing"

// A chain is answered for when each certificate below its end is, by an answer about it or a list of its issuer.
func TestAnswered(t *testing.T) {
	p := newPKI(t)
	c, other := p.person(nil), p.person(nil)
	p.always(nil, nil)
	collect := func(leaf []byte) *Material {
		m, err := p.store(nil).Collect(t.Context(), JudgeOptions{Leaf: leaf, Pool: [][]byte{p.ca.x.Raw}, Anchors: [][]byte{p.root.x.Raw}})
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	m, o := collect(c.Raw), collect(other.Raw)
	junk := [][]byte{[]byte("x")}
	whole := [][]byte{c.Raw, p.ca.x.Raw, p.root.x.Raw}
	for name, tt := range map[string]struct {
		chain, ocsps, crls [][]byte
		want               bool
	}{
		"all there":                      {whole, m.OCSPs, m.CRLs, true},
		"up to the authority":            {whole[:2], m.OCSPs, nil, true},
		"nothing there":                  {whole, nil, nil, false},
		"not about the authority":        {whole, m.OCSPs, nil, false},
		"not about the person":           {whole, nil, m.CRLs, false},
		"about another person":           {whole, o.OCSPs, m.CRLs, false},
		"what cannot be read":            {whole, junk, junk, false},
		"a certificate and no issuer":    {whole[:1], m.OCSPs, m.CRLs, false},
		"a certificate that is none":     {append(junk, whole...), m.OCSPs, m.CRLs, false},
		"beside what cannot be read":     {whole, append(junk, m.OCSPs...), append(junk, m.CRLs...), true},
		"no chain":                       {nil, m.OCSPs, m.CRLs, false},
		"beside the data of another":     {whole, append(o.OCSPs, m.OCSPs...), m.CRLs, true},
		"issuers in the wrong order":     {[][]byte{c.Raw, p.root.x.Raw, p.ca.x.Raw}, m.OCSPs, nil, false},
		"another's data for the other":   {[][]byte{other.Raw, p.ca.x.Raw}, o.OCSPs, nil, true},
		"one's own data for the other's": {[][]byte{other.Raw, p.ca.x.Raw}, m.OCSPs, nil, false},
	} {
		if got := Answered(tt.chain, tt.ocsps, tt.crls); got != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

package trust

import (
	"crypto/rand"
	"crypto/x509"
	"math/big"
	"testing"

	"golang.org/x/crypto/ocsp"
)

func FuzzCertificate(f *testing.F) {
	ca := issue(f, nil, "Autorità", asCA)
	f.Add(ca.x.Raw)
	f.Add(issue(f, ca, "Persona", qualified("sscd", "esign")).x.Raw)
	f.Fuzz(func(t *testing.T, der []byte) {
		c, err := parseCertificate(der)
		if err != nil {
			return
		}
		b := newBuilder(testNow)
		b.addPool(c)
		b.addAnchor(&anchor{Cert: c})
		_, _ = b.build(t.Context(), c)
		c.claims()
		c.country()
	})
}

func FuzzRevocation(f *testing.F) {
	ca := issue(f, nil, "Autorità", asCA)
	leaf, err := parseCertificate(ca.x.Raw)
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte{0x30, 3, 0x0a, 1, 6})
	list, err := x509.CreateRevocationList(rand.Reader, &x509.RevocationList{
		Number: big.NewInt(1), ThisUpdate: testNow, NextUpdate: testNow,
		RevokedCertificateEntries: []x509.RevocationListEntry{{SerialNumber: big.NewInt(1), RevocationTime: testNow, ReasonCode: 6}},
	}, ca.x, ca.key)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(list)
	good, err := ocsp.CreateResponse(ca.x, ca.x, ocsp.Response{SerialNumber: ca.x.SerialNumber, ThisUpdate: testNow}, ca.key)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Fuzz(func(t *testing.T, der []byte) {
		k := &checker{b: newBuilder(testNow), at: testNow, now: testNow}
		k.b.anyAlgorithm = true
		if r, err := parseOCSP(der); err == nil {
			k.data = append(k.data, evidence{ocsp: r})
		}
		if l, err := parseCRL(der); err == nil {
			k.data = append(k.data, evidence{crl: l})
			_, _ = l.find(leaf.Serial, leaf.Issuer)
		}
		k.status(t.Context(), leaf, leaf, 0)
	})
}

func FuzzList(f *testing.F) {
	u := issue(f, nil, "Agenzia", nil)
	f.Add(draft{
		sequence: 1, territory: "IT",
		services: serviceXML(stateXML("CA/QC", "granted", testNow, u, purposeXML("ForeSignatures")+
			qualifierXML("QCWithQSCD", `<CriteriaList assert="all"><PolicySet></PolicySet></CriteriaList>`))),
	}.sign(f, u))
	f.Fuzz(func(t *testing.T, doc []byte) {
		if h, err := verifyList(t.Context(), doc, "IT", [][]byte{u.x.Raw}); err == nil && (h.Sequence != 1 || len(h.Services) != 1) {
			t.Errorf("believed with another content: sequence %d, %d services", h.Sequence, len(h.Services))
		}
		l, err := parseList(doc)
		if err != nil {
			return
		}
		for _, s := range l.Services {
			stand(s.Certs[0], l.Services, testNow)
		}
	})
}

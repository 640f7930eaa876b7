package trust

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"testing"
	"time"
)

// qcExtension makes qcStatements; "sscd" is a device, the other names are types.
func qcExtension(names ...string) pkix.Extension {
	type statement struct {
		ID   asn1.ObjectIdentifier
		Info []asn1.ObjectIdentifier `asn1:"optional,omitempty"`
	}
	etsi := func(n ...int) asn1.ObjectIdentifier { return append(asn1.ObjectIdentifier{0, 4, 0, 1862, 1}, n...) }
	list := []statement{{ID: etsi(1)}}
	for _, n := range names {
		switch n {
		case "sscd":
			list = append(list, statement{ID: etsi(4)})
		case "esign":
			list = append(list, statement{etsi(6), []asn1.ObjectIdentifier{etsi(6, 1)}})
		case "eseal":
			list = append(list, statement{etsi(6), []asn1.ObjectIdentifier{etsi(6, 2)}})
		case "web":
			list = append(list, statement{etsi(6), []asn1.ObjectIdentifier{etsi(6, 3)}})
		}
	}
	v, err := asn1.Marshal(list)
	if err != nil {
		return pkix.Extension{}
	}
	return pkix.Extension{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 3}, Value: v}
}

// TestQualification judges signers whose authority is in a list of the test's own.
func TestQualification(t *testing.T) {
	longAgo := testNow.AddDate(-5, 0, 0)
	signatures := purposeXML("ForeSignatures")
	nonRepudiation := `<CriteriaList assert="all"><KeyUsage><KeyUsageBit name="nonRepudiation">true</KeyUsageBit></KeyUsage></CriteriaList>`
	never := `<CriteriaList assert="none"><KeyUsage><KeyUsageBit name="nonRepudiation">true</KeyUsageBit></KeyUsage></CriteriaList>`
	strange := `<CriteriaList assert="all"><otherCriteriaList><Stranezza></Stranezza></otherCriteriaList></CriteriaList>`
	tests := []struct {
		name     string
		qc       []string // nil: no statements
		services func(ca *party) string
		at       time.Time
		want     string
		code     string
	}{
		{"signature", []string{"sscd", "esign"}, func(ca *party) string {
			return serviceXML(stateXML("CA/QC", "granted", longAgo, ca, signatures))
		}, time.Time{}, QESig, ""},
		{"without a device", []string{"esign"}, func(ca *party) string {
			return serviceXML(stateXML("CA/QC", "granted", longAgo, ca, signatures))
		}, time.Time{}, AdESigQC, ""},
		{"not qualified", nil, func(ca *party) string {
			return serviceXML(stateXML("CA/QC", "granted", longAgo, ca, signatures))
		}, time.Time{}, AdESig, ""},
		{"seal", []string{"sscd", "eseal"}, func(ca *party) string {
			return serviceXML(stateXML("CA/QC", "granted", longAgo, ca, purposeXML("ForeSignatures", "ForeSeals")))
		}, time.Time{}, QESeal, ""},
		{"seal by a service for signatures", []string{"sscd", "eseal"}, func(ca *party) string {
			return serviceXML(stateXML("CA/QC", "granted", longAgo, ca, signatures))
		}, time.Time{}, AdESeal, ""},
		{"CNS issuer", []string{"sscd", "esign"}, func(ca *party) string {
			return serviceXML(stateXML("IdV", "recognisedatnationallevel", longAgo, ca, ""))
		}, time.Time{}, AdESig, "service-not-granted"},
		{"both kinds for one key", []string{"sscd", "esign"}, func(ca *party) string {
			return serviceXML(stateXML("IdV", "recognisedatnationallevel", longAgo, ca, "")) +
				serviceXML(stateXML("CA/QC", "granted", longAgo, ca, signatures))
		}, time.Time{}, QESig, ""},
		{"withdrawn before the signature", []string{"sscd", "esign"}, func(ca *party) string {
			return serviceXML(stateXML("CA/QC", "withdrawn", testNow.AddDate(0, -1, 0), ca, signatures),
				stateXML("CA/QC", "granted", longAgo, ca, signatures))
		}, time.Time{}, AdESig, "service-not-granted"},
		{"withdrawn after the signature", []string{"sscd", "esign"}, func(ca *party) string {
			return serviceXML(stateXML("CA/QC", "withdrawn", testNow.AddDate(0, -1, 0), ca, signatures),
				stateXML("CA/QC", "granted", longAgo, ca, signatures))
		}, testNow.AddDate(0, -2, 0), QESig, ""},
		{"granted after the certificate", []string{"sscd", "esign"}, func(ca *party) string {
			return serviceXML(stateXML("CA/QC", "granted", testNow.AddDate(0, -1, 0), ca, signatures))
		}, time.Time{}, AdESig, ""},
		{"device by qualifier", []string{"esign"}, func(ca *party) string {
			return serviceXML(stateXML("CA/QC", "granted", longAgo, ca, signatures+qualifierXML("QCWithQSCD", nonRepudiation)))
		}, time.Time{}, QESig, ""},
		{"no device by qualifier", []string{"sscd", "esign"}, func(ca *party) string {
			return serviceXML(stateXML("CA/QC", "granted", longAgo, ca, signatures+qualifierXML("QCNoQSCD", nonRepudiation)))
		}, time.Time{}, AdESigQC, ""},
		{"criteria that do not match", []string{"esign"}, func(ca *party) string {
			return serviceXML(stateXML("CA/QC", "granted", longAgo, ca, signatures+qualifierXML("QCWithQSCD", never)))
		}, time.Time{}, AdESigQC, ""},
		{"criteria that nobody knows", []string{"esign"}, func(ca *party) string {
			return serviceXML(stateXML("CA/QC", "granted", longAgo, ca, signatures+qualifierXML("QCWithQSCD", strange)))
		}, time.Time{}, AdESigQC, "qualifier-criteria-unknown"},
		{"excluded", []string{"sscd", "esign"}, func(ca *party) string {
			return serviceXML(stateXML("CA/QC", "granted", longAgo, ca, signatures+qualifierXML("NotQualified", nonRepudiation)))
		}, time.Time{}, AdESig, ""},
		{"a critical extension that nobody knows", []string{"sscd", "esign"}, func(ca *party) string {
			return serviceXML(stateXML("CA/QC", "granted", longAgo, ca, signatures+`<Extension Critical="true"><Nuovo></Nuovo></Extension>`))
		}, time.Time{}, AdESig, ""},
		{"web site", []string{"web"}, func(ca *party) string {
			return serviceXML(stateXML("CA/QC", "granted", longAgo, ca, purposeXML("ForWebSiteAuthentication")))
		}, time.Time{}, NotRelevant, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			u, p := newUnion(t), newPKI(t)
			c := p.person(func(c *x509.Certificate) {
				if tt.qc != nil {
					qualified(tt.qc...)(c)
				}
			})
			u.web[urlIT] = draft{sequence: 21, territory: "IT", services: tt.services(p.ca)}.sign(t, u.agency)
			s := u.store(nil)
			if err := s.Refresh(t.Context()); err != nil {
				t.Fatal(err)
			}
			op, err := s.Judge(t.Context(), JudgeOptions{
				Leaf: c.Raw, At: tt.at, Proven: !tt.at.IsZero(), OCSP: [][]byte{p.says(c, nil, nil)},
			})
			if err != nil {
				t.Fatal(err)
			}
			if op.Indication != Passed || op.Qualification != tt.want || op.ExtraAnchor {
				t.Errorf("got %v %s %q, want %q; %+v", op.Indication, op.SubIndication, op.Qualification, tt.want, op.Findings)
			}
			if tt.code != "" && !op.has(tt.code) {
				t.Errorf("no %q in %+v", tt.code, op.Findings)
			}
			if op.Service == nil || op.Service.Sequence != 21 || op.Service.Territory != "IT" || op.Service.Origin != "network" {
				t.Errorf("service: %+v", op.Service)
			}
		})
	}
}

// TestDirectiveCertificates: those from before the Regulation counted until the end of 21 May 2026 (art. 51(2)), and are
// no worse than others where they never counted.
func TestDirectiveCertificates(t *testing.T) {
	ca := issue(t, nil, "Autorità", asCA)
	leaf := func(from time.Time, qc bool) *certificate {
		c, err := parseCertificate(issue(t, ca, "Maria", func(c *x509.Certificate) {
			if c.NotBefore = from; qc {
				qualified("sscd", "esign")(c)
			}
		}).x.Raw)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	list, err := parseList([]byte(`<TrustServiceStatusList xmlns="http://uri.etsi.org/02231/v2#"><SchemeInformation>` +
		`<TSLVersionIdentifier>5</TSLVersionIdentifier><ListIssueDateTime>2026-01-01T00:00:00Z</ListIssueDateTime></SchemeInformation>` +
		`<TrustServiceProviderList><TrustServiceProvider><TSPServices>` +
		serviceXML(stateXML("CA/QC", "granted", eIDASStart, ca, purposeXML("ForeSignatures")),
			stateXML("CA/QC", "undersupervision", day(2010, 1, 1), ca, "")) +
		`</TSPServices></TrustServiceProvider></TrustServiceProviderList></TrustServiceStatusList>`))
	if err != nil {
		t.Fatal(err)
	}
	a := &anchor{Cert: list.Services[0].Certs[0], Services: list.Services}
	rome := time.FixedZone("CEST", 2*60*60)
	for _, tt := range []struct {
		name string
		c    *certificate
		at   time.Time
		want string
		told bool
	}{
		{"before, on the last day", leaf(day(2016, 6, 30), true), time.Date(2026, 5, 21, 23, 59, 59, 0, rome), QESig, false},
		{"before, a second later", leaf(day(2016, 6, 30), true), time.Date(2026, 5, 22, 0, 0, 0, 0, rome), AdESig, true},
		{"under the Regulation", leaf(day(2016, 7, 1), true), day(2026, 6, 1), QESig, false},
		{"before, never qualified", leaf(day(2016, 6, 30), false), day(2026, 6, 1), AdESig, false},
	} {
		got, st := qualify(tt.c, a, tt.at)
		if told := len(st.findings) > 0; got != tt.want || told != tt.told {
			t.Errorf("%s: %s, %+v", tt.name, got, st.findings)
		}
	}
}

// TestIndeterminateQualification: what an expired signer's certificate would have been is said, not promised.
func TestIndeterminateQualification(t *testing.T) {
	u, p := newUnion(t), newPKI(t)
	c := p.person(func(c *x509.Certificate) { expiredPerson(c); qualified("sscd", "esign")(c) })
	u.web[urlIT] = draft{
		sequence: 21, territory: "IT",
		services: serviceXML(stateXML("CA/QC", "granted", testNow.AddDate(-5, 0, 0), p.ca, purposeXML("ForeSignatures"))),
	}.sign(t, u.agency)
	s := u.store(nil)
	if err := s.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	op, err := s.Judge(t.Context(), JudgeOptions{Leaf: c.Raw})
	if err != nil || op.Qualification != "Indeterminate QESig" || op.SubIndication != OutOfBoundsNoPOE {
		t.Errorf("%+v %v", op, err)
	}
}

func TestTimeStampQualification(t *testing.T) {
	for _, tt := range []struct{ typ, status, want string }{
		{"TSA/QTST", "granted", QTSA}, {"TSA/QTST", "withdrawn", TSA}, {"TSA", "recognisedatnationallevel", TSA},
	} {
		u, p := newUnion(t), newPKI(t)
		c := p.person(func(c *x509.Certificate) {
			c.KeyUsage, c.ExtKeyUsage = x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping}
		})
		u.web[urlIT] = draft{
			sequence: 21, territory: "IT", services: serviceXML(stateXML(tt.typ, tt.status, testNow.AddDate(-5, 0, 0), p.ca, "")),
		}.sign(t, u.agency)
		s := u.store(nil)
		if err := s.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		op, err := s.Judge(t.Context(), JudgeOptions{Leaf: c.Raw, TimeStamp: true, OCSP: [][]byte{p.says(c, nil, nil)}})
		if err != nil || op.Indication != Passed || op.Qualification != tt.want {
			t.Errorf("%s %s: %+v %v", tt.typ, tt.status, op, err)
		}
	}
}

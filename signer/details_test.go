package signer_test

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"net/url"
	"reflect"
	"testing"
	"time"

	"ceralacca/signer"
)

// certificateWith issues a self-signed certificate with the extensions and names of the template.
func certificateWith(t testing.TB, c *x509.Certificate) *x509.Certificate {
	t.Helper()
	key := testPKI().key(t, "P-256", nil)
	c.NotBefore, c.NotAfter = time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2028, 1, 1, 0, 0, 0, 0, time.UTC)
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Signer.Public(), key.Signer)
	if err != nil {
		t.Fatal(err)
	}
	x, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func der(t testing.TB, v any) []byte {
	t.Helper()
	b, err := asn1.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

type statement struct {
	ID   asn1.ObjectIdentifier
	Info asn1.RawValue `asn1:"optional"`
}

func TestDetailsOf(t *testing.T) {
	oid := func(n ...int) asn1.ObjectIdentifier { return n }
	info := func(v any) asn1.RawValue { return asn1.RawValue{FullBytes: der(t, v)} }
	type pds struct {
		URL      string `asn1:"ia5"`
		Language string `asn1:"printable"`
	}
	type money struct {
		Currency         string `asn1:"printable"`
		Amount, Exponent int
	}
	type notice struct {
		Text string `asn1:"utf8"`
	}
	type qualifier struct {
		ID    asn1.ObjectIdentifier
		Value any
	}
	type policy struct {
		ID         asn1.ObjectIdentifier
		Qualifiers []qualifier
	}
	qc := der(t, []statement{
		{ID: oid(0, 4, 0, 1862, 1, 1)},
		{ID: oid(0, 4, 0, 1862, 1, 2), Info: info(money{"EUR", 5, 4})},
		{ID: oid(0, 4, 0, 1862, 1, 3), Info: info(20)},
		{ID: oid(0, 4, 0, 1862, 1, 4)},
		{ID: oid(0, 4, 0, 1862, 1, 5), Info: info([]pds{{"https://example.org/pds-it.pdf", "it"}, {"https://example.org/pds-en.pdf", "en"}})},
		{ID: oid(0, 4, 0, 1862, 1, 6), Info: info([]asn1.ObjectIdentifier{oid(0, 4, 0, 1862, 1, 6, 1), oid(1, 2, 3)})},
	})
	policies := der(t, []policy{{oid(0, 4, 0, 194112, 1, 2), []qualifier{
		{oid(1, 3, 6, 1, 5, 5, 7, 2, 1), asn1.RawValue{Tag: asn1.TagIA5String, Bytes: []byte("https://example.org/cps")}},
		{oid(1, 3, 6, 1, 5, 5, 7, 2, 2), notice{"Solo per la società: è un limite d'uso"}},
	}}, {oid(1, 3, 76, 16, 6), nil}})
	c := certificateWith(t, &x509.Certificate{
		SerialNumber: big.NewInt(0x1234), EmailAddresses: []string{"anna@example.org"},
		Subject: pkix.Name{Country: []string{"IT"}, Organization: []string{`Rossi, Bianchi & C. "Srl"`}, CommonName: "ANNA ESEMPIO", ExtraNames: []pkix.AttributeTypeAndValue{
			{Type: oid(2, 5, 4, 42), Value: "ANNA"}, {Type: oid(2, 5, 4, 97), Value: "VATIT-01234567890"}, {Type: oid(1, 2, 3, 4), Value: "x"},
		}},
		KeyUsage: x509.KeyUsageContentCommitment | x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		OCSPServer: []string{"http://ocsp.example.org"}, IssuingCertificateURL: []string{"http://ca.example.org/ca.cer"},
		CRLDistributionPoints: []string{"http://crl.example.org/1.crl"}, SubjectKeyId: []byte{1, 2}, URIs: []*url.URL{},
		ExtraExtensions: []pkix.Extension{{Id: oid(1, 3, 6, 1, 5, 5, 7, 1, 3), Value: qc}, {Id: oid(2, 5, 29, 32), Value: policies}},
	})
	d := signer.DetailsOf(c)
	want := signer.Details{
		Subject: `C=IT, O=Rossi\, Bianchi & C. \"Srl\", CN=ANNA ESEMPIO, GN=ANNA, organizationIdentifier=VATIT-01234567890, 1.2.3.4=x`,
		Version: 3, Serial: big.NewInt(0x1234), SignatureAlgorithm: "ECDSA-SHA256",
		KeyUsage: []string{"digitalSignature", "nonRepudiation"}, ExtendedKeyUsage: []string{"1.3.6.1.5.5.7.3.2"},
		Policies: []signer.Policy{
			{OID: "0.4.0.194112.1.2", CPS: []string{"https://example.org/cps"}, Notice: []string{"Solo per la società: è un limite d'uso"}},
			{OID: "1.3.76.16.6"},
		},
		QC: signer.QCStatements{
			Compliance: true, SSCD: true, Types: []string{"esign"}, RetentionYears: 20,
			PDS:           []signer.PDS{{"https://example.org/pds-it.pdf", "it"}, {"https://example.org/pds-en.pdf", "en"}},
			LimitCurrency: "EUR", LimitAmount: big.NewInt(50_000),
		},
		Emails: []string{"anna@example.org"}, OCSP: []string{"http://ocsp.example.org"}, CRLs: []string{"http://crl.example.org/1.crl"},
		Issuers: []string{"http://ca.example.org/ca.cer"}, SubjectKeyID: []byte{1, 2}, SHA1: d.SHA1, SHA256: sha256.Sum256(c.Raw),
	}
	want.Issuer = want.Subject
	if !reflect.DeepEqual(d, want) {
		t.Errorf("got  %+v\nwant %+v", d, want)
	}
}

// TestDetailsOfDamaged: what cannot be read counts as absent, and the rest stays.
func TestDetailsOfDamaged(t *testing.T) {
	for _, tc := range []struct {
		name  string
		id    asn1.ObjectIdentifier
		value []byte
	}{
		{"qcStatements cut short", asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 3}, []byte{0x30, 0x0A, 0x30, 0x08, 0x06, 0x06, 4, 0, 0x8E, 0x46, 1, 5}},
		{"a PDS that is none", asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 3}, der(t, []statement{{ID: asn1.ObjectIdentifier{0, 4, 0, 1862, 1, 5}, Info: asn1.RawValue{FullBytes: der(t, 1)}}})},
		{"a negative limit", asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 3}, der(t, []statement{{ID: asn1.ObjectIdentifier{0, 4, 0, 1862, 1, 2}, Info: asn1.RawValue{FullBytes: der(t, struct {
			C    string `asn1:"printable"`
			A, E int
		}{"EUR", -1, 0})}}})},
		{"a limit without end", asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 3}, der(t, []statement{{ID: asn1.ObjectIdentifier{0, 4, 0, 1862, 1, 2}, Info: asn1.RawValue{FullBytes: der(t, struct {
			C    string `asn1:"printable"`
			A, E int
		}{"EUR", 1, 1 << 40})}}})},
	} {
		c := certificateWith(t, &x509.Certificate{SerialNumber: big.NewInt(1), ExtraExtensions: []pkix.Extension{{Id: tc.id, Value: tc.value}}})
		d := signer.DetailsOf(c)
		if !reflect.DeepEqual(d.QC, signer.QCStatements{}) || d.Version != 3 {
			t.Errorf("%s: %+v", tc.name, d)
		}
	}
}

func FuzzDetailsOf(f *testing.F) {
	c := certificateWith(f, &x509.Certificate{SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "ANNA"}})
	f.Add(c.Raw)
	f.Add(bytes.Replace(c.Raw, []byte("ANNA"), []byte{0xff, 0, '\n', ','}, -1))
	f.Fuzz(func(_ *testing.T, b []byte) {
		if x, err := x509.ParseCertificate(b); err == nil {
			signer.DetailsOf(x)
		}
	})
}

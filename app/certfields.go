package app

import (
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"strings"

	"ceralacca/app/lang"
	"ceralacca/signer"
)

// CertField is one line of a certificate's details.
type CertField struct {
	Name  string // stable, for programs: "subject", "serial-dec", …; one name may come several times
	Label string
	Value string
	Exact bool // digits or an address, to be shown as they are written
}

// SignerCertificate is the certificate of a signature, as [Certificate.Fields] and [Certificate.Mask] want it: what it is for
// and how it stands is in the report. It is nil when c is, or when it cannot be read.
func SignerCertificate(c *signer.Certificate) *Certificate {
	if c == nil || c.X509 == nil {
		return nil
	}
	return &Certificate{
		DER: c.DER, SubjectCN: c.SubjectCN, IssuerCN: c.IssuerCN, FiscalCode: c.FiscalCode, Serial: c.Serial,
		NotBefore: c.NotBefore, NotAfter: c.NotAfter, KeyType: keyType(c.X509),
	}
}

// Fields are the details of the certificate that people and those who help them ask for, in the words of t. They hold
// the codice fiscale wherever the certificate does: see [Certificate.Mask].
func (c *Certificate) Fields(t *lang.Catalog) []CertField {
	x, err := x509.ParseCertificate(c.DER)
	if err != nil {
		return nil
	}
	d := signer.DetailsOf(x)
	f := fields{t: t}
	f.add("subject", d.Subject)
	f.add("fiscal-code", c.FiscalCode)
	f.add("email", d.Emails...)
	f.add("issuer", d.Issuer)
	f.exact("serial", pairs(c.Serial))
	f.exact("serial-dec", d.Serial.String())
	f.add("not-before", t.DateTime(x.NotBefore))
	f.add("not-after", t.DateTime(x.NotAfter))
	f.add("key", c.KeyType)
	f.add("key-usage", strings.Join(f.known("usage", d.KeyUsage), "; "))
	f.add("extended-usage", f.known("eku", d.ExtendedKeyUsage)...)
	for _, p := range d.Policies {
		f.add("policy", f.known("policy", []string{p.OID})...)
		f.add("notice", p.Notice...)
		f.exact("cps", p.CPS...)
	}
	f.statements(&d.QC)
	f.exact("ocsp", d.OCSP...)
	f.exact("crl", d.CRLs...)
	f.exact("ca-issuers", d.Issuers...)
	f.exact("ski", pairs(hex.EncodeToString(d.SubjectKeyID)))
	f.exact("aki", pairs(hex.EncodeToString(d.AuthorityKeyID)))
	f.add("signature-algorithm", d.SignatureAlgorithm)
	f.add("version", fmt.Sprintf("X.509 v%d", d.Version))
	f.exact("sha256", pairs(hex.EncodeToString(d.SHA256[:])))
	f.exact("sha1", pairs(hex.EncodeToString(d.SHA1[:])))
	return f.list
}

// Mask hides the last ten characters of the certificate's codice fiscale wherever it stands in s.
func (c *Certificate) Mask(s string) string {
	if len(c.FiscalCode) < 7 {
		return s
	}
	return strings.ReplaceAll(s, c.FiscalCode, c.FiscalCode[:6]+strings.Repeat("∙", len(c.FiscalCode)-6))
}

type fields struct {
	t    *lang.Catalog
	list []CertField
}

// add adds a line for each value that is not empty.
func (f *fields) add(name string, values ...string) {
	for _, v := range values {
		if v = strings.TrimSpace(v); v != "" {
			f.list = append(f.list, CertField{Name: name, Label: f.t.T("cert.field." + name), Value: v})
		}
	}
}

func (f *fields) exact(name string, values ...string) {
	from := len(f.list)
	f.add(name, values...)
	for i := range f.list[from:] {
		f.list[from+i].Exact = true
	}
}

// known gives each identifier its plain words, where there are any, and the identifier itself.
func (f *fields) known(kind string, ids []string) []string {
	var list []string
	for _, id := range ids {
		if key := "cert." + kind + "." + plainNames[id]; plainNames[id] != "" && f.t.Has(key) {
			id = fmt.Sprintf("%s (%s)", f.t.T(key), id)
		}
		list = append(list, id)
	}
	return list
}

// plainNames are the ends of the text keys for what stands in certificates of Italian cards. Sources: RFC 5280 §4.2.1.3
// and §4.2.1.12, RFC 9336, EN 319 411-2 §5.3, TS 101 456 §5.2, AgID det. 121/2019 §4 (1.3.76.16.6); certificate profile
// of the CNS 1.1; Lombardy's two older policies and the CIE's as in package signer.
var plainNames = map[string]string{
	"digitalSignature": "digital-signature", "nonRepudiation": "non-repudiation", "keyEncipherment": "key-encipherment",
	"dataEncipherment": "data-encipherment", "keyAgreement": "key-agreement", "keyCertSign": "cert-sign", "cRLSign": "crl-sign",
	"1.3.6.1.5.5.7.3.2": "client-auth", "1.3.6.1.5.5.7.3.4": "email", "1.3.6.1.5.5.7.3.8": "time-stamping",
	"1.3.6.1.5.5.7.3.9": "ocsp-signing", "1.3.6.1.5.5.7.3.36": "document-signing", "1.3.6.1.4.1.311.20.2.2": "card-logon",
	"1.3.6.1.4.1.311.10.3.12": "document-signing", "1.2.840.113583.1.1.5": "document-signing",
	"1.3.76.16.2.1": "cns", "1.3.159.6.1.3.2.10": "cns", "1.3.76.12.1.1.10.2.2.10": "cns", "1.3.76.47.4": "cie",
	"1.3.76.16.6": "agid", "0.4.0.194112.1.0": "qcp-n", "0.4.0.194112.1.1": "qcp-l", "0.4.0.194112.1.2": "qcp-n-qscd",
	"0.4.0.194112.1.3": "qcp-l-qscd", "0.4.0.1456.1.1": "qcp-n-qscd", "0.4.0.1456.1.2": "qcp-n",
	"esign": "esign", "eseal": "eseal", "web": "web",
}

// statements tells the qualified statements one by one.
func (f *fields) statements(q *signer.QCStatements) {
	say := func(on bool, key string) {
		if on {
			f.add("qc", f.t.T("cert.qc."+key))
		}
	}
	say(q.Compliance, "compliance")
	say(q.SSCD, "sscd")
	f.add("qc-type", f.known("type", q.Types)...)
	if q.RetentionYears > 0 {
		f.add("qc-retention", f.t.Text(lang.MN("cert.qc.retention", q.RetentionYears)))
	}
	if q.LimitAmount != nil {
		f.add("qc-limit", q.LimitAmount.String()+" "+q.LimitCurrency)
	}
	for _, p := range q.PDS {
		f.exact("qc-pds", strings.TrimSpace(p.URL+" "+strings.ToLower(p.Language)))
	}
}

// pairs writes hex digits two by two, so that a long number breaks between pairs.
func pairs(s string) string {
	if len(s)%2 == 1 {
		s = "0" + s
	}
	var b strings.Builder
	for i := 0; i+1 < len(s); i += 2 {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(strings.ToUpper(s[i : i+2]))
	}
	return b.String()
}

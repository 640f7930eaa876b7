package signer

import (
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"math/big"
	"strings"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"ceralacca/signer/internal/cert"
)

// Details are the fields of a certificate that its holder is asked for by those who help. They tell what is written
// there and judge nothing; a part that is damaged counts as absent.
type Details struct {
	// Subject and Issuer are whole names, in the order of the certificate: "C=IT, O=…, CN=…" with the escapes of RFC 4514.
	Subject, Issuer     string
	Version             int // 1 to 3
	Serial              *big.Int
	SignatureAlgorithm  string   // the library's name for it, "SHA256-RSA"
	KeyUsage            []string // the names of RFC 5280 §4.2.1.3, nonRepudiation for contentCommitment
	ExtendedKeyUsage    []string // object identifiers
	Policies            []Policy
	QC                  QCStatements
	Emails              []string
	OCSP, CRLs, Issuers []string // addresses; Issuers is where the issuer's certificate is
	// SubjectKeyID and AuthorityKeyID are nil where the certificate has none.
	SubjectKeyID, AuthorityKeyID []byte
	SHA1                         [20]byte // of the whole certificate, as the next
	SHA256                       [32]byte
}

// Policy is a certificate policy (RFC 5280 §4.2.1.4).
type Policy struct {
	OID    string
	CPS    []string // where the issuer's practice statement is
	Notice []string // explicit texts: Italian issuers write limits of use here
}

// QCStatements are the statements of EN 319 412-5 §4 with what they say.
type QCStatements struct {
	Compliance, SSCD bool
	Types            []string // "esign", "eseal", "web"
	RetentionYears   int      // 0 when not stated
	PDS              []PDS
	// LimitCurrency is empty where there is no limit; LimitAmount is in whole units of the currency.
	LimitCurrency string
	LimitAmount   *big.Int
}

// PDS is where an issuer's disclosure statement is, and in which language.
type PDS struct{ URL, Language string }

// DetailsOf reads the details of c.
func DetailsOf(c *x509.Certificate) Details {
	d := Details{
		Version: c.Version, Serial: c.SerialNumber, SignatureAlgorithm: c.SignatureAlgorithm.String(),
		Emails: c.EmailAddresses, OCSP: c.OCSPServer, CRLs: c.CRLDistributionPoints, Issuers: c.IssuingCertificateURL,
		SubjectKeyID: c.SubjectKeyId, AuthorityKeyID: c.AuthorityKeyId, SHA1: sha1.Sum(c.Raw), SHA256: sha256.Sum256(c.Raw),
		Subject: distinguishedName(c.RawSubject), Issuer: distinguishedName(c.RawIssuer),
	}
	for i, name := range keyUsages {
		if c.KeyUsage&(1<<i) != 0 {
			d.KeyUsage = append(d.KeyUsage, name)
		}
	}
	k, err := cert.Parse(c.Raw)
	if err != nil {
		return d
	}
	for _, o := range k.EKU {
		d.ExtendedKeyUsage = append(d.ExtendedKeyUsage, string(o))
	}
	for _, x := range k.Extensions {
		if x.OID == cert.OIDExtPolicies {
			d.Policies = policies(x.Value)
		}
	}
	for _, q := range k.QCStatements {
		d.QC.take(q)
	}
	return d
}

// keyUsages are the names of the bits, from the first.
var keyUsages = []string{
	"digitalSignature", "nonRepudiation", "keyEncipherment", "dataEncipherment", "keyAgreement", "keyCertSign", "cRLSign",
	"encipherOnly", "decipherOnly",
}

// nameTypes are the short names of the attributes that Italian certificates use (RFC 4519; EN 319 412-1 §5.1.4 for
// organizationIdentifier).
var nameTypes = map[cert.OID]string{
	"2.5.4.3": "CN", "2.5.4.4": "SN", "2.5.4.5": "serialNumber", "2.5.4.6": "C", "2.5.4.7": "L", "2.5.4.8": "ST", "2.5.4.9": "street",
	"2.5.4.10": "O", "2.5.4.11": "OU", "2.5.4.12": "title", "2.5.4.17": "postalCode", "2.5.4.42": "GN", "2.5.4.46": "dnQualifier",
	"2.5.4.65": "pseudonym", "2.5.4.97": "organizationIdentifier", "1.2.840.113549.1.9.1": "E", "0.9.2342.19200300.100.1.1": "UID",
	"0.9.2342.19200300.100.1.25": "DC",
}

var nameEscapes = strings.NewReplacer(`\`, `\\`, ",", `\,`, "+", `\+`, `"`, `\"`, "<", `\<`, ">", `\>`, ";", `\;`, "\n", `\0a`, "\r", `\0d`, "\x00", `\00`)

func distinguishedName(raw []byte) string {
	var parts []string
	for _, a := range cert.NameParts(raw) {
		name := nameTypes[a.OID]
		if name == "" {
			name = string(a.OID)
		}
		parts = append(parts, name+"="+nameEscapes.Replace(a.Value))
	}
	return strings.Join(parts, ", ")
}

// policies reads certificatePolicies up to the first damage.
func policies(value []byte) []Policy {
	s := cryptobyte.String(value)
	var list []Policy
	if !s.ReadASN1(&s, asn1.SEQUENCE) {
		return nil
	}
	for !s.Empty() {
		var info, qualifiers cryptobyte.String
		if !s.ReadASN1(&info, asn1.SEQUENCE) {
			break
		}
		o, ok := cert.ReadOID(&info)
		if !ok {
			break
		}
		p := Policy{OID: string(o)}
		if info.ReadASN1(&qualifiers, asn1.SEQUENCE) {
			p.qualify(qualifiers)
		}
		list = append(list, p)
	}
	return list
}

// qualify takes the qualifiers over: the address of the practice statement and explicit texts.
func (p *Policy) qualify(s cryptobyte.String) {
	for !s.Empty() {
		var q, v cryptobyte.String
		if !s.ReadASN1(&q, asn1.SEQUENCE) {
			return
		}
		switch o, _ := cert.ReadOID(&q); o {
		case "1.3.6.1.5.5.7.2.1":
			if q.ReadASN1(&v, asn1.IA5String) {
				p.CPS = append(p.CPS, strings.ToValidUTF8(string(v), "\uFFFD"))
			}
		case "1.3.6.1.5.5.7.2.2":
			if !q.ReadASN1(&q, asn1.SEQUENCE) {
				continue
			}
			q.SkipOptionalASN1(asn1.SEQUENCE) // noticeRef
			var tag asn1.Tag
			if q.ReadAnyASN1(&v, &tag) {
				p.Notice = append(p.Notice, cert.Text(v, tag))
			}
		}
	}
}

// take adds what one statement says (EN 319 412-5 §4.2 and §4.3).
func (qc *QCStatements) take(q cert.QCStatement) {
	info := cryptobyte.String(q.Info)
	switch q.OID {
	case cert.OIDQcCompliance:
		qc.Compliance = true
	case cert.OIDQcSSCD:
		qc.SSCD = true
	case "0.4.0.1862.1.2":
		qc.limit(info)
	case "0.4.0.1862.1.3":
		var years int
		if info.ReadASN1Integer(&years) && years > 0 {
			qc.RetentionYears = years
		}
	case "0.4.0.1862.1.5":
		if !info.ReadASN1(&info, asn1.SEQUENCE) {
			return
		}
		for !info.Empty() {
			var l, u, tongue cryptobyte.String
			if !info.ReadASN1(&l, asn1.SEQUENCE) || !l.ReadASN1(&u, asn1.IA5String) || !l.ReadASN1(&tongue, asn1.PrintableString) {
				return
			}
			qc.PDS = append(qc.PDS, PDS{strings.ToValidUTF8(string(u), "\uFFFD"), strings.ToValidUTF8(string(tongue), "\uFFFD")})
		}
	case cert.OIDQcType:
		if !info.ReadASN1(&info, asn1.SEQUENCE) {
			return
		}
		names := map[cert.OID]string{cert.OIDQcTypeESign: "esign", cert.OIDQcTypeESeal: "eseal", "0.4.0.1862.1.6.3": "web"}
		for !info.Empty() {
			o, ok := cert.ReadOID(&info)
			if !ok {
				return
			}
			if names[o] != "" {
				qc.Types = append(qc.Types, names[o])
			}
		}
	}
}

// limit reads MonetaryValue: amount times ten to the exponent.
func (qc *QCStatements) limit(info cryptobyte.String) {
	var m, currency cryptobyte.String
	var amount, exponent int64
	if !info.ReadASN1(&m, asn1.SEQUENCE) || !m.ReadASN1(&currency, asn1.PrintableString) || len(currency) != 3 ||
		!m.ReadASN1Integer(&amount) || !m.ReadASN1Integer(&exponent) || amount < 0 || exponent < 0 || exponent > 18 {
		return
	}
	ten := new(big.Int).Exp(big.NewInt(10), big.NewInt(exponent), nil)
	qc.LimitCurrency, qc.LimitAmount = strings.ToValidUTF8(string(currency), "\uFFFD"), ten.Mul(ten, big.NewInt(amount))
}

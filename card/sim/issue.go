package sim

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"fmt"
	"math/big"
	"time"
)

const (
	keyBits = 2048
	noValue = "PRATICA – NESSUN VALORE LEGALE"
	notice  = "Certificato di pratica, nessun valore legale. Practice certificate, no legal value."
)

// Object identifiers of the two certificate profiles, facts §2.1 and §2.2.
var (
	oidPolicies      = asn1.ObjectIdentifier{2, 5, 29, 32}
	oidUserNotice    = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 2, 2}
	oidQCStatements  = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 3}
	oidQcCompliance  = asn1.ObjectIdentifier{0, 4, 0, 1862, 1, 1}
	oidQcRetention   = asn1.ObjectIdentifier{0, 4, 0, 1862, 1, 3}
	oidQcSSCD        = asn1.ObjectIdentifier{0, 4, 0, 1862, 1, 4}
	oidQcType        = asn1.ObjectIdentifier{0, 4, 0, 1862, 1, 6}
	oidQcTypeESign   = asn1.ObjectIdentifier{0, 4, 0, 1862, 1, 6, 1}
	oidPolicyCNS     = asn1.ObjectIdentifier{1, 3, 76, 16, 2, 1}
	oidPolicyQSCD    = asn1.ObjectIdentifier{0, 4, 0, 194112, 1, 2} // QCP-n-qscd
	oidPolicyAgID    = asn1.ObjectIdentifier{1, 3, 76, 16, 6}
	oidSurname       = asn1.ObjectIdentifier{2, 5, 4, 4}
	oidGivenName     = asn1.ObjectIdentifier{2, 5, 4, 42}
	oidDNQualifier   = asn1.ObjectIdentifier{2, 5, 4, 46}
	oidSerialNumber  = asn1.ObjectIdentifier{2, 5, 4, 5}
	oidAnyPolicy     = asn1.ObjectIdentifier{2, 5, 29, 32, 0}
	practiceSubjects = []string{"Radice di pratica (no legal value)", "CA qualificata di pratica (no legal value)", "CA servizi di pratica (no legal value)"}
)

// term is when a card was issued and its certificates are valid.
type term struct{ issued, from, until time.Time }

// issue makes keys and certificates: root, two authorities, two certificates of the card.
func issue(t term, withdrawn bool, keys func(int) ([]*rsa.PrivateKey, error)) (*Practice, error) {
	k, err := keys(5)
	if err != nil {
		return nil, fmt.Errorf("making the practice keys: %w", err)
	}
	from, until := t.from.UTC().Truncate(time.Second), t.until.UTC().Truncate(time.Second)
	p := &Practice{id: withLuhn("700000000000001")}
	holder := anna
	holder.Issued, holder.Expires = t.issued, until
	p.personal = holder.Encode()

	var root, qualified, services authority
	if root, err = newAuthority(practiceSubjects[0], k[0], nil, from); err != nil {
		return nil, err
	}
	if qualified, err = newAuthority(practiceSubjects[1], k[1], &root, from); err != nil {
		return nil, err
	}
	if services, err = newAuthority(practiceSubjects[2], k[2], &root, from); err != nil {
		return nil, err
	}
	p.authorities = []*x509.Certificate{root.cert, qualified.cert, services.cert}

	auth := authProfile(holder, p.id, p.personal)
	sign := signProfile(holder)
	for _, t := range []*x509.Certificate{auth, sign} {
		t.NotBefore, t.NotAfter = from, until
	}
	if p.auth, err = services.keyset(auth, k[3]); err != nil {
		return nil, err
	}
	if p.sign, err = qualified.keyset(sign, k[4]); err != nil {
		return nil, err
	}
	p.revoked, err = qualified.revoke(p.sign.Certificate, withdrawn, from, until)
	return p, err
}

// revoke makes the authority's list of revoked certificates, with this one in it or not. The reason is that of
// certificates whose device was given up (RFC 5280 §5.3.1, cessationOfOperation).
func (a *authority) revoke(der []byte, really bool, from, until time.Time) ([]byte, error) {
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("reading a practice certificate: %w", err)
	}
	list := &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: from, NextUpdate: until}
	if really {
		list.RevokedCertificateEntries = []x509.RevocationListEntry{{SerialNumber: leaf.SerialNumber, RevocationTime: from.Add(time.Hour), ReasonCode: 5}}
	}
	return x509.CreateRevocationList(rand.Reader, list, a.cert, a.key)
}

// authority is a practice certification authority.
type authority struct {
	cert *x509.Certificate
	key  *rsa.PrivateKey
}

// newAuthority issues an authority's certificate, self-signed where there is none above.
func newAuthority(name string, key *rsa.PrivateKey, above *authority, from time.Time) (authority, error) {
	t := &x509.Certificate{
		Subject: pkix.Name{
			Country: []string{"IT"}, Organization: []string{noValue}, OrganizationalUnit: []string{"Ceralacca"}, CommonName: name,
		},
		NotBefore: from.AddDate(-1, 0, 0), NotAfter: from.AddDate(20, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	if above == nil {
		above = &authority{t, key}
	} else {
		t.MaxPathLenZero = true
		t.ExtraExtensions = []pkix.Extension{policies(oidAnyPolicy)}
	}
	der, err := above.certify(t, key)
	if err != nil {
		return authority{}, err
	}
	cert, err := x509.ParseCertificate(der)
	return authority{cert, key}, err
}

// certify signs the template for the key.
func (a *authority) certify(t *x509.Certificate, key *rsa.PrivateKey) ([]byte, error) {
	id := sha1.Sum(x509.MarshalPKCS1PublicKey(&key.PublicKey)) // RFC 5280 §4.2.1.2 (1)
	t.SubjectKeyId = id[:]
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 126))
	if err != nil {
		return nil, fmt.Errorf("choosing a serial number: %w", err)
	}
	t.SerialNumber = serial.Add(serial, big.NewInt(1))
	der, err := x509.CreateCertificate(rand.Reader, t, a.cert, crypto.PublicKey(&key.PublicKey), a.key)
	if err != nil {
		return nil, fmt.Errorf("issuing a practice certificate: %w", err)
	}
	return der, nil
}

func (a *authority) keyset(t *x509.Certificate, key *rsa.PrivateKey) (Keyset, error) {
	der, err := a.certify(t, key)
	return Keyset{Key: key, Certificate: der, PIN: PracticePIN, PUK: PracticePUK}, err
}

// authProfile is the authentication certificate of the CNS, facts §2.1.
func authProfile(h Personal, id string, personal []byte) *x509.Certificate {
	hash := sha1.Sum(personal)
	return &x509.Certificate{
		Subject: pkix.Name{
			Country: []string{"IT"}, Organization: []string{noValue}, OrganizationalUnit: []string{"Ceralacca"},
			CommonName: h.FiscalCode + "/" + id + "." + base64.StdEncoding.EncodeToString(hash[:]),
			ExtraNames: personNames(h),
		},
		KeyUsage:        x509.KeyUsageDigitalSignature,
		ExtKeyUsage:     []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		ExtraExtensions: []pkix.Extension{policies(oidPolicyCNS)},
	}
}

// signProfile is the qualified signature certificate, facts §2.2.
func signProfile(h Personal) *x509.Certificate {
	return &x509.Certificate{
		Subject: pkix.Name{
			Country: []string{"IT"}, CommonName: h.Name + " " + h.Surname,
			ExtraNames: append(personNames(h),
				pkix.AttributeTypeAndValue{Type: oidSerialNumber, Value: "TINIT-" + h.FiscalCode},
				pkix.AttributeTypeAndValue{Type: oidDNQualifier, Value: "PRATICA0001"}),
		},
		KeyUsage:        x509.KeyUsageContentCommitment,
		ExtraExtensions: []pkix.Extension{policies(oidPolicyQSCD, oidPolicyAgID), qcStatements()},
	}
}

func personNames(h Personal) []pkix.AttributeTypeAndValue {
	return []pkix.AttributeTypeAndValue{{Type: oidSurname, Value: h.Surname}, {Type: oidGivenName, Value: h.Name}}
}

// policies is the extension of RFC 5280 §4.2.1.4; a user notice on the first policy says what this is not.
func policies(ids ...asn1.ObjectIdentifier) pkix.Extension {
	type userNotice struct {
		Text string `asn1:"utf8"`
	}
	type qualifier struct {
		ID     asn1.ObjectIdentifier
		Notice userNotice
	}
	type policy struct {
		ID         asn1.ObjectIdentifier
		Qualifiers []qualifier `asn1:"optional,omitempty"`
	}
	list := make([]policy, len(ids))
	for i, id := range ids {
		list[i].ID = id
	}
	list[0].Qualifiers = []qualifier{{oidUserNotice, userNotice{notice}}}
	return extension(oidPolicies, list)
}

// qcStatements is the extension of EN 319 412-5 §4: qualified, kept twenty years, in a qualified device, for
// electronic signatures.
func qcStatements() pkix.Extension {
	type statement struct {
		ID   asn1.ObjectIdentifier
		Info asn1.RawValue `asn1:"optional"`
	}
	info := func(v any) asn1.RawValue {
		der, _ := asn1.Marshal(v) // an integer and a list of object identifiers cannot fail
		return asn1.RawValue{FullBytes: der}
	}
	return extension(oidQCStatements, []statement{
		{ID: oidQcCompliance},
		{ID: oidQcRetention, Info: info(20)},
		{ID: oidQcSSCD},
		{ID: oidQcType, Info: info([]asn1.ObjectIdentifier{oidQcTypeESign})},
	})
}

// extension encodes fixed data of our own, which cannot fail; a test reads every extension back.
func extension(id asn1.ObjectIdentifier, v any) pkix.Extension {
	der, _ := asn1.Marshal(v)
	return pkix.Extension{Id: id, Value: der}
}

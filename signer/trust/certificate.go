package trust

import (
	"crypto/sha256"
	"errors"
	"math/big"
	"slices"

	"ceralacca/signer/internal/cert"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// certificate is a certificate seen as a link of a path: on top of what [cert.Parse] reads, the extensions of
// RFC 5280 §4.2 that path validation, revocation and qualification ask for, and names that can be compared.
type certificate struct {
	*cert.Certificate
	Issuer, Subject name
	Serial          []byte // two's complement, without padding

	AltNames    []generalName
	Constraints *nameConstraints
	HasPolicies bool
	EKUCritical bool
	Mappings    [][2]string // issuerDomainPolicy, subjectDomainPolicy
	Require     int         // requireExplicitPolicy, -1 absent
	InhibitMap  int         // inhibitPolicyMapping, -1 absent
	InhibitAny  int         // inhibitAnyPolicy, -1 absent
	CRLPoints   []distributionPoint
	OCSP        []string // AIA
	CAIssuers   []string // AIA
	QC          qcStatements
	NoCheck     bool // id-pkix-ocsp-nocheck
	NoRevAvail  bool // noRevAvail or ETSI validity-assured short-term

	UnknownCritical string // first critical extension that this program does not process, or cannot read
	subjectKey      string
	issuerKey       string
	sum             [32]byte
}

// qcStatements are the statements of ETSI EN 319 412-5 that decide the qualification.
type qcStatements struct {
	Compliance bool
	SSCD       bool
	Types      []string // "esign", "eseal", "web"
	Other      bool     // QcCClegislation: qualified under the law of a state outside the Union
}

const (
	oidAnyPolicy = "2.5.29.32.0"
	oidEmail     = "1.2.840.113549.1.9.1"

	maxExtensions = 64
)

// Bits of KeyUsage, RFC 5280 §4.2.1.3.
const (
	kuNonRepudiation = 1
	kuCertSign       = 5
	kuCRLSign        = 6
)

var (
	errCertificate = errors.New("malformed certificate")
	errExtension   = errors.New("malformed extension")
)

func parseCertificate(der []byte) (*certificate, error) {
	base, err := cert.Parse(der)
	if err != nil {
		return nil, err
	}
	c := &certificate{Certificate: base, Require: -1, InhibitMap: -1, InhibitAny: -1, sum: sha256.Sum256(der)}
	issuer, subject := cryptobyte.String(base.RawIssuer), cryptobyte.String(base.RawSubject)
	if c.Issuer, err = readName(&issuer); err != nil {
		return nil, err
	}
	if c.Subject, err = readName(&subject); err != nil {
		return nil, err
	}
	c.subjectKey, c.issuerKey = c.Subject.key(), c.Issuer.key()
	c.Serial = trimInteger(base.RawSerial)
	seen := map[cert.OID]bool{}
	for _, e := range base.Extensions {
		// A constraint that cannot be read, or stands twice (RFC 5280 §4.2 forbids it), still binds: such a
		// certificate is treated as if it held something unknown and critical. Anything else counts as absent.
		if seen[e.OID] || !c.readExtension(e.OID, e.Critical, e.Value) && (e.Critical || binding[e.OID]) {
			c.UnknownCritical = string(e.OID)
		}
		seen[e.OID] = true
	}
	return c, nil
}

// binding are the extensions that restrict; overlooking one would widen trust.
var binding = map[cert.OID]bool{
	cert.OIDExtBasicConstraints: true, cert.OIDExtKeyUsage: true,
	"2.5.29.30": true, "2.5.29.36": true, "2.5.29.54": true,
}

// readExtension reads the extensions that [cert.Parse] leaves alone; false means damaged.
func (c *certificate) readExtension(id cert.OID, critical bool, value []byte) bool {
	v := cryptobyte.String(value)
	ok := true
	var err error
	switch id {
	case cert.OIDExtSubjectKeyID, cert.OIDExtAuthorityKeyID, "2.5.29.9", "2.5.29.16", "2.5.29.18":
		// The last three, subject directory attributes, private key usage period and issuer alternative name,
		// bear on nothing here.
	case cert.OIDExtKeyUsage, cert.OIDExtBasicConstraints:
		ok = !slices.Contains(c.Problems, "extension "+string(id))
	case cert.OIDExtPolicies:
		c.HasPolicies = true
	case cert.OIDExtEKU:
		c.EKUCritical = critical
	case "2.5.29.17":
		c.AltNames, err = readGeneralNames(v)
	case "2.5.29.30":
		c.Constraints, err = readNameConstraints(v)
	case "2.5.29.31":
		c.CRLPoints, err = readDistributionPoints(v)
	case "2.5.29.33":
		c.Mappings, ok = readMappings(v)
	case "2.5.29.36":
		ok = c.readPolicyConstraints(v)
	case "2.5.29.46": // freshest CRL: deltas are used where they are handed over, not looked for
	case "2.5.29.54":
		ok = readSmall(&v, asn1.INTEGER, &c.InhibitAny)
	case "1.3.6.1.5.5.7.1.1":
		ok = c.readAccess(v)
	case cert.OIDExtQCStatements:
		c.readQC()
	case "1.3.6.1.5.5.7.48.1.5":
		c.NoCheck = true
	case "2.5.29.56", "0.4.0.194121.2.1":
		c.NoRevAvail = true
	default:
		ok = !critical
	}
	return ok && err == nil
}

func (c *certificate) readPolicyConstraints(v cryptobyte.String) bool {
	var seq cryptobyte.String
	if !v.ReadASN1(&seq, asn1.SEQUENCE) {
		return false
	}
	zero, one := asn1.Tag(0).ContextSpecific(), asn1.Tag(1).ContextSpecific()
	if seq.PeekASN1Tag(zero) && !readSmall(&seq, zero, &c.Require) {
		return false
	}
	return !seq.PeekASN1Tag(one) || readSmall(&seq, one, &c.InhibitMap)
}

func (c *certificate) readAccess(v cryptobyte.String) bool {
	var seq cryptobyte.String
	if !v.ReadASN1(&seq, asn1.SEQUENCE) {
		return false
	}
	for !seq.Empty() {
		var item, uri cryptobyte.String
		var id string
		if !seq.ReadASN1(&item, asn1.SEQUENCE) || !readOID(&item, &id) {
			return false
		}
		if !item.ReadASN1(&uri, asn1.Tag(gnURI).ContextSpecific()) {
			continue
		}
		switch id {
		case "1.3.6.1.5.5.7.48.1":
			c.OCSP = append(c.OCSP, string(uri))
		case "1.3.6.1.5.5.7.48.2":
			c.CAIssuers = append(c.CAIssuers, string(uri))
		}
	}
	return true
}

func (c *certificate) readQC() {
	for _, q := range c.QCStatements {
		switch q.OID {
		case cert.OIDQcCompliance:
			c.QC.Compliance = true
		case cert.OIDQcSSCD:
			c.QC.SSCD = true
		case "0.4.0.1862.1.7":
			c.QC.Other = true
		case cert.OIDQcType:
			types, _ := readOIDs(q.Info)
			for _, t := range types {
				switch t {
				case "0.4.0.1862.1.6.1":
					c.QC.Types = append(c.QC.Types, "esign")
				case "0.4.0.1862.1.6.2":
					c.QC.Types = append(c.QC.Types, "eseal")
				case "0.4.0.1862.1.6.3":
					c.QC.Types = append(c.QC.Types, "web")
				}
			}
		}
	}
}

func (c *certificate) hasKeyUsage(bit int) bool { return c.KeyUsage>>bit&1 == 1 }

func (c *certificate) hasEKU(id cert.OID) bool { return slices.Contains(c.EKU, id) }

func (c *certificate) hasPolicy(id cert.OID) bool { return slices.Contains(c.Policies, id) }

// selfIssued is RFC 5280 §3.2: one name on both sides. It says nothing about the signature.
func (c *certificate) selfIssued() bool { return c.issuerKey == c.subjectKey }

// verify checks a signature over message by the key of c.
func (c *certificate) verify(alg cert.Algorithm, message, sig []byte) error {
	return cert.Verify(c.PublicKey, alg, 0, message, sig)
}

// identity is what a trusted list means by a service: key and name, not one certificate (CID (EU) 2025/2164 C.3).
func (c *certificate) identity() identity {
	return identity{sha256.Sum256(c.RawSPKI), c.subjectKey}
}

type identity struct {
	key  [32]byte
	name string
}

// inherit completes a DSA key that took its parameters from its issuer (RFC 3279 §2.3.2). Only certificates of
// some decades ago do; the issuer's signature on c has been checked.
func (c *certificate) inherit(issuer *certificate) {
	from, ok := issuer.PublicKey.(*cert.DSAKey)
	if !ok {
		return
	}
	s := cryptobyte.String(c.RawSPKI)
	var bits []byte
	y := new(big.Int)
	if s.ReadASN1(&s, asn1.SEQUENCE) && s.SkipASN1(asn1.SEQUENCE) && readBits(&s, &bits) &&
		(*cryptobyte.String)(&bits).ReadASN1Integer(y) && y.Sign() > 0 && y.Cmp(from.P) < 0 {
		c.PublicKey = &cert.DSAKey{P: from.P, Q: from.Q, G: from.G, Y: y}
	}
}

func (c *certificate) lacksParameters() bool {
	return c.PublicKey == nil && c.PublicKeyAlgorithm.OID == cert.OIDDSA && len(c.PublicKeyAlgorithm.Params) == 0
}

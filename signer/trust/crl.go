package trust

import (
	"bytes"
	"errors"
	"time"

	"ceralacca/signer/internal/cert"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// maxCRLSize bounds a CRL; the largest of the Italian authorities have some 20 MB.
const maxCRLSize = 64 << 20

var errCRL = errors.New("malformed CRL")

// Revocation reasons, RFC 5280 §5.3.1.
const (
	reasonHold   = 6
	reasonRemove = 8
)

// allReasons are the bits of ReasonFlags, RFC 5280 §4.2.1.13, but for bit 0, which is unused.
const allReasons = uint16(0x1fe)

// distributionPoint is one DistributionPoint of a certificate, RFC 5280 §4.2.1.13.
type distributionPoint struct {
	Full     []generalName
	Relative []attribute // nameRelativeToCRLIssuer
	Reasons  uint16      // 0: all
	Issuer   []generalName
}

func readDistributionPoints(v cryptobyte.String) ([]distributionPoint, error) {
	var seq cryptobyte.String
	if !v.ReadASN1(&seq, asn1.SEQUENCE) {
		return nil, errExtension
	}
	var out []distributionPoint
	for !seq.Empty() {
		var item cryptobyte.String
		if !seq.ReadASN1(&item, asn1.SEQUENCE) || len(out) == maxItems {
			return nil, errExtension
		}
		var dp distributionPoint
		if !dp.readName(&item) {
			return nil, errExtension
		}
		var reasons, issuer cryptobyte.String
		var hasReasons, hasIssuer bool
		if !item.ReadOptionalASN1(&reasons, &hasReasons, asn1.Tag(1).ContextSpecific()) ||
			!item.ReadOptionalASN1(&issuer, &hasIssuer, asn1.Tag(2).ContextSpecific().Constructed()) {
			return nil, errExtension
		}
		var ok bool
		if hasReasons {
			if dp.Reasons, ok = bitSet(reasons); !ok {
				return nil, errExtension
			}
		}
		if hasIssuer {
			var err error
			if dp.Issuer, err = readGeneralNameList(issuer); err != nil {
				return nil, err
			}
		}
		out = append(out, dp)
	}
	return out, nil
}

// readName reads the optional DistributionPointName [0] that certificates and CRLs share.
func (dp *distributionPoint) readName(s *cryptobyte.String) bool {
	var outer, inner cryptobyte.String
	var present bool
	if !s.ReadOptionalASN1(&outer, &present, asn1.Tag(0).ContextSpecific().Constructed()) {
		return false
	}
	if !present {
		return true
	}
	if outer.PeekASN1Tag(asn1.Tag(0).ContextSpecific().Constructed()) {
		outer.ReadASN1(&inner, asn1.Tag(0).ContextSpecific().Constructed())
		var err error
		dp.Full, err = readGeneralNameList(inner)
		return err == nil
	}
	var ok bool
	if !outer.ReadASN1(&inner, asn1.Tag(1).ContextSpecific().Constructed()) {
		return false
	}
	dp.Relative, ok = readRDN(inner)
	return ok
}

// names are the full names of the point; a relative one is completed with issuer.
func (dp *distributionPoint) names(issuer name) []string {
	var out []string
	for _, g := range dp.Full {
		out = append(out, g.key())
	}
	if dp.Relative != nil {
		n := name{RDNs: append(issuer.RDNs[:len(issuer.RDNs):len(issuer.RDNs)], dp.Relative)}
		out = append(out, generalName{Kind: gnDirectory, Name: n}.key())
	}
	return out
}

func (g generalName) key() string {
	if g.Kind == gnDirectory {
		return "4" + g.Name.key()
	}
	return string(rune('0'+g.Kind)) + string(g.Value)
}

// crl is a CertificateList, RFC 5280 §5. Entries are walked where they lie; a list may hold a million.
type crl struct {
	Raw, TBS, Signature []byte
	Alg                 cert.Algorithm
	Issuer              name
	This, Next          time.Time // Next is zero when absent
	Number, Base        []byte    // CRL number; base CRL number of a delta
	AKI                 []byte
	IDP                 *issuingPoint
	ExpiredFrom         time.Time // ExpiredCertsOnCRL; zero when absent
	UnknownCritical     bool
	entries             cryptobyte.String
}

// issuingPoint is the IssuingDistributionPoint, RFC 5280 §5.2.5.
type issuingPoint struct {
	distributionPoint
	raw                                  []byte
	OnlyUser, OnlyCA, OnlyAttr, Indirect bool
}

func parseCRL(der []byte) (*crl, error) {
	if len(der) > maxCRLSize {
		return nil, errCRL
	}
	in := cryptobyte.String(der)
	var body, tbs, exts cryptobyte.String
	l := &crl{Raw: der}
	var ok, present bool
	if !in.ReadASN1(&body, asn1.SEQUENCE) || !in.Empty() || !body.ReadASN1Element(&tbs, asn1.SEQUENCE) {
		return nil, errCRL
	}
	l.TBS = tbs
	if l.Alg, ok = cert.ReadAlgorithm(&body); !ok || !readBits(&body, &l.Signature) || !tbs.ReadASN1(&tbs, asn1.SEQUENCE) ||
		!tbs.SkipOptionalASN1(asn1.INTEGER) {
		return nil, errCRL
	}
	inner, ok := cert.ReadAlgorithm(&tbs)
	if !ok || inner.OID != l.Alg.OID || !bytes.Equal(inner.Params, l.Alg.Params) {
		return nil, errCRL
	}
	var err error
	if l.Issuer, err = readName(&tbs); err != nil {
		return nil, errCRL
	}
	if l.This, ok = cert.ReadTime(&tbs); !ok {
		return nil, errCRL
	}
	if tbs.PeekASN1Tag(asn1.UTCTime) || tbs.PeekASN1Tag(asn1.GeneralizedTime) {
		if l.Next, ok = cert.ReadTime(&tbs); !ok {
			return nil, errCRL
		}
	}
	if !tbs.ReadOptionalASN1(&l.entries, &present, asn1.SEQUENCE) ||
		!tbs.ReadOptionalASN1(&exts, &present, asn1.Tag(0).ContextSpecific().Constructed()) ||
		present && !eachExtension(exts, l.readExtension) {
		return nil, errCRL
	}
	return l, nil
}

func (l *crl) readExtension(id string, critical bool, v cryptobyte.String) bool {
	switch id {
	case "2.5.29.20":
		return readInteger(&v, &l.Number)
	case "2.5.29.27":
		return readInteger(&v, &l.Base)
	case "2.5.29.28":
		l.IDP = &issuingPoint{raw: v}
		return l.IDP.read(v)
	case "2.5.29.35":
		var seq, id cryptobyte.String
		var present bool
		ok := v.ReadASN1(&seq, asn1.SEQUENCE) && seq.ReadOptionalASN1(&id, &present, asn1.Tag(0).ContextSpecific())
		l.AKI = id
		return ok
	case "2.5.29.60":
		var ok bool
		l.ExpiredFrom, ok = cert.ReadTime(&v)
		return ok
	}
	l.UnknownCritical = l.UnknownCritical || critical
	return true
}

func (p *issuingPoint) read(v cryptobyte.String) bool {
	var seq, reasons cryptobyte.String
	var present bool
	if !v.ReadASN1(&seq, asn1.SEQUENCE) || !p.readName(&seq) {
		return false
	}
	flag := func(n uint8, to *bool) bool {
		var b cryptobyte.String
		var present bool
		if !seq.ReadOptionalASN1(&b, &present, asn1.Tag(n).ContextSpecific()) || present && len(b) != 1 {
			return false
		}
		*to = present && b[0] != 0
		return true
	}
	if !flag(1, &p.OnlyUser) || !flag(2, &p.OnlyCA) ||
		!seq.ReadOptionalASN1(&reasons, &present, asn1.Tag(3).ContextSpecific()) {
		return false
	}
	if present {
		var ok bool
		if p.Reasons, ok = bitSet(reasons); !ok {
			return false
		}
	}
	return flag(4, &p.Indirect) && flag(5, &p.OnlyAttr)
}

// crlEntry is what a CRL says about one certificate.
type crlEntry struct {
	At     time.Time
	Reason int // 0 unspecified
}

// find looks for a certificate. An unknown critical extension in any entry makes the whole list unusable
// (RFC 5280 §5.3), so all entries are read. The issuer of an entry in an indirect CRL carries over (§5.3.3).
func (l *crl) find(serial []byte, issuer name) (*crlEntry, error) {
	rest, current := l.entries, l.Issuer.key()
	want := issuer.key()
	var found *crlEntry
	for !rest.Empty() {
		var item, exts cryptobyte.String
		var s []byte
		e := crlEntry{}
		var ok bool
		if !rest.ReadASN1(&item, asn1.SEQUENCE) || !readInteger(&item, &s) {
			return nil, errCRL
		}
		if e.At, ok = cert.ReadTime(&item); !ok {
			return nil, errCRL
		}
		if !item.Empty() {
			exts = item
			ok = eachExtension(exts, func(id string, critical bool, v cryptobyte.String) bool {
				switch id {
				case "2.5.29.21":
					var raw cryptobyte.String
					if !v.ReadASN1(&raw, asn1.ENUM) || len(raw) != 1 {
						return false
					}
					e.Reason = int(raw[0])
				case "2.5.29.29":
					names, err := readGeneralNames(v)
					if err != nil {
						return false
					}
					for _, g := range names {
						if g.Kind == gnDirectory {
							current = g.Name.key()
						}
					}
				case "2.5.29.24", "2.5.29.23": // invalidity date, hold instruction: revocationDate is what counts
				default:
					return !critical
				}
				return true
			})
			if !ok {
				return nil, errCRL
			}
		}
		if found == nil && current == want && bytes.Equal(s, serial) {
			found = &e
		}
	}
	return found, nil
}

// covers matches the CRL with a distribution point of c, RFC 5280 §6.3.3 (b); reasons are those that it answers.
func (l *crl) covers(c *certificate, dp *distributionPoint) (reasons uint16, ok bool) {
	if len(dp.Issuer) > 0 {
		named := false
		for _, g := range dp.Issuer {
			named = named || g.Kind == gnDirectory && g.Name.equal(l.Issuer)
		}
		if !named || l.IDP == nil || !l.IDP.Indirect {
			return 0, false
		}
	} else if !l.Issuer.equal(c.Issuer) {
		return 0, false
	}
	reasons = allReasons
	if dp.Reasons != 0 {
		reasons &= dp.Reasons
	}
	if l.IDP == nil {
		return reasons, true
	}
	if l.IDP.OnlyUser && c.IsCA || l.IDP.OnlyCA && !c.IsCA || l.IDP.OnlyAttr {
		return 0, false
	}
	if l.IDP.Reasons != 0 {
		reasons &= l.IDP.Reasons
	}
	return reasons, l.IDP.names(l.Issuer) == nil || l.sameName(dp)
}

// sameName: one name of the CRL's point is one name of the certificate's point, or of its cRLIssuer (b)(2)(i).
func (l *crl) sameName(dp *distributionPoint) bool {
	want := dp.names(l.Issuer)
	if len(want) == 0 {
		for _, g := range dp.Issuer {
			want = append(want, g.key())
		}
	}
	for _, have := range l.IDP.names(l.Issuer) {
		for _, w := range want {
			if have == w {
				return true
			}
		}
	}
	return false
}

// baseOf tells whether delta d may be applied to l, RFC 5280 §5.2.4 and §6.3.3 (c).
func (l *crl) baseOf(d *crl) bool {
	if !l.Issuer.equal(d.Issuer) || !bytes.Equal(l.AKI, d.AKI) || (l.IDP == nil) != (d.IDP == nil) {
		return false
	}
	if l.IDP != nil && !bytes.Equal(l.IDP.raw, d.IDP.raw) {
		return false
	}
	return l.Base == nil && l.Number != nil && compare(l.Number, d.Base) >= 0 && compare(d.Number, l.Number) > 0
}

// compare orders non-negative integers by their trimmed octets.
func compare(a, b []byte) int {
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	return bytes.Compare(a, b)
}

package trust

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// maxListSize bounds a list, packed or not: the largest national list of 2026 has 10 MB.
const maxListSize = 32 << 20

// VersionError refuses a list whose format this program does not know: the person needs a newer program.
type VersionError struct {
	Territory string
	Version   int
}

func (e *VersionError) Error() string {
	return fmt.Sprintf("trusted list of %q has format version %d; known are 5 and 6", e.Territory, e.Version)
}

// list is a trusted list, ETSI TS 119 612, reduced to what a decision needs.
type list struct {
	Version    int
	Sequence   int
	Territory  string
	Issued     time.Time
	NextUpdate time.Time // zero: the list is closed
	SchemeURIs []string  // SchemeInformationURI in document order; pivots stand there
	Pointers   []pointer
	Services   []*service
	Skipped    int // services whose identity holds no certificate that can be read
}

// pointer is an OtherTSLPointer: where another list is, and who may sign it.
type pointer struct {
	URL       string
	Territory string
	Type      string // TSLType
	MIME      string
	Signers   [][]byte // DER
}

// service is a trust service with its states, the newest first.
type service struct {
	Provider  string
	Territory string
	Certs     []*certificate
	States    []serviceState
}

// serviceState holds from From until the next newer state.
type serviceState struct {
	Type       string // without the common prefix, such as "CA/QC"
	Name       string
	Status     string // without the common prefix, such as "granted"
	From       time.Time
	Purposes   []string // additionalServiceInformation: "ForeSignatures", …; empty in old lists
	Qualifiers []qualifierRule
	// ExpiredFrom is ExpiredCertsRevocationInfo: certificates that expired since then stay on the authority's
	// CRLs and in its answers (TS 119 612 §5.5.9.1). Zero when not stated.
	ExpiredFrom time.Time
	// UnknownCritical names a critical extension that this program cannot read; such a state proves nothing.
	UnknownCritical string
}

// qualifierRule is a QualificationElement, TS 119 612 §5.5.9.2.
type qualifierRule struct {
	Qualifiers []string // "QCWithQSCD", …
	Criteria   criteria
}

const (
	prefixType   = "http://uri.etsi.org/TrstSvc/Svctype/"
	prefixStatus = "http://uri.etsi.org/TrstSvc/TrustedList/Svcstatus/"
	prefixInfo   = "http://uri.etsi.org/TrstSvc/TrustedList/SvcInfoExt/"
	mimeList     = "application/vnd.etsi.tsl+xml"
	typeLOTL     = "http://uri.etsi.org/TrstSvc/TrustedList/TSLType/EUlistofthelists"
)

// The XML of TS 119 612. Element names are matched without their namespace, save the root: versions 5 and 6
// differ in namespaces of parts that do not matter here, and the signature has been checked before.
type xmlList struct {
	XMLName xml.Name `xml:"http://uri.etsi.org/02231/v2# TrustServiceStatusList"`
	Scheme  struct {
		Version   int          `xml:"TSLVersionIdentifier"`
		Sequence  int          `xml:"TSLSequenceNumber"`
		Territory string       `xml:"SchemeTerritory"`
		URIs      []string     `xml:"SchemeInformationURI>URI"`
		Pointers  []xmlPointer `xml:"PointersToOtherTSL>OtherTSLPointer"`
		Issued    string       `xml:"ListIssueDateTime"`
		Next      string       `xml:"NextUpdate>dateTime"`
	} `xml:"SchemeInformation"`
	Providers []struct {
		Names    []xmlName    `xml:"TSPInformation>TSPName>Name"`
		Services []xmlService `xml:"TSPServices>TSPService"`
	} `xml:"TrustServiceProviderList>TrustServiceProvider"`
}

type xmlName struct {
	Lang string `xml:"lang,attr"`
	Text string `xml:",chardata"`
}

type xmlPointer struct {
	Certs    []string `xml:"ServiceDigitalIdentities>ServiceDigitalIdentity>DigitalId>X509Certificate"`
	Location string   `xml:"TSLLocation"`
	Info     []struct {
		Type      string `xml:"TSLType"`
		Territory string `xml:"SchemeTerritory"`
		MIME      string `xml:"MimeType"`
	} `xml:"AdditionalInformation>OtherInformation"`
}

type xmlService struct {
	Info    xmlState   `xml:"ServiceInformation"`
	History []xmlState `xml:"ServiceHistory>ServiceHistoryInstance"`
}

type xmlState struct {
	Type       string         `xml:"ServiceTypeIdentifier"`
	Names      []xmlName      `xml:"ServiceName>Name"`
	Certs      []string       `xml:"ServiceDigitalIdentity>DigitalId>X509Certificate"`
	Status     string         `xml:"ServiceStatus"`
	From       string         `xml:"StatusStartingTime"`
	Extensions []xmlExtension `xml:"ServiceInformationExtensions>Extension"`
}

type xmlExtension struct {
	Critical string   `xml:"Critical,attr"`
	Info     []string `xml:"AdditionalServiceInformation>URI"`
	Rules    []struct {
		Qualifiers []struct {
			URI string `xml:"uri,attr"`
		} `xml:"Qualifiers>Qualifier"`
		Criteria xmlCriteria `xml:"CriteriaList"`
	} `xml:"Qualifications>QualificationElement"`
	Expired string    `xml:"ExpiredCertsRevocationInfo"`
	Any     []anyElem `xml:",any"`
}

type anyElem struct {
	XMLName xml.Name
}

// parseList reads the canonical bytes that a signature covers, and nothing else.
func parseList(canonical []byte) (*list, error) {
	if len(canonical) > maxListSize {
		return nil, errors.New("trusted list is too large")
	}
	if err := depthWithin(canonical, 64); err != nil {
		return nil, err
	}
	var x xmlList
	if err := xml.Unmarshal(canonical, &x); err != nil {
		return nil, fmt.Errorf("reading trusted list: %w", err)
	}
	l := &list{
		Version: x.Scheme.Version, Sequence: x.Scheme.Sequence,
		Territory: strings.TrimSpace(x.Scheme.Territory),
	}
	if l.Version != 5 && l.Version != 6 {
		return nil, &VersionError{Territory: l.Territory, Version: l.Version}
	}
	var err error
	if l.Issued, err = listTime(x.Scheme.Issued); err != nil {
		return nil, fmt.Errorf("reading ListIssueDateTime: %w", err)
	}
	if x.Scheme.Next != "" {
		if l.NextUpdate, err = listTime(x.Scheme.Next); err != nil {
			return nil, fmt.Errorf("reading NextUpdate: %w", err)
		}
	}
	for _, u := range x.Scheme.URIs {
		l.SchemeURIs = append(l.SchemeURIs, strings.TrimSpace(u))
	}
	for i := range x.Scheme.Pointers {
		l.Pointers = append(l.Pointers, x.Scheme.Pointers[i].model())
	}
	for i := range x.Providers {
		p := &x.Providers[i]
		for j := range p.Services {
			if s := p.Services[j].model(preferred(p.Names), l.Territory); s != nil {
				l.Services = append(l.Services, s)
			} else {
				l.Skipped++
			}
		}
	}
	return l, nil
}

// depthWithin looks at the nesting before the recursive decoder does.
func depthWithin(doc []byte, limit int) error {
	d := xml.NewDecoder(bytes.NewReader(doc))
	for depth := 0; ; {
		t, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading trusted list: %w", err)
		}
		switch t.(type) {
		case xml.StartElement:
			if depth++; depth > limit {
				return errors.New("trusted list is nested too deeply")
			}
		case xml.EndElement:
			depth--
		case xml.Directive:
			return errors.New("trusted list has a document type declaration")
		}
	}
}

func (x *xmlPointer) model() pointer {
	p := pointer{URL: strings.TrimSpace(x.Location)}
	for _, i := range x.Info {
		p.Type = firstOf(p.Type, strings.TrimSpace(i.Type))
		p.Territory = firstOf(p.Territory, strings.TrimSpace(i.Territory))
		p.MIME = firstOf(p.MIME, strings.TrimSpace(i.MIME))
	}
	for _, c := range x.Certs {
		if der, err := listBase64(c); err == nil {
			p.Signers = append(p.Signers, der)
		}
	}
	return p
}

// model returns nil for a service without a readable certificate: it can anchor nothing. One bad certificate,
// such as the two of Enel.it with their odd basic constraints, must not cost the whole list.
func (x *xmlService) model(provider, territory string) *service {
	s := &service{Provider: provider, Territory: territory}
	for _, text := range x.Info.Certs {
		der, err := listBase64(text)
		if err != nil {
			continue
		}
		c, err := parseCertificate(der)
		if err != nil {
			continue
		}
		s.Certs = append(s.Certs, c)
	}
	if len(s.Certs) == 0 {
		return nil
	}
	for _, st := range append([]xmlState{x.Info}, x.History...) {
		if m, ok := st.model(); ok {
			s.States = append(s.States, m)
		}
	}
	if len(s.States) == 0 {
		return nil
	}
	return s
}

func (x *xmlState) model() (serviceState, bool) {
	from, err := listTime(x.From)
	if err != nil {
		return serviceState{}, false
	}
	st := serviceState{
		Type:   strings.TrimPrefix(strings.TrimSpace(x.Type), prefixType),
		Name:   preferred(x.Names),
		Status: strings.TrimPrefix(strings.TrimSpace(x.Status), prefixStatus),
		From:   from,
	}
	// Before 2014 the status URIs stood under other trees; the last segment says the same.
	if i := strings.LastIndexByte(st.Status, '/'); i >= 0 {
		st.Status = st.Status[i+1:]
	}
	for i := range x.Extensions {
		st.extend(&x.Extensions[i])
	}
	return st, true
}

func (st *serviceState) extend(x *xmlExtension) {
	for _, u := range x.Info {
		st.Purposes = append(st.Purposes, strings.TrimPrefix(strings.TrimSpace(u), prefixInfo))
	}
	for i := range x.Rules {
		r := qualifierRule{Criteria: x.Rules[i].Criteria.model(0)}
		for _, q := range x.Rules[i].Qualifiers {
			r.Qualifiers = append(r.Qualifiers, strings.TrimPrefix(strings.TrimSpace(q.URI), prefixInfo))
		}
		st.Qualifiers = append(st.Qualifiers, r)
	}
	if t, err := listTime(x.Expired); err == nil {
		st.ExpiredFrom = t
	}
	if strings.TrimSpace(x.Critical) != "true" || len(x.Info)+len(x.Rules) > 0 || x.Expired != "" {
		return
	}
	for _, e := range x.Any {
		if e.XMLName.Local != "TakenOverBy" {
			st.UnknownCritical = e.XMLName.Local
		}
	}
}

// at returns the state that held at t, or nil if the service did not exist then.
func (s *service) at(t time.Time) *serviceState {
	var best *serviceState
	for i := range s.States {
		st := &s.States[i]
		if !st.From.After(t) && (best == nil || st.From.After(best.From)) {
			best = st
		}
	}
	return best
}

func preferred(names []xmlName) string {
	for _, n := range names {
		if n.Lang == "en" {
			return strings.TrimSpace(n.Text)
		}
	}
	if len(names) > 0 {
		return strings.TrimSpace(names[0].Text)
	}
	return ""
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// listTime reads xsd:dateTime; without a zone it is UTC, as TS 119 612 §5.3.14 demands of all lists.
func listTime(s string) (time.Time, error) {
	s = strings.TrimSpace(s)
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Parse("2006-01-02T15:04:05", s)
	}
	return t.UTC(), nil
}

func listBase64(s string) ([]byte, error) {
	return base64.StdEncoding.DecodeString(strings.Join(strings.Fields(s), ""))
}

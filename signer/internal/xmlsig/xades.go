package xmlsig

import (
	"strings"
	"time"
)

const (
	nsXAdES132 = "http://uri.etsi.org/01903/v1.3.2#"
	nsXAdES141 = "http://uri.etsi.org/01903/v1.4.1#"
)

// isXAdES tells the namespaces of all versions: 1.1.1, 1.2.2, 1.3.1, 1.3.2 (current) and its supplement 1.4.1.
func isXAdES(space string) bool {
	return strings.HasPrefix(space, "http://uri.etsi.org/01903/v") && strings.HasSuffix(space, "#")
}

// isSignedPropertiesType tells the Type of EN 319 132-1 §4.4.2 and its spellings in older versions.
func isSignedPropertiesType(t string) bool {
	return strings.HasPrefix(t, "http://uri.etsi.org/01903") && strings.HasSuffix(t, "#SignedProperties")
}

// properties are the qualifying properties that stand in one signature's own Objects.
type properties struct {
	all      []*node // QualifyingProperties
	space    string
	signed   *node // SignedProperties
	unsigned *node // UnsignedSignatureProperties
	several  bool
}

func (k *work) properties(sig *node) properties {
	var p properties
	for _, o := range sig.children(nsDS, "Object") {
		for c := o.first; c != nil; c = c.next {
			if c.kind == elementNode && c.local == "QualifyingProperties" && isXAdES(c.space) {
				p.all = append(p.all, c)
			}
		}
	}
	if len(p.all) == 0 {
		return p
	}
	q := p.all[0]
	p.space = q.space
	p.signed = q.child(p.space, "SignedProperties")
	p.unsigned = q.path(p.space, "UnsignedProperties", "UnsignedSignatureProperties")
	p.several = len(p.all) > 1 || len(q.children(p.space, "SignedProperties")) > 1 ||
		len(q.children(p.space, "UnsignedProperties")) > 1
	return p
}

// counters lists the signatures of the CounterSignature properties.
func (p properties) counters() []*node {
	var out []*node
	for _, c := range p.unsigned.children(p.space, "CounterSignature") {
		out = append(out, c.children(nsDS, "Signature")...)
	}
	return out
}

func (p properties) encapsulatedCertificates() []*node {
	var out []*node
	for _, space := range []string{p.space, nsXAdES141} {
		for _, name := range []string{"CertificateValues", "AttrAuthoritiesCertValues"} {
			for _, v := range p.unsigned.children(space, name) {
				out = append(out, v.children(p.space, "EncapsulatedX509Certificate")...)
			}
		}
		for _, v := range p.unsigned.children(space, "TimeStampValidationData") {
			out = append(out, v.child(p.space, "CertificateValues").children(p.space, "EncapsulatedX509Certificate")...)
		}
	}
	return out
}

// signingCert is the SigningCertificate or SigningCertificateV2 property (EN 319 132-1 §5.2.2).
type signingCert struct {
	first *node // CertDigest of the first Cert, which is the signer's
	v2    bool
	count int // of properties
}

func (p properties) signingCertificate() signingCert {
	ssp := p.signed.child(p.space, "SignedSignatureProperties")
	v1, v2 := ssp.children(p.space, "SigningCertificate"), ssp.children(p.space, "SigningCertificateV2")
	s := signingCert{count: len(v1) + len(v2), v2: len(v2) > 0}
	switch {
	case s.v2:
		s.first = v2[0].path(p.space, "Cert", "CertDigest")
	case len(v1) > 0:
		s.first = v1[0].path(p.space, "Cert", "CertDigest")
	}
	return s
}

// matches tells if the property names der.
func (s signingCert) matches(der []byte) bool {
	if s.first == nil {
		return false
	}
	st, _ := digests(s.first, der)
	return st == Good
}

// readXAdES fills in the XAdES part and finds what is wrong with it.
func (k *work) readXAdES(s *Signature, sig *node, p properties) {
	if len(p.all) == 0 {
		for _, r := range s.References {
			if isSignedPropertiesType(r.Type) {
				s.find("signed-properties-elsewhere", Error, nil, "uri", r.URI)
			}
		}
		return
	}
	x := &XAdES{Namespace: p.space}
	s.XAdES = x
	if p.several {
		s.find("several-signed-properties", Error, nil)
	}
	if t := strings.TrimPrefix(p.all[0].value("Target"), "#"); t == "" || t != s.ID {
		s.find("properties-target", Warning, nil, "target", t)
	}
	k.coverProperties(s, p)
	if x.Covered {
		k.readSigned(s, p)
	}
	k.readUnsigned(s, sig, p)
}

// coverProperties looks for the good reference that covers the SignedProperties.
func (k *work) coverProperties(s *Signature, p properties) {
	if p.signed == nil {
		s.find("signed-properties-missing", Warning, nil)
		return
	}
	typed := false
	for i := range s.References {
		r := &s.References[i]
		t := r.target
		if isSignedPropertiesType(r.Type) {
			typed = true
			if t.octets == nil && t.set.apex != nil && t.set.apex != p.signed && !p.signed.inside(t.set.apex) {
				s.find("signed-properties-elsewhere", Error, nil, "uri", r.URI, "location", r.Location)
				continue
			}
		}
		if k.covers(r, p.signed) {
			r.SignedProperties = t.set.apex == p.signed
			s.XAdES.Covered = true
		}
	}
	switch {
	case !s.XAdES.Covered:
		s.find("signed-properties-not-covered", Error, nil)
	case !typed:
		s.find("signed-properties-type", Warning, nil)
	}
}

// covers tells if a good reference of this document includes n.
func (k *work) covers(r *Reference, n *node) bool {
	t := &r.target
	return r.State == Good && !t.opaque && (!t.text || n.kind == textNode) && t.set.doc == k.doc && t.set.has(n)
}

func (k *work) readSigned(s *Signature, p properties) {
	x := s.XAdES
	ssp := p.signed.child(p.space, "SignedSignatureProperties")
	if t := ssp.child(p.space, "SigningTime"); t != nil {
		var err error
		if x.SigningTime, x.Zoned, err = parseTime(t.content()); err != nil {
			s.find("signing-time-unreadable", Warning, err, "text", t.content())
		} else if !x.Zoned {
			s.find("signing-time-without-zone", Warning, nil)
		}
	}
	named := p.signingCertificate()
	x.V2 = named.v2
	switch {
	case named.count == 0:
		s.find("signing-certificate-missing", Warning, nil)
	case named.count > 1:
		s.find("several-signing-certificates", Warning, nil)
	}
	if named.first != nil && len(s.SignerDER) > 0 {
		x.SigningCertificate, _ = digests(named.first, s.SignerDER)
		if x.SigningCertificate == Bad {
			s.find("signing-certificate-mismatch", Error, nil)
		}
	}
	for _, e := range []string{"SignaturePolicyIdentifier"} {
		pol := ssp.child(p.space, e)
		if pol.child(p.space, "SignaturePolicyImplied") != nil {
			x.Policy = "implied"
		} else if id := pol.path(p.space, "SignaturePolicyId", "SigPolicyId", "Identifier"); id != nil {
			x.Policy = strings.TrimSpace(id.content())
		}
	}
	for _, f := range p.signed.child(p.space, "SignedDataObjectProperties").children(p.space, "DataObjectFormat") {
		if x.Formats == nil {
			x.Formats = make(map[string]string)
		}
		x.Formats[f.value("ObjectReference")] = strings.TrimSpace(f.child(p.space, "MimeType").content())
	}
}

// parseTime reads xs:dateTime (XML Schema part 2 §3.2.7).
func parseTime(text string) (time.Time, bool, error) {
	text = strings.TrimSpace(text)
	if t, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return t, true, nil
	}
	t, err := time.Parse("2006-01-02T15:04:05.999999999", text)
	return t, false, err
}

// judgeCounter holds EN 319 132-1 §5.2.7.3: a counter-signature signs the SignatureValue that it stands under.
func (k *work) judgeCounter(c *Signature, parent *node) {
	value := parent.child(nsDS, "SignatureValue")
	for i := range c.References {
		if k.covers(&c.References[i], value) {
			return
		}
	}
	c.find("counter-signature-elsewhere", Error, nil)
}

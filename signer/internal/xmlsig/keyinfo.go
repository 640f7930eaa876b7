package xmlsig

import (
	"bytes"
	"crypto"
	"io"
	"math/big"
	"strings"

	"ceralacca/signer/internal/cert"
)

const rawX509 = nsDS + "rawX509Certificate"

// collectCertificates reads KeyInfo/X509Data and the encapsulated certificates of the unsigned properties.
func (k *work) collectCertificates(s *Signature, n *node, props properties) {
	seen := make(map[string]bool)
	add := func(der []byte, ok bool) {
		if !ok || len(der) == 0 {
			s.find("certificate-unreadable", Warning, &StructureError{"certificate-base64"})
			return
		}
		if !seen[string(der)] {
			seen[string(der)] = true
			s.Certificates = append(s.Certificates, der)
		}
	}
	info := n.child(nsDS, "KeyInfo")
	data := info.children(nsDS, "X509Data")
	for _, m := range pointers(info) {
		if m.value("Type") == rawX509 {
			if der := k.retrieveRaw(m); der != nil {
				add(der, true)
			}
		} else {
			data = append(data, k.retrieve(m).orChild(nsDS, "X509Data"))
		}
	}
	for _, x := range data {
		for _, e := range x.children(nsDS, "X509Certificate") {
			add(unbase64(e.content()))
		}
	}
	for _, e := range props.encapsulatedCertificates() {
		add(unbase64(e.content()))
	}
}

// pointers are the RetrievalMethod elements of a KeyInfo, and its KeyInfoReference elements (XMLDSig 1.1 §4.5.10).
func pointers(info *node) []*node {
	return append(info.children(nsDS, "RetrievalMethod"), info.children(nsDSig11, "KeyInfoReference")...)
}

// retrieve follows a pointer to an element of the same document (XMLDSig §4.5.3). Transforms are not carried
// out: what is meant is looked for in the element itself.
func (k *work) retrieve(m *node) *node {
	uri := m.value("URI")
	if !strings.HasPrefix(uri, "#") {
		return nil
	}
	set, err := k.sameDocument(uri)
	if err != nil {
		return nil
	}
	return set.apex
}

// orChild is n if it has the name, else its child of that name.
func (n *node) orChild(space, local string) *node {
	if n.is(space, local) {
		return n
	}
	return n.child(space, local)
}

// maxRawCertificate bounds a certificate that lies in a file beside the signature.
const maxRawCertificate = 64 << 10

// retrieveRaw reads the certificate that a RetrievalMethod names in a file outside, if the caller has it.
func (k *work) retrieveRaw(m *node) []byte {
	t, err := k.dereference(m)
	if err != nil || t.octets == nil {
		return nil
	}
	defer func() { _ = t.octets.Close() }()
	der, err := io.ReadAll(io.LimitReader(contextReader{k.ctx, t.octets}, maxRawCertificate))
	if err != nil {
		return nil
	}
	return der
}

// bareKey is the key of a KeyInfo without a certificate: in it, or where a RetrievalMethod leads to.
func (k *work) bareKey(info *node) crypto.PublicKey {
	places := []*node{info}
	for _, m := range pointers(info) {
		places = append(places, k.retrieve(m))
	}
	for _, p := range places {
		for _, e := range []*node{p.orChild(nsDS, "KeyValue"), p} {
			if key := keyValue(e); key != nil {
				return key
			}
		}
		der, _ := unbase64(p.orChild(nsDSig11, "DEREncodedKeyValue").content())
		if key, err := cert.ParsePublicKey(der); err == nil {
			return key
		}
	}
	return nil
}

// judgeKeyInfo holds XMLDSig §4.5.4: all that KeyInfo says is about the key that verifies the signature. A certificate
// of somebody else beside the signer's, or of another name for the same key, is how readers were made to show one person's
// name over another's signature (CVE-2021-25633, CVE-2021-25635). Issuers may be there, and a further certificate in
// the one X509Data that makers write EU DSS lets be.
func (k *work) judgeKeyInfo(s *Signature, info *node) {
	signer, err := cert.Parse(s.SignerDER)
	if err != nil || s.Value != Good {
		return
	}
	data := info.children(nsDS, "X509Data")
	for _, x := range data {
		for _, e := range x.children(nsDS, "X509Certificate") {
			der, _ := unbase64(e.content())
			c, err := cert.Parse(der)
			if err != nil || c.IsCA || bytes.Equal(c.RawSubject, signer.RawSubject) {
				continue
			}
			if bytes.Equal(c.RawSPKI, signer.RawSPKI) || len(data) > 1 && !bytes.Equal(c.RawSubject, signer.RawIssuer) {
				s.find("other-signer-offered", Error, nil, "location", k.place(e))
				return
			}
		}
		if e := x.child(nsDS, "X509IssuerSerial"); e != nil && !k.issuerFits(e, info, signer) {
			s.find("other-signer-offered", Error, nil, "location", k.place(e))
			return
		}
	}
}

// issuerFits tells if an X509IssuerSerial may be that of signer, or of one of the other certificates there. Makers write
// names in many ways, so the issuer counts as another only if the one's common name is not in the other's.
func (k *work) issuerFits(e, info *node, signer *cert.Certificate) bool {
	serial, ok := new(big.Int).SetString(strings.TrimSpace(e.child(nsDS, "X509SerialNumber").content()), 10)
	if !ok {
		return true
	}
	if serial.Cmp(signer.Serial) == 0 {
		text, cn := plainName(e.child(nsDS, "X509IssuerName").content()), plainName(cert.NameAttr(signer.RawIssuer, cert.OIDCommonName))
		return cn == "" || !strings.Contains(text, "cn=") || strings.Contains(text, "cn=#") || strings.Contains(text, cn)
	}
	for _, x := range info.children(nsDS, "X509Data") {
		for _, c := range x.children(nsDS, "X509Certificate") {
			der, _ := unbase64(c.content())
			if c, err := cert.Parse(der); err == nil && c.Serial.Cmp(serial) == 0 {
				return true
			}
		}
	}
	return false
}

// plainName takes from a distinguished name in text what makers write in different ways.
func plainName(s string) string {
	return strings.Join(strings.Fields(strings.NewReplacer(`\`, "", `"`, "", " =", "=", "= ", "=").Replace(strings.ToLower(s))), " ")
}

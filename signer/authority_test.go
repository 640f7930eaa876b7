package signer_test

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"

	"ceralacca/signer"
	"ceralacca/signer/internal/cert"
	"ceralacca/signer/trust"
)

// authority is all that a real one offers, at the present time: a root and an issuer whose certificates name where
// their issuer, their revocation list and their OCSP responder are, a delegated responder and a time-stamp authority,
// all of them answering at one server of this machine.
type authority struct {
	*services
	root, ca, responder *x509.Certificate
	rootKey             crypto.Signer
	caKey, responderKey *rsa.PrivateKey
	serial              int64
	keys                map[string]crypto.Signer

	// about changes the OCSP answer on the last person's certificate; nil leaves it good.
	about func(*ocsp.Response)
	// instead answers a request in the authority's place when it reports true; nil never does.
	instead func(http.ResponseWriter, *http.Request) bool
}

func newAuthority(t *testing.T) *authority { return newAuthorityAt(t, time.Now) }

func newAuthorityAt(t *testing.T, clock func() time.Time) *authority {
	t.Helper()
	a := &authority{services: &services{clock: clock}, keys: map[string]crypto.Signer{}}
	a.srv = httptest.NewServer(http.HandlerFunc(a.answer))
	t.Cleanup(a.srv.Close)
	for kind, k := range testPKI().keys {
		a.keys[kind] = k
	}
	a.keys["RSA-3072-PSS"] = mustRSA(t, 3072)
	a.rootKey, a.caKey, a.responderKey = a.keys["root"], mustRSA(t, 3072), mustRSA(t, 2048)
	root := a.template("Radice di interoperabilità", nil)
	root.IsCA, root.BasicConstraintsValid, root.KeyUsage = true, true, x509.KeyUsageCertSign|x509.KeyUsageCRLSign
	a.root = mustCreate(root, root, a.rootKey.Public(), a.rootKey)
	ca := a.template("CA di interoperabilità", a.root)
	ca.IsCA, ca.BasicConstraintsValid, ca.KeyUsage = true, true, root.KeyUsage
	a.ca = mustCreate(ca, a.root, a.caKey.Public(), a.rootKey)
	usage := func(purpose int) pkix.Extension {
		v, err := asn1.Marshal([]asn1.ObjectIdentifier{{1, 3, 6, 1, 5, 5, 7, 3, purpose}})
		if err != nil {
			t.Fatal(err)
		}
		return pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: true, Value: v}
	}
	stamp := a.template("Marche di interoperabilità", a.ca)
	stamp.KeyUsage, stamp.ExtraExtensions = x509.KeyUsageDigitalSignature, []pkix.Extension{usage(8)}
	c, err := cert.Parse(mustCreate(stamp, a.ca, a.keys["P-256"].Public(), a.caKey).Raw)
	if err != nil {
		t.Fatal(err)
	}
	a.stamp = c
	r := a.template("OCSP di interoperabilità", a.ca)
	noCheck := pkix.Extension{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 48, 1, 5}, Value: []byte{5, 0}}
	r.KeyUsage, r.ExtraExtensions = x509.KeyUsageDigitalSignature, []pkix.Extension{usage(9), noCheck}
	a.responder = mustCreate(r, a.ca, a.responderKey.Public(), a.caKey)
	return a
}

func mustRSA(t *testing.T, bits int) *rsa.PrivateKey {
	t.Helper()
	k, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func (a *authority) template(cn string, issuer *x509.Certificate) *x509.Certificate {
	a.serial++
	c := &x509.Certificate{
		SerialNumber: big.NewInt(a.serial), Subject: pkix.Name{CommonName: cn, Country: []string{"IT"}, Organization: []string{"Ceralacca"}},
		NotBefore: a.clock().AddDate(-1, 0, 0), NotAfter: a.clock().AddDate(2, 0, 0), SubjectKeyId: []byte(cn),
	}
	switch {
	case issuer == nil:
	case issuer == a.root:
		c.CRLDistributionPoints, c.IssuingCertificateURL = []string{a.srv.URL + "/root.crl"}, []string{a.srv.URL + "/root.cer"}
	default:
		c.CRLDistributionPoints, c.IssuingCertificateURL = []string{a.srv.URL + "/ca.crl"}, []string{a.srv.URL + "/ca.cer"}
		c.OCSPServer = []string{a.srv.URL + "/ocsp"}
	}
	return c
}

// key is a person's, certified as qualified authorities do.
func (a *authority) key(t *testing.T, kind string) signer.Key { return a.keyWith(t, kind, nil) }

func (a *authority) keyWith(t *testing.T, kind string, change func(*x509.Certificate)) signer.Key {
	t.Helper()
	c := a.template("Mario Rossi "+kind, a.ca)
	c.Subject.SerialNumber, c.KeyUsage = "TINIT-RSSMRA85T10A562S", x509.KeyUsageContentCommitment
	c.ExtraExtensions = []pkix.Extension{qcSign}
	if change != nil {
		change(c)
	}
	x := mustCreate(c, a.ca, a.keys[kind].Public(), a.caKey)
	if kind == "RSA-3072-PSS" {
		x = pssOnly(t, x, a.caKey)
	}
	return signer.Key{Signer: a.keys[kind], Chain: []*x509.Certificate{x, a.ca, a.root}}
}

func (a *authority) options(t *testing.T, f signer.Format, l signer.Level) signer.Options {
	t.Helper()
	store, err := trust.Open(trust.Config{AllowLocal: true, Now: a.clock})
	if err != nil {
		t.Fatal(err)
	}
	return signer.Options{
		Format: f, Level: l, Trust: store, Anchors: []*x509.Certificate{a.root},
		TSA: &signer.TSA{URL: a.srv.URL + "/tsa", AllowLocal: true},
	}
}

func (a *authority) answer(w http.ResponseWriter, r *http.Request) {
	if a.instead != nil && a.instead(w, r) {
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	switch r.URL.Path {
	case "/root.cer":
		body = a.root.Raw
	case "/ca.cer":
		body = a.ca.Raw
	case "/root.crl":
		body, err = a.list(a.root, a.rootKey)
	case "/ca.crl":
		body, err = a.list(a.ca, a.caKey)
	case "/ocsp":
		body, err = a.status(body)
	case "/tsa":
		a.stamps++
		w.Header().Set("Content-Type", "application/timestamp-reply")
		body, err = a.token(body)
	default:
		http.NotFound(w, r)
		return
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	_, _ = bytes.NewReader(body).WriteTo(w)
}

func (a *authority) list(issuer *x509.Certificate, key crypto.Signer) ([]byte, error) {
	return x509.CreateRevocationList(rand.Reader, &x509.RevocationList{
		Number: big.NewInt(a.clock().Unix()), ThisUpdate: a.clock(), NextUpdate: a.clock().Add(24 * time.Hour),
		RevokedCertificateEntries: a.revoked,
	}, issuer, key)
}

func (a *authority) status(request []byte) ([]byte, error) {
	req, err := ocsp.ParseRequest(request)
	if err != nil {
		return nil, err
	}
	answer := ocsp.Response{
		Status: ocsp.Good, SerialNumber: req.SerialNumber, Certificate: a.responder,
		ThisUpdate: a.clock(), NextUpdate: a.clock().Add(24 * time.Hour),
	}
	if a.about != nil && req.SerialNumber.Int64() == a.serial {
		a.about(&answer)
	}
	key := crypto.Signer(a.responderKey)
	for _, k := range a.keys { // of a stranger
		if pub, ok := a.responder.PublicKey.(interface{ Equal(crypto.PublicKey) bool }); ok && pub.Equal(k.Public()) {
			key = k
		}
	}
	return ocsp.CreateResponse(a.ca, a.responder, answer, key)
}
